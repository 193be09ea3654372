"""What dispatch reads of the rows of a run, without touching their tables."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, Protocol
from uuid import UUID


class Visit(Protocol):
    """A visit: plan half, fact half, estimate."""

    @property
    def id(self) -> UUID: ...

    @property
    def location_id(self) -> UUID: ...

    @property
    def kind(self) -> str: ...

    @property
    def pos(self) -> int: ...

    @property
    def plan_state(self) -> str: ...

    @property
    def fact_state(self) -> str: ...

    @property
    def windows(self) -> Sequence[Sequence[int]]: ...

    @property
    def service_s(self) -> int: ...

    @property
    def buffer_s(self) -> int: ...

    @property
    def lock(self) -> Mapping[str, Any] | None: ...

    @property
    def appointment_id(self) -> UUID | None: ...

    @property
    def stop_id(self) -> UUID | None: ...

    @property
    def planned_arrival_at(self) -> datetime: ...

    @property
    def arrived_at(self) -> datetime | None: ...

    @property
    def service_start_at(self) -> datetime | None: ...

    @property
    def service_end_at(self) -> datetime | None: ...

    @property
    def departed_at(self) -> datetime | None: ...

    @property
    def eta_at(self) -> datetime | None: ...


class Run(Protocol):
    """A run: when it should leave, with what, and whether it has."""

    @property
    def id(self) -> UUID: ...

    @property
    def name(self) -> str: ...

    @property
    def kind(self) -> str: ...

    @property
    def plan_state(self) -> str: ...

    @property
    def service_date(self) -> date: ...

    @property
    def start_location(self) -> UUID: ...

    @property
    def planned_departure_at(self) -> datetime: ...

    @property
    def planned_return_at(self) -> datetime: ...

    @property
    def departed_at(self) -> datetime | None: ...

    @property
    def returned_at(self) -> datetime | None: ...

    @property
    def delay(self) -> Mapping[str, Any] | None: ...

    @property
    def vehicle_id(self) -> UUID | None: ...

    @property
    def driver_id(self) -> UUID | None: ...


class Made(Protocol):
    """A version of a plan."""

    @property
    def version(self) -> int: ...

    @property
    def order(self) -> Sequence[str]: ...

    @property
    def times(self) -> Mapping[str, Sequence[int]]: ...

    @property
    def violations(self) -> Sequence[Mapping[str, Any]]: ...


class Goods(Protocol):
    """How heavy and how large something is."""

    @property
    def weight_kg(self) -> float | None: ...

    @property
    def volume_l(self) -> float | None: ...

    @property
    def qty(self) -> int: ...


class Vehicle(Protocol):
    """What drives a run, how much it holds, what a kilometre costs."""

    @property
    def id(self) -> UUID: ...

    @property
    def kind(self) -> str: ...

    @property
    def capacity_kg(self) -> float | None: ...

    @property
    def capacity_l(self) -> float | None: ...

    @property
    def capacity_units(self) -> float | None: ...

    @property
    def cost_per_km_minor(self) -> int | None: ...
