"""The whole plan as it will be driven: every route by the timeline, every rule of the fleet.

What the solver thought of its routes is not asked; only what is found here is answered.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

from server.planner.drive import Driven, Driving
from server.planner.matrix import forbidden
from server.planner.problem import Problem, Routes, Visit
from shared.task import END, Amount, TimelineStep, Violation

TEMPLATE_L_S = 900
START = "start"


@dataclass(frozen=True)
class PlanRoute:
    """One vehicle's route with its times and everything it breaks."""

    driven: Driven
    cost: int
    setup_s: int
    service_s: int
    waiting_s: int
    overtime_s: int
    priority: int
    legs: tuple[tuple[int, int], ...]
    """Travel from the start to each step, in seconds and metres."""
    by_entry: dict[int, tuple[Violation, ...]]
    """What is broken at each entry of the route."""
    others: tuple[Violation, ...]
    """What is broken at the end, at a break, or on the whole route."""

    @property
    def vehicle(self) -> int:
        return self.driven.vehicle

    @property
    def travel_s(self) -> int:
        return self.driven.timeline.travel_s

    @property
    def travel_m(self) -> int:
        return self.driven.timeline.travel_m or 0

    @property
    def duration_s(self) -> int:
        return self.driven.timeline.end_s - self.driven.leave_s

    @property
    def tasks(self) -> tuple[int, ...]:
        """The numbers of the stops served, in order."""
        return tuple(visit.number for visit in self.driven.visits if visit.kind == "stop")

    @property
    def violations(self) -> tuple[Violation, ...]:
        return (*(v for found in self.by_entry.values() for v in found), *self.others)


@dataclass(frozen=True)
class Plan:
    """All routes, and the stops that nobody serves."""

    problem: Problem
    routes: tuple[PlanRoute, ...]

    @cached_property
    def unassigned(self) -> tuple[int, ...]:
        served = {number for route in self.routes for number in route.tasks}
        return tuple(n for n in range(len(self.problem.stops)) if n not in served)

    @cached_property
    def hard(self) -> tuple[int, int]:
        found = [v for route in self.routes for v in route.violations if not v.soft]
        return len(found), sum(v.duration_s or 0 for v in found)

    @property
    def cost(self) -> int:
        return sum(route.cost for route in self.routes)

    @property
    def loss(self) -> int:
        """How much is left unserved, by priority."""
        stops = self.problem.stops
        return sum(1 + stops[n].priority + 1000 * stops[n].appointment for n in self.unassigned)

    @property
    def complete(self) -> bool:
        return not self.unassigned and self.hard == (0, 0)

    @property
    def visits(self) -> dict[int, tuple[Visit, ...]]:
        return {route.vehicle: route.driven.visits for route in self.routes}


def examine(problem: Problem, routes: Routes) -> Plan:
    """Drive every route and look at every rule; nothing is refused."""
    made = [
        _Examined(problem, number, visits).route()
        for number, visits in sorted(routes.items())
        if any(visit.kind == "stop" for visit in visits)
    ]
    return Plan(problem, tuple(made))


