"""Every rule of a plan where it binds and where it does not; each answer is driven again."""

from typing import Any

import pytest

from server.planner.pool import SolverPool
from tests.server.planner.problems import a_problem, ask, causes, orders, steps_of
from tests.server.planner.simulator import Json

ROUND = list(range(1, 9))


def with_job(number: int, **members: Any) -> Json:
    problem = a_problem(8)
    problem["jobs"][number - 1] |= members
    return problem


def with_vehicle(*, count: int = 1, **members: Any) -> Json:
    problem = a_problem(8, vehicles=count)
    for vehicle in problem["vehicles"]:
        vehicle.update(members)
    return problem


def free_cost(pool: SolverPool, count: int = 1) -> int:
    cost: int = ask(pool, a_problem(8, vehicles=count))["summary"]["cost"]
    return cost


def test_a_round_is_driven_round(pool: SolverPool) -> None:
    answer = ask(pool, a_problem(8))

    assert orders(answer)[1] in (ROUND, ROUND[::-1])
    assert answer["summary"]["cost"] == answer["summary"]["duration"]
    assert answer["code"] == 0


@pytest.mark.parametrize(
    "ends", [{"start_index": 2}, {"end_index": 5}, {"start_index": None}, {"end_index": None}]
)
def test_a_run_may_start_and_end_anywhere(pool: SolverPool, ends: Json) -> None:
    answer = ask(pool, with_vehicle(**ends))

    assert answer["unassigned"] == []
    assert answer["summary"]["cost"] <= 10 * 300
    kinds = [step["type"] for step in answer["routes"][0]["steps"]]
    assert ("start" in kinds) == (ends.get("start_index", 0) is not None)
    assert ("end" in kinds) == (ends.get("end_index", 0) is not None)


def test_a_window_is_kept(pool: SolverPool) -> None:
    answer = ask(pool, with_job(5, time_windows=[[0, 900]]))

    assert answer["unassigned"] == []
    assert answer["summary"]["cost"] > free_cost(pool)


def test_a_window_that_does_not_bind_costs_nothing(pool: SolverPool) -> None:
    assert ask(pool, with_job(5, time_windows=[[0, 80_000]]))["summary"]["cost"] == free_cost(pool)


def test_of_several_windows_one_is_kept(pool: SolverPool) -> None:
    answer = ask(pool, with_job(5, time_windows=[[0, 30], [5000, 5100], [9000, 9001]]))

    start = next(s for s in steps_of(answer, "job") if s["id"] == 5)
    assert start["arrival"] + start["waiting_time"] in range(5000, 5101)
    assert answer["summary"]["cost"] == free_cost(pool)


def test_a_shipment_step_with_several_windows_is_served_in_one(pool: SolverPool) -> None:
    problem = a_problem(4)
    far = [[100, 200], [3000, 3050], [7000, 7100]]
    problem["shipments"] = [
        {
            "amount": [1],
            "pickup": {"id": 1, "location_index": 1},
            "delivery": {"id": 1, "location_index": 3, "time_windows": far},
        }
    ]
    problem["vehicles"][0]["capacity"] = [9]

    assert ask(pool, problem)["unassigned"] == []


def test_setup_is_done_once_per_place(pool: SolverPool) -> None:
    problem = a_problem(4)
    for job in problem["jobs"]:
        job |= {"setup": 50, "location_index": 2}

    answer = ask(pool, problem)

    assert sorted(step["setup"] for step in steps_of(answer, "job")) == [0, 0, 0, 50]


def test_service_grows_with_the_units(pool: SolverPool) -> None:
    problem = a_problem(3)
    problem["jobs"][0] |= {"delivery": [2], "milkrun": {"service_per_unit_s": [30]}}
    problem["vehicles"][0]["capacity"] = [9]

    assert ask(pool, problem)["summary"]["service"] == 3 * 60 + 60


def test_three_dimensions_of_load_are_kept(pool: SolverPool) -> None:
    problem = a_problem(8, vehicles=3)
    for job in problem["jobs"]:
        job |= {"delivery": [1, 10, 0], "pickup": [0, 0, 5]}
    for vehicle in problem["vehicles"]:
        vehicle |= {"capacity": [9, 30, 100]}

    answer = ask(pool, problem)

    assert [len(found) for found in orders(answer).values()] in ([3, 3, 2], [3, 2, 3], [2, 3, 3])


def test_what_is_collected_stays_on_board(pool: SolverPool) -> None:
    problem = with_vehicle(milkrun={"load_now": [8]}, capacity=[8])
    problem["jobs"][0] |= {"delivery": [0], "pickup": [1]}

    answer = ask(pool, problem)

    assert answer["routes"][0]["steps"][-1]["load"] == [2]


