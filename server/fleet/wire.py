"""What vehicles and carriers say of themselves on the wire."""

from datetime import date
from typing import Annotated

from pydantic import Field

from shared.gate import Day, Label, Many, Text, Uid, Wire

Amount = Annotated[float, Field(ge=0, le=1e9, allow_inf_nan=False)]


class VehicleFields(Wire):
    """What may be said about a vehicle; absent keys stay as they are."""

    name: Label | None = None
    plate: Text | None = None
    kind: Label | None = None
    vehicle_class: Text | None = None
    capacity_kg: Amount | None = None
    capacity_l: Amount | None = None
    capacity_units: Amount | None = None
    goods_carriers: Annotated[int, Field(ge=0, le=100)] | None = None
    height_m: Annotated[float, Field(ge=0, le=10, allow_inf_nan=False)] | None = None
    energy: Text | None = None
    range_m: Annotated[int, Field(ge=0, le=10_000_000)] | None = None
    cost_per_km_minor: Annotated[int, Field(ge=0, le=1_000_000)] | None = None
    skills: Many[Label] | None = None
    carrier_id: Uid | None = None
    service_due_date: Day | None = None
    service_due_m: Annotated[int, Field(ge=0, le=10_000_000_000)] | None = None
    active: bool | None = None


class NewVehicle(VehicleFields):
    """A vehicle to be added."""

    id: Uid | None = None
    name: Label
    kind: Label = "van"


class VehicleChange(VehicleFields):
    """Changed keys of a vehicle, and the revision they were seen at."""

    expected_rev: Annotated[int, Field(ge=0, le=2**53)] | None = None


class CarrierFields(Wire):
    """What may be said about a Carrier."""

    name: Label | None = None
    contact: Text | None = None
    active: bool | None = None


class NewCarrier(CarrierFields):
    """A Carrier to be added."""

    id: Uid | None = None
    name: Label


class CarrierChange(CarrierFields):
    """Changed keys of a Carrier, and the revision they were seen at."""

    expected_rev: Annotated[int, Field(ge=0, le=2**53)] | None = None


class VehicleOut(Wire):
    """A vehicle as it is answered."""

    id: Uid
    rev: int
    name: str
    plate: str
    kind: str
    vehicle_class: str
    capacity_kg: float | None
    capacity_l: float | None
    capacity_units: float | None
    goods_carriers: int | None
    height_m: float | None
    energy: str
    range_m: int | None
    cost_per_km_minor: int | None
    skills: list[str]
    carrier_id: Uid | None
    service_due_date: date | None
    service_due_m: int | None
    active: bool


class CarrierOut(Wire):
    """A Carrier as it is answered."""

    id: Uid
    rev: int
    name: str
    contact: str
    active: bool


class VehiclePage(Wire):
    """One page of vehicles."""

    items: list[VehicleOut]
    next: None = None


class CarrierPage(Wire):
    """One page of Carriers."""

    items: list[CarrierOut]
    next: None = None


def vehicle_out(row: object) -> VehicleOut:
    """Answer with a vehicle."""
    return VehicleOut(**{key: getattr(row, key) for key in VehicleOut.model_fields})


def carrier_out(row: object) -> CarrierOut:
    """Answer with a Carrier."""
    return CarrierOut(**{key: getattr(row, key) for key in CarrierOut.model_fields})
