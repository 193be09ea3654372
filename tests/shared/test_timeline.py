"""Times, loads and violations of an order that is taken as it is."""

from dataclasses import replace

import pytest
from hypothesis import given

from shared.task import RunView, Start, Task, TaskBreak, TaskStop, Timeline
from shared.timeline import simulate
from tests.helpers.naive_run import naive_faults, naive_travel, tasks

ROWS = ((0, 600, 900, 1200), (600, 0, 900, 1200), (900, 900, 0, 1200), (1200, 1200, 1200, 0))
AT = Start(0, 1_000, (10,))


def a_run(*stops: TaskStop, **rules: object) -> RunView:
    run = RunView({s.id: s for s in stops}, ROWS, 0, capacity=(20,))
    return replace(run, standing=tuple(s.id for s in stops), **rules)  # type: ignore[arg-type]


def causes(timeline: Timeline) -> list[tuple[str, int | str]]:
    return [(found.cause, found.id) for found in timeline.violations]


def test_waiting_absorbs_delay() -> None:
    """The vector of the ETA chapter: 12 minutes late at stop 1 are 7 minutes late at stop 3."""
    nine = 9 * 3600
    rows = ((0, 900, 0), (0, 0, 1200), (0, 0, 0))
    second = TaskStop(2, 1, service_s=600, windows=((nine + 1800, nine + 7200),))
    third = TaskStop(3, 2, windows=((0, nine + 3900),))
    run = RunView({2: second, 3: third}, rows, 2)

    walked = simulate(run, (2, 3), Start(0, nine + 22 * 60))

    assert [step.arrival_s - nine for step in walked.steps] == [37 * 60, 67 * 60, 67 * 60]
    assert walked.violations[0].duration_s == 120


@given(tasks())
def test_faults_and_travel_equal_a_slow_walk_over_every_place_of_the_break(task: Task) -> None:
    walked = simulate(task.run, task.order, task.at)

    assert walked.hard == naive_faults(task.run, task.order, task.at)
    assert walked.travel_s == naive_travel(task.run, task.order, task.at)


@given(tasks())
def test_the_steps_add_up(task: Task) -> None:
    walked = simulate(task.run, task.order, task.at)

    now, here, travel = task.at.available_s, task.at.index, 0
    pause = 0
    for step in walked.steps:
        if step.kind == "break":
            pause += step.departure_s - step.start_s + step.waiting_s
            assert any(a <= step.start_s <= b for a, b in ((12_000, 18_000),))
            continue
        there = 0 if step.id is None else task.run.stops[step.id].index
        leg = 0 if here == there else task.run.durations[here][there]
        assert step.arrival_s == now + leg + pause
        now, here, pause, travel = step.departure_s, there, 0, travel + leg
    assert travel == walked.travel_s


@pytest.mark.parametrize(("closes", "late"), [(1_600, []), (1_599, [("delay", 1)])])
def test_a_window_restricts_the_start_of_service_both_ends_inclusive(
    closes: int, late: list[tuple[str, int]]
) -> None:
    walked = simulate(a_run(TaskStop(1, 1, 9_999, windows=((0, closes),))), (1,), AT)

    assert causes(walked) == late


def test_the_first_window_that_is_not_over_counts() -> None:
    stop = TaskStop(1, 1, windows=((0, 1_500), (2_000, 2_100)))

    walked = simulate(a_run(stop), (1,), AT)

    assert (walked.steps[0].start_s, walked.violations) == (2_000, ())


def test_setup_is_only_needed_where_the_place_changes() -> None:
    first, second = TaskStop(1, 1, setup_s=60), TaskStop(2, 1, setup_s=60)

    walked = simulate(a_run(first, second), (1, 2), AT)

    assert [s.departure_s - s.start_s for s in walked.steps] == [60, 0, 0]


@pytest.mark.parametrize(
    ("stop", "found"),
    [
        (TaskStop(1, 1, delivery=(10,)), []),
        (TaskStop(1, 1, delivery=(11,)), [("goods", 1)]),
        (TaskStop(1, 1, pickup=(10,)), []),
        (TaskStop(1, 1, pickup=(11,)), [("load", 1)]),
        (TaskStop(1, 1, delivery=(10,), pickup=(20,)), []),
    ],
)
def test_the_load_stays_between_empty_and_full(stop: TaskStop, found: list[object]) -> None:
    assert causes(simulate(a_run(stop), (1,), AT)) == found


