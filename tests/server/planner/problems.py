"""Small problems for tests of the planner: places on a circle, one plant, vehicles as asked."""

import math
from dataclasses import replace
from typing import Any

import numpy as np

from server.planner.problem import Matrix, PlanStop, PlanVehicle, Problem
from shared.task import RunView, Start, Task, TaskStop


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
