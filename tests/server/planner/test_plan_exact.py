"""Small problems against every possible order: never dearer, and feasible exactly when one is."""

import json
import math
from contextlib import suppress
from itertools import permutations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from server.planner.forms import BadTask
from server.planner.improve import Inserting
from server.planner.plan_read import read_problem
from server.planner.pool import SolverPool
from server.planner.problem import Visit
from tests.server.planner.problems import a_problem, ask
from tests.server.planner.simulator import Json

SMALL = settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
SIZE = 6
PLACE = st.tuples(st.integers(0, 60), st.integers(0, 60))
SPAN = st.none() | st.tuples(st.integers(0, 2500), st.integers(50, 1500))


@st.composite
def small(draw: st.DrawFn) -> Json:
    """Six jobs anywhere, some with windows, a few units of room, an end of the shift."""
    points = draw(st.lists(PLACE, min_size=SIZE + 1, max_size=SIZE + 1))
    seconds = [[math.ceil(10 * math.dist(a, b)) for b in points] for a in points]
    jobs = []
    for n in range(1, SIZE + 1):
        span = draw(SPAN)
        windows = [] if span is None else [[span[0], span[0] + span[1]]]
        jobs.append({
            "id": n, "location_index": n, "service": draw(st.integers(0, 90)),
            "time_windows": windows, "delivery": [draw(st.integers(0, 1))], "pickup": [1],
        })  # fmt: skip
    vehicle = {
        "id": 1, "start_index": 0, "end_index": 0, "capacity": [draw(st.integers(5, 7))],
        "time_window": [0, draw(st.integers(2500, 6000))],
    }  # fmt: skip
    return {"jobs": jobs, "vehicles": [vehicle], "matrices": {"car": {"durations": seconds}}}


def least(problem: Json) -> int | None:
    """The least travel of all orders that break nothing; None when there is none."""
    orders = permutations(range(1, len(problem["jobs"]) + 1))
    costs = (drive(problem, order) for order in orders)
    return min((cost for cost in costs if cost is not None), default=None)


def drive(problem: Json, order: tuple[int, ...]) -> int | None:
    """Travel of one order, None when it breaks something."""
    rows, vehicle = problem["matrices"]["car"]["durations"], problem["vehicles"][0]
    jobs = {job["id"]: job for job in problem["jobs"]}
    load = sum(job["delivery"][0] for job in problem["jobs"])
    here, now, travel = 0, 0, 0
    if load > vehicle["capacity"][0]:
        return None
    for number in order:
        job = jobs[number]
        travel += rows[here][number]
        now += rows[here][number]
        for first, last in job["time_windows"]:
            if now > last:
                return None
            now = max(now, first)
        now += job["service"]
        load += job["pickup"][0] - job["delivery"][0]
        if load > vehicle["capacity"][0]:
            return None
        here = number
    travel += rows[here][0]
    return travel if now + rows[here][0] <= vehicle["time_window"][1] else None


@SMALL
@given(problem=small())
def test_no_order_is_better_than_the_answer(pool: SolverPool, problem: Json) -> None:
    best = least(problem)

    answer = ask(pool, problem, steps=400)

    assert (best is not None) == (answer["unassigned"] == [])
    if best is not None:
        assert answer["summary"]["duration"] == best


@SMALL
@given(problem=small(), new=st.integers(1, SIZE))
def test_a_new_stop_goes_where_trying_everything_would_put_it(problem: Json, new: int) -> None:
    rest = [n for n in range(1, SIZE + 1) if n != new]
    for job in problem["jobs"]:
        job |= {"time_windows": [], "delivery": [0]}
    problem["vehicles"][0] |= {"capacity": [99], "time_window": [0, 10**6]}
    made = read_problem(json.dumps(problem)).problem
    routes = {0: tuple(Visit("stop", n - 1) for n in rest)}

    found = Inserting(made, routes).best((new - 1,))

    tries = [drive(problem, (*rest[:n], new, *rest[n:])) for n in range(SIZE)]
    assert found is not None
    assert drive(problem, tuple(v.number + 1 for v in found.visits)) == min(
        cost for cost in tries if cost is not None
    )


def test_an_order_is_offered_to_the_three_cheapest_runs() -> None:
    problem = a_problem(8, vehicles=5)
    made = read_problem(json.dumps(problem)).problem
    routes: dict[int, tuple[Visit, ...]] = {n: (Visit("stop", n),) for n in range(5)}

    offers = Inserting(made, routes).cheapest((5,), 3)

    assert [offer.vehicle for offer in offers] == [4, 3, 2]
    assert [offer.added for offer in offers] == sorted(offer.added for offer in offers)


@pytest.mark.parametrize("kind", ["jobs", "vehicles", "matrices", "milkrun"])
@SMALL
@given(value=st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=6,
))  # fmt: skip
def test_arbitrary_members_are_read_or_refused(kind: str, value: object) -> None:
    with suppress(BadTask):
        read_problem(json.dumps(a_problem(2) | {kind: value}))