@pytest.mark.parametrize(("order", "found"), [((1, 2), []), ((2, 1), [("precedence", 2)])])
def test_a_pair_is_picked_before_it_is_dropped(order: tuple[int, int], found: list[object]) -> None:
    run = a_run(TaskStop(1, 1), TaskStop(2, 2), pairs=((1, 2),))

    assert causes(simulate(run, order, AT)) == found


@pytest.mark.parametrize(
    ("order", "found"),
    [
        ((1, 2, 3), []),
        ((2, 1, 3), [("order", 1)]),
        ((1, 3, 2), [("order", 3)]),
    ],
)
def test_first_comes_first_and_last_comes_last(order: tuple[int, ...], found: list[object]) -> None:
    run = a_run(TaskStop(1, 1, position="first"), TaskStop(2, 2), TaskStop(3, 3, position="last"))

    assert causes(simulate(run, order, AT)) == found


@pytest.mark.parametrize(("order", "found"), [((1, 2), []), ((2, 1), [("order", 1)])])
def test_a_stop_comes_before_the_ones_it_names(order: tuple[int, int], found: list[object]) -> None:
    run = a_run(TaskStop(1, 1, before=(2,)), TaskStop(2, 2))

    assert causes(simulate(run, order, AT)) == found


@pytest.mark.parametrize(("order", "found"), [((1, 3, 2), []), ((2, 1, 3), [("locked", 2)])])
def test_a_locked_stop_keeps_its_place_inserted_ones_not_counted(
    order: tuple[int, ...], found: list[object]
) -> None:
    run = a_run(TaskStop(1, 1), TaskStop(2, 2, locked=True))
    run = replace(run, stops={**run.stops, 3: TaskStop(3, 3)})

    assert causes(simulate(run, order, AT)) == found


@pytest.mark.parametrize(
    ("closes", "found"),
    [
        (2_200, []),
        (2_199, [("overtime", "end")]),
        (2_100, [("overtime", "end")]),
        (2_099, [("delay", "end"), ("overtime", "end")]),
    ],
)
def test_overtime_is_soft_up_to_its_limit(closes: int, found: list[object]) -> None:
    run = a_run(TaskStop(1, 1), end_window=(0, closes), max_overtime_s=100)

    walked = simulate(run, (1,), AT)

    assert causes(walked) == found
    assert walked.feasible == (("delay", "end") not in found)


@pytest.mark.parametrize(
    ("window", "found"),
    [
        ((1_000, 1_100), []),
        ((2_200, 2_300), []),
        ((900, 999), [("missing_break", 7)]),
    ],
)
def test_a_break_is_taken_at_either_end_of_a_leg_or_is_missed(
    window: tuple[int, int], found: list[object]
) -> None:
    run = a_run(TaskStop(1, 1), rest=TaskBreak(7, (window,), 300))

    assert causes(simulate(run, (1,), AT)) == found


@pytest.mark.parametrize(("limit", "found"), [(10, []), (9, [("max_load", 7)])])
def test_a_break_with_more_on_board_than_it_allows_is_told(limit: int, found: list[object]) -> None:
    run = a_run(TaskStop(1, 1), rest=TaskBreak(7, ((0, 1_000),), 300, max_load=(limit,)))

    assert causes(simulate(run, (1,), AT)) == found


@pytest.mark.parametrize(("width", "found"), [(200, []), (198, [("template", 1)])])
def test_a_stop_away_from_its_usual_time_is_told_softly(width: int, found: list[object]) -> None:
    run = a_run(TaskStop(1, 1, template_arrival_s=1_500), template_l_s=width)

    walked = simulate(run, (1,), AT)

    assert (causes(walked), walked.feasible) == (found, True)


def test_without_distances_there_are_no_metres() -> None:
    assert simulate(a_run(TaskStop(1, 1)), (1,), AT).travel_m is None
