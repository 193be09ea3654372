"""Small problems for tests of the planner: places on a circle, one plant, vehicles as asked."""

import json
import math
from dataclasses import replace
from typing import Any

import numpy as np

from server.planner.ladder import Budget
from server.planner.plan import checked, plan
from server.planner.plan_read import read_problem
from server.planner.plan_write import Told, write_plan
from server.planner.pool import SolverPool
from server.planner.problem import Matrix, PlanStop, PlanVehicle, Problem
from shared.task import RunView, Start, Task, TaskStop
from tests.server.planner.plan_simulator import recheck_plan
from tests.server.planner.simulator import Json


def rows(size: int, edge_s: int = 300) -> list[list[int]]:
    """Seconds between places on a circle; the plant is place 0 on it."""
    radius = edge_s / (2 * math.sin(math.pi / size))
    points = [
        (radius * math.cos(2 * math.pi * n / size), radius * math.sin(2 * math.pi * n / size))
        for n in range(size)
    ]
    return [[math.ceil(math.dist(a, b)) if a != b else 0 for b in points] for a in points]


def circle(
    size: int, *, edge_s: int = 300, vehicles: int = 1, stop: dict[str, Any] | None = None,
    vehicle: dict[str, Any] | None = None, **members: Any,
) -> Problem:  # fmt: skip
    """So many stops on a circle; `stop` and `vehicle` change all of them."""
    given: dict[str, Any] = {"service_s": 60, "delivery": (1,), "pickup": (0,)} | (stop or {})
    stops = tuple(PlanStop(n, n, **given) for n in range(1, size + 1))
    room: dict[str, Any] = {"capacity": (size,), "window": (0, 100_000)} | (vehicle or {})
    cars = tuple(PlanVehicle(n, 0, 0, **room) for n in range(1, vehicles + 1))
    seconds = np.array(rows(size + 1, edge_s), dtype=np.int64)
    return replace(Problem(stops, cars, {"car": Matrix(seconds, seconds * 10)}), **members)


def a_round(size: int, **members: Any) -> Task:
    """The same as a run in progress, in an order that is far from the best."""
    stops = {n: TaskStop(n, n, 60, delivery=(1,), pickup=(0,)) for n in range(1, size + 1)}
    order = (*range(1, size + 1, 2), *range(2, size + 1, 2))
    run = RunView(stops, rows(size + 1), 0, capacity=(size,), standing=order)
    return replace(Task(run, order, Start(0, 0, (size,))), **members)


def a_problem(size: int, *, vehicles: int = 1, edge_s: int = 300, **members: Any) -> Json:
    """The same in JSON: jobs 1 to `size` on a circle, the plant at place 0."""
    seconds = rows(size + 1, edge_s)
    metres = [[cell * 10 for cell in row] for row in seconds]
    jobs = [
        {"id": n, "location_index": n, "service": 60, "delivery": [1]} for n in range(1, size + 1)
    ]
    cars = [
        {"id": n, "start_index": 0, "end_index": 0, "capacity": [size], "time_window": [0, 90_000]}
        for n in range(1, vehicles + 1)
    ]
    matrices = {"car": {"durations": seconds, "distances": metres}}
    return {"jobs": jobs, "vehicles": cars, "matrices": matrices} | members


def ask(
    pool: SolverPool | None, problem: Json, *, steps: int = 300, check: bool = False,
    seconds: float = 30,
) -> Json:  # fmt: skip
    """The planner's answer, which the simulator has looked at."""
    asked = read_problem(json.dumps(problem))
    if check:
        found = checked(asked.problem, asked.routes)
    else:
        budget = Budget(seconds, iterations=steps)
        found = plan(asked.problem, budget, pool=pool, standing=asked.routes)
    answer = write_plan(found, Told(1, check=check))
    assert json.loads(json.dumps(answer)) == answer
    recheck_plan(problem, answer)
    return answer


def orders(answer: Json) -> dict[int, list[int]]:
    """The ids each vehicle serves, in order."""
    served = ("job", "pickup", "delivery")
    return {
        route["vehicle"]: [step["id"] for step in route["steps"] if step["type"] in served]
        for route in answer["routes"]
    }


def steps_of(answer: Json, kind: str) -> list[Json]:
    """All steps of a kind, over all routes."""
    return [s for route in answer["routes"] for s in route["steps"] if s["type"] == kind]


def causes(answer: Json) -> set[str]:
    """Every cause of a violation that the answer names."""
    return {found["cause"] for found in answer["summary"]["violations"]}
