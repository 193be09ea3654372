"""What the planner is asked: stops, pairs, vehicles, travel times and rules, in whole numbers.

Stops and vehicles are spoken of by their number, the place in their tuple; ids are the caller's.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from shared.task import Amount, Place, Window

Whole = NDArray[np.int64]
StopKind = Literal["job", "pickup", "delivery"]
VisitKind = Literal["stop", "break", "reload"]

TASKS_MAX = 2000
VEHICLES_MAX = 1000
PROFILES_MAX = 12
VEHICLE_FIRST = 10
ENERGY_WH_PER_M = 0.25
ENERGY_WH_PER_M_FULL = 0.10
LOAD_SHARE = 0.5


class Visit(NamedTuple):
    """One entry of a route: a stop by its number, a break or a reload by its place in a vehicle."""

    kind: VisitKind
    number: int


Routes = Mapping[int, tuple[Visit, ...]]
"""What each used vehicle does, by the vehicle's number."""


@dataclass(frozen=True, slots=True)
class PlanStop:
    """A job, or one end of a shipment; `before` names stops that come later, by number."""

    id: int
    index: int
    kind: StopKind = "job"
    service_s: int = 0
    setup_s: int = 0
    windows: tuple[Window, ...] = ()
    delivery: Amount = ()
    pickup: Amount = ()
    skills: frozenset[int] = frozenset()
    access: frozenset[str] = frozenset()
    zone: int | None = None
    priority: int = 0
    position: Place = "any"
    before: tuple[int, ...] = ()
    appointment: bool = False
    locked: bool = False
    max_ride_s: int | None = None
    template_arrival_s: int | None = None
    template_l_s: int | None = None
    description: str = ""


@dataclass(frozen=True, slots=True)
class Pair:
    """Goods that one stop loads and a later one of the same vehicle unloads."""

    pickup: int
    delivery: int
    amount: Amount = ()
    max_ride_s: int | None = None


@dataclass(frozen=True, slots=True)
class PlanBreak:
    """A rest of a vehicle that starts in one of its windows."""

    id: int
    windows: tuple[Window, ...]
    service_s: int
    max_load: Amount | None = None


@dataclass(frozen=True, slots=True)
class PlanReload:
    """A place where the vehicle unloads what it collected and takes the next load."""

    index: int
    service_s: int = 0
    times_max: int = 1


@dataclass(frozen=True, slots=True)
class PlanVehicle:
    """A vehicle with its shift and limits; without a start or end it is free of that place.

    `load` is what is on board when it is under way already; otherwise it takes what it delivers.
    """

    id: int
    start: int | None
    end: int | None
    profile: str = "car"
    window: Window | None = None
    start_late_s: int | None = None
    capacity: Amount = ()
    load: Amount | None = None
    skills: frozenset[int] = frozenset()
    kind: str = ""
    zones: frozenset[int] | None = None
    zones_soft: bool = False
    breaks: tuple[PlanBreak, ...] = ()
    reloads: tuple[PlanReload, ...] = ()
    speed_factor: float = 1.0
    fixed: float = 0
    per_hour: float = 3600
    per_km: float = 0
    max_tasks: int | None = None
    max_travel_s: int | None = None
    max_distance_m: int | None = None
    range_m: int | None = None
    max_overtime_s: int = 0
    overtime_per_hour: float = 0
    shift_s: int | None = None
    description: str = ""


@dataclass(frozen=True)
class Matrix:
    """Seconds, metres and prices between all places of one profile; the diagonal is zero."""

    durations: Whole
    distances: Whole | None = None
    costs: Whole | None = None


@dataclass(frozen=True, slots=True)
class Weights:
    """What a second, a metre and a watt-hour cost, and whether fewer vehicles come first."""

    time: float = 1
    distance: float = 0
    energy: float = 0
    vehicles: bool = False


@dataclass(frozen=True, slots=True)
class Balance:
    """What shall be equal among the vehicles, and how much that may cost."""

    by: Literal["duration", "tasks", "load"] = "duration"
    weight: int = 1


