"""Who does not fit, why, by how many seconds, and what would help; and that it does help."""

import copy
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from server.planner.pool import SolverPool
from tests.server.planner.problems import a_problem, ask, causes, orders
from tests.server.planner.simulator import Json

Change = Callable[[Json], None]
TOO_SHORT = 8 * 60 + 9 * 300 - 40


def job(problem: Json, id_: int) -> Json:
    found: Json = next(one for one in problem["jobs"] if one["id"] == id_)
    return found


def apply(problem: Json, id_: int, remedy: Json) -> Json:
    """The problem after somebody has done what the remedy says."""
    mended = copy.deepcopy(problem)
    vehicle = mended["vehicles"][0]
    if remedy["kind"] == "window":
        window = job(mended, id_)["time_windows"][-1]
        window[1] += remedy["seconds"]
    elif remedy["kind"] == "overtime":
        chosen = next(one for one in mended["vehicles"] if one["id"] == remedy["vehicle"])
        ours = chosen.setdefault("milkrun", {})
        ours["max_overtime_s"] = ours.get("max_overtime_s", 0) + remedy["seconds"]
    elif remedy["kind"] == "drop":
        mended["jobs"].remove(job(mended, remedy["id"]))
    else:  # an ad-hoc run: another vehicle, able to do what is missing
        more = {key: remedy[key] for key in ("skills", "capacity") if key in remedy}
        mended["vehicles"].append(vehicle | {"id": 99, "milkrun": {}} | more)
    return mended


@dataclass(frozen=True)
class Case:
    """A round that one stop spoils."""

    name: str
    stop: int
    cause: str
    seconds: int | None
    remedy: str
    spoil: Change


def far_skill(problem: Json) -> None:
    job(problem, 4)["skills"] = [7]


def too_big(problem: Json) -> None:
    job(problem, 4)["delivery"] = [60]


def closed_early(problem: Json) -> None:
    job(problem, 4)["time_windows"] = [[0, 700]]


def short_shift(problem: Json) -> None:
    problem["vehicles"][0]["time_window"] = [0, 1000]
    problem["jobs"] = [job(problem, 4)]


def full(problem: Json) -> None:
    problem["vehicles"][0]["capacity"] = [7]
    job(problem, 4)["delivery"] = [3]
    problem["jobs"] = problem["jobs"][:6]
    for one in problem["jobs"]:
        one["priority"] = 1 if one["id"] == 4 else 2


def too_late(problem: Json) -> None:
    for one in problem["jobs"]:
        one["priority"] = 0 if one["id"] == 4 else 9
    problem["vehicles"][0]["time_window"] = [0, TOO_SHORT]


def too_far(problem: Json) -> None:
    problem["vehicles"][0]["milkrun"] = {"range_m": 9000}
    problem["jobs"] = [job(problem, 1), job(problem, 4)]


def whole_round() -> int:
    """Seconds from the plant past all eight stops and back."""
    ways: list[list[int]] = a_problem(8)["matrices"]["car"]["durations"]
    return 8 * 60 + sum(ways[n][(n + 1) % 9] for n in range(9))


def needed() -> int:
    """Seconds from the plant straight to stop 4."""
    seconds: int = a_problem(8)["matrices"]["car"]["durations"][0][4]
    return seconds


