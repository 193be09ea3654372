"""Several vehicles: everybody served, about equally, the same every time, whatever happens."""

import json
import math
import os
import random
import signal
import threading
import time

import pytest

from server.planner.ladder import Budget
from server.planner.plan import plan
from server.planner.plan_read import read_problem
from server.planner.pool import SolverPool
from tests.server.planner.problems import a_problem, ask, orders
from tests.server.planner.simulator import Json


def a_city(stops: int, drivers: int, seed: int = 3) -> Json:
    """Stops around a plant, three dimensions of load, windows, skills, a break for everybody."""
    rng = random.Random(seed)
    points = [(0.0, 0.0)] + [(rng.gauss(0, 3000), rng.gauss(0, 3000)) for _ in range(stops)]
    rows = [[math.ceil(math.dist(a, b) / 8) for b in points] for a in points]
    jobs = []
    for n in range(1, stops + 1):
        opens = rng.choice([0, 3600, 7200, 10_800])
        one = {
            "id": n, "location_index": n, "service": rng.randrange(200, 500),
            "delivery": [rng.randrange(1, 20), rng.randrange(1, 9), 1],
            "time_windows": [[opens, opens + 14_400]],
        }  # fmt: skip
        if n % 7 == 0:
            one["skills"] = [1 + n % 2]
        jobs.append(one)
    vehicles = [
        {
            "id": n, "start_index": 0, "end_index": 0, "capacity": [250, 110, 30],
            "skills": [1, 2] if n % 2 else [1], "time_window": [0, 28_800],
            "breaks": [{"id": 1, "time_windows": [[9000, 14_000]], "service": 1800}],
        }
        for n in range(1, drivers + 1)
    ]  # fmt: skip
    return {"jobs": jobs, "vehicles": vehicles, "matrices": {"car": {"durations": rows}}}


@pytest.mark.timeout(120)
def test_a_hundred_stops_are_shared_out_evenly(pool: SolverPool) -> None:
    problem = a_city(100, 8)
    plain = ask(pool, problem, steps=300)

    even = ask(pool, problem | {"milkrun": {"balance": {"by": "duration"}}}, steps=300)

    assert plain["unassigned"] == even["unassigned"] == []
    assert even["summary"]["milkrun"]["balance"]["cv"] <= 0.08
    assert even["summary"]["duration"] <= 1.08 * plain["summary"]["duration"]


@pytest.mark.parametrize("by", ["tasks", "load"])
def test_stops_and_load_can_be_shared_out_evenly(pool: SolverPool, by: str) -> None:
    problem = a_city(24, 3)
    plain = ask(pool, problem, steps=300)

    even = ask(pool, problem | {"milkrun": {"balance": {"by": by}}}, steps=300)

    assert even["unassigned"] == []
    if by == "tasks":
        counts = sorted(len(found) for found in orders(even).values())
        assert counts[-1] - counts[0] <= max(2, _widest(plain))


def _widest(answer: Json) -> int:
    counts = sorted(len(found) for found in orders(answer).values())
    return counts[-1] - counts[0]


def test_the_same_seed_and_steps_give_the_same_plan_in_another_process(pool: SolverPool) -> None:
    problem = a_city(20, 3)
    other = SolverPool(1)
    try:
        other.wait_warm()
        first, second = (_bare(ask(one, problem, steps=150)) for one in (pool, other))
    finally:
        other.close()

    assert first == second


def _bare(answer: Json) -> str:
    del answer["summary"]["computing_times"]
    return json.dumps(answer)


def test_without_the_solver_stops_are_still_put_on_vehicles() -> None:
    answer = ask(None, a_city(30, 4), seconds=10)

    assert answer["summary"]["milkrun"]["engine"] == "level0"
    assert len(answer["unassigned"]) <= 3


def test_without_the_solver_the_order_of_the_input_does_not_matter() -> None:
    problem = a_city(15, 2)
    mixed = problem | {"jobs": problem["jobs"][::-1]}

    assert orders(ask(None, problem)) == orders(ask(None, mixed))


def test_a_solver_that_dies_leaves_a_plan_of_level_0() -> None:
    own = SolverPool(1)
    own.wait_warm()
    killer = threading.Timer(0.3, os.kill, (own.pids()[0], signal.SIGSEGV))
    killer.start()
    problem = read_problem(json.dumps(a_city(30, 4))).problem
    began = time.monotonic()
    try:
        found = plan(problem, Budget(3.0), pool=own)
    finally:
        killer.join()
        own.close()

    assert found.note == "solver_lost"
    assert len(found.plan.unassigned) <= 3
    assert time.monotonic() - began < 3 + 2 + 5  # a shared machine


def test_the_routes_in_the_steps_are_kept_when_that_is_dear(pool: SolverPool) -> None:
    problem = a_problem(9)
    mixed = [1, 3, 5, 7, 9, 2, 4, 6, 8]
    problem["vehicles"][0]["steps"] = [{"type": "job", "id": n} for n in mixed]

    free, kept = (ask(pool, problem | {"milkrun": {"keep_s": s}}) for s in (0, 3600))

    assert orders(free)[1] != mixed
    assert orders(kept)[1] == mixed


def test_without_the_solver_a_driver_who_may_do_less_hides_nobody_who_may_do_more() -> None:
    problem = a_problem(4, vehicles=2)
    problem["vehicles"][0]["max_tasks"] = 0

    assert sorted(orders(ask(None, problem))[2]) == [1, 2, 3, 4]
