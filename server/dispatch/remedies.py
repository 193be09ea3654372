"""What would mend a rule that the order of a run breaks at a stop, the first one least dear."""

from collections.abc import Sequence
from dataclasses import dataclass

from server.planner.explain import Remedy
from shared.task import Amount, Timeline, Violation
from shared.timeline import written
from shared.walk import Walker

DROPS_MAX = 20
LOOKED_FOR = ("delay", "load")


@dataclass(frozen=True, slots=True)
class Driven:
    """An order of a run, ready to be walked, with what it breaks."""

    walker: Walker
    order: tuple[int, ...]
    timeline: Timeline

    def without(self, number: int) -> Timeline:
        """The same order when one stop is left out."""
        return written(self.walker, [one for one in self.order if one != number])


def first_remedy(driven: Driven, found: Violation, *, promised: bool) -> Remedy | None:
    """What helps at once: a longer window, or a vehicle with more room.

    The window of a stop that is `promised` to somebody is never touched.
    """
    if found.cause == "delay" and not promised:
        return Remedy("window", found.duration_s)
    if found.cause == "load" and found.amount is not None:
        return Remedy("vehicle", capacity=peak(driven))
    return None


def peak(driven: Driven) -> Amount:
    """The most that is on board at once, in each dimension."""
    loads = [driven.walker.at.load, *(step.load for step in driven.timeline.steps)]
    return tuple(map(max, zip(*loads, strict=True)))


def drop_remedy(driven: Driven, found: Violation) -> Remedy | None:
    """Another stop without which this one fits; of several the one that leaves least broken.

    Only the nearest stops before it are tried, for each try is a walk through the run.
    """
    tried = [(driven.without(number), number) for number in _droppable(driven, found)]
    good = [
        (line.hard, line.travel_s, number)
        for line, number in tried
        if line.hard < driven.timeline.hard and not _breaks(line, found)
    ]
    return Remedy("drop", drop=min(good)[2]) if good else None


def _droppable(driven: Driven, found: Violation) -> Sequence[int]:
    run, order = driven.walker.run, driven.order
    ahead = order[: order.index(found.id)] if isinstance(found.id, int) else order
    kept = {number for pair in run.pairs for number in pair} | set(run.committed)
    free = [one for one in ahead if one not in kept and not run.stops[one].locked]
    return free[-DROPS_MAX:]


def _breaks(line: Timeline, found: Violation) -> bool:
    return any((one.cause, one.id) == (found.cause, found.id) for one in line.violations)
