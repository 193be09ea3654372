"""Wall time to instants: against the vectors, and against a search minute by minute."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.local_time import offset_change, offset_s, resolve_local, resolve_span, zone

BERLIN = zone("Europe/Berlin")
SOME_ZONES = ("Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/Asuncion")
ALL_ZONES = (
    *SOME_ZONES, "Europe/London", "Europe/Dublin", "Africa/Casablanca", "Africa/Cairo",
    "Asia/Tehran", "Asia/Kolkata", "Asia/Kathmandu", "Asia/Tokyo", "Asia/Gaza", "Asia/Amman",
    "America/Sao_Paulo", "America/Santiago", "America/Havana", "America/St_Johns",
    "America/Los_Angeles", "Pacific/Auckland", "Pacific/Chatham", "Pacific/Apia",
    "Antarctica/Troll", "UTC",
)  # fmt: skip


@pytest.mark.parametrize(
    ("day", "at", "utc", "kind"),
    [
        (date(2027, 3, 28), time(2, 30), "2027-03-28T01:30", "gap"),
        (date(2027, 10, 31), time(2, 30), "2027-10-31T00:30", "fold"),
        (date(2027, 3, 28), time(3, 0), "2027-03-28T01:00", "exact"),
        (date(2027, 7, 1), time(8, 0), "2027-07-01T06:00", "exact"),
    ],
)
def test_a_gap_shifts_forward_and_a_fold_takes_the_first(
    day: date, at: time, utc: str, kind: str
) -> None:
    found = resolve_local(day, at, BERLIN)

    assert found == (datetime.fromisoformat(utc).replace(tzinfo=UTC), kind)


def searched(day: date, at: time, name: str) -> tuple[datetime, str]:
    """The same answer by looking at every minute around it."""
    tz = zone(name)
    wanted = datetime.combine(day, at)
    start = wanted.replace(tzinfo=UTC) - timedelta(hours=27)
    minutes = [start + timedelta(minutes=n) for n in range(54 * 60)]
    hits = [one for one in minutes if one.astimezone(tz).replace(tzinfo=None) == wanted]
    if hits:
        return hits[0], "exact" if len(hits) == 1 else "fold"
    after = next(one for one in minutes if one.astimezone(tz).replace(tzinfo=None) > wanted)
    before = after - timedelta(minutes=1)
    gap = offset_s(after, tz) - offset_s(before, tz)
    late = wanted + timedelta(seconds=gap)
    return late.replace(tzinfo=UTC) - timedelta(seconds=offset_s(after, tz)), "gap"


def changes_of(name: str, year: int) -> list[date]:
    """Dates of a year on which the clocks of a zone change, and their neighbours."""
    tz = zone(name)
    days = [date(year, 1, 1) + timedelta(days=n) for n in range(365)]
    noon = [datetime(one.year, one.month, one.day, 12, tzinfo=UTC) for one in days]
    return [
        near
        for one, a, b in zip(days, noon, noon[1:], strict=False)
        if offset_s(a, tz) != offset_s(b, tz)
        for near in (one, one + timedelta(days=1))
    ]


@given(
    name=st.sampled_from(SOME_ZONES),
    pick=st.integers(0, 7),
    minute=st.integers(0, 24 * 60 - 1),
)
@settings(max_examples=60, deadline=None)
def test_every_wall_time_of_a_changing_night_equals_the_search(
    name: str, pick: int, minute: int
) -> None:
    days = changes_of(name, 2024) or [date(2024, 3, 10)]
    day = days[pick % len(days)]
    at = time(minute // 60, minute % 60)

    assert tuple(resolve_local(day, at, zone(name))) == searched(day, at, name)


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", ALL_ZONES)
def test_every_wall_time_of_every_changing_night_equals_the_search(name: str) -> None:
    for day in changes_of(name, 2024):
        for minute in range(0, 24 * 60, 5):
            at = time(minute // 60, minute % 60)
            assert tuple(resolve_local(day, at, zone(name))) == searched(day, at, name)


def test_an_end_that_is_not_after_its_start_is_on_the_next_day() -> None:
    start, end = resolve_span(date(2027, 7, 1), time(22), time(6), BERLIN)

    assert end.utc - start.utc == timedelta(hours=8)


def test_a_night_on_which_clocks_change_is_longer_or_shorter() -> None:
    spring = resolve_span(date(2027, 3, 27), time(22), time(6), BERLIN)
    autumn = resolve_span(date(2027, 10, 30), time(22), time(6), BERLIN)

    assert [end.utc - start.utc for start, end in (spring, autumn)] == [
        timedelta(hours=7),
        timedelta(hours=9),
    ]


def test_a_change_of_the_clocks_is_found_to_the_second() -> None:
    evening = datetime(2027, 3, 27, 21, tzinfo=UTC)

    found = offset_change(evening, evening + timedelta(hours=8), BERLIN)

    assert found == (datetime(2027, 3, 28, 1, tzinfo=UTC), 7200)
    assert offset_change(evening, evening + timedelta(hours=1), BERLIN) is None
