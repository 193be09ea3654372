"""Level 0 is tested by its promises: what it keeps, what it never makes worse."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.resequence import keep_order, never, resequence, what_if
from shared.task import (
    Arrange,
    Cancel,
    Change,
    Insert,
    Late,
    Move,
    Policy,
    Rewindow,
    RunView,
    Start,
    Task,
    TaskStop,
)
from shared.timeline import simulate
from tests.helpers.naive_run import NEW, stops, tasks

LINE = tuple(tuple(abs(a - b) * 600 for b in range(6)) for a in range(6))


def on_a_line(*changes: Change, policy: Policy | None = None, **rules: object) -> Task:
    """Stops 1 to 4 along a road, ten minutes apart, plant at 0."""
    every = {n: TaskStop(n, n, 60) for n in range(1, 5)}
    order = tuple(every)
    run = replace(RunView(every, LINE, 0, standing=order), **rules)  # type: ignore[arg-type]
    return Task(run, order, Start(0, 0), changes, policy or Policy())


@st.composite
def changed_tasks(draw: st.DrawFn) -> Task:
    task = draw(tasks())
    new = draw(stops(NEW, len(task.run.durations)))
    changes: list[Change] = [Insert(new), Late(draw(st.integers(0, 2_000)))]
    if task.order:
        changes.append(Rewindow(task.order[-1], ((0, 5_000),)))
    return replace(task, changes=tuple(draw(st.permutations(changes))))


@given(changed_tasks())
def test_every_visit_is_kept_exactly_once(task: Task) -> None:
    answer = resequence(task, steps=200)

    assert sorted(answer.order) == sorted([*task.order, NEW])


@given(tasks())
def test_a_feasible_order_is_untouched_when_nothing_changes(task: Task) -> None:
    before = simulate(task.run, task.order, task.at)

    answer = resequence(task, steps=200)

    assert answer.timeline.hard <= before.hard
    if before.feasible:
        assert (answer.order, answer.rung, answer.delta_s) == (task.order, "standing", 0)


@given(changed_tasks())
def test_the_search_never_adds_lateness_to_the_order_that_was_asked_for(task: Task) -> None:
    plain = keep_order(task)

    answer = resequence(task, steps=200)

    assert answer.timeline.hard <= plain.timeline.hard


@given(changed_tasks())
def test_the_same_task_gets_the_same_answer_whatever_the_order_of_its_stops(task: Task) -> None:
    turned = dict(reversed(list(task.run.stops.items())))

    again = resequence(replace(task, run=replace(task.run, stops=turned)), steps=200)

    assert again.order == resequence(task, steps=200).order


@given(changed_tasks(), st.integers(0, 2))
def test_no_more_stops_move_than_the_policy_allows(task: Task, most: int) -> None:
    answer = resequence(replace(task, policy=Policy(max_moved_stops=most)), steps=200)

    assert answer.moved_stops <= most


@given(tasks(), st.data())
def test_cancel_then_insert_of_the_same_stop_restores_a_feasible_order(
    task: Task, data: st.DataObject
) -> None:
    gone = data.draw(st.sampled_from([task.order[0]] if task.order else [None]))
    if gone is None:
        return
    stop = task.run.stops[gone]

    answer = resequence(replace(task, changes=(Cancel(gone), Insert(stop))), steps=0)

    others = tuple(s for s in task.order if s != gone)
    assert tuple(s for s in answer.order if s != gone) == others
    assert answer.timeline.hard <= simulate(task.run, task.order, task.at).hard


@given(changed_tasks(), st.data())
def test_committed_and_locked_stops_stay_where_they_are(task: Task, data: st.DataObject) -> None:
    if not task.order:
        return
    held = data.draw(st.sampled_from(task.order))
    run = replace(
        task.run,
        stops={**task.run.stops, held: replace(task.run.stops[held], locked=True)},
        committed=task.order[:1],
        standing=task.order,
    )

    answer = resequence(replace(task, run=run), steps=200)

    standing = [s for s in answer.order if s != NEW]
    assert standing.index(held) == task.order.index(held)
    assert answer.order[0] == task.order[0]


def test_a_cancelled_stop_leaves_the_order_of_the_rest() -> None:
    answer = resequence(on_a_line(Cancel(2)))

    assert (answer.order, answer.moved_stops, answer.broken_adjacencies) == ((1, 3, 4), 0, 0)
    assert answer.delta_end_s == -60


def test_a_moved_stop_directly_follows_the_one_it_was_put_behind() -> None:
    answer = resequence(on_a_line(Move(1, after=3), Insert(TaskStop(9, 3, 60))))

    assert answer.order.index(1) == answer.order.index(3) + 1
    assert answer.moved_stops == 1


def test_moved_behind_nothing_a_stop_comes_first_after_the_committed_one() -> None:
    assert resequence(on_a_line(Move(4, after=None))).order == (4, 1, 2, 3)
    assert resequence(on_a_line(Move(4, after=None), committed=(1,))).order == (1, 4, 2, 3)


def test_a_stop_may_be_moved_behind_one_that_is_only_being_inserted() -> None:
    answer = resequence(on_a_line(Insert(TaskStop(9, 5)), Move(1, after=9)))

    assert answer.order.index(1) == answer.order.index(9) + 1


def test_the_vehicle_leaves_later_when_it_is_late() -> None:
    answer = resequence(on_a_line(Late(300)))

    assert (answer.order, answer.rung, answer.delta_end_s) == ((1, 2, 3, 4), "standing", 300)


def test_a_stop_that_must_be_served_earlier_is_taken_out_and_put_back() -> None:
    answer = resequence(on_a_line(Rewindow(4, ((0, 2_400),))))

    assert answer.feasible
    assert (answer.order, answer.rung) == ((4, 1, 2, 3), "insert")


def test_an_infeasible_task_is_answered_with_the_least_late_order() -> None:
    answer = resequence(on_a_line(Rewindow(4, ((0, 2_000),))))

    assert not answer.feasible
    assert [(v.cause, v.id, v.duration_s) for v in answer.timeline.violations] == [
        ("delay", 4, 400)
    ]


def test_what_does_not_fit_is_dropped_only_when_allowed_lowest_priority_first() -> None:
    impossible = (Rewindow(4, ((0, 2_000),)), Rewindow(3, ((0, 1_000),)))

    answer = resequence(on_a_line(*impossible, policy=Policy(allow_drop=True)))

    assert (answer.feasible, answer.dropped) == (True, (3, 4))


def test_the_search_stops_when_the_caller_says_so() -> None:
    task = on_a_line(Rewindow(4, ((0, 2_000),)))

    answer = resequence(task, should_stop=lambda: True)

    assert sorted(answer.order) == [1, 2, 3, 4]
    assert not never()


def test_the_price_of_a_move_names_what_gets_worse_and_what_is_solved() -> None:
    task = on_a_line()
    early = replace(task.run.stops[4], windows=((0, 2_400),))
    task = replace(task, run=replace(task.run, stops={**task.run.stops, 4: early}))

    price = what_if(replace(task, changes=(Move(4, after=None),)))

    assert price.order == (4, 1, 2, 3)
    assert [found.id for found in price.cleared] == [4]
    assert (price.new, price.worse, price.moved_stops) == ((), (), 1)


def test_an_order_laid_by_hand_is_priced_as_it_is() -> None:
    price = what_if(on_a_line(Arrange((2, 1, 3, 4))))

    assert (price.order, price.delta_s) == ((2, 1, 3, 4), 1200)


@pytest.mark.parametrize("count", [1, 2])
def test_inserted_stops_never_reorder_the_others(count: int) -> None:
    new = [Insert(TaskStop(90 + n, n % 6)) for n in range(count)]

    answer = resequence(on_a_line(*new))

    assert [s for s in answer.order if s < 90] == [1, 2, 3, 4]
    assert answer.broken_adjacencies == 0
