"""Rows of runs: the run, its visits, its plans, the goods on it and where it was."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlmodel import Field, Index, UniqueConstraint

from server.core import db


class RunRow(db.Row, table=True):
    """One dated execution: plan half, and the fact half as the fold gave it."""

    __tablename__ = "run"
    __table_args__ = (
        UniqueConstraint("site_id", "loop_id", "service_date", "departure_no"),
        Index(None, "site_id", "service_date"),
        Index(None, "site_id", "plan_state", "planned_departure_at"),
    )

    id: UUID = Field(primary_key=True)
    loop_id: UUID | None = None
    loop_version_id: UUID | None = None
    name: str
    kind: str
    service_date: date
    departure_no: int | None = None
    planned_departure_at: datetime
    planned_return_at: datetime
    dst_kind: str = "exact"
    plan_state: str = "planned"
    fact_state: str = "none"
    plan_version: int = 1
    acked_plan_version: int | None = None
    vehicle_id: UUID | None = None
    driver_id: UUID | None = None
    carrier_id: UUID | None = None
    start_location: UUID
    end_location: UUID
    driver_order: str = "ask"
    resequence_mode: str = "free"
    takt_s: int | None = None
    cycle_no: int | None = None
    pinned: bool = False
    cancel_reason: str | None = None
    gate_overrides: list[list[str]] | None = db.json_column()
    note: dict[str, Any] | None = db.json_column()
    device_id: UUID | None = None  # the device it was taken over on; alone in its scope then
    claim: dict[str, Any] | None = db.json_column()
    proposal: dict[str, Any] | None = db.json_column()  # what was decided about a proposed order
    delay: dict[str, Any] | None = db.json_column()  # the newest delay its driver reported
    gate: list[list[str]] | None = db.json_column()
    change: dict[str, Any] | None = db.json_column()
    made_from: str = ""
    fact: dict[str, Any] | None = db.json_column()
    started_at: datetime | None = None
    departed_at: datetime | None = None
    returned_at: datetime | None = None
    raised: list[str] | None = db.json_column()
    marked: list[str] | None = db.json_column()
    off_plan: bool = False
    dispatched_at: datetime | None = None
    in_feed: bool = False
    rev: int = 0
    created_at: datetime
    updated_at: datetime


class StopVisitRow(db.Row, table=True):
    """Execution of a stop: plan half, fact half and estimate have different writers."""

    __tablename__ = "stop_visit"
    __table_args__ = (Index(None, "site_id", "run_id"), Index(None, "site_id", "location_id"))

    id: UUID = Field(primary_key=True)
    run_id: UUID
    stop_id: UUID | None = None
    location_id: UUID
    kind: str = "fixed"
    attempt: int = 1
    pos: int
    plan_state: str = "planned"
    windows: list[list[int]] = db.json_column(nullable=False)
    proof: dict[str, str] = db.json_column(nullable=False)
    checks: list[list[Any]] | None = db.json_column()
    max_boxes: dict[str, int] | None = db.json_column()
    planned_arrival_at: datetime
    planned_departure_at: datetime
    service_s: int = 0
    buffer_s: int = 0
    offset_s: int | None = None
    lock: dict[str, Any] | None = db.json_column()
    appointment_id: UUID | None = None
    cancelled_rev: int | None = None
    moves: list[dict[str, Any]] | None = db.json_column()  # from run to run, by people
    # the fact half
    fact_state: str = "none"
    arrived_at: datetime | None = None
    service_start_at: datetime | None = None
    service_end_at: datetime | None = None
    departed_at: datetime | None = None
    outcome: str | None = None
    failure_reason: str | None = None
    proof_id: UUID | None = None
    fact: dict[str, Any] | None = db.json_column()
    raised: list[str] | None = db.json_column()
    off_plan: bool = False
    # the estimate
    eta_at: datetime | None = None
    eta_low_at: datetime | None = None
    eta_high_at: datetime | None = None
    eta_made_at: datetime | None = None
    eta_basis: str | None = None
    rev: int = 0
    created_at: datetime
    updated_at: datetime


class PlanRow(db.Row, table=True):
    """One version of the order and times of a run; append-only."""

    __tablename__ = "plan"
    __table_args__ = (UniqueConstraint("site_id", "run_id", "version"),)

    id: UUID = Field(primary_key=True)
    run_id: UUID
    version: int
    base_version: int
    made_by: str
    reason: str = ""
    ops: list[dict[str, Any]] = db.json_column(nullable=False)
    order: list[str] = db.json_column(nullable=False)
    times: dict[str, list[int]] = db.json_column(nullable=False)
    legs: list[list[int]] = db.json_column(nullable=False)
    violations: list[dict[str, Any]] = db.json_column(nullable=False)
    before: dict[str, Any] | None = db.json_column()
    note: dict[str, Any] | None = db.json_column()
    created_at: datetime


class OrderRow(db.Row, table=True):
    """A demand to serve."""

    __tablename__ = "customer_order"
    __table_args__ = (UniqueConstraint("site_id", "ref"),)

    id: UUID = Field(primary_key=True)
    ref: str
    from_location: UUID | None = None
    to_location: UUID
    windows: list[list[int]] = db.json_column(nullable=False)
    service_s: int | None = None
    skills: list[str] = db.json_column(nullable=False)
    promise_class: str = ""
    received_at: datetime
    promise_at: datetime | None = None
    contact: dict[str, Any] | None = db.json_column()
    note: str = ""
    lines: list[dict[str, Any]] = db.json_column(nullable=False)
    state: str = "unassigned"
    run_id: UUID | None = None
    unfit_cause: str | None = None
    rev: int = 0
    created_at: datetime
    updated_at: datetime


class LoadLineRow(db.Row, table=True):
    """A part or item with quantity on a run."""

    __tablename__ = "load_line"
    __table_args__ = (Index(None, "site_id", "run_id"),)

    id: UUID = Field(primary_key=True)
    run_id: UUID
    order_id: UUID | None = None
    order_ref: str | None = None
    part_no: str
    name: str = ""
    qty: int
    unit_label: str = ""
    labels: list[str] = db.json_column(nullable=False)
    owner: str | None = None
    consignee: str | None = None
    pickup_visit: UUID | None = None
    drop_visit: UUID | None = None
    weight_kg: float | None = None
    volume_l: float | None = None
    max_ride_s: int | None = None
    goods_class: str | None = None
    promise_at: datetime | None = None
    private: bool = False
    rev: int = 0
    created_at: datetime
    updated_at: datetime


class PositionRow(db.Row, table=True):
    """Where a device was; kept only of open runs, outside breaks."""

    __tablename__ = "position"
    __table_args__ = (Index(None, "site_id", "run_id", "t_ms"),)

    device_id: UUID = Field(primary_key=True)
    t_ms: int = Field(primary_key=True)
    run_id: UUID
    lat: float | None = None
    lon: float | None = None
    plan_id: UUID | None = None
    x_m: float | None = None
    y_m: float | None = None
    acc_m: int | None = None
