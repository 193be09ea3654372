"""Rows of the plant: control cycles, cards, calls, stock, empties accounts, Andons, handovers."""

from datetime import datetime
from typing import Any
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


class KanbanCardRow(db.Row, table=True):
    """One card of a control cycle; state and last sighting follow from its facts."""

    __tablename__ = "kanban_card"
    __table_args__ = (UniqueConstraint("site_id", "control_cycle_id", "serial"),)

    id: UUID = Field(primary_key=True)
    control_cycle_id: UUID
    serial: int
    print_rev: int = 1
    state: str = "full"
    """full, called, picking by its facts; blocked, lost, retired by people."""
    call_id: UUID | None = None
    last_seen_at: datetime | None = None
    last_seen_place: UUID | None = None
    last_seen_by: str = ""
    rev: int = 0
    created_at: datetime
    updated_at: datetime


class KanbanCallRow(db.Row, table=True):
    """One request for boxes, from a card or from the office, as its facts fold."""

    __tablename__ = "kanban_call"
    __table_args__ = (Index(None, "site_id", "card_id"), Index(None, "site_id", "closed_at"))

    id: UUID = Field(primary_key=True)
    control_cycle_id: UUID
    card_id: UUID | None = None
    boxes: int = 1
    called_at: datetime
    called_by: str = ""
    promised_at: datetime | None = None
    run_id: UUID | None = None
    state: str = "open"
    aliases: list[str] = db.json_column(nullable=False)
    reason: str = ""
    closed_at: datetime | None = None
    closed_by: str = ""
    delivered: int = 0
    short: int = 0
    also: int = 0
    surplus: bool = False
    """Several people say to have filled it; told once as over-supply."""
    fact: dict[str, Any] | None = db.json_column()
    rev: int = 0
    created_at: datetime
    updated_at: datetime


class StationStockRow(db.Row, table=True):
    """Boxes of a part at a station: the newest count and what came after it."""

    __tablename__ = "station_stock"

    station_id: UUID = Field(primary_key=True)
    part_no: str = Field(primary_key=True)
    counted: int
    boxes: int
    counted_at: datetime
    counted_by: str = ""
    hlc: int
    event_id: UUID
    rev: int = 0
    updated_at: datetime


class StockEntryRow(db.Row, table=True):
    """Boxes one call or one visit brought to a station; stands once, as folded last."""

    __tablename__ = "stock_entry"
    __table_args__ = (Index(None, "site_id", "station_id", "part_no"),)

    id: UUID = Field(primary_key=True)
    station_id: UUID
    part_no: str
    boxes: int
    hlc: int
    event_id: UUID
    visit_id: UUID | None = None


class HandoverRow(db.Row, table=True):
    """What one shift leaves to the next; its id is that of the fact."""

    __tablename__ = "handover"
    __table_args__ = (Index(None, "site_id", "acknowledged_at"),)

    id: UUID = Field(primary_key=True)
    run_id: UUID | None = None
    loop_id: UUID | None = None
    text: str
    open: list[str] = db.json_column(nullable=False)
    stuck: list[list[str]] = db.json_column(nullable=False)
    counts: dict[str, int] = db.json_column(nullable=False)
    written_at: datetime
    written_by: str
    acknowledged_at: datetime | None = None
    acknowledged_by: str | None = None
    remark: str | None = None
    rev: int = 0
    created_at: datetime
    updated_at: datetime


class PlantMentionRow(db.Row, table=True):
    """Which fact speaks of which card, call, Andon, count, handover or other fact."""

    __tablename__ = "plant_mention"
    __table_args__ = (Index(None, "site_id", "event_id"),)

    ref: UUID = Field(primary_key=True)
    event_id: UUID = Field(primary_key=True)
