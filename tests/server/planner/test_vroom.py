"""Files of VROOM are read as they are; where it is installed, both tell the same of an order."""

import json
import random
from pathlib import Path

import pytest

from server.planner.pool import SolverPool
from tests.server.planner.problems import a_problem, ask, causes, orders
from tests.server.planner.simulator import Json

CASES = 20
SHARED_CAUSES = {
    "delay", "load", "max_tasks", "skills", "precedence", "missing_break", "max_travel_time",
    "max_distance",
}  # fmt: skip


def a_given_order(seed: int) -> Json:
    """A vehicle with an order that breaks some rules, in VROOM's keys alone.

    Places either close early or open late: where waiting makes another stop late, VROOM serves
    before the window opens (`lead_time`), which here nobody does.
    """
    rng = random.Random(seed)
    problem = a_problem(6)
    vehicle = problem["vehicles"][0]
    for job in problem["jobs"]:
        if rng.random() < 0.5:
            moment = rng.randrange(0, 3000)
            job["time_windows"] = [[0, moment] if seed % 2 else [moment, 90_000]]
        if rng.random() < 0.2:
            job["skills"] = [rng.randrange(1, 3)]
        job["setup"] = rng.choice([0, 30])
    served = [("job", job["id"]) for job in problem["jobs"]]
    rng.shuffle(served)
    vehicle |= {"capacity": [rng.randrange(4, 8)], "skills": [1]}
    if rng.random() < 0.3:
        vehicle["max_tasks"] = 5
    if rng.random() < 0.3:
        vehicle["max_travel_time"] = 2500
    steps = [{"type": kind, "id": id_} for kind, id_ in served]
    vehicle["steps"] = [{"type": "start"}, *steps, {"type": "end"}]
    return problem


@pytest.mark.parametrize("seed", range(CASES))
def test_an_order_is_told_as_vroom_tells_it(seed: int, tmp_path: Path) -> None:
    vroom = pytest.importorskip("vroom")
    problem = a_given_order(seed)
    file = tmp_path / "problem.json"
    file.write_text(json.dumps(problem), "utf-8")

    theirs = vroom.Input.from_json(file).check().to_dict()
    ours = ask(None, problem, check=True)

    assert causes(ours) & SHARED_CAUSES == {one["cause"] for one in theirs["summary"]["violations"]}
    assert [
        (step["type"], step.get("id"), step["arrival"]) for step in ours["routes"][0]["steps"]
    ] == [(step["type"], step.get("id"), step["arrival"]) for step in theirs["routes"][0]["steps"]]


def test_keys_of_vroom_that_mean_nothing_here_are_left_alone(pool: SolverPool) -> None:
    problem = a_problem(4)
    problem["jobs"][0] |= {"service_per_type": {"bike": 30}, "type": "x"}
    problem["vehicles"][0] |= {"geometry": True, "speed": 3}
    problem["options"] = {"g": True}

    assert sorted(orders(ask(pool, problem))[1]) == [1, 2, 3, 4]
