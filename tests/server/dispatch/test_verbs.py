"""`milkrun plan` and `milkrun resequence` as a shell sees them: an exit code and one document."""

import io
import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from server import cli
from tests.server.planner.a_task import a_task
from tests.server.planner.plan_simulator import recheck_plan
from tests.server.planner.problems import a_problem, orders
from tests.server.planner.simulator import Json, recheck

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """A verb in this process, with this on standard input."""

    def verb(*arguments: str, typed: str = "") -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "stdin", io.StringIO(typed))
        code = cli.run(list(arguments))
        said = capsys.readouterr()
        return code, said.out, said.err

    return verb


def a_vroom_file() -> Json:
    """A file with nothing but keys of VROOM, as its users write them."""
    return {
        "vehicles": [
            {
                "id": 1, "start_index": 0, "end_index": 0, "capacity": [4], "skills": [1, 14],
                "time_window": [28_800, 43_200], "description": "van", "profile": "car",
                "breaks": [{"id": 1, "service": 300, "time_windows": [[32_400, 34_200]]}],
            },
            {"id": 2, "start_index": 0, "end_index": 3, "capacity": [4], "skills": [1]},
        ],
        "jobs": [
            {"id": 1, "service": 300, "delivery": [1], "location_index": 1, "skills": [1]},
            {"id": 2, "service": 300, "pickup": [1], "location_index": 2, "priority": 5,
             "time_windows": [[32_400, 36_000]], "vendor": {"anything": True}},
            {"id": 5, "amount": [1], "location_index": 3, "skills": [14]},
        ],
        "shipments": [
            {
                "amount": [1], "skills": [1],
                "pickup": {"id": 4, "service": 300, "location_index": 3},
                "delivery": {"id": 6, "service": 300, "location_index": 1},
            }
        ],
        "matrices": a_problem(3)["matrices"],
    }  # fmt: skip


def test_a_file_of_vroom_is_planned_as_it_is(run: Run, tmp_path: Path) -> None:
    problem = a_vroom_file()
    (tmp_path / "problem.json").write_text(json.dumps(problem), encoding="utf-8")

    code, out, said = run("plan", str(tmp_path / "problem.json"), "--iterations", "200")

    assert (code, said) == (0, "")
    problem["jobs"][2]["delivery"] = problem["jobs"][2].pop("amount")
    recheck_plan(problem, json.loads(out))


def test_what_cannot_be_served_is_a_finding(run: Run) -> None:
    problem = a_problem(3)
    problem["jobs"][0]["skills"] = [5]

    code, out, _ = run("plan", "-", "--iterations", "50", typed=json.dumps(problem))

    assert code == 4
    assert json.loads(out)["unassigned"][0]["id"] == 1


def test_a_checked_order_is_left_as_it_is(run: Run) -> None:
    problem = a_problem(3)
    problem["vehicles"][0] |= {
        "steps": [{"type": "job", "id": n} for n in (3, 1, 2)],
        "time_window": [0, 500],
    }

    code, out, _ = run("plan", "-", "--check", typed=json.dumps(problem))

    answer = json.loads(out)
    assert code == 4
    assert orders(answer) == {1: [3, 1, 2]}
    assert answer["summary"]["violations"][0]["cause"] == "delay"


@pytest.mark.parametrize(
    ("members", "place"),
    [
        ({"vehicles": []}, "/vehicles"),
        ({"milkrun": {"colour": "red"}}, "/milkrun/colour"),
        ({"matrices": {"bike": {"durations": [[0]]}}}, "/jobs/0/location_index"),
        ({"jobs": [{"id": 1}]}, "/jobs/0/location_index"),
        ({"jobs": [{"id": 1, "location_index": 1, "delivery": [1, 2]}]}, "/jobs/0/delivery"),
    ],
)
def test_bad_problems_are_told_with_a_json_pointer(run: Run, members: Json, place: str) -> None:
    code, out, said = run("plan", "-", typed=json.dumps(a_problem(3) | members))

    assert (code, json.loads(out)["pointer"]) == (2, place)
    assert said.startswith(place)


def test_a_wrong_budget_is_one_sentence(run: Run) -> None:
    code, out, said = run("plan", "-", "--budget-s", "soon")

    assert (code, out) == (2, "")
    assert "soon" in said


def test_lines_are_answered_one_by_one(run: Run) -> None:
    line = json.dumps(a_problem(3))

    code, out, _ = run("plan", "-", "--jsonl", "--iterations", "50", typed=f"{line}\n{line}\n")

    answers = [json.loads(one) for one in out.splitlines()]
    for answer in answers:
        del answer["summary"]["computing_times"]
    assert code == 0
    assert answers[0] == answers[1]


def test_a_changed_run_is_answered_by_the_solver_or_the_phones_level(run: Run) -> None:
    stops = [{"id": n, "index": n % 4} for n in (11, 12, 13, 14)]
    task = a_task(stops=stops, order=[11, 12, 13, 14], done=[], committed=[])

    best = json.loads(run("resequence", "-", "--iterations", "50", typed=json.dumps(task))[1])
    phone = json.loads(run("resequence", "-", "--level0", typed=json.dumps(task))[1])

    assert (best["engine"].split()[0], phone["engine"]) == ("pyvrp", "level0")
    recheck(task, best)
    recheck(task, phone)