@dataclass(frozen=True)
class Problem:
    """Everything a plan is made from; `standing` is the order that stands, by vehicle."""

    stops: tuple[PlanStop, ...]
    vehicles: tuple[PlanVehicle, ...]
    matrices: Mapping[str, Matrix]
    pairs: tuple[Pair, ...] = ()
    weights: Weights = field(default_factory=Weights)
    balance: Balance | None = None
    keep_s: int = 0
    standing: Mapping[int, tuple[int, ...]] = field(default_factory=dict)
    glued: frozenset[tuple[int, int]] = frozenset()
    """Neighbours a person put together; -1 stands for the place the vehicle is at."""
    require_all: bool = False
    points: tuple[tuple[float, float], ...] | None = None
    """Longitude and latitude of the places, where the problem speaks of them so."""

    def __getstate__(self) -> dict[str, Any]:
        """Without what was worked out on the way: it is large and quickly made again."""
        known = ("rows", "tables", "prices", "partner", "barred", "kinds")
        return {key: value for key, value in self.__dict__.items() if key not in known}

    @property
    def dimensions(self) -> int:
        return len(self.vehicles[0].capacity) if self.vehicles else 0

    @cached_property
    def partner(self) -> dict[int, Pair]:
        """The pair of each stop that is an end of one."""
        return {end: pair for pair in self.pairs for end in (pair.pickup, pair.delivery)}

    @cached_property
    def tables(self) -> dict[tuple[str, float], tuple[Whole, Whole | None]]:
        """Seconds and metres per travel profile and speed."""
        found = {}
        for vehicle in self.vehicles:
            key = (vehicle.profile, vehicle.speed_factor)
            if key not in found:
                matrix = self.matrices[vehicle.profile]
                found[key] = (_slower(matrix.durations, vehicle.speed_factor), matrix.distances)
        return found

    @cached_property
    def rows(self) -> dict[tuple[str, float], tuple[list[list[int]], list[list[int]] | None]]:
        """The same as lists, for code that looks up one leg after the other."""
        return {
            key: (seconds.tolist(), None if metres is None else metres.tolist())
            for key, (seconds, metres) in self.tables.items()
        }

    @cached_property
    def prices(self) -> dict[tuple[object, ...], Whole]:
        """Prices that were worked out already."""
        return {}

    @cached_property
    def barred(self) -> dict[tuple[object, ...], tuple[int, ...]]:
        """Who may not serve whom, as far as it was worked out already."""
        return {}

    @cached_property
    def kinds(self) -> tuple[int, ...]:
        """For each vehicle the first one that is equal to it but for its name."""
        first: dict[PlanVehicle, int] = {}
        plain = [replace(vehicle, id=0, description="") for vehicle in self.vehicles]
        return tuple(first.setdefault(kind, number) for number, kind in enumerate(plain))

    def nowhere(self, vehicle: PlanVehicle) -> int:
        """The place of vehicles that may start or end anywhere: no way is long from there."""
        return len(self.matrices[vehicle.profile].durations) - 1

    def start(self, vehicle: PlanVehicle) -> int:
        return self.nowhere(vehicle) if vehicle.start is None else vehicle.start

    def end(self, vehicle: PlanVehicle) -> int:
        return self.nowhere(vehicle) if vehicle.end is None else vehicle.end

    def price(self, vehicle: PlanVehicle) -> Whole:
        """What each leg costs this vehicle, in second-equivalents, penalties aside."""
        seconds, metres = self.tables[vehicle.profile, vehicle.speed_factor]
        given = self.matrices[vehicle.profile].costs
        if given is not None:
            return given
        key = (vehicle.profile, vehicle.speed_factor, vehicle.per_hour, vehicle.per_km)
        if key not in self.prices:
            self.prices[key] = self._priced(vehicle, seconds, metres)
        return self.prices[key]

    def _priced(self, vehicle: PlanVehicle, seconds: Whole, metres: Whole | None) -> Whole:
        priced = seconds * (self.weights.time * vehicle.per_hour / 3600)
        if metres is not None:
            energy = ENERGY_WH_PER_M + ENERGY_WH_PER_M_FULL * LOAD_SHARE
            per_m = self.weights.distance + vehicle.per_km / 1000 + self.weights.energy * energy
            priced = priced + metres * per_m
        whole: Whole = np.rint(priced).astype(np.int64)
        return whole


def _slower(durations: Whole, factor: float) -> Whole:
    if factor == 1:
        return durations
    whole: Whole = np.ceil(durations / factor).astype(np.int64)
    return whole
