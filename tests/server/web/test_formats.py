"""Times, lengths and distances as people read them."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from server.core.words import speaking
from server.web import formats
from server.web.op_words import lines_of

AT = datetime(2026, 3, 2, 7, 5, 30, tzinfo=UTC)


def test_an_instant_is_shown_as_the_clocks_of_the_site_show_it() -> None:
    times = formats.Times("Europe/Helsinki")

    assert times.clock(AT) == "09:05"
    assert times.long(AT) == "Mon 2 Mar 2026 09:05:30 EET"
    assert times.clock(None) == "–"


def test_the_day_of_the_site_is_not_the_day_of_utc() -> None:
    late = datetime(2026, 3, 1, 23, 30, tzinfo=UTC)

    assert formats.Times("Europe/Helsinki").today(late) == date(2026, 3, 2)


def test_a_local_day_that_loses_an_hour_is_23_hours_long() -> None:
    start, end = formats.Times("Europe/Berlin").day_span(date(2027, 3, 28))

    assert (end - start).total_seconds() == 23 * 3600


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(8, "8 s"), (90, "2 min"), (3600, "1 h 00"), (3900, "1 h 05"), (200_000, "2 days")],
)
def test_a_length_of_time_is_told_in_what_matters(seconds: int, text: str) -> None:
    assert formats.span(seconds) == text


def test_distances_are_metres_until_they_are_kilometres() -> None:
    assert formats.distance(74.6) == "75 m"
    assert formats.distance(1250) == "1.2 km"
    assert formats.distance(None) == "–"


def test_a_change_of_the_plan_is_told_in_words() -> None:
    names = {"a": "Bakery", "b": "Grocer"}
    ops: list[dict[str, Any]] = [
        {"op": "move", "visit": "a", "after": "b"},
        {"op": "late", "delay_s": 900},
    ]

    assert lines_of(ops, names) == ["moved Bakery after Grocer", "delay of 15 min"]


def test_days_have_names_in_both_languages() -> None:
    with speaking("de"):
        german = formats.day(date(2026, 3, 2))

    assert formats.day(date(2026, 3, 2)) == "Mon 2 Mar"
    assert german == "Mo 2. Mär"