def test_goods_are_loaded_before_they_are_unloaded(pool: SolverPool) -> None:
    problem = a_problem(6)
    ends = [(5, 2), (6, 1), (4, 3)]
    problem["jobs"] = []
    problem["shipments"] = [
        {
            "amount": [1],
            "pickup": {"id": n, "location_index": a},
            "delivery": {"id": n, "location_index": b},
        }
        for n, (a, b) in enumerate(ends)
    ]
    problem["vehicles"][0]["capacity"] = [2]

    answer = ask(pool, problem)

    assert answer["unassigned"] == []
    assert max(step["load"][0] for step in answer["routes"][0]["steps"]) <= 2


def test_one_stop_comes_before_another(pool: SolverPool) -> None:
    problem = a_problem(8)
    problem["jobs"][6]["milkrun"] = {"before": [2]}
    problem["jobs"][3]["milkrun"] = {"before": [1]}

    found = orders(ask(pool, problem))[1]

    assert found.index(7) < found.index(2)
    assert found.index(4) < found.index(1)


def test_first_and_last_are_kept(pool: SolverPool) -> None:
    problem = a_problem(8)
    problem["jobs"][4]["milkrun"] = {"position": "first"}
    problem["jobs"][2]["milkrun"] = {"position": "last"}

    found = orders(ask(pool, problem))[1]

    assert (found[0], found[-1]) == (5, 3)


def test_a_fixed_appointment_is_met_to_the_second(pool: SolverPool) -> None:
    answer = ask(pool, with_job(3, time_windows=[[4000, 4000]], milkrun={"appointment": True}))

    step = next(s for s in steps_of(answer, "job") if s["id"] == 3)
    assert step["arrival"] + step["waiting_time"] == 4000


def test_a_run_leaves_as_late_as_it_can(pool: SolverPool) -> None:
    answer = ask(pool, with_job(1, time_windows=[[40_000, 40_010]]))

    assert steps_of(answer, "start")[0]["arrival"] > 35_000
    assert answer["summary"]["waiting_time"] == 0


def test_overtime_is_used_up_to_its_limit_and_told(pool: SolverPool) -> None:
    whole = free_cost(pool) + 8 * 60
    tight = with_vehicle(time_window=[0, whole - 100], milkrun={"max_overtime_s": 200})

    answer = ask(pool, tight)

    assert answer["unassigned"] == []
    assert causes(answer) == {"overtime"}
    assert answer["summary"]["milkrun"]["overtime"] == 100


def test_beyond_overtime_a_stop_is_left_out(pool: SolverPool) -> None:
    whole = free_cost(pool) + 8 * 60

    answer = ask(pool, with_vehicle(time_window=[0, whole - 50]))

    assert len(answer["unassigned"]) == 1
    assert causes(answer) == set()


@pytest.mark.parametrize(("length", "left"), [(3200, 0), (2500, 1)])
def test_a_shift_has_a_length(pool: SolverPool, length: int, left: int) -> None:
    answer = ask(pool, with_vehicle(milkrun={"shift_s": length}))

    assert (len(answer["unassigned"]) > 0) == bool(left)


def test_one_break_of_one_loop(pool: SolverPool) -> None:
    rest = {"id": 7, "time_windows": [[1000, 1100]], "service": 500}

    answer = ask(pool, with_vehicle(breaks=[rest]))

    assert answer["unassigned"] == []
    assert answer["summary"]["cost"] == free_cost(pool)
    assert [step["id"] for step in steps_of(answer, "break")] == [7]


def test_several_breaks_of_one_loop(pool: SolverPool) -> None:
    breaks = [
        {"id": 1, "time_windows": [[600, 700]], "service": 100},
        {"id": 2, "time_windows": [[1500, 1700]], "service": 300},
    ]

    answer = ask(pool, with_vehicle(breaks=breaks))

    assert answer["unassigned"] == []
    assert [step["id"] for step in steps_of(answer, "break")] == [1, 2]


def test_every_vehicle_of_a_fleet_takes_its_break(pool: SolverPool) -> None:
    rest = {"id": 1, "time_windows": [[900, 1300]], "service": 300}

    answer = ask(pool, with_vehicle(count=3, breaks=[rest], capacity=[3]), steps=1500)

    assert answer["unassigned"] == []
    assert len(steps_of(answer, "break")) == 3


@pytest.mark.parametrize(
    ("job", "vehicle"),
    [
        ({"skills": [3]}, {"skills": [3, 4]}),
        ({"milkrun": {"access": ["small"]}}, {"type": "small"}),
        ({"milkrun": {"zone": 5}}, {"milkrun": {"zones": [5]}}),
    ],
)
def test_only_a_vehicle_that_may_serves_a_stop(pool: SolverPool, job: Json, vehicle: Json) -> None:
    problem = with_job(4, **job)
    problem["vehicles"].append(problem["vehicles"][0] | {"id": 2, "skills": [], "type": ""})
    problem["vehicles"][1] |= vehicle
    problem["vehicles"][0] |= {"milkrun": {"zones": [6]}}

    answer = ask(pool, problem)

    assert answer["unassigned"] == []
    assert 4 in orders(answer)[2]


