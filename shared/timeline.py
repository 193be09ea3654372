"""When each remaining visit will be reached, what is on board then, and which rules break.

The only code of the product that computes times of a run: board, phone and planner all ask here.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from shared.task import (
    END,
    Amount,
    RunView,
    Start,
    TaskStop,
    Timeline,
    TimelineStep,
    Violation,
)
from shared.walk import Walker, after_stop, exceeds, opening, prepare, rule_faults


@dataclass(slots=True)
class _Log:
    """The walk so far, written down step by step."""

    walker: Walker
    here: int
    time_s: int
    load: Amount
    broken: dict[int, list[Violation]]
    steps: list[TimelineStep] = field(default_factory=list)
    travel_s: int = 0
    travel_m: int | None = 0

    def drive(self, there: int) -> None:
        if there == self.here:
            return
        run = self.walker.run
        seconds = run.durations[self.here][there]
        self.travel_s += seconds
        self.time_s += seconds
        if run.distances is None:
            self.travel_m = None
        elif self.travel_m is not None:
            self.travel_m += run.distances[self.here][there]
        self.here = there

    def leg(self, there: int, rest: tuple[int, bool] | None, number: int) -> None:
        """Drive one leg, with the break at the end of it that was chosen."""
        if rest == (number, True):
            self.rest()
        self.drive(there)
        if rest == (number, False):
            self.rest()

    def rest(self) -> None:
        pause = self.walker.rest
        assert pause is not None
        start = opening(pause.windows, self.time_s)
        assert start is not None
        heavy = pause.max_load is not None and exceeds(self.load, pause.max_load)
        found = (Violation("max_load", pause.id),) if heavy else ()
        leave = start + pause.service_s
        self.steps.append(
            TimelineStep("break", pause.id, self.time_s, start, leave, self.load, found)
        )
        self.time_s = leave

    def serve(self, stop: TaskStop, *, setup: bool) -> None:
        """One stop: wait for its window, unload, load, note what is broken there."""
        arrive = self.time_s
        windows = sorted(stop.windows)
        start = opening(windows, arrive) if windows else arrive
        found = self.broken.get(stop.id, [])
        if start is None:
            start = arrive
            closed = max(last for _, last in windows)
            found = [Violation("delay", stop.id, duration_s=arrive - closed), *found]
        if self.walker.run.template_l_s is not None and stop.template_arrival_s is not None:
            found = [*found, *_off_template(stop, start, self.walker.run.template_l_s)]
        if self.load:
            self.load = after_stop(self.load, stop)
            found = [*found, *_overloaded(stop.id, self.load, self.walker.run.capacity)]
        leave = start + stop.service_s + (stop.setup_s if setup else 0)
        step = TimelineStep("stop", stop.id, arrive, start, leave, self.load, tuple(found))
        self.steps.append(step)
        self.time_s = leave

    def end(self, *, rested: bool) -> int:
        """Arrival at the end, its window and overtime; a break never taken is told here."""
        arrive = self.time_s
        window = self.walker.run.end_window
        found = _after_hours(self.walker, arrive)
        pause = self.walker.rest
        if pause is not None and not rested:
            found.append(Violation("missing_break", pause.id))
        start = arrive if window is None else max(arrive, window[0])
        self.steps.append(TimelineStep("end", None, arrive, start, start, self.load, tuple(found)))
        return arrive


def simulate(run: RunView, order: Sequence[int], at: Start) -> Timeline:
    """Walk the run in this order from this start; a bad order comes back with its violations."""
    return written(prepare(run, at), order)


def written(walker: Walker, order: Sequence[int]) -> Timeline:
    """The timeline of an order for a run that is already prepared."""
    rest = None
    if walker.rest is not None:
        end = walker.timed(order)
        rest = end.rest if end is not None else None
    broken: dict[int, list[Violation]] = {}
    for violation in rule_faults(walker.run, order) if walker.ruled else ():
        if isinstance(violation.id, int):
            broken.setdefault(violation.id, []).append(violation)
    log = _Log(walker, walker.at.index, walker.at.available_s, walker.at.load, broken)
    for number, stop_id in enumerate(order):
        stop = walker.run.stops[stop_id]
        elsewhere = stop.index != log.here
        log.leg(stop.index, rest, number)
        log.serve(stop, setup=elsewhere)
    log.leg(walker.run.end_index, rest, len(order))
    end_s = log.end(rested=rest is not None)
    violations = tuple(found for step in log.steps for found in step.violations)
    return Timeline(tuple(log.steps), violations, log.travel_s, log.travel_m, end_s)


def _off_template(stop: TaskStop, start_s: int, width_s: int) -> list[Violation]:
    planned = stop.template_arrival_s
    assert planned is not None
    over = abs(start_s - planned) - width_s // 2
    return [Violation("template", stop.id, duration_s=over, soft=True)] if over > 0 else []


def _overloaded(stop_id: int, load: Amount, capacity: Amount) -> list[Violation]:
    found = []
    over = tuple(max(0, have - room) for have, room in zip(load, capacity, strict=False))
    short = tuple(max(0, -have) for have in load)
    if any(over):
        found.append(Violation("load", stop_id, amount=over))
    if any(short):
        found.append(Violation("goods", stop_id, amount=short))
    return found


def _after_hours(walker: Walker, arrive_s: int) -> list[Violation]:
    """Overtime within its limit is soft; beyond it the run is simply too late."""
    window = walker.run.end_window
    if window is None or arrive_s <= window[1]:
        return []
    found = []
    hard = walker.past_end(arrive_s)
    if hard:
        found.append(Violation("delay", END, duration_s=hard))
    soft = arrive_s - window[1] - hard
    if soft:
        found.append(Violation("overtime", END, duration_s=soft, soft=True))
    return found
