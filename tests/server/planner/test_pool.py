"""A solver process that dies, hangs or is busy costs nobody more than its own answer."""

import os
import signal
import threading
import time
from collections.abc import Iterator

import pytest

from server.planner.ladder import Budget, resequence
from server.planner.model import Search
from server.planner.pool import SolverFailed, SolverLost, SolverPool
from tests.server.planner.problems import a_round, circle


@pytest.fixture
def own() -> Iterator[SolverPool]:
    made = SolverPool(1)
    made.wait_warm()
    yield made
    made.close()


def kill_soon(pool: SolverPool) -> threading.Timer:
    pid = pool.pids()[0]
    timer = threading.Timer(0.3, os.kill, (pid, signal.SIGSEGV))
    timer.start()
    return timer


def test_a_worker_killed_mid_solve_is_replaced_and_the_next_call_is_served(
    own: SolverPool,
) -> None:
    killer = kill_soon(own)
    began = time.monotonic()

    with pytest.raises(SolverLost):
        own.solve(Search(circle(8), seconds=5))
    lost_after = time.monotonic() - began
    solved = own.solve(Search(circle(8), seconds=5, iterations=20))

    killer.join()
    assert lost_after < 5
    assert solved.feasible
    assert own.lost == 1


def test_the_earlier_rung_answers_when_the_solver_dies(own: SolverPool) -> None:
    killer = kill_soon(own)
    began = time.monotonic()

    found = resequence(a_round(8), Budget(3.0), pool=own)

    killer.join()
    assert time.monotonic() - began < 3 + 2
    assert found.note == "solver_lost"
    assert found.engine == "level0"
    assert found.answer.feasible


def test_a_worker_that_runs_over_is_lost(own: SolverPool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.planner.pool.GRACE_S", 0.2)
    pid = own.pids()[0]
    os.kill(pid, signal.SIGSTOP)

    with pytest.raises(SolverLost):
        own.solve(Search(circle(5), seconds=0.1))

    assert own.pids() != [pid]


def test_a_busy_pool_is_not_waited_for_longer_than_the_caller_can(own: SolverPool) -> None:
    other = threading.Thread(target=own.solve, args=(Search(circle(8), seconds=1.0),))
    other.start()
    while own.pids():  # nobody is idle any more as soon as the other one is served
        other.join(0.01)

    with pytest.raises(SolverLost):
        own.solve(Search(circle(8), seconds=0.1), patience_s=0.1)

    other.join()
    assert own.lost == 0


def test_what_the_solver_refuses_is_told_and_the_worker_lives_on(own: SolverPool) -> None:
    pids = own.pids()

    with pytest.raises(SolverFailed):
        own.solve(Search(circle(3, edge_s=1 << 50), seconds=0.1))

    assert own.pids() == pids
