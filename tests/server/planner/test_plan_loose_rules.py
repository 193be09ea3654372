"""A rule that does not bind changes nothing: the same cost as without it, and nothing told."""

from typing import Any

import pytest

from server.planner.pool import SolverPool
from tests.server.planner.problems import a_problem, ask, causes
from tests.server.planner.simulator import Json

EIGHT = 8
WIDE = 80_000
BREAK = {"id": 1, "time_windows": [[0, WIDE]], "service": 900}

OF_EVERY_STOP: dict[str, dict[str, Any]] = {
    "a wide window": {"time_windows": [[0, WIDE]]},
    "several windows": {"time_windows": [[0, 20_000], [30_000, WIDE]]},
    "a wide appointment": {"time_windows": [[0, WIDE]], "milkrun": {"appointment": True}},
    "goods that are collected": {"delivery": [0], "pickup": [1]},
    "a skill that all have": {"skills": [1]},
    "access for all": {"milkrun": {"access": ["van", "bike"]}},
    "a zone that is ours": {"milkrun": {"zone": 1}},
    "a low priority": {"priority": 0},
    "a contingency that is on": {"milkrun": {"contingency": "on"}},
    "a long ride": {"milkrun": {"max_ride_s": WIDE}},
    "a loose habit": {"milkrun": {"template_arrival_s": 2000, "template_l_s": WIDE}},
}
OF_THE_VEHICLE: dict[str, dict[str, Any]] = {
    "much room": {"capacity": [10**6]},
    "a break": {"breaks": [BREAK]},
    "several breaks": {"breaks": [BREAK, BREAK | {"id": 2}]},
    "a long shift": {"milkrun": {"shift_s": WIDE}},
    "overtime": {"milkrun": {"max_overtime_s": 3600, "overtime_per_hour": 3600}},
    "a late start": {"milkrun": {"start_late": WIDE}},
    "as many stops as there are": {"max_tasks": EIGHT},
    "a long way": {"max_distance": 10**6, "max_travel_time": 10**5},
    "a long range": {"milkrun": {"range_m": 10**6}},
    "a reload nobody needs": {"milkrun": {"reloads": [{"index": 0, "service": 60, "max": 3}]}},
    "a zone it prefers": {"milkrun": {"zones": [1], "zone_mode": "soft"}},
}


def able(problem: Json) -> Json:
    """The same with a vehicle that may do everything the stops can ask."""
    problem["vehicles"][0] |= {"skills": [1, 2], "type": "van", "milkrun": {"zones": [1, 2]}}
    return problem


@pytest.mark.parametrize("rule", OF_EVERY_STOP)
def test_a_loose_rule_of_the_stops_costs_nothing(pool: SolverPool, rule: str) -> None:
    ruled = able(a_problem(EIGHT))
    for job in ruled["jobs"]:
        job.update(OF_EVERY_STOP[rule])

    same_as_without(pool, ruled)


@pytest.mark.parametrize("rule", OF_THE_VEHICLE)
def test_a_loose_rule_of_the_vehicle_costs_nothing(pool: SolverPool, rule: str) -> None:
    ruled = a_problem(EIGHT)
    ruled["vehicles"][0] |= OF_THE_VEHICLE[rule]

    same_as_without(pool, ruled)


@pytest.mark.parametrize(
    ("first", "last"),
    [
        ({"position": "first"}, {"position": "last"}),
        ({"before": [EIGHT]}, {}),
        ({"before": [2, 3, 4]}, {}),
    ],
)
def test_an_order_that_is_cheapest_anyway_costs_nothing(
    pool: SolverPool, first: Json, last: Json
) -> None:
    ruled = a_problem(EIGHT)
    ruled["jobs"][0]["milkrun"], ruled["jobs"][-1]["milkrun"] = first, last

    same_as_without(pool, ruled)


def test_a_break_of_a_fleet_that_nobody_is_late_for_costs_nothing(pool: SolverPool) -> None:
    ruled = a_problem(EIGHT, vehicles=2)
    for vehicle in ruled["vehicles"]:
        vehicle["breaks"] = [BREAK]

    same_as_without(pool, ruled)


def test_keeping_an_order_that_is_the_best_costs_nothing(pool: SolverPool) -> None:
    ruled = a_problem(EIGHT, milkrun={"keep_s": 600})
    ruled["vehicles"][0]["steps"] = [{"type": "job", "id": n + 1} for n in range(EIGHT)]

    same_as_without(pool, ruled)


def same_as_without(pool: SolverPool, ruled: Json) -> None:
    """Fail unless the plan costs what it costs without any rule."""
    plain, answer = ask(pool, a_problem(EIGHT)), ask(pool, ruled)

    assert answer["unassigned"] == []
    assert answer["summary"]["cost"] == plain["summary"]["cost"]
    assert causes(answer) == set()
