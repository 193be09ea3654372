"""What the solver would make of a careless model, one trap after the other (planner.md §4)."""

import json
import subprocess
import sys
import warnings
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from server.planner import pyvrp_adapter
from server.planner.forms import BadTask
from server.planner.matrix import BIG, profiles
from server.planner.model import Search
from server.planner.modelling import draft
from server.planner.plan_read import read_problem
from server.planner.pool import SolverPool
from server.planner.problem import PROFILES_MAX, PlanBreak, Problem, Visit
from server.planner.single import Cutting, parts
from shared.resequence import keep_order
from tests.server.planner.problems import a_problem, a_round, ask, circle

EIGHT = 8
ROUND = tuple(Visit("stop", number) for number in range(EIGHT))


def lone_break() -> dict[str, object]:
    return {"breaks": (PlanBreak(1, ((0, 50_000), (60_000, 70_000)), 600),)}


def test_the_model_is_made_of_whole_tables_never_leg_by_leg() -> None:
    source = Path(pyvrp_adapter.__file__).read_text("utf-8")

    assert "Model(" not in source
    assert "add_edge" not in source


@pytest.mark.parametrize("stop", [{}, {"skills": frozenset({1})}, {"setup_s": 60}])
def test_tables_are_whole_numbers_with_nothing_on_the_diagonal(stop: dict[str, object]) -> None:
    made, _ = profiles(circle(EIGHT, stop=stop, keep_s=300, standing={0: (0, 1, 2)}))

    for rows in (made[0].costs, made[0].durations):
        assert rows.dtype == np.int64
        assert not rows.diagonal().any()


def test_several_windows_and_breaks_make_clients_and_no_places() -> None:
    windows = {"windows": ((0, 9000), (20_000, 30_000), (40_000, 90_000))}
    problem = circle(EIGHT, stop=windows, vehicle=lone_break())

    words = draft(Search(problem, seconds=1))

    assert words.places == EIGHT + 1
    assert len(words.clients) == 3 * EIGHT + 2 * (EIGHT + 1)


class Ticks:
    """A clock on which every look takes a second."""

    def __init__(self) -> None:
        self.looks = self.count()

    def count(self) -> Iterator[float]:
        seconds = 0.0
        while True:
            yield seconds
            seconds += 1

    def __call__(self) -> float:
        return next(self.looks)


def test_a_budget_of_the_processor_is_counted_on_its_clock(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(pyvrp_adapter, "thread_time", Ticks())

    solved = pyvrp_adapter.solve(Search(circle(EIGHT), seconds=20, clock="cpu"))

    assert 10 < solved.iterations < 20
    assert solved.seconds >= 20


def test_the_best_answer_may_be_the_one_the_search_began_with() -> None:
    solved = pyvrp_adapter.solve(Search(circle(EIGHT), 5, iterations=1, warm={0: ROUND}))

    assert solved.feasible
    assert solved.routes[0] in (ROUND, ROUND[::-1])


def test_what_cannot_be_is_told_without_a_warning() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        solved = pyvrp_adapter.solve(
            Search(circle(EIGHT, stop={"windows": ((0, 1),)}), 5, iterations=50)
        )

    assert not solved.feasible


def test_nobody_is_forced_to_drive_by_a_price_below_nothing() -> None:
    problem = circle(4, vehicles=3)

    words = draft(Search(problem, seconds=1))

    assert all(one["fixed_cost"] >= 0 for one in words.types)


def test_a_run_under_way_leaves_when_it_can_and_not_later() -> None:
    answer = keep_order(a_round(EIGHT))

    asked = Cutting(answer, frozenset(), 0).part([], parts(answer)[-1])
    words = draft(Search(asked.problem, seconds=1))

    assert words.types[0]["tw_early"] == words.types[0]["start_late"]


def test_the_solver_prints_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    pyvrp_adapter.solve(Search(circle(EIGHT), 5, iterations=5))

    assert capfd.readouterr() == ("", "")


def test_drivers_who_may_do_the_same_share_their_tables() -> None:
    problem = circle(EIGHT, vehicles=30, stop={"skills": frozenset({1})})
    able = [frozenset({1, 10 + n}) for n in range(len(problem.vehicles))]
    vehicles = tuple(
        type(one)(**{name: getattr(one, name) for name in one.__slots__} | {"skills": skills})
        for one, skills in zip(problem.vehicles, able, strict=True)
    )

    made, _ = profiles(Problem(problem.stops, vehicles, problem.matrices))

    assert len(made) == 1


def test_what_a_vehicle_may_not_serve_is_far_away_in_time_and_price() -> None:
    made, _ = profiles(circle(EIGHT, stop={"skills": frozenset({1})}))

    for a, b in pairwise(range(EIGHT)):
        assert made[0].costs[a, b] >= BIG
        assert made[0].durations[a, b] >= BIG


def test_more_kinds_of_drivers_than_the_solver_takes_are_served_by_level_0(
    pool: SolverPool,
) -> None:
    count = PROFILES_MAX + 1
    problem = a_problem(count, vehicles=count)
    for job, vehicle in zip(problem["jobs"], problem["vehicles"], strict=True):
        job["skills"], vehicle["skills"] = [job["id"]], [job["id"]]

    answer = ask(pool, problem)

    assert answer["summary"]["milkrun"]["engine"] == "level0"
    assert answer["unassigned"] == []


def test_everything_answers_where_the_solver_cannot_be_imported() -> None:
    script = (
        "import sys; sys.modules['pyvrp'] = None\n"
        "import importlib.metadata as known; real = known.version\n"
        "def version(name):\n"
        "    if name == 'pyvrp': raise known.PackageNotFoundError(name)\n"
        "    return real(name)\n"
        "known.version = version\n"
        "from tests.server.planner.problems import a_problem, ask, a_round\n"
        "from server.planner.ladder import Budget, resequence\n"
        "answer = ask(None, a_problem(6))\n"
        "assert answer['unassigned'] == [], answer\n"
        "found = resequence(a_round(6), Budget(1, iterations=50))\n"
        "assert found.answer.feasible\n"
        "print(answer['summary']['milkrun']['engine'], found.engine)\n"
    )

    done = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True, text=True, check=False, cwd=Path(__file__).parents[3],
    )  # fmt: skip

    assert (done.stderr, done.stdout.strip()) == ("", "level0 level0")


def test_a_window_that_ends_before_it_begins_is_named_and_never_reaches_the_solver() -> None:
    asked = a_problem(2)
    asked["jobs"][1]["time_windows"] = [[900, 600]]

    with pytest.raises(BadTask) as refused:
        read_problem(json.dumps(asked))

    assert refused.value.pointer == "/jobs/1/time_windows/0"
    assert "ends before it begins" in refused.value.error
