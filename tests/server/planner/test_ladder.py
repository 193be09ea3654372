"""One change of a run: cheap rungs answer at once, the solver only makes it better."""

import gzip
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from server.planner.forms import read_task, write_answer
from server.planner.ladder import Budget, resequence
from server.planner.pool import SolverPool
from shared.task import Insert, Move, Policy, Task, TaskBreak, TaskStop
from tests.server.planner.a_task import a_task
from tests.server.planner.problems import a_round
from tests.server.planner.simulator import recheck

DEVELOPMENT_DATA = Path(__file__).parents[4] / "shared/data/routing/resequence"
STEPS = Budget(1.0, iterations=200)
FREE = Policy(keep_s=0)


@pytest.fixture(params=["solver", "level 0 alone"])
def either(request: pytest.FixtureRequest, pool: SolverPool) -> SolverPool | None:
    """With the solver, and as where it cannot be imported."""
    return pool if request.param == "solver" else None


def order(task: Task, pool: SolverPool | None, budget: Budget = STEPS) -> tuple[int, ...]:
    return resequence(task, budget, pool=pool).answer.order


def around(size: int) -> set[tuple[int, ...]]:
    """The two ways round a circle."""
    way = tuple(range(1, size + 1))
    return {way, way[::-1]}


def test_a_standing_order_is_left_alone_where_neighbours_are_dear(pool: SolverPool) -> None:
    task = a_round(9, policy=Policy(keep_s=3600))

    found = resequence(task, STEPS, pool=pool)

    assert found.answer.order == task.order
    assert found.engine.startswith("pyvrp")


def test_nothing_but_travel_counts_when_keeping_is_free(pool: SolverPool) -> None:
    assert order(a_round(9, policy=FREE), pool) in around(9)


def test_more_moves_than_allowed_are_not_an_answer(either: SolverPool | None) -> None:
    task = a_round(9, policy=Policy(keep_s=0, max_moved_stops=1))

    found = resequence(task, STEPS, pool=either)

    assert found.answer.moved_stops <= 1


def test_what_could_be_saved_is_proposed_and_not_done(pool: SolverPool) -> None:
    found = resequence(a_round(9), Budget(0.4, "cpu"), pool=pool)

    assert found.proposal is not None
    assert found.proposal.order in around(9)
    assert found.proposal.delta_s < 0
    assert found.answer.order == a_round(9).order


@pytest.mark.parametrize("locked", [1, 5, 2])
def test_a_locked_stop_keeps_its_place(pool: SolverPool, locked: int) -> None:
    task = a_round(9, policy=FREE)
    stops = dict(task.run.stops)
    stops[locked] = replace(stops[locked], locked=True)
    task = replace(task, run=replace(task.run, stops=stops))

    found = resequence(task, STEPS, pool=pool).answer

    assert found.order.index(locked) == task.order.index(locked)
    assert found.feasible
    assert found.timeline.travel_s < resequence(task, STEPS).answer.timeline.travel_s


def test_the_committed_stop_stays_first(either: SolverPool | None) -> None:
    task = a_round(9, policy=FREE)
    task = replace(task, run=replace(task.run, committed=(1,)))

    assert order(task, either)[0] == 1


def test_a_stop_moved_by_hand_stays_where_it_was_put(either: SolverPool | None) -> None:
    task = a_round(9, policy=FREE, changes=(Move(4, after=7), Move(2, after=None)))

    found = order(task, either)

    assert found[0] == 2
    assert found[found.index(7) + 1] == 4


def test_pairs_befores_and_ranks_are_kept(pool: SolverPool) -> None:
    task = a_round(9, policy=FREE)
    stops = dict(task.run.stops)
    stops[6] = replace(stops[6], delivery=(0,), pickup=(2,))
    stops[3] = replace(stops[3], delivery=(2,))
    stops[8] = replace(stops[8], before=(5,))
    stops[4] = replace(stops[4], position="first")
    stops[7] = replace(stops[7], position="last")
    task = replace(task, run=replace(task.run, stops=stops, pairs=((6, 3),)))

    found = resequence(task, STEPS, pool=pool).answer

    assert found.feasible
    assert found.rung == "search"
    assert (found.order[0], found.order[-1]) == (4, 7)
    assert found.order.index(6) < found.order.index(3)
    assert found.order.index(8) < found.order.index(5)


def test_a_break_is_taken_in_its_window(pool: SolverPool) -> None:
    rest = TaskBreak(1, ((1000, 1200),), 600)
    task = a_round(9, policy=FREE)
    task = replace(task, run=replace(task.run, rest=rest))

    found = resequence(task, STEPS, pool=pool).answer

    assert found.feasible
    assert found.order in around(9)


def test_the_solver_finds_what_the_cheap_rungs_do_not(pool: SolverPool) -> None:
    """Twelve appointments, all in the wrong order: no single move mends that."""
    windows = {n: ((n * 400, n * 400 + 300),) for n in range(1, 13)}
    task = a_round(12)
    mixed = (7, 2, 11, 4, 9, 1, 12, 3, 8, 5, 10, 6)
    stops = {n: replace(s, windows=windows[n], service_s=20) for n, s in task.run.stops.items()}
    task = replace(task, run=replace(task.run, stops=stops, standing=mixed), order=mixed)

    found = resequence(task, STEPS, pool=pool).answer

    assert found.feasible
    assert found.order == tuple(range(1, 13))


def test_an_infeasible_task_gets_the_least_late_order(either: SolverPool | None) -> None:
    late = TaskStop(99, 5, windows=((0, 10),), delivery=(0,), pickup=(0,))

    found = resequence(a_round(9, changes=(Insert(late),)), STEPS, pool=either).answer

    assert not found.feasible
    assert [v.id for v in found.timeline.violations] == [99]


def test_the_same_seed_and_steps_give_the_same_bytes(pool: SolverPool) -> None:
    task = json.dumps(a_task())

    def once(with_pool: SolverPool) -> str:
        asked = read_task(task)
        found = resequence(asked.task, STEPS, pool=with_pool)
        return json.dumps(write_answer(asked, found, seed=1, elapsed_ms=0))

    other = SolverPool(1)
    try:
        other.wait_warm()
        assert once(pool) == once(other)
    finally:
        other.close()


def test_development_tasks_are_answered_and_with_the_solver_as_well_as_their_references(
    either: SolverPool | None,
) -> None:
    """With the solver as well as their references; where the data is absent there are none."""
    for file in sorted(DEVELOPMENT_DATA.glob("*.json.gz")):
        sample: dict[str, Any] = json.loads(gzip.decompress(file.read_bytes()))
        asked = read_task(json.dumps(sample["task"]))

        found = resequence(asked.task, Budget(0.1, "cpu"), pool=either)

        answer = write_answer(asked, found, seed=1, elapsed_ms=0)
        if either is not None:
            assert answer["feasible"] is sample["reference"]["feasible"], file.name
        recheck(sample["task"], answer)
