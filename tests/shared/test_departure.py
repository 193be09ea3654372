"""Timetables of one service date: lines, generators, breaks, nights on which clocks change."""

from datetime import date, time, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from shared.departure import Departure, DepartureTime, Go, Wait, expand, timetable
from shared.local_time import resolve_span, zone

BERLIN = zone("Europe/Berlin")
DAY = date(2027, 6, 1)


def line(no: int, at: str, **more: Any) -> Departure:
    """A line of the timetable."""
    return Departure.model_validate({"departure_no": no, "time_local": at, **more})


def every(headway_s: int, first: str = "06:00", last: str = "08:00", **more: Any) -> Departure:
    """A generator."""
    given = {"base_no": 1, "first_local": first, "last_local": last, "headway_s": headway_s}
    return Departure.model_validate({**given, **more})


def local(found: list[DepartureTime]) -> list[str]:
    """Wall times of departures."""
    return [one.at.astimezone(BERLIN).strftime("%H:%M") for one in found]


@pytest.mark.parametrize(
    ("day", "count"),
    [(date(2027, 3, 20), 24), (date(2027, 3, 27), 21), (date(2027, 10, 30), 27)],
)
def test_a_headway_steps_in_elapsed_time_between_its_ends(day: date, count: int) -> None:
    found = expand([every(1200, "22:00", "06:00")], day, BERLIN)

    assert len(found) == count
    gaps = {b.at - a.at for a, b in pairwise(found)}
    assert gaps == {timedelta(seconds=1200)}


def test_departures_inside_a_break_are_dropped_and_leave_their_number_free() -> None:
    found = expand([every(1800)], DAY, BERLIN, breaks=[(time(6, 30), time(7, 0))])

    assert local(found) == ["06:00", "07:00", "07:30"]
    assert [one.departure_no for one in found] == [1, 3, 4]


def test_a_shifted_departure_leaves_at_the_end_of_the_break() -> None:
    found = expand(
        [every(1800, break_rule="shift")], DAY, BERLIN, breaks=[(time(6, 20), time(6, 45))]
    )

    assert local(found) == ["06:00", "06:45", "07:00", "07:30"]


def test_a_shifted_departure_is_dropped_when_another_leaves_then() -> None:
    found = expand(
        [every(1800, break_rule="shift"), line(50, "06:45")],
        DAY,
        BERLIN,
        breaks=[(time(6, 20), time(6, 45))],
    )

    assert local(found) == ["06:00", "06:45", "07:00", "07:30"]
    assert [one.departure_no for one in found] == [1, 50, 3, 4]


def test_a_departure_after_midnight_belongs_to_the_service_date_before() -> None:
    [found] = expand([line(1, "00:30", day_offset=1)], DAY, BERLIN)

    assert found.at.astimezone(BERLIN).date() == DAY + timedelta(days=1)


def test_a_line_in_the_gap_is_marked() -> None:
    [found] = expand([line(1, "02:30")], date(2027, 3, 28), BERLIN)

    assert (found.kind, local([found])) == ("gap", ["03:30"])


def test_only_the_wanted_timetable_counts() -> None:
    both = [line(1, "06:00"), line(1, "09:00", timetable_no=2)]

    assert local(expand(both, DAY, BERLIN, timetable_no=2)) == ["09:00"]


@pytest.mark.parametrize(
    "given",
    [
        {"departure_no": 1},
        {"departure_no": 1, "time_local": "06:00", "headway_s": 60},
        {"base_no": 1, "first_local": "06:00", "last_local": "07:00"},
        {"departure_no": 1, "time_local": "06:00+01:00"},
        {"departure_no": 1, "time_local": 600},
    ],
)
def test_half_a_line_and_half_a_generator_are_refused(given: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Departure.model_validate(given)


@given(
    generator=st.fixed_dictionaries(
        {
            "base_no": st.just(1),
            "headway_s": st.integers(60, 7_200),
            "first_local": st.times(),
            "last_local": st.times(),
            "break_rule": st.sampled_from(["skip", "shift"]),
        }
    ),
    pause=st.tuples(st.times(), st.times()),
    day=st.dates(date(2027, 1, 1), date(2028, 1, 1)),
)
def test_no_two_generated_departures_leave_together_and_none_in_a_break(
    generator: dict[str, Any], pause: tuple[time, time], day: date
) -> None:
    found = expand([Departure.model_validate(generator)], day, BERLIN, breaks=[pause])

    instants = [one.at for one in found]
    assert all(a < b for a, b in pairwise(instants))
    assert len({one.departure_no for one in found}) == len(found)
    for n in (-1, 0, 1):
        start, end = resolve_span(day + timedelta(days=n), *pause, BERLIN)
        whole_day = end.utc - start.utc >= timedelta(hours=23)
        assert whole_day or not any(start.utc <= at < end.utc for at in instants)


def test_the_timetable_policy_goes_when_due_and_waits_into_the_future() -> None:
    at = expand([line(1, "06:00")], DAY, BERLIN)[0].at

    assert timetable(at, [at], None) == Go("due")
    assert timetable(at - timedelta(minutes=1), [at], None) == Wait(at, "timetable")
    after = timetable(at, [at], at)
    assert isinstance(after, Wait)
    assert after.until > at
