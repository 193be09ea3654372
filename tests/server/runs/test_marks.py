"""Marks of a run, read from rows: late, missed, overdue, plan not seen."""

from datetime import timedelta
from typing import Any

import pytest

from server.runs.marks import Standing, marks
from tests.helpers.a_site import NOON

BACK = NOON + timedelta(hours=3)


def standing(**more: Any) -> Standing:
    """A dispatched run that left at noon by plan."""
    given: dict[str, Any] = {
        "kind": "outbound",
        "plan_state": "dispatched",
        "gate_passed": True,
        "departure_at": NOON,
        "return_at": BACK,
        "departed_at": None,
        "returned_at": None,
        "started": False,
        "takt_s": None,
        "plan_seen": True,
        **more,
    }
    return Standing(**given)


@pytest.mark.parametrize(
    ("after_s", "more", "found"),
    [
        (299, {}, []),
        (300, {}, ["late_departure"]),
        (7_199, {}, ["late_departure"]),
        (7_200, {}, ["missed"]),
        (7_200, {"departed_at": NOON}, []),
        (119, {"kind": "internal", "takt_s": 1200}, []),
        (120, {"kind": "internal", "takt_s": 1200}, ["late_departure"]),
        (1_200, {"kind": "internal", "takt_s": 1200}, ["missed"]),
        (1_200, {"kind": "internal", "takt_s": 1200, "started": True}, ["late_departure"]),
        (3 * 3_600 + 899, {"departed_at": NOON}, []),
        (3 * 3_600 + 900, {"departed_at": NOON}, ["overdue_return"]),
        (3 * 3_600 + 900, {"departed_at": NOON, "returned_at": BACK}, []),
        (0, {"started": True, "plan_seen": False}, ["plan_not_seen"]),
        (0, {"plan_state": "planned"}, ["ready"]),
        (9_000, {"plan_state": "cancelled"}, []),
    ],
)
def test_marks_follow_from_plan_facts_and_the_time_that_passed(
    after_s: int, more: dict[str, Any], found: list[str]
) -> None:
    assert marks(standing(**more), NOON + timedelta(seconds=after_s)) == found
