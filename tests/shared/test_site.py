"""Windows of a place as instants."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from shared.geo import PlantPoint, Point
from shared.local_time import zone
from shared.site import Location, TimeWindow, days_between, opening

BERLIN = zone("Europe/Berlin")
MONDAY = date(2027, 6, 7)


def window(start: str, end: str, **more: Any) -> TimeWindow:
    """A window of the wall clock."""
    return TimeWindow.model_validate({"start_local": start, "end_local": end, **more})


def test_a_window_opens_on_the_weekdays_of_its_mask_only() -> None:
    weekdays = window("08:00", "10:00", days=0b0011111)

    found = opening([weekdays], days_between(MONDAY, MONDAY + timedelta(days=6)), BERLIN)

    assert len(found) == 5
    assert found[0][0] == datetime(2027, 6, 7, 6, tzinfo=UTC)


def test_windows_that_touch_are_one() -> None:
    found = opening([window("08:00", "10:00"), window("10:00", "12:00")], [MONDAY], BERLIN)

    assert [end - start for start, end in found] == [timedelta(hours=4)]


def test_a_window_past_midnight_ends_on_the_next_day() -> None:
    [found] = opening([window("22:00", "02:00")], [MONDAY], BERLIN)

    assert found[1] - found[0] == timedelta(hours=4)


def test_a_window_the_gap_swallows_is_left_out() -> None:
    found = opening([window("02:30", "03:00")], [date(2027, 3, 28)], BERLIN)

    assert found == []


@given(
    st.lists(st.tuples(st.times(), st.times(), st.integers(1, 127)), max_size=6),
    st.dates(date(2027, 1, 1), date(2027, 12, 31)),
)
def test_open_times_are_in_order_and_never_overlap(
    given_windows: list[tuple[Any, Any, int]], day: date
) -> None:
    windows = [TimeWindow(start_local=a, end_local=b, days=m) for a, b, m in given_windows]

    found = opening(windows, days_between(day, day + timedelta(days=1)), BERLIN)

    assert all(start < end for start, end in found)
    assert all(a[1] < b[0] for a, b in pairwise(found))


def test_a_place_is_on_the_earth_or_on_a_floor_plan_or_nowhere_yet() -> None:
    plan = "01900000-0000-7000-8000-000000000009"

    road = Location(kind="customer", name="Huber", lat=51.3, lon=12.4)
    station = Location.model_validate(
        {"kind": "station", "name": "A", "plan_id": plan, "x_m": 1.0, "y_m": 2.0}
    )

    assert road.point() == Point(lat=51.3, lon=12.4)
    assert station.point() == PlantPoint(plan=plan, x_m=1.0, y_m=2.0)
    assert Location(kind="customer", name="Huber").point() is None
