"""One run in progress as problems for the solver: what is fixed is cut off, the rest is asked.

The run is cut at its committed and locked stops; the parts between them are solved one after the
other, each starting where and when the one before has ended.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from server.planner.problem import Matrix, Pair, PlanBreak, PlanStop, PlanVehicle, Problem, Visit
from shared.insertion import Arc
from shared.keeping import HERE
from shared.task import Answer, RunView, Start, TaskStop, Window
from shared.timeline import simulate

PROFILE = "run"


class Part(NamedTuple):
    """Stops that may change places among each other, and the fixed stop they lead to."""

    stops: tuple[int, ...]
    fixed: int | None


def parts(answer: Answer) -> list[Part]:
    """The order of an answer, cut at what keeps its place; dropped stops get another chance."""
    run, found, open_ = answer.run, [], list[int]()
    for stop_id in answer.order:
        if stop_id in run.committed or run.stops[stop_id].locked:
            found.append(Part(tuple(open_), stop_id))
            open_ = []
        else:
            open_.append(stop_id)
    found.append(Part((*open_, *answer.dropped), None))
    return found


@dataclass(frozen=True)
class PartProblem:
    """A part as a problem; its stops' ids are the run's."""

    problem: Problem
    warm: tuple[Visit, ...]
    windows: dict[int, tuple[Window, ...]]

    def ids(self, visits: Sequence[Visit]) -> tuple[int, ...]:
        """The run's ids of what a route visits, breaks left out."""
        return tuple(self.problem.stops[v.number].id for v in visits if v.kind == "stop")


class Cutting:
    """Makes the problems of one answer's parts."""

    def __init__(self, answer: Answer, glued: frozenset[Arc], keep_s: int) -> None:
        self.answer, self.run = answer, answer.run
        self.glued, self.keep_s = glued, keep_s
        durations = np.array(self.run.durations, dtype=np.int64)
        np.fill_diagonal(durations, 0)
        self.matrix = Matrix(durations)

    def part(self, done: Sequence[int], part: Part) -> PartProblem:
        """The problem of one part when this much is already laid down before it."""
        rests = self._rests(part)
        start, opens = self._start(done, rests=rests)
        numbers = {stop_id: number for number, stop_id in enumerate(sorted(part.stops))}
        pairs, free = self._pairs(numbers)
        stops = tuple(self._stop(stop_id, numbers, free) for stop_id in numbers)
        problem = Problem(
            stops,
            (self._vehicle(start, part, rests=rests),),
            {PROFILE: self.matrix},
            pairs=pairs,
            keep_s=self.keep_s,
            standing={0: tuple(numbers[s] for s in self.run.standing if s in numbers)},
            glued=self._glued(numbers, opens),
        )
        warm = tuple(Visit("stop", numbers[s]) for s in part.stops)
        return PartProblem(problem, warm, self._windows(numbers))

    def _rests(self, part: Part) -> bool:
        """Whether the break is still to come and falls into this part."""
        pause = self.run.rest
        if pause is None or pause.taken:
            return False
        after: int | None = None
        for step in reversed(self.answer.timeline.steps):
            if step.kind == "break":
                break
            after = step.id if step.kind == "stop" else None
        return after in part.stops or after == part.fixed

    def _start(self, done: Sequence[int], *, rests: bool) -> tuple[Start, int]:
        """Where, when and with what the part begins, and the stop that is."""
        if not done:
            return self.answer.at, HERE
        run = replace(self.run, rest=None) if rests else self.run
        steps = [s for s in simulate(run, done, self.answer.at).steps if s.kind != "end"]
        last = max((n for n, s in enumerate(steps) if s.kind == "stop"), default=0)
        return Start(
            self.run.stops[done[-1]].index, steps[last].departure_s, steps[last].load
        ), done[-1]

    def _vehicle(self, start: Start, part: Part, *, rests: bool) -> PlanVehicle:
        run, end, window, overtime = self.run, self.run.end_index, self.run.end_window, 0
        if part.fixed is None:
            overtime = run.max_overtime_s
        else:
            goal = run.stops[part.fixed]
            end = goal.index
            window = (0, max(b for _, b in goal.windows)) if goal.windows else None
        latest = (1 << 40) if window is None else max(window[1], start.available_s)
        pause = run.rest
        breaks = (PlanBreak(pause.id, pause.windows, pause.service_s),) if rests and pause else ()
        return PlanVehicle(
            0, start.index, end, PROFILE,
            window=(start.available_s, latest), start_late_s=start.available_s,
            capacity=run.capacity, load=start.load, breaks=breaks, max_overtime_s=overtime,
        )  # fmt: skip

    def _stop(self, stop_id: int, numbers: dict[int, int], free: set[int]) -> PlanStop:
        stop = self.run.stops[stop_id]
        later = {numbers[b] for b in stop.before if b in numbers and stop_id not in free}
        later |= {
            numbers[drop]
            for pick, drop in self.run.pairs
            if pick == stop_id and pick not in free and drop in numbers
        }
        return PlanStop(
            stop_id, stop.index, service_s=stop.service_s, setup_s=stop.setup_s,
            windows=tuple(sorted(stop.windows)), delivery=stop.delivery, pickup=stop.pickup,
            priority=stop.priority, position=stop.position, before=tuple(sorted(later)),
        )  # fmt: skip

    def _pairs(self, numbers: dict[int, int]) -> tuple[tuple[Pair, ...], set[int]]:
        """Pairs the solver has words for: alone with each other, and the same goods at both."""
        before = [(s, b) for s in numbers for b in self.run.stops[s].before]
        asked = [(a, b) for a, b in [*self.run.pairs, *before] if a in numbers and b in numbers]
        ends = [stop_id for pair in asked for stop_id in pair]
        made, free = [], set[int]()
        for pick, drop in asked:
            first, second = self.run.stops[pick], self.run.stops[drop]
            if ends.count(pick) == ends.count(drop) == 1 and _same_goods(first, second):
                made.append(Pair(numbers[pick], numbers[drop], first.pickup))
                free |= {pick, drop}
        return tuple(made), free

    def _glued(self, numbers: dict[int, int], opens: int) -> frozenset[Arc]:
        found = set()
        for before, after in self.glued:
            if after in numbers and (before in numbers or before == opens):
                found.add((-1 if before == opens else numbers[before], numbers[after]))
        return frozenset(found)

    def _windows(self, numbers: dict[int, int]) -> dict[int, tuple[Window, ...]]:
        """Windows narrowed to the habit of the loop, where they still hold a moment."""
        width = self.run.template_l_s
        found: dict[int, tuple[Window, ...]] = {}
        for stop_id, number in numbers.items():
            narrow = _narrowed(self.run, stop_id, width)
            if narrow:
                found[number] = narrow
        return found


def _narrowed(run: RunView, stop_id: int, width: int | None) -> tuple[Window, ...]:
    stop = run.stops[stop_id]
    if width is None or stop.template_arrival_s is None:
        return ()
    early, late = stop.template_arrival_s - width // 2, stop.template_arrival_s + width // 2
    spans = stop.windows or ((early, late),)
    return tuple((max(a, early), min(b, late)) for a, b in spans if max(a, early) <= min(b, late))


def _same_goods(first: TaskStop, second: TaskStop) -> bool:
    alone = not any(first.delivery) and not any(second.pickup)
    return alone and tuple(first.pickup) == tuple(second.delivery)
