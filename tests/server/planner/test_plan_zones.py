"""Zones: a driver who may not leave theirs never does, one who would rather not does if it pays."""

import json

import pytest

from server.planner.forms import BadTask
from server.planner.plan_read import read_problem
from server.planner.pool import SolverPool
from tests.server.planner.problems import a_problem, ask, causes, orders
from tests.server.planner.simulator import Json

NEAR, FAR = [1, 2, 3, 4], [5, 6, 7, 8]
FAR_ZONE_S = 600


def two_drivers(*, mode: str, edge_s: int = 300) -> Json:
    """Eight stops on a circle in two zones, one driver at home in each of them."""
    zones = {"zones": {"1": [*NEAR], "2": [*FAR]}}
    problem = a_problem(8, vehicles=2, edge_s=edge_s, milkrun=zones)
    for vehicle in problem["vehicles"]:
        vehicle["milkrun"] = {"zones": [vehicle["id"]], "zone_mode": mode}
    return problem


@pytest.mark.parametrize("solver", [True, False])
def test_a_driver_bound_to_a_zone_serves_it_alone(pool: SolverPool, *, solver: bool) -> None:
    answer = ask(pool if solver else None, two_drivers(mode="hard"))

    assert {n: sorted(ids) for n, ids in orders(answer).items()} == {1: NEAR, 2: FAR}


def test_without_zones_one_driver_is_cheaper(pool: SolverPool) -> None:
    problem = two_drivers(mode="hard")
    for vehicle in problem["vehicles"]:
        del vehicle["milkrun"]

    assert len(orders(ask(pool, problem))) == 1


def test_a_zone_that_holds_every_stop_changes_nothing(pool: SolverPool) -> None:
    problem, free = two_drivers(mode="hard"), two_drivers(mode="hard")
    problem["vehicles"][0]["milkrun"]["zones"] = [1, 2]
    del free["vehicles"][0]["milkrun"]

    costs = [ask(pool, one)["summary"]["cost"] for one in (problem, free)]

    assert costs[0] == costs[1]


def test_a_stop_in_nobodys_zone_is_named_with_the_cause(pool: SolverPool) -> None:
    problem = two_drivers(mode="hard")
    problem["milkrun"]["zones"]["3"] = [problem["milkrun"]["zones"]["2"].pop()]

    answer = ask(pool, problem)

    assert [one["id"] for one in answer["unassigned"]] == [8]
    told = answer["unassigned"][0]["milkrun"]
    assert told["main_cause"] == "no_vehicle_with_skill"
    assert {one["cause"] for one in told["reasons"]} == {"zone"}
    assert told["remedy"]["kind"] == "vehicle"


@pytest.mark.parametrize("solver", [True, False])
def test_a_driver_who_prefers_a_zone_leaves_the_other_to_its_driver(
    pool: SolverPool, *, solver: bool
) -> None:
    answer = ask(pool if solver else None, two_drivers(mode="soft", edge_s=60))

    assert {n: sorted(ids) for n, ids in orders(answer).items()} == {1: NEAR, 2: FAR}
    assert causes(answer) == set()


@pytest.mark.parametrize("solver", [True, False])
def test_a_driver_who_prefers_a_zone_leaves_it_when_that_saves_more(
    pool: SolverPool, *, solver: bool
) -> None:
    problem = two_drivers(mode="soft", edge_s=9 * FAR_ZONE_S)

    answer = ask(pool if solver else None, problem)

    assert len(orders(answer)) == 1
    assert causes(answer) == set()


@pytest.mark.parametrize(("mode", "told"), [("hard", {"zone"}), ("soft", set())])
def test_a_given_order_is_told_where_it_leaves_a_zone(mode: str, told: set[str]) -> None:
    problem = two_drivers(mode=mode)
    problem["vehicles"][0]["steps"] = [{"type": "job", "id": n} for n in (*NEAR, *FAR)]

    answer = ask(None, problem, check=True)

    assert causes(answer) == told
    found = answer["summary"]["violations"]
    assert [one["id"] for one in found] == (FAR if told else [])


def test_a_stop_may_name_its_zone_itself(pool: SolverPool) -> None:
    problem = two_drivers(mode="hard")
    problem["jobs"][0]["milkrun"] = {"zone": 2}

    assert 1 in orders(ask(pool, problem))[2]


def test_pickups_and_deliveries_are_not_the_jobs_of_the_same_number(pool: SolverPool) -> None:
    problem = two_drivers(mode="hard")
    ends = {"pickup": {"id": 5, "location_index": 1}, "delivery": {"id": 6, "location_index": 2}}
    problem |= {"shipments": [ends | {"amount": [1]}], "vehicles": problem["vehicles"][:1]}
    problem["jobs"] = problem["jobs"][:1]
    problem["milkrun"] = {"zones": {"2": [1]}}

    answer = ask(pool, problem)

    assert orders(answer) == {1: [5, 6]}


@pytest.mark.parametrize(
    ("zones", "place"),
    [
        ({"north": [1]}, "/milkrun/zones/north"),
        ({"1": [77]}, "/milkrun/zones/1/0"),
        ({"1": [1], "2": [2, 1]}, "/milkrun/zones/2/1"),
    ],
)
def test_a_list_of_zones_that_makes_no_sense_is_refused(zones: Json, place: str) -> None:
    problem = a_problem(4, milkrun={"zones": zones})

    with pytest.raises(BadTask) as refused:
        read_problem(json.dumps(problem))

    assert refused.value.pointer == place
