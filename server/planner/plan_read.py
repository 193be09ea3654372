"""A problem in JSON becomes a problem; what does not fit together is told with a JSON pointer."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from pydantic import TypeAdapter, ValidationError

from server.planner.forms import BadTask
from server.planner.matrix import SUM_MAX
from server.planner.plan_form import (
    AnyStop,
    JobForm,
    PlanBreakForm,
    PlanVehicleForm,
    ProblemForm,
    ShipmentForm,
)
from server.planner.problem import (
    Balance,
    Matrix,
    Pair,
    PlanBreak,
    PlanReload,
    PlanStop,
    PlanVehicle,
    Problem,
    StopKind,
    Visit,
    Weights,
    Whole,
)
from shared.task import Amount, Window

Coordinates = tuple[float, float]
"""Longitude and latitude, as VROOM writes them."""
Travel = Callable[[str, Sequence[Coordinates]], tuple[Whole, Whole]]
"""Seconds and metres between places for a profile."""

_READER = TypeAdapter(ProblemForm)
_NONE = frozenset[int]()


class NoTravelTimes(Exception):
    """The problem has no matrices and nobody can say how long the ways are."""


@dataclass(frozen=True)
class AskedPlan:
    """A problem, and the routes it brought along in the steps of its vehicles."""

    problem: Problem
    routes: dict[int, tuple[Visit, ...]]


class _Key(NamedTuple):
    """What names a stop in VROOM: pickups and deliveries count by themselves."""

    kind: StopKind
    id: int


def read_problem(body: bytes | str, travel: Travel | None = None) -> AskedPlan:
    """Parse and check one problem."""
    try:
        form = _READER.validate_json(body)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise BadTask(_pointer(first["loc"]), first["msg"]) from error
    except RecursionError as error:
        raise BadTask("", "nested too deeply") from error
    return _Reading(form, travel).asked()


def _pointer(loc: Iterable[str | int]) -> str:
    parts = (str(part).replace("~", "~0").replace("/", "~1") for part in loc)
    return "".join(f"/{part}" for part in parts)


class _Places:
    """Numbers for the places of a problem: those of its matrices, or its coordinates."""

    def __init__(self, size: int | None) -> None:
        self.size = size
        self.points: dict[Coordinates, int] = {}

    def number(self, index: int | None, point: list[float] | None, at: str) -> int | None:
        """The place meant by an index or by coordinates; None when neither is given."""
        if self.size is not None:
            if index is not None and index >= self.size:
                raise BadTask(f"{at}_index", f"the matrix has {self.size} places")
            if index is None and point is not None:
                raise BadTask(f"{at}_index", "needed together with matrices")
            return index
        if point is None:
            if index is not None:
                raise BadTask(f"{at}_index", "there are no matrices")
            return None
        return self.points.setdefault((point[0], point[1]), len(self.points))


def _zones(form: ProblemForm) -> dict[_Key, int]:
    """The zone of each job that a list of zones names; a job is in one at most."""
    jobs, found = {job.id for job in form.jobs}, dict[_Key, int]()
    for zone, members in form.milkrun.zones.items():
        at = _pointer(("milkrun", "zones", zone))
        if re.fullmatch(r"[0-9]{1,15}", zone) is None:
            raise BadTask(at, "a zone is named by a whole number")
        for place, job in enumerate(members):
            if job not in jobs or _Key("job", job) in found:
                raise BadTask(f"{at}/{place}", "no such job that is in no other zone yet")
            found[_Key("job", job)] = int(zone)
    return found


class _Reading:
    """What no single member can know: that the members fit together."""

    def __init__(self, form: ProblemForm, travel: Travel | None) -> None:
        self.form, self.travel = form, travel
        sizes = [len(one.durations) for one in form.matrices.values()]
        self.places = _Places(min(sizes) if sizes else None)
        self.dimensions = max(len(vehicle.capacity) for vehicle in form.vehicles)
        self.numbers: dict[_Key, int] = {}
        self.stops: list[PlanStop] = []
        self.befores: list[tuple[int, list[int], str]] = []
        self.pairs: list[Pair] = []
        self.zones = _zones(form)

    def asked(self) -> AskedPlan:
        for number, job in enumerate(self.form.jobs):
            self._job(job, f"/jobs/{number}")
        for number, shipment in enumerate(self.form.shipments):
            self._shipment(shipment, f"/shipments/{number}")
        self._before()
        vehicles = [
            self._vehicle(one, f"/vehicles/{n}") for n, one in enumerate(self.form.vehicles)
        ]
        if len({one.id for one in vehicles}) < len(vehicles):
            raise BadTask("/vehicles", "the same id twice")
        routes = self._routes(vehicles)
        ours = self.form.milkrun
        problem = Problem(
            tuple(self.stops),
            tuple(vehicles),
            self._matrices(vehicles),
            pairs=tuple(self.pairs),
            weights=Weights(**ours.weights.model_dump()),
            balance=None if ours.balance is None else Balance(**ours.balance.model_dump()),
            keep_s=ours.keep_s,
            standing={
                number: tuple(visit.number for visit in visits if visit.kind == "stop")
                for number, visits in routes.items()
            },
            require_all=ours.require_all,
            points=tuple(self.places.points) if self.places.size is None else None,
        )
        return AskedPlan(problem, routes)

    def _job(self, job: JobForm, at: str) -> None:
        if job.milkrun.contingency == "off":
            return
        delivery = self._amount(job.delivery, f"{at}/delivery")
        pickup = self._amount(job.pickup, f"{at}/pickup")
        self._stop(
            job, "job", at, delivery=delivery, pickup=pickup, skills=frozenset(job.skills),
            priority=job.priority,
        )  # fmt: skip

    def _shipment(self, shipment: ShipmentForm, at: str) -> None:
        amount = self._amount(shipment.amount, f"{at}/amount")
        zeros = (0,) * self.dimensions
        first = len(self.stops)
        for kind, form in (("pickup", shipment.pickup), ("delivery", shipment.delivery)):
            self._stop(
                form, "pickup" if kind == "pickup" else "delivery", f"{at}/{kind}",
                pickup=amount if kind == "pickup" else zeros,
                delivery=amount if kind == "delivery" else zeros,
                skills=frozenset(shipment.skills), priority=shipment.priority,
            )  # fmt: skip
        rides = [form.milkrun.max_ride_s for form in (shipment.pickup, shipment.delivery)]
        longest = min((ride for ride in rides if ride is not None), default=None)
        self.pairs.append(Pair(first, first + 1, amount, longest))

    def _stop(
        self, form: AnyStop, kind: StopKind, at: str, *, delivery: Amount, pickup: Amount,
        skills: frozenset[int], priority: int,
    ) -> None:  # fmt: skip
        key, ours = _Key(kind, form.id), form.milkrun
        if key in self.numbers:
            raise BadTask(f"{at}/id", "the same id twice")
        index = self.places.number(form.location_index, form.location, f"{at}/location")
        if index is None:
            raise BadTask(f"{at}/location_index", "this stop has no place")
        if len(ours.service_per_unit_s) > self.dimensions:
            raise BadTask(f"{at}/milkrun/service_per_unit_s", f"{self.dimensions} at most")
        units = zip(ours.service_per_unit_s, delivery, pickup, strict=False)
        self.numbers[key] = len(self.stops)
        self.befores.append((len(self.stops), ours.before, at))
        self.stops.append(
            PlanStop(
                form.id, index, kind, setup_s=form.setup,
                service_s=form.service + sum(each * (a + b) for each, a, b in units),
                windows=self._windows(form.time_windows, f"{at}/time_windows"),
                delivery=delivery, pickup=pickup, skills=skills, priority=priority,
                access=frozenset(ours.access), position=ours.position, locked=ours.locked,
                zone=self.zones.get(key) if ours.zone is None else ours.zone,
                appointment=ours.appointment, max_ride_s=ours.max_ride_s,
                template_arrival_s=ours.template_arrival_s, template_l_s=ours.template_l_s,
                description=form.description,
            )
        )  # fmt: skip

    def _before(self) -> None:
        for number, later, at in self.befores:
            found = []
            for place, job in enumerate(later):
                other = self.numbers.get(_Key("job", job))
                if other is None or other == number:
                    raise BadTask(f"{at}/milkrun/before/{place}", "no such other job")
                found.append(other)
            if found:
                stop = self.stops[number]
                changed = {name: getattr(stop, name) for name in stop.__slots__}
                self.stops[number] = PlanStop(**changed | {"before": tuple(found)})

    def _vehicle(self, form: PlanVehicleForm, at: str) -> PlanVehicle:
        ours, window = form.milkrun, self._window(form.time_window, f"{at}/time_window")
        if len(form.capacity) != self.dimensions:
            raise BadTask(f"{at}/capacity", f"{self.dimensions} amounts are needed")
        start = self.places.number(form.start_index, form.start, f"{at}/start")
        end = self.places.number(form.end_index, form.end, f"{at}/end")
        if start is None and end is None:
            raise BadTask(f"{at}/start_index", "a vehicle needs a start or an end")
        load = None if ours.load_now is None else self._amount(ours.load_now, f"{at}/milkrun")
        reloads = tuple(PlanReload(one.index, one.service, one.max) for one in ours.reloads)
        for number, one in enumerate(reloads):
            self.places.number(one.index, None, f"{at}/milkrun/reloads/{number}/index")
        return PlanVehicle(
            form.id, start, end, form.profile, window=window, start_late_s=ours.start_late,
            capacity=tuple(form.capacity), load=load, skills=frozenset(form.skills),
            kind=form.type, zones=None if ours.zones is None else frozenset(ours.zones),
            zones_soft=ours.zone_mode == "soft", reloads=reloads,
            breaks=tuple(self._break(one, f"{at}/breaks/{n}") for n, one in enumerate(form.breaks)),
            speed_factor=form.speed_factor, **form.costs.model_dump(),
            max_tasks=form.max_tasks, max_travel_s=form.max_travel_time,
            max_distance_m=form.max_distance, range_m=ours.range_m,
            max_overtime_s=ours.max_overtime_s, overtime_per_hour=ours.overtime_per_hour,
            shift_s=ours.shift_s, description=form.description,
        )  # fmt: skip

    def _break(self, form: PlanBreakForm, at: str) -> PlanBreak:
        limit = None if form.max_load is None else self._amount(form.max_load, f"{at}/max_load")
        windows = self._windows(form.time_windows, f"{at}/time_windows")
        return PlanBreak(form.id, windows, form.service, limit)

    def _routes(self, vehicles: Sequence[PlanVehicle]) -> dict[int, tuple[Visit, ...]]:
        """The orders in `steps`; every stop at most once."""
        seen: set[int] = set()
        found = {}
        for number, form in enumerate(self.form.vehicles):
            visits = []
            for place, step in enumerate(form.steps):
                if step.type in ("start", "end"):
                    continue
                at = f"/vehicles/{number}/steps/{place}/id"
                visits.append(self._step(step.type, step.id, vehicles[number], at))
            stops = [visit.number for visit in visits if visit.kind == "stop"]
            if len(set(stops)) < len(stops) or seen & set(stops):
                raise BadTask(f"/vehicles/{number}/steps", "the same stop twice")
            seen |= set(stops)
            if visits:
                found[number] = tuple(visits)
        return found

    def _step(self, kind: str, id_: int | None, vehicle: PlanVehicle, at: str) -> Visit:
        if kind == "break":
            breaks = [one.id for one in vehicle.breaks]
            if id_ not in breaks:
                raise BadTask(at, "no such break")
            return Visit("break", breaks.index(id_))
        sort: StopKind = "job" if kind == "job" else "pickup" if kind == "pickup" else "delivery"
        number = None if id_ is None else self.numbers.get(_Key(sort, id_))
        if number is None:
            raise BadTask(at, f"no such {kind}")
        return Visit("stop", number)

    def _matrices(self, vehicles: Sequence[PlanVehicle]) -> dict[str, Matrix]:
        found = {}
        free = any(one.start is None or one.end is None for one in vehicles)
        for profile in sorted({vehicle.profile for vehicle in vehicles}):
            matrix = self._matrix(profile)
            found[profile] = _with_nowhere(matrix) if free else matrix
        return found

    def _matrix(self, profile: str) -> Matrix:
        if self.places.size is None:
            if self.travel is None:
                raise NoTravelTimes(profile)
            return Matrix(*self.travel(profile, list(self.places.points)))
        form = self.form.matrices.get(profile)
        if form is None:
            raise BadTask("/matrices", f"no travel times for the profile {profile}")
        at = f"/matrices/{profile.replace('~', '~0').replace('/', '~1')}"
        distances = None if form.distances is None else _square(form.distances, f"{at}/distances")
        costs = None if form.costs is None else _square(form.costs, f"{at}/costs")
        sizes = {len(form.durations), *(len(x) for x in (distances, costs) if x is not None)}
        if len(sizes) > 1:
            raise BadTask(at, "the matrices have different sizes")
        return Matrix(_square(form.durations, f"{at}/durations"), distances, costs)

    def _window(self, span: list[int] | None, pointer: str) -> Window | None:
        if span is None:
            return None
        if span[0] > span[1]:
            raise BadTask(pointer, "the window ends before it begins")
        return span[0], span[1]

    def _windows(self, spans: list[list[int]], pointer: str) -> tuple[Window, ...]:
        found = [self._window(span, f"{pointer}/{n}") for n, span in enumerate(spans)]
        return tuple(sorted(window for window in found if window is not None))

    def _amount(self, amount: list[int], pointer: str) -> Amount:
        if not amount:
            return (0,) * self.dimensions
        if len(amount) != self.dimensions:
            raise BadTask(pointer, f"the vehicles' capacity has {self.dimensions} amounts")
        return tuple(amount)


def _square(rows: list[list[float]], pointer: str) -> Whole:
    for number, row in enumerate(rows):
        if len(row) != len(rows):
            raise BadTask(f"{pointer}/{number}", f"{len(rows)} numbers are needed")
    if not rows:
        raise BadTask(pointer, "at least one place is needed")
    whole: Whole = np.ceil(np.array(rows)).astype(np.int64)
    np.fill_diagonal(whole, 0)
    if int(whole.max()) * (len(rows) + 2) >= SUM_MAX:
        raise BadTask(pointer, "the ways are too long to be added up")
    return whole


def _with_nowhere(matrix: Matrix) -> Matrix:
    """One more place, from which and to which no way is long."""
    tables = (matrix.durations, matrix.distances, matrix.costs)
    wide = [None if one is None else np.pad(one, (0, 1)) for one in tables]
    assert wide[0] is not None
    return Matrix(wide[0], wide[1], wide[2])
