"""Level 0: a new sequence for the open visits of one run, the same on the phone and the server.

Three rungs: the standing order as it is, cheapest exact insertion, and moves that are only tried
while hard rules are broken. Nobody is asked for a travel time; nothing is random.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from shared.changes import Changed, changed
from shared.keeping import broken_adjacencies, moved_stops
from shared.rearrange import Effort, Rearranging
from shared.task import Answer, Price, Rung, Task, Timeline, Violation
from shared.timeline import simulate, written
from shared.walk import CLEAN, Walker, prepare

STEPS = 10_000


@dataclass(frozen=True, slots=True)
class _Found:
    order: tuple[int, ...]
    rung: Rung
    dropped: tuple[int, ...] = ()


def never() -> bool:
    """For callers without a clock: only the number of steps ends the search."""
    return False


def resequence(
    task: Task, *, steps: int = STEPS, should_stop: Callable[[], bool] = never
) -> Answer:
    """Answer a task with all rungs of level 0; an infeasible one gets the least late order."""
    day = changed(task)
    walker = day.settle()
    found = _better(task, day, walker, Effort(steps, should_stop))
    return _answer(_before(task), day.kept, walker, found)


def keep_order(task: Task) -> Answer:
    """Rungs 0 and 1 alone: what was asked for happens, everything else keeps its order."""
    day = changed(task)
    walker = day.settle()
    return _answer(_before(task), day.kept, walker, _as_told(day))


def what_if(task: Task, *, before: Timeline | None = None) -> Price:
    """The price of the changes before they are made; nothing else is moved.

    `before` is the run without them, where more than the order has changed.
    """
    day = changed(task)
    walker = day.settle()
    before = before or _before(task)
    answer = _answer(before, day.kept, walker, _as_told(day))
    new, worse, cleared = compare(before.violations, answer.timeline.violations)
    return Price(
        order=answer.order,
        timeline=answer.timeline,
        before=before,
        delta_s=answer.delta_s,
        delta_m=answer.delta_m,
        delta_end_s=answer.delta_end_s,
        moved_stops=answer.moved_stops,
        new=new,
        worse=worse,
        cleared=cleared,
    )


def compare(
    before: Sequence[Violation], after: Sequence[Violation]
) -> tuple[tuple[Violation, ...], tuple[Violation, ...], tuple[Violation, ...]]:
    """Violations that are new, those that got worse, those that are gone."""
    had = {(found.cause, found.id): found for found in before}
    has = {(found.cause, found.id): found for found in after}
    new = tuple(found for key, found in has.items() if key not in had)
    worse = tuple(f for key, f in has.items() if key in had and _size(f) > _size(had[key]))
    cleared = tuple(found for key, found in had.items() if key not in has)
    return new, worse, cleared


def _size(violation: Violation) -> tuple[int, int]:
    return violation.duration_s or 0, sum(violation.amount or ())


def _as_told(day: Changed) -> _Found:
    order = tuple(day.order)
    return _Found(order, "standing" if order == day.kept else "insert")


def rearranged(
    task: Task, answer: Answer, order: Sequence[int], rung: Rung, effort: Effort | None = None
) -> Answer:
    """The same answer with another order of the same run, as a higher rung has found it.

    With an effort, what that order still breaks is mended by the moves of level 0.
    """
    walker = prepare(answer.run, answer.at)
    order = tuple(order)
    if effort is not None and walker.faults(order) != CLEAN:
        glued = frozenset(changed(task).glued)
        policy, standing = task.policy, answer.run.standing
        order = Rearranging(walker, standing, policy, glued, effort).improve(order)
    dropped = tuple(stop_id for stop_id in answer.dropped if stop_id not in order)
    return _answer(_before(task), answer.run.standing, walker, _Found(order, rung, dropped))


def _better(task: Task, day: Changed, walker: Walker, effort: Effort) -> _Found:
    """Climb only while hard rules are broken; each rung starts from the one before."""
    found = _as_told(day)
    if walker.faults(found.order) == CLEAN:
        return found
    work = Rearranging(walker, day.kept, task.policy, frozenset(day.glued), effort)
    reinserted = work.reinsert(found.order, day.reopened)
    if reinserted != found.order:
        found = _Found(reinserted, "insert")
    improved = work.improve(found.order)
    if improved != found.order:
        found = _Found(improved, "improve")
    if task.policy.allow_drop:
        kept = work.drop(found.order)
        gone = tuple(sorted(set(found.order) - set(kept)))
        found = replace(found, order=kept, dropped=gone)
    return found


def _before(task: Task) -> Timeline:
    return simulate(task.run, task.order, task.at)


def _answer(before: Timeline, standing: Sequence[int], walker: Walker, found: _Found) -> Answer:
    timeline = written(walker, found.order)
    kept = tuple(stop_id for stop_id in standing if stop_id not in found.dropped)
    return Answer(
        order=found.order,
        timeline=timeline,
        rung=found.rung,
        run=walker.run,
        at=walker.at,
        moved_stops=moved_stops(kept, found.order),
        broken_adjacencies=broken_adjacencies(kept, found.order),
        delta_s=timeline.travel_s - before.travel_s,
        delta_m=_metres(before, timeline),
        delta_end_s=timeline.end_s - before.end_s,
        dropped=found.dropped,
    )


def _metres(before: Timeline, after: Timeline) -> int | None:
    if before.travel_m is None or after.travel_m is None:
        return None
    return after.travel_m - before.travel_m
