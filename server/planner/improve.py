"""Level 0 for a fleet: units of work put in where they cost least, taken out where they harm."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from server.planner.check import Plan, PlanRoute, examine
from server.planner.matrix import forbidden, zone_s
from server.planner.problem import Problem, Visit

Unit = tuple[int, ...]
"""A job, or pickup and delivery that go together."""
Visits = tuple[Visit, ...]
PAIR_PLACES_MAX = 40
TRIES_MAX = 60


@dataclass(frozen=True, slots=True)
class Place:
    """Where a unit could go: the vehicle's new route and what it adds."""

    vehicle: int
    visits: Visits
    added: int


def units(problem: Problem, numbers: Sequence[int]) -> list[Unit]:
    """These stops as units, the hardest to place first."""
    wanted = set(numbers)
    pairs = [(p.pickup, p.delivery) for p in problem.pairs if {p.pickup, p.delivery} <= wanted]
    alone = [(n,) for n in numbers if n not in problem.partner]
    return sorted([*pairs, *alone], key=lambda unit: _hardness(problem, unit))


def _hardness(problem: Problem, unit: Unit) -> tuple[int, int, int, int]:
    stops = [problem.stops[n] for n in unit]
    widths = [sum(b - a for a, b in stop.windows) for stop in stops if stop.windows]
    urgent = max(stop.priority + 1000 * stop.appointment for stop in stops)
    return -urgent, min(widths, default=1 << 60), stops[0].id, unit[0]


class Inserting:
    """Routes of a problem that units are put into one after the other."""

    def __init__(self, problem: Problem, routes: dict[int, Visits]) -> None:
        self.problem = problem
        self.routes = dict(routes)
        self.seen: dict[tuple[int, Visits], PlanRoute | None] = {}

    def fill(self, work: Sequence[Unit], should_stop: Callable[[], bool]) -> list[Unit]:
        """Put in what fits without breaking anything; what is left comes back."""
        left: list[Unit] = []
        for number, unit in enumerate(work):
            if should_stop():
                return [*left, *work[number:]]
            place = self.best(unit)
            if place is None:
                left.append(unit)
            else:
                self.routes[place.vehicle] = place.visits
        return left

    def best(self, unit: Unit) -> Place | None:
        """The cheapest place that breaks nothing more."""
        for tries, place in enumerate(sorted(self.places(unit), key=lambda one: one.added)):
            if tries >= TRIES_MAX:
                break
            if self._no_worse(place):
                return place
        return None

    def cheapest(self, unit: Unit, count: int) -> list[Place]:
        """The cheapest clean place of each vehicle, the best vehicles first."""
        found: dict[int, Place] = {}
        for place in sorted(self.places(unit), key=lambda one: one.added):
            if place.vehicle not in found and self._no_worse(place):
                found[place.vehicle] = place
            if len(found) >= count:
                break
        return list(found.values())

    def places(self, unit: Unit) -> Iterator[Place]:
        """Every place of a unit, with the price it adds; equal unused vehicles count once."""
        fresh: set[int] = set()
        for number, vehicle in enumerate(self.problem.vehicles):
            if any(forbidden(self.problem.stops[n], vehicle) for n in unit):
                continue
            visits = self.routes.get(number, ())
            if not visits:
                kind = self.problem.kinds[number]
                if kind in fresh:
                    continue
                fresh.add(kind)
            yield from self._on(number, visits, unit)

    def _on(self, number: int, visits: Visits, unit: Unit) -> Iterator[Place]:
        vehicle = self.problem.vehicles[number]
        prices = self.problem.price(vehicle)
        old = self._price(number, visits, prices)
        extra = 0 if visits else round(vehicle.fixed)
        extra += sum(zone_s(self.problem.stops[n], vehicle) for n in unit)
        for tried in _with(visits, unit):
            yield Place(number, tried, self._price(number, tried, prices) - old + extra)

    def _price(self, number: int, visits: Visits, prices: object) -> int:
        if not visits:
            return 0
        vehicle, total = self.problem.vehicles[number], 0
        here = self.problem.start(vehicle)
        for visit in (*visits, None):
            there = self._index(vehicle, visit)
            if there is not None and there != here:
                total += int(prices[here, there])  # type: ignore[index]
                here = there
        return total

    def _index(self, vehicle: object, visit: Visit | None) -> int | None:
        if visit is None:
            return self.problem.end(vehicle)  # type: ignore[arg-type]
        if visit.kind == "stop":
            return self.problem.stops[visit.number].index
        if visit.kind == "reload":
            return int(vehicle.reloads[visit.number].index)  # type: ignore[attr-defined]
        return None

    def _no_worse(self, place: Place) -> bool:
        before = self._route(place.vehicle, self.routes.get(place.vehicle, ()))
        after = self._route(place.vehicle, place.visits)
        return _hard(after) <= _hard(before)

    def _route(self, number: int, visits: Visits) -> PlanRoute | None:
        key = (number, visits)
        if key not in self.seen:
            found = examine(self.problem, {number: visits}).routes
            self.seen[key] = found[0] if found else None
        return self.seen[key]


def _with(visits: Visits, unit: Unit) -> Iterator[Visits]:
    first = Visit("stop", unit[0])
    for place in range(len(visits) + 1):
        tried = (*visits[:place], first, *visits[place:])
        if len(unit) == 1:
            yield tried
            continue
        last = Visit("stop", unit[1])
        end = len(tried) if len(visits) <= PAIR_PLACES_MAX else min(place + 2, len(tried))
        for second in range(place + 1, end + 1):
            yield (*tried[:second], last, *tried[second:])


def _hard(route: PlanRoute | None) -> tuple[int, int]:
    found = [] if route is None else [v for v in route.violations if not v.soft]
    return len(found), sum(v.duration_s or 0 for v in found)


def construct(problem: Problem, should_stop: Callable[[], bool]) -> dict[int, Visits]:
    """Routes from nothing, unit after unit."""
    inserting = Inserting(problem, {})
    inserting.fill(units(problem, range(len(problem.stops))), should_stop)
    return inserting.routes


def relieved(plan: Plan, should_stop: Callable[[], bool]) -> Plan:
    """Take out what breaks hard rules, then put in again what fits."""
    while plan.hard != (0, 0) and not should_stop():
        number = next(r.vehicle for r in plan.routes if _hard(r) != (0, 0))
        plan = _relieve(plan, number)
    inserting = Inserting(plan.problem, plan.visits)
    inserting.fill(units(plan.problem, plan.unassigned), should_stop)
    return examine(plan.problem, inserting.routes)


def _relieve(plan: Plan, vehicle: int) -> Plan:
    """Without the unit of this vehicle whose absence mends most, the least urgent first."""
    route = next(r for r in plan.routes if r.vehicle == vehicle)
    tried = []
    for unit in units(plan.problem, route.tasks) or [(n,) for n in route.tasks]:
        rest = tuple(v for v in route.driven.visits if v.kind != "stop" or v.number not in unit)
        fewer = examine(plan.problem, {vehicle: rest}).routes
        left = _hard(fewer[0]) if fewer else (0, 0)
        urgent = max(plan.problem.stops[n].priority for n in unit)
        tried.append((left, urgent, fewer[0].cost if fewer else 0, unit, rest))
    rest = min(tried)[-1]
    return examine(plan.problem, plan.visits | {vehicle: rest})
