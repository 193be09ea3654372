"""What happens when one vehicle drives a route: the timeline of the product, with what it lacks.

A single break lies where the timeline finds it best. Several breaks and the reloads are stops of
their own to the timeline: without travel, with a window, with what they do to the load.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import median

from server.planner.problem import PlanVehicle, Problem, Visit
from shared.task import Amount, RunView, Start, TaskBreak, TaskStop, Timeline
from shared.timeline import written
from shared.walk import Walker, prepare

LATEST_S = 1 << 40


@dataclass(frozen=True, slots=True)
class Driven:
    """A route as driven: its entries in order, when it left, and its timeline."""

    vehicle: int
    visits: tuple[Visit, ...]
    indexes: tuple[int, ...]
    """Where each entry takes place."""
    leave_s: int
    load: Amount
    timeline: Timeline


class Driving:
    """One vehicle of a problem, ready to drive any route."""

    def __init__(self, problem: Problem, number: int) -> None:
        self.problem, self.number = problem, number
        self.vehicle: PlanVehicle = problem.vehicles[number]
        key = (self.vehicle.profile, self.vehicle.speed_factor)
        self.seconds, self.metres = problem.rows[key]
        self.habits = any(stop.template_arrival_s is not None for stop in problem.stops)
        self.numbers: dict[int | None, int] = {}
        self.several = len(self.vehicle.breaks) > 1

    def drive(self, visits: Sequence[Visit]) -> Driven:
        """Leave as late as harms nothing, and tell what happens on the way."""
        visits = self._with_breaks(visits)
        entries = self._entries(visits)
        self.numbers = {n: visit.number for n, visit in enumerate(entries) if visit.kind == "stop"}
        walker = self.walker(visits)
        order = tuple(range(len(self._entries(visits))))
        walker = self._late_start(walker, order)
        timeline = written(walker, order)
        indexes = tuple(self._index(entries, n) for n in range(len(entries)))
        return Driven(
            self.number, tuple(entries), indexes, walker.at.available_s, walker.at.load, timeline
        )

    def walker(self, visits: Sequence[Visit]) -> Walker:
        """The walker of a route, leaving as early as possible."""
        entries = self._entries(visits)
        stops = {n: self._stop(entries, n) for n in range(len(entries))}
        vehicle = self.vehicle
        run = RunView(
            stops, self.seconds, self.problem.end(vehicle), self.metres, vehicle.window,
            vehicle.max_overtime_s, vehicle.capacity, self._pairs(entries), self._rest(),
        )  # fmt: skip
        early = 0 if vehicle.window is None else vehicle.window[0]
        return prepare(run, Start(self.problem.start(vehicle), early, self._load(entries)))

    def _entries(self, visits: Sequence[Visit]) -> list[Visit]:
        """What the timeline sees as stops; a single break is not one of them."""
        return [visit for visit in visits if self.several or visit.kind != "break"]

    def _rest(self) -> TaskBreak | None:
        if len(self.vehicle.breaks) != 1:
            return None
        one = self.vehicle.breaks[0]
        return TaskBreak(one.id, one.windows, one.service_s, max_load=one.max_load)

    def _stop(self, entries: Sequence[Visit], place: int) -> TaskStop:
        visit, index = entries[place], self._index(entries, place)
        if visit.kind == "break":
            rest = self.vehicle.breaks[visit.number]
            return TaskStop(place, index, rest.service_s, windows=rest.windows)
        if visit.kind == "reload":
            return self._reload(entries, place)
        stop = self.problem.stops[visit.number]
        setup = stop.setup_s if place == 0 or self._came(entries, place) != index else 0
        return TaskStop(
            place, index, stop.service_s + setup, windows=stop.windows,
            delivery=stop.delivery, pickup=stop.pickup,
        )  # fmt: skip

    def _came(self, entries: Sequence[Visit], place: int) -> int:
        """The place before this one; breaks move nobody."""
        return self._index(entries, place - 1) if place else self.problem.start(self.vehicle)

    def _index(self, entries: Sequence[Visit], place: int) -> int:
        for visit in reversed(entries[: place + 1]):
            if visit.kind == "stop":
                return self.problem.stops[visit.number].index
            if visit.kind == "reload":
                return self.vehicle.reloads[visit.number].index
        return self.problem.start(self.vehicle)

    def _reload(self, entries: Sequence[Visit], place: int) -> TaskStop:
        """Everything collected goes off, the next deliveries come on."""
        reload = self.vehicle.reloads[entries[place].number]
        before = max((n for n in range(place) if entries[n].kind == "reload"), default=-1)
        off = self._sum(entries[before + 1 : place], "pickup")
        return TaskStop(
            place, reload.index, reload.service_s, delivery=off, pickup=self._due(entries, place)
        )

    def _due(self, entries: Sequence[Visit], place: int) -> Amount:
        """What is delivered on the trip that begins behind this entry."""
        trip: list[Visit] = []
        for visit in entries[place + 1 :]:
            if visit.kind == "reload":
                break
            trip.append(visit)
        return self._sum(trip, "delivery")

    def _sum(self, visits: Sequence[Visit], what: str) -> Amount:
        total = [0] * self.problem.dimensions
        for visit in visits:
            alone = visit.kind == "stop" and visit.number not in self.problem.partner
            amount: Amount = getattr(self.problem.stops[visit.number], what) if alone else ()
            for dimension, value in enumerate(amount):
                total[dimension] += value
        return tuple(total)

    def _load(self, entries: Sequence[Visit]) -> Amount:
        return self._due(entries, -1) if self.vehicle.load is None else self.vehicle.load

    def _pairs(self, entries: Sequence[Visit]) -> tuple[tuple[int, int], ...]:
        place = {visit.number: n for n, visit in enumerate(entries) if visit.kind == "stop"}
        missing = len(entries)
        return tuple(
            (place.get(pair.pickup, missing), place[pair.delivery])
            for pair in self.problem.pairs
            if pair.delivery in place
        )

    def _late_start(self, walker: Walker, order: tuple[int, ...]) -> Walker:
        """The latest departure with the same end and no more broken; found by halving."""
        early = walker.at.available_s
        late = self.vehicle.start_late_s
        if late is None:
            late = LATEST_S if self.vehicle.window is None else self.vehicle.window[1]
        best = _at(walker, early).timed(order)
        assert best is not None
        same = _latest(walker, order, early, min(late, best.time_s), end_s=best.time_s)
        usual = same + self._before_habit(_at(walker, same), order)
        return _at(walker, _latest(walker, order, same, min(late, usual), end_s=LATEST_S))

    def _before_habit(self, walker: Walker, order: tuple[int, ...]) -> int:
        """By how much the run is usually later, at the stop in the middle."""
        stops = self.problem.stops
        early = [
            (stops[self.numbers[step.id]].template_arrival_s or 0) - step.start_s
            for step in (written(walker, order).steps if self.habits else ())
            if step.kind == "stop" and step.id in self.numbers
            and stops[self.numbers[step.id]].template_arrival_s is not None
        ]  # fmt: skip
        return max(0, int(median(early))) if early else 0

    def _with_breaks(self, visits: Sequence[Visit]) -> tuple[Visit, ...]:
        """Several breaks that nobody has placed go where least is broken, the earliest first."""
        if not self.several:
            return tuple(visits)
        placed = tuple(visits)
        had = {visit.number for visit in visits if visit.kind == "break"}
        missing = [n for n in range(len(self.vehicle.breaks)) if n not in had]
        for number in sorted(missing, key=lambda n: self.vehicle.breaks[n].windows):
            rest = Visit("break", number)
            tries = [(*placed[:n], rest, *placed[n:]) for n in range(len(placed) + 1)]
            placed = min(tries, key=self._badness)
        return placed

    def _badness(self, visits: tuple[Visit, ...]) -> tuple[int, int, int]:
        entries = self._entries(visits)
        end = self.walker(visits).timed(tuple(range(len(entries))))
        assert end is not None
        return end.hard, end.late_s, end.time_s


def _at(walker: Walker, leave_s: int) -> Walker:
    return replace(walker, at=replace(walker.at, available_s=leave_s))


def _latest(walker: Walker, order: tuple[int, ...], early: int, late: int, *, end_s: int) -> int:
    """The latest departure that breaks no more and ends by `end_s`; found by halving."""
    best = _at(walker, early).timed(order)
    assert best is not None
    late = max(early, late)
    while early < late:
        middle = (early + late + 1) // 2
        tried = _at(walker, middle).timed(order)
        assert tried is not None
        if tried.faults == best.faults and tried.time_s <= max(end_s, best.time_s):
            early = middle
        else:
            late = middle - 1
    return early
