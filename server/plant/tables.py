"""Rows of the plant: control cycles, empties accounts, Andons."""

from datetime import datetime
from uuid import UUID

from sqlmodel import Field, Index, UniqueConstraint

from server.core import db


class ControlCycleRow(db.Row, table=True):
    """Master record of one part at one station."""

    __tablename__ = "control_cycle"
    __table_args__ = (UniqueConstraint("site_id", "part_no", "station_id"),)

    id: UUID = Field(primary_key=True)
    part_no: str
    name: str = ""
    station_id: UUID
    supermarket_id: UUID
    pieces_per_box: int
    container_type: str = ""
    """What its boxes are; they come back empty."""
    demand_per_h: int
    formula: str = "classic"
    min_boxes: int
    max_boxes: int
    cards: int = 0
    trigger: str = "card"
    safety_percent: int = 0
    lead_s: int = 0
    active: bool = True
    rev: int = 0
    created_at: datetime
    updated_at: datetime


class EmptiesBalanceRow(db.Row, table=True):
    """Returnable LoadUnits a partner holds: the sum of its entries."""

    __tablename__ = "empties_balance"

    location_id: UUID = Field(primary_key=True)
    container_type: str = Field(primary_key=True)
    balance: int = 0
    oldest_at: datetime | None = None
    rev: int = 0
    updated_at: datetime


class EmptiesEntryRow(db.Row, table=True):
    """One line of the empties ledger; what a visit gave and took stands once, as folded last."""

    __tablename__ = "empties_entry"
    __table_args__ = (Index(None, "site_id", "location_id", "container_type"),)

    id: UUID = Field(primary_key=True)
    location_id: UUID
    container_type: str
    kind: str  # delivered_full | returned_empty | correction
    qty: int
    visit_id: UUID | None = None
    event_id: UUID | None = None
    by: str = ""
    at: datetime


class AndonRow(db.Row, table=True):
    """A call from the floor: raised, acknowledged, cleared, each by the first fact that says so."""

    __tablename__ = "andon"
    __table_args__ = (Index(None, "site_id", "cleared_at"),)

    id: UUID = Field(primary_key=True)
    kind: str
    severity: int = 1
    station_id: UUID | None = None
    run_id: UUID | None = None
    visit_id: UUID | None = None
    raised_at: datetime | None = None
    raised_by: str = ""
    text: str = ""
    level: int = 1
    acknowledged_at: datetime | None = None
    acknowledged_by: str | None = None
    cleared_at: datetime | None = None
    cleared_by: str | None = None
    cause: str | None = None
    rev: int = 0
    created_at: datetime
    updated_at: datetime