CASES = [
    Case("skill", 4, "no_vehicle_with_skill", None, "vehicle", far_skill),
    Case("size", 4, "too_big_for_any_vehicle", None, "vehicle", too_big),
    Case("window", 4, "window_unreachable", needed() - 700, "window", closed_early),
    Case("shift", 4, "shift_too_short", 2 * needed() + 60 - 1000, "overtime", short_shift),
    Case("capacity", 4, "capacity_used_up", None, "ad_hoc", full),
    Case("late", 4, "only_late", whole_round() - TOO_SHORT, "overtime", too_late),
    Case("range", 4, "range", None, "ad_hoc", too_far),
]


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_a_stop_without_place_is_named_with_cause_seconds_and_remedy(
    pool: SolverPool, case: Case
) -> None:
    problem = a_problem(8)
    case.spoil(problem)

    answer = ask(pool, problem)

    assert [one["id"] for one in answer["unassigned"]] == [case.stop]
    told = answer["unassigned"][0]["milkrun"]
    assert told["main_cause"] == case.cause
    assert told["remedy"]["kind"] == case.remedy
    assert told["reasons"]
    if case.seconds is not None:
        assert (told["late_s"], told["remedy"]["seconds"]) == (case.seconds, case.seconds)


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_the_remedy_makes_room(pool: SolverPool, case: Case) -> None:
    problem = a_problem(8)
    case.spoil(problem)
    told = ask(pool, problem)["unassigned"][0]["milkrun"]

    mended = ask(pool, apply(problem, case.stop, told["remedy"]))

    assert mended["unassigned"] == []


def test_a_less_urgent_stop_may_make_room(pool: SolverPool) -> None:
    problem = a_problem(4)
    problem["vehicles"][0]["capacity"] = [4]
    for one in problem["jobs"]:
        one |= {"priority": 5}
    problem["jobs"].append(problem["jobs"][0] | {"id": 9, "priority": 5})

    told = ask(pool, problem)["unassigned"][0]["milkrun"]

    assert told["remedy"]["kind"] == "drop"
    assert ask(pool, apply(problem, 9, told["remedy"]))["unassigned"] == []


def test_a_bad_order_is_told_with_all_its_causes_and_left_as_it_is() -> None:
    problem = a_problem(8, vehicles=1)
    bad = [3, 1, 2, 4, 5, 6, 7, 8]
    problem["vehicles"][0] |= {
        "steps": [{"type": "job", "id": id_} for id_ in bad],
        "capacity": [7],
        "max_tasks": 6,
        "max_distance": 100,
        "max_travel_time": 100,
        "breaks": [{"id": 5, "time_windows": [[0, 10], [11, 20]], "service": 10}],
        "time_window": [100, 2000],
        "milkrun": {"zones": [1], "range_m": 50},
    }
    job(problem, 4)["time_windows"] = [[0, 100]]
    job(problem, 5)["skills"] = [9]
    job(problem, 6)["milkrun"] = {"access": ["bike"]}
    job(problem, 7)["milkrun"] = {"zone": 2}
    job(problem, 1)["milkrun"] = {"before": [3]}

    answer = ask(None, problem, check=True)

    assert orders(answer)[1] == bad
    assert causes(answer) == {
        "delay", "load", "max_tasks", "max_distance", "max_travel_time", "missing_break",
        "skills", "access", "zone", "order", "range",
    }  # fmt: skip


def test_goods_that_come_off_before_they_are_on_are_told() -> None:
    problem = a_problem(4)
    problem["shipments"] = [
        {
            "amount": [1],
            "pickup": {"id": 1, "location_index": 1},
            "delivery": {"id": 1, "location_index": 2},
        }
    ]
    problem["vehicles"][0]["steps"] = [{"type": "delivery", "id": 1}, {"type": "pickup", "id": 1}]

    assert causes(ask(None, problem, check=True)) == {"precedence", "goods"}


def test_an_order_without_faults_is_told_so() -> None:
    problem = a_problem(4)
    problem["vehicles"][0]["steps"] = [{"type": "job", "id": n} for n in (1, 2, 3, 4)]

    answer = ask(None, problem, check=True)

    assert (orders(answer)[1], causes(answer)) == ([1, 2, 3, 4], set())


@pytest.mark.parametrize(("most", "told"), [(8, set()), (0, {"max_load"})])
def test_a_break_with_too_much_on_board_is_told(most: int, told: set[str]) -> None:
    rest = {"id": 1, "time_windows": [[0, 0]], "service": 600, "max_load": [most]}
    problem = a_problem(8)
    problem["vehicles"][0] |= {
        "breaks": [rest],
        "time_window": [0, 90_000],
        "steps": [{"type": "job", "id": job["id"]} for job in problem["jobs"]],
    }

    assert causes(ask(None, problem, check=True)) == told
