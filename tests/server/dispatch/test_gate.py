"""The gate: every item once where it is found, and once where it just is not."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from server.core.writer import AnyWriter, SnapshotReads
from server.dispatch import service
from server.dispatch.gate import Called, Checked, items
from shared.ids import RunId
from shared.refusals import Refusal
from shared.site import Access, Location
from tests.helpers.a_site import SITE, SUPERVISOR, add_driver, pair_device
from tests.helpers.builders import id_of
from tests.server.dispatch.a_day import EVENING, a_dispatched_run, change

VAN = Called("Van 4", "van", 2.5, frozenset({"forklift"}), None)
PLACE = Location(kind="customer", name="Mill", lat=51.3, lon=12.3)
GOOD = Checked(
    places=[PLACE],
    needs_points=True,
    unreachable=[],
    vehicle=VAN,
    has_driver=True,
    driver_skills=frozenset(),
    needed_skills={},
    clashes=[],
    peak=(500,),
    capacity=(1_000,),
    partial_load=0.4,
    devices=1,
    service_date=date(2026, 3, 3),
)


def found(**more: Any) -> list[tuple[str, str]]:
    return [(one.item, one.level) for one in items(replace(GOOD, **more))]


def place(**more: Any) -> list[Location]:
    return [PLACE.model_copy(update=more)]


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({}, []),
        ({"places": place(lat=None)}, [("no_coordinate", "block")]),
        ({"places": place(lat=None), "needs_points": False}, []),
        ({"unreachable": ["Mill"]}, [("window_impossible", "block")]),
        ({"vehicle": None}, [("no_vehicle", "block")]),
        ({"clashes": ["L2"]}, [("double_booked", "block")]),
        ({"has_driver": False}, [("no_driver", "warn")]),
        ({"devices": 0}, [("no_device", "warn")]),
        ({"plan_seen": False}, [("plan_not_seen", "warn")]),
        ({"peak": (1_001,)}, [("overload", "block")]),
        ({"peak": (1_000,)}, []),
        ({"peak": (400,)}, []),
        ({"peak": (399,)}, [("underload", "warn")]),
        ({"peak": (0,)}, []),
        ({"peak": (), "capacity": ()}, []),
        ({"needed_skills": {"Mill": ["gas"]}}, [("missing_skill", "block")]),
        ({"needed_skills": {"Mill": ["forklift"]}}, []),
        ({"places": place(access=Access(max_height_m=2.4))}, [("access", "block")]),
        ({"places": place(access=Access(max_height_m=2.5))}, []),
        ({"places": place(access=Access(vehicle_classes=("bike",)))}, [("access", "block")]),
        ({"places": place(access=Access(vehicle_classes=("van",)))}, []),
        ({"places": place(geocode_precision="city")}, [("coarse_position", "warn")]),
        ({"vehicle": VAN.__class__("V", "van", None, frozenset(), date(2026, 3, 3))},
         [("service_due", "warn")]),
        ({"vehicle": VAN.__class__("V", "van", None, frozenset(), date(2026, 3, 4))}, []),
    ],
)  # fmt: skip
def test_each_item(more: dict[str, Any], expected: list[tuple[str, str]]) -> None:
    assert found(**more) == expected


def test_blocks_come_before_warnings_and_long_lists_are_cut() -> None:
    whole = items(replace(GOOD, unreachable=list("abcde"), has_driver=False))

    assert [one.level for one in whole] == ["block", "warn"]
    assert "a, b, c, 2 more" in whole[0].sentence


def test_the_gate_of_a_run_reads_its_rows(writer: AnyWriter, reads: SnapshotReads) -> None:
    view = a_dispatched_run(writer, reads)
    key = RunId(view.run.id)
    pair_device(writer, "tablet", None)

    first = reads.run(lambda s: service.gate(s, SITE, key, EVENING))

    assert [one.item for one in first] == ["no_driver", "no_device", "plan_not_seen"]

    change(writer, view, {"op": "assign", "driver_id": str(add_driver(writer))})
    answer = reads.run(lambda s: service.gate_items(s, SUPERVISOR, key, now=EVENING))
    assert [one["item"] for one in answer["items"]] == ["no_device", "plan_not_seen"]


def test_a_window_that_cannot_be_reached_blocks(writer: AnyWriter, reads: SnapshotReads) -> None:
    view = a_dispatched_run(writer, reads)
    early = {"op": "window", "visit": str(view.order[0]), "windows": [[0, 1]]}
    change(writer, view, early)

    found = reads.run(lambda s: service.gate(s, SITE, RunId(view.run.id), EVENING))

    assert ("window_impossible", "block") in [(one.item, one.level) for one in found]


def test_the_gate_of_a_run_that_is_not_there_is_not_found(
    writer: AnyWriter, reads: SnapshotReads
) -> None:
    a_dispatched_run(writer, reads)

    with pytest.raises(Refusal, match="not_found"):
        reads.run(lambda s: service.gate_items(s, SUPERVISOR, RunId(id_of("?")), now=EVENING))
