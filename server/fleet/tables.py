"""The rows of the fleet."""

from datetime import date, datetime
from uuid import UUID

from sqlmodel import Field

from server.core import db


class CarrierRow(db.Row, table=True):
    """A haulage company."""

    __tablename__ = "carrier"

    id: UUID = Field(primary_key=True)
    rev: int = 0
    name: str
    contact: str = ""
    active: bool = True
    created_at: datetime
    updated_at: datetime


class VehicleRow(db.Row, table=True):
    """What drives a loop: van, truck, bike or tugger train."""

    __tablename__ = "vehicle"

    id: UUID = Field(primary_key=True)
    rev: int = 0
    name: str
    plate: str = ""
    kind: str
    vehicle_class: str = ""
    capacity_kg: float | None = None
    capacity_l: float | None = None
    capacity_units: float | None = None
    goods_carriers: int | None = None
    height_m: float | None = None
    energy: str = ""
    range_m: int | None = None
    cost_per_km_minor: int | None = None
    skills: list[str] = db.json_column(nullable=False)
    carrier_id: UUID | None = Field(default=None, index=True)
    service_due_date: date | None = None
    service_due_m: int | None = None
    active: bool = True
    created_at: datetime
    updated_at: datetime
