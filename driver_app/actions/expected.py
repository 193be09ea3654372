"""When the open stops will be reached, computed on the phone from the last fact and the clock."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Any, NamedTuple

from driver_app.state import VisitView
from shared.geo import Point, distance_m
from shared.task import RunView as Walk
from shared.task import Start, TaskStop, TimelineStep
from shared.timeline import simulate

DEFAULT_FACTOR = (1.3, 11.0)
LEG_SPREAD = 0.15
OVERDUE_SPREAD = 0.5
P90 = 1.2816


class Arrival(NamedTuple):
    """When a visit is expected: middle, low and high, and by how much too late."""

    at_ms: int
    low_ms: int
    high_ms: int
    late_s: int


@dataclass(frozen=True)
class Expected:
    """Arrivals at the open visits and at the end of the run."""

    arrivals: Mapping[str, Arrival]
    end_ms: int
    delay_s: int
    """Against the planned arrival of the next visit; negative when ahead."""


@dataclass(frozen=True)
class Course:
    """The plan's legs, and great circles between all other pairs."""

    order: Sequence[str]
    legs: Sequence[Sequence[int]]
    factor: Sequence[float]
    points: Mapping[str, Point]

    def seconds(self, here: str | None, there: str | None) -> int:
        """Driving time; None is the start as `here`, the end as `there`."""
        to = len(self.order) if there is None else self._place(there)
        after = -1 if here is None else self._place(here)
        if to == after + 1 and 0 <= to < len(self.legs):
            return int(self.legs[to][0])
        a, b = self.points.get(here or ""), self.points.get(there or "")
        if a is not None and b is not None:
            detour, m_per_s = self.factor
            return round(distance_m(a, b) * detour / m_per_s)
        between = range(min(after, to) + 1, max(after, to) + 1)
        return sum(int(self.legs[n][0]) for n in between if 0 <= n < len(self.legs))

    def _place(self, visit: str) -> int:
        return self.order.index(visit) if visit in self.order else len(self.order)


def course_of(plan: Mapping[str, Any], visits: Sequence[VisitView]) -> Course:
    """Read the legs of a run row."""
    points = {
        str(v.id): Point(lat=v.lat, lon=v.lon)
        for v in visits
        if v.lat is not None and v.lon is not None
    }
    factor = plan.get("leg_factor") or DEFAULT_FACTOR
    return Course(list(plan.get("order", [])), plan.get("legs", []), factor, points)


def expect(
    course: Course,
    visits: Sequence[VisitView],
    *,
    leave_ms: int,
    now_ms: int,
) -> Expected | None:
    """Walk the open visits; `leave_ms` is when the last place was or will be left.

    An overdue fact slides the whole chain: nothing is expected in the past.
    """
    todo = [visit for visit in visits if visit.open]
    if not todo:
        return None
    walk = _walk(course, todo, _last(visits))
    first, leg_s = todo[0], walk.durations[0][1]
    begin_s, now_s = leave_ms // 1000, now_ms // 1000
    if first.arrived_ms is not None:
        begin_s = max(first.arrived_ms // 1000, now_s - first.service_s)
        start = Start(1, begin_s)
    else:
        overdue_s = max(0, now_s - begin_s - leg_s)
        start = Start(0, begin_s + overdue_s)
    late_s = max(0, start.available_s - leave_ms // 1000) if first.arrived_ms is None else 0
    timeline = simulate(walk, list(range(1, len(todo) + 1)), start)
    arrivals = _told(todo, timeline.steps, start.available_s, late_s)
    delay_s = arrivals[str(first.id)].at_ms // 1000 - first.planned_arrival_ms // 1000
    return Expected(arrivals, timeline.end_s * 1000, delay_s)


def _last(visits: Sequence[VisitView]) -> VisitView | None:
    done = [visit for visit in visits if visit.final]
    return max(done, key=lambda v: v.departed_ms or v.completed_ms or 0, default=None)


def _walk(course: Course, todo: Sequence[VisitView], last: VisitView | None) -> Walk:
    """Only legs between neighbours are filled in: nothing else is driven."""
    size = len(todo) + 2
    durations = [[0] * size for _ in range(size)]
    names: list[str | None] = [None if last is None else str(last.id)]
    names += [str(visit.id) for visit in todo]
    for here, name in enumerate(names):
        there = names[here + 1] if here + 1 < len(names) else None
        durations[here][here + 1] = course.seconds(name, there)
    stops = {
        number: TaskStop(
            id=number,
            index=number,
            service_s=visit.service_s,
            windows=tuple((low // 1000, high // 1000) for low, high in visit.windows),
        )
        for number, visit in enumerate(todo, 1)
    }
    return Walk(stops=stops, durations=durations, end_index=size - 1)


def _told(
    todo: Sequence[VisitView], steps: Sequence[TimelineStep], begin_s: int, overdue_s: int
) -> dict[str, Arrival]:
    """Times with their range: every leg and service adds its spread."""
    told: dict[str, Arrival] = {}
    spread, left_s = (OVERDUE_SPREAD * overdue_s) ** 2, begin_s
    for visit, step in zip(todo, steps, strict=False):
        spread += (LEG_SPREAD * max(0, step.arrival_s - left_s)) ** 2
        left_s = step.arrival_s
        margin_ms = round(P90 * sqrt(spread) * 1000)
        at_ms = visit.arrived_ms or step.arrival_s * 1000
        if visit.arrived_ms is not None:
            margin_ms = 0
        late_s = sum(v.duration_s or 0 for v in step.violations if v.cause == "delay")
        told[str(visit.id)] = Arrival(at_ms, at_ms - margin_ms, at_ms + margin_ms, late_s)
    return told