def test_a_soft_zone_is_left_when_it_pays(pool: SolverPool) -> None:
    problem = a_problem(8, milkrun={"zones": {"1": [1, 2, 3, 4], "2": [5, 6, 7, 8]}})
    problem["vehicles"][0]["milkrun"] = {"zones": [1], "zone_mode": "soft"}

    assert ask(pool, problem)["unassigned"] == []


def test_the_least_urgent_stop_is_left_out(pool: SolverPool) -> None:
    problem = with_vehicle(capacity=[7])
    for job in problem["jobs"]:
        job["priority"] = 10
    problem["jobs"][2]["priority"] = 1

    answer = ask(pool, problem)

    assert [one["id"] for one in answer["unassigned"]] == [3]


@pytest.mark.parametrize(("switch", "served"), [("on", 8), ("off", 7)])
def test_a_contingency_stop_is_served_when_switched_on(
    pool: SolverPool, switch: str, served: int
) -> None:
    answer = ask(pool, with_job(3, milkrun={"contingency": switch}))

    assert len(orders(answer)[1]) == served
    assert answer["unassigned"] == []


def test_a_vehicle_has_a_number_of_stops(pool: SolverPool) -> None:
    answer = ask(pool, with_vehicle(count=3, max_tasks=3))

    assert sorted(len(found) for found in orders(answer).values()) == [2, 3, 3]


@pytest.mark.parametrize(
    "limit", [{"max_distance": 23_000}, {"milkrun": {"range_m": 23_000}}, {"max_travel_time": 2300}]
)
def test_a_limit_of_the_way_needs_a_second_vehicle(pool: SolverPool, limit: Json) -> None:
    answer = ask(pool, with_vehicle(count=3, **limit))

    assert answer["unassigned"] == []
    assert len(answer["routes"]) > 1


def test_a_vehicle_reloads_and_goes_on(pool: SolverPool) -> None:
    reload = {"index": 0, "service": 120, "max": 4}

    answer = ask(pool, with_vehicle(capacity=[3], milkrun={"reloads": [reload]}), steps=800)

    assert answer["unassigned"] == []
    assert len(steps_of(answer, "reload")) >= 2


def test_perishable_goods_do_not_ride_long(pool: SolverPool) -> None:
    problem = a_problem(6)
    problem["shipments"] = [
        {
            "amount": [1],
            "pickup": {"id": 1, "location_index": 1, "milkrun": {"max_ride_s": 700}},
            "delivery": {"id": 2, "location_index": 3},
        }
    ]
    problem["vehicles"][0]["capacity"] = [9]

    answer = ask(pool, problem)

    assert answer["unassigned"] == []
    assert "max_ride_time" not in causes(answer)


def test_a_habit_is_kept_where_the_windows_allow_it(pool: SolverPool) -> None:
    problem = a_problem(8)
    for job in problem["jobs"]:
        job["milkrun"] = {"template_arrival_s": 10_000 + 400 * (9 - job["id"])}

    answer = ask(pool, problem)

    assert orders(answer)[1] == ROUND[::-1]
    assert causes(answer) == set()


def test_a_habit_that_cannot_be_kept_is_named(pool: SolverPool) -> None:
    problem = with_job(3, time_windows=[[20_000, 21_000]], milkrun={"template_arrival_s": 1000})

    answer = ask(pool, problem)

    assert answer["unassigned"] == []
    assert causes(answer) == {"template"}


def test_vehicles_first_means_fewer_vehicles(pool: SolverPool) -> None:
    problem = with_vehicle(count=3)
    problem["milkrun"] = {"weights": {"vehicles": True}}

    assert ask(pool, problem)["summary"]["routes"] == 1


def test_distance_can_be_what_counts(pool: SolverPool) -> None:
    problem = a_problem(4)
    problem["milkrun"] = {"weights": {"time": 0, "distance": 1}}

    answer = ask(pool, problem)

    assert answer["summary"]["cost"] == answer["summary"]["distance"]


def test_a_slower_vehicle_takes_longer(pool: SolverPool) -> None:
    fast, slow = ask(pool, with_vehicle()), ask(pool, with_vehicle(speed_factor=0.5))

    assert slow["summary"]["duration"] == 2 * fast["summary"]["duration"]


def test_all_are_served_late_rather_than_not_at_all_when_that_is_asked(pool: SolverPool) -> None:
    problem = with_job(5, time_windows=[[0, 10]]) | {"milkrun": {"require_all": True}}

    answer = ask(pool, problem)

    assert answer["unassigned"] == []
    assert causes(answer) == {"delay"}


@pytest.mark.parametrize(("on_board", "left"), [(8, 0), (12, 4)])
def test_what_is_on_board_of_a_run_under_way_leaves_less_room(
    pool: SolverPool, on_board: int, left: int
) -> None:
    problem = with_vehicle(capacity=[12], milkrun={"load_now": [on_board]})
    for number, job in enumerate(problem["jobs"]):
        job["delivery"], job["pickup"] = [1], [1 + number % 2]

    answer = ask(pool, problem)

    assert len(answer["unassigned"]) == left
