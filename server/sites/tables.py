"""Rows of a site: the site itself, its locations, zones, calendars and shifts."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel import Field, UniqueConstraint

from server.core import db


class SiteRow(db.Row, table=True):
    """The site: zone of its clocks, its settings and its reasons."""

    __tablename__ = "site"

    name: str
    tz: str
    country: str = ""
    subdivision: str = ""
    lang: str = "en"
    currency: str = "EUR"
    day_start_local: str | None = None
    settings: dict[str, Any] = db.json_column(nullable=False)
    reasons: list[dict[str, Any]] = db.json_column(nullable=False)
    rev: int = 0
    created_at: datetime
    updated_at: datetime


class LocationRow(db.Row, table=True):
    """A place; `in_feed` once a dispatched run has shown it to devices."""

    __tablename__ = "location"
    __table_args__ = (UniqueConstraint("site_id", "ref"),)

    id: UUID = Field(primary_key=True)
    ref: str | None = None
    kind: str
    name: str
    address: str = ""
    lat: float | None = None
    lon: float | None = None
    plan_id: UUID | None = None
    x_m: float | None = None
    y_m: float | None = None
    geocode_precision: str = ""
    geofence_m: int | None = None
    parent_id: UUID | None = None
    windows: list[dict[str, Any]] = db.json_column(nullable=False)
    service_fixed_s: int = 0
    service_per_unit_s: int = 0
    access: dict[str, Any] | None = db.json_column()
    dock_to_stock_s: int = 0
    contact: dict[str, Any] | None = db.json_column()
    note: str = ""
    note_at: datetime | None = None
    note_by: str = ""
    merged_into: UUID | None = None
    empties: dict[str, int] | None = db.json_column()
    """Returnable units that wait here, by type, as their account says."""
    in_feed: bool = False
    rev: int = 0
    created_at: datetime
    updated_at: datetime


class ZoneRow(db.Row, table=True):
    """A service territory."""

    __tablename__ = "zone"

    id: UUID = Field(primary_key=True)
    name: str
    strength: str = "soft"
    postcodes: list[str] = db.json_column(nullable=False)
    polygon: list[list[float]] = db.json_column(nullable=False)
    penalty_s: int = 0
    driver_ids: list[str] = db.json_column(nullable=False)
    rev: int = 0
    created_at: datetime
    updated_at: datetime


class CalendarRow(db.Row, table=True):
    """Holidays of a country, extra dates and shutdowns; a loop without one has none."""

    __tablename__ = "calendar"

    id: UUID = Field(primary_key=True)
    name: str
    country: str = ""
    subdivision: str = ""
    extra: list[str] = db.json_column(nullable=False)
    shutdowns: list[list[str]] = db.json_column(nullable=False)
    workdays: list[str] = db.json_column(nullable=False)
    rev: int = 0
    created_at: datetime
    updated_at: datetime


class ShiftRow(db.Row, table=True):
    """A shift of a calendar with its breaks, in wall time."""

    __tablename__ = "shift"

    id: UUID = Field(primary_key=True)
    calendar_id: UUID = Field(index=True)
    name: str
    start_local: str
    end_local: str
    breaks: list[list[str]] = db.json_column(nullable=False)
    created_at: datetime
    updated_at: datetime
