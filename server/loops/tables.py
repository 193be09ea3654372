"""Rows of loops: the loop, its versions, their timetable lines and stops."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlmodel import Field, UniqueConstraint

from server.core import db


class LoopRow(db.Row, table=True):
    """A loop and where it stands in its life."""

    __tablename__ = "loop"
    __table_args__ = (UniqueConstraint("site_id", "code"),)

    id: UUID = Field(primary_key=True)
    code: str
    name: str
    kind: str
    life_state: str = "candidate"
    calendar_id: UUID | None = None
    exceptions: list[dict[str, Any]] = db.json_column(nullable=False)
    departure_policy: str = "timetable"
    current_version: int | None = None
    trial_since: date | None = None
    stable_since: date | None = None
    last_review_at: datetime | None = None
    baseline_id: UUID | None = None
    rev: int = 0
    created_at: datetime
    updated_at: datetime


class LoopVersionRow(db.Row, table=True):
    """A version; once `published_at` is set only `valid_to` may change."""

    __tablename__ = "loop_version"
    __table_args__ = (UniqueConstraint("site_id", "loop_id", "version"),)

    id: UUID = Field(primary_key=True)
    loop_id: UUID
    version: int
    valid_from: date | None = None
    valid_to: date | None = None
    rrule: str
    anchor_date: date
    start_location: UUID
    end_location: UUID | None = None
    end_offset_s: int | None = None
    end_leg_m: int | None = None
    vehicle_class: str = ""
    vehicle_ids: list[str] = db.json_column(nullable=False)
    proof: dict[str, str] = db.json_column(nullable=False)
    resequence_mode: str = "free"
    driver_order: str = "ask"
    holiday_rule: str = "skip"
    allow_double: bool = False
    cut_off_s: int = 0
    breaks: list[list[str]] = db.json_column(nullable=False)
    # [[s, m], ...] start -> first ... last -> end of the fixed stops, found when it was published
    legs: list[list[int]] = db.json_column(nullable=False)
    published_at: datetime | None = None
    published_by: str = ""
    note: str = ""
    rev: int = 0
    created_at: datetime
    updated_at: datetime


class DepartureRow(db.Row, table=True):
    """A line of the timetable, or the generator of several."""

    __tablename__ = "departure"

    id: UUID = Field(primary_key=True)
    loop_version_id: UUID = Field(index=True)
    pos: int
    timetable_no: int = 1
    departure_no: int | None = None
    day_offset: int = 0
    time_local: str | None = None
    base_no: int | None = None
    first_local: str | None = None
    last_local: str | None = None
    headway_s: int | None = None
    break_rule: str = "skip"
    vehicle_id: UUID | None = None
    driver_id: UUID | None = None


class StopRow(db.Row, table=True):
    """A place in a version."""

    __tablename__ = "stop"

    id: UUID = Field(primary_key=True)
    loop_version_id: UUID = Field(index=True)
    pos: int
    location_id: UUID = Field(index=True)
    kind: str = "fixed"
    windows: list[dict[str, Any]] = db.json_column(nullable=False)
    priority: str = "none"
    fixed_time_local: str | None = None
    service_s: int | None = None
    buffer_s: int = 0
    offset_s: int | None = None
    leg_m: int | None = None
    skills: list[str] = db.json_column(nullable=False)
    proof: dict[str, str] = db.json_column(nullable=False)
    checks: list[list[Any]] = db.json_column(nullable=False)
    lines: list[dict[str, Any]] = db.json_column(nullable=False)  # what is usual here, per run