class _Examined:
    """One route under examination."""

    def __init__(self, problem: Problem, number: int, visits: Sequence[Visit]) -> None:
        self.problem = problem
        self.vehicle = problem.vehicles[number]
        self.driven = Driving(problem, number).drive(visits)
        self.steps: dict[int, TimelineStep] = {
            step.id: step
            for step in self.driven.timeline.steps
            if step.kind == "stop" and step.id is not None
        }
        self.by_entry: dict[int, list[Violation]] = {}
        self.others: list[Violation] = []

    def route(self) -> PlanRoute:
        self._from_timeline()
        self._per_stop()
        self._pairs()
        self._limits()
        overtime = self._overtime()
        services, setups = self._busy()
        timeline = self.driven.timeline
        stops = [self.problem.stops[v.number] for v in self.driven.visits if v.kind == "stop"]
        return PlanRoute(
            self.driven, self._cost(overtime), setups, services,
            sum(step.waiting_s for step in timeline.steps), overtime,
            sum(stop.priority for stop in stops), self._legs(),
            {place: tuple(found) for place, found in self.by_entry.items()}, tuple(self.others),
        )  # fmt: skip

    def _note(self, place: int, cause: str, **more: int | bool | None) -> None:
        found = Violation(cause, place, **more)  # type: ignore[arg-type]
        self.by_entry.setdefault(place, []).append(found)

    def _from_timeline(self) -> None:
        for found in self.driven.timeline.violations:
            if not isinstance(found.id, int) or found.cause in ("missing_break", "max_load"):
                self.others.append(found)
            elif self.driven.visits[found.id].kind == "break":
                rest = self.vehicle.breaks[self.driven.visits[found.id].number]
                self.others.append(Violation("missing_break", rest.id))
            else:
                self.by_entry.setdefault(found.id, []).append(found)

    def _per_stop(self) -> None:
        """What the timeline does not know of: who may serve whom, first and last, habits."""
        place_of = {v.number: n for n, v in enumerate(self.driven.visits) if v.kind == "stop"}
        for number, place in place_of.items():
            stop = self.problem.stops[number]
            cause = forbidden(stop, self.vehicle)
            if cause is not None:
                self._note(place, cause)
            if any(
                place_of.get(later, len(place_of)) < place for later in stop.before
            ) or not self._in_rank(place):
                self._note(place, "order")
            if stop.template_arrival_s is not None:
                width = TEMPLATE_L_S if stop.template_l_s is None else stop.template_l_s
                over = abs(self.steps[place].start_s - stop.template_arrival_s) - width // 2
                if over > 0:
                    self._note(place, "template", duration_s=over, soft=True)

    def _in_rank(self, place: int) -> bool:
        """Whether only firsts stand before a first, and only lasts behind a last."""
        mine = self._position(place)
        if mine == "any":
            return True
        before = [self._position(n) for n in range(place)]
        behind = [self._position(n) for n in range(place + 1, len(self.driven.visits))]
        if mine == "first":
            return all(one in ("first", None) for one in before)
        return all(one in ("last", None) for one in behind)

    def _position(self, place: int) -> str | None:
        visit = self.driven.visits[place]
        return self.problem.stops[visit.number].position if visit.kind == "stop" else None

    def _pairs(self) -> None:
        place_of = {v.number: n for n, v in enumerate(self.driven.visits) if v.kind == "stop"}
        for pair in self.problem.pairs:
            pick, drop = place_of.get(pair.pickup), place_of.get(pair.delivery)
            if pick is not None and drop is None:
                self._note(pick, "precedence")
            if pick is not None and drop is not None and pair.max_ride_s is not None:
                ride = self.steps[drop].start_s - self.steps[pick].start_s
                self._ride(drop, ride - pair.max_ride_s)
        for number, place in place_of.items():
            stop, limit = self.problem.stops[number], self.problem.stops[number].max_ride_s
            if limit is not None and number not in self.problem.partner:
                step = self.steps[place]
                inbound = self.driven.timeline.end_s - step.start_s if any(stop.pickup) else 0
                outbound = step.start_s - self.driven.leave_s if any(stop.delivery) else 0
                self._ride(place, max(inbound, outbound) - limit)

    def _ride(self, place: int, over: int) -> None:
        if over > 0:
            self._note(place, "max_ride_time", duration_s=over)

    def _limits(self) -> None:
        vehicle, timeline = self.vehicle, self.driven.timeline
        over = tuple(
            max(0, have - room)
            for have, room in zip(self.driven.load, vehicle.capacity, strict=False)
        )
        if any(over):
            self.others.append(Violation("load", START, amount=over))
        served = sum(visit.kind == "stop" for visit in self.driven.visits)
        if vehicle.max_tasks is not None and served > vehicle.max_tasks:
            self.others.append(Violation("max_tasks", END))
        late = timeline.travel_s - (vehicle.max_travel_s or 0)
        if vehicle.max_travel_s is not None and late > 0:
            self.others.append(Violation("max_travel_time", END, duration_s=late))
        metres = timeline.travel_m or 0
        if vehicle.max_distance_m is not None and metres > vehicle.max_distance_m:
            self.others.append(Violation("max_distance", END))
        if vehicle.range_m is not None and metres > vehicle.range_m:
            self.others.append(Violation("range", END))
        counted = Counter(visit.number for visit in self.driven.visits if visit.kind == "reload")
        if any(n > vehicle.reloads[number].times_max for number, n in counted.items()):
            self.others.append(Violation("max_tasks", END))

    def _overtime(self) -> int:
        """Seconds beyond the shift or the window, as far as they are allowed."""
        soft = sum(v.duration_s or 0 for v in self.others if v.cause == "overtime")
        if self.vehicle.shift_s is None:
            return soft
        over = self.driven.timeline.end_s - self.driven.leave_s - self.vehicle.shift_s
        hard = max(0, over - self.vehicle.max_overtime_s)
        if hard:
            self.others.append(Violation("delay", END, duration_s=hard))
        mild = max(0, over) - hard
        if mild > 0 and mild > soft:
            self.others.append(Violation("overtime", END, duration_s=mild, soft=True))
        return max(soft, mild)

    def _busy(self) -> tuple[int, int]:
        """Seconds of service, breaks and reloads included, and of setting up."""
        timeline = self.driven.timeline
        every = sum(step.departure_s - step.start_s for step in timeline.steps)
        setups = 0
        for place, visit in enumerate(self.driven.visits):
            if visit.kind == "stop":
                step = self.steps[place]
                busy = step.departure_s - step.start_s
                setups += busy - self.problem.stops[visit.number].service_s
        return every - setups, setups

    def _path(self) -> list[int]:
        problem, vehicle = self.problem, self.vehicle
        return [problem.start(vehicle), *self.driven.indexes, problem.end(vehicle)]

    def _legs(self) -> tuple[tuple[int, int], ...]:
        seconds, metres = self.problem.rows[self.vehicle.profile, self.vehicle.speed_factor]
        found, total = [(0, 0)], (0, 0)
        for a, b in pairwise(self._path()):
            if a != b:
                total = (total[0] + seconds[a][b], total[1] + (metres[a][b] if metres else 0))
            found.append(total)
        return tuple(found)

    def _cost(self, overtime_s: int) -> int:
        prices = self.problem.price(self.vehicle)
        driven = sum(int(prices[a, b]) for a, b in pairwise(self._path()) if a != b)
        extra = self.vehicle.fixed + overtime_s * self.vehicle.overtime_per_hour / 3600
        return driven + round(extra)


def loads(plan: Plan) -> list[Amount]:
    """What each used vehicle has on board at most."""
    return [
        tuple(map(max, zip(*(step.load for step in route.driven.timeline.steps), strict=True)))
        for route in plan.routes
    ]
