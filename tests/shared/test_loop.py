"""What speaks against publishing a version, each with a named cause."""

from datetime import date
from typing import Any

import pytest

from shared.loop import Cause, LoopVersion, may_become, problems
from tests.helpers.builders import id_of

DEPOT, SHOP, MILL = id_of("depot"), id_of("shop"), id_of("mill")
EVERYWHERE = {DEPOT, SHOP, MILL}


def version(**more: Any) -> LoopVersion:
    """Draw a round to the shop and the mill."""
    given: dict[str, Any] = {
        "anchor_date": date(2027, 1, 1),
        "start_location": DEPOT,
        "end_location": DEPOT,
        "stops": [{"location_id": SHOP}, {"location_id": MILL}],
        "departures": [{"departure_no": 1, "time_local": "08:00"}],
        **more,
    }
    return LoopVersion.model_validate(given)


def test_a_round_that_closes_has_no_problem() -> None:
    assert problems(version(), "outbound", EVERYWHERE, EVERYWHERE) == []


@pytest.mark.parametrize(
    ("more", "cause"),
    [
        ({"end_location": None}, Cause("not_closed", "end")),
        ({"end_location": SHOP}, Cause("not_closed", str(SHOP))),
        ({"stops": []}, Cause("no_stops", "stops")),
        ({"departures": []}, Cause("no_departures", "departures")),
        ({"stops": [{"location_id": id_of("gone")}]}, Cause("unknown_location", "stop 1")),
        (
            {"departures": [{"departure_no": 1, "time_local": t} for t in ("08:00", "09:00")]},
            Cause("departure_no_twice", "departure 1"),
        ),
        (
            {"stops": [{"location_id": SHOP, "priority": "last"}, {"location_id": MILL}]},
            Cause("priority_order", "stops"),
        ),
        (
            {
                "stops": [
                    {"location_id": SHOP, "offset_s": 900},
                    {"location_id": MILL, "offset_s": 300},
                ]
            },
            Cause("offsets_not_rising", "stops"),
        ),
    ],
)
def test_each_problem_has_its_cause(more: dict[str, Any], cause: Cause) -> None:
    assert cause in problems(version(**more), "outbound", EVERYWHERE, EVERYWHERE)


def test_a_road_stop_needs_a_coordinate_and_a_plant_stop_an_offset() -> None:
    road = problems(version(), "outbound", EVERYWHERE, {DEPOT, SHOP})
    plant = problems(version(), "internal", EVERYWHERE, set())

    assert road == [Cause("no_coordinate", "stop 2")]
    assert plant == [Cause("no_offset", "stop 1"), Cause("no_offset", "stop 2")]


def test_a_retired_loop_is_never_woken() -> None:
    assert may_become("candidate", "trial")
    assert not may_become("candidate", "stable")
    assert not any(may_become("retired", to) for to in ("candidate", "trial", "stable"))
