"""What of `opening_hours` becomes windows, and what only a warning."""

from datetime import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.imports.opening_hours import normal, read_hours, read_spans, write_hours, write_spans
from shared.site import EVERY_DAY, TimeWindow

MO_FR, SA, SU = 0b11111, 1 << 5, 1 << 6


def spans(text: str) -> list[tuple[int, str, str]]:
    return [
        (one.days, f"{one.start_local:%H:%M}", f"{one.end_local:%H:%M}")
        for one in read_hours(text).windows
    ]


def test_days_ranges_and_lists_become_windows() -> None:
    assert spans("Mo-Fr 07:00-21:00; Sa 07:00-18:00; Su 12:00-18:00") == [
        (MO_FR, "07:00", "21:00"),
        (SA, "07:00", "18:00"),
        (SU, "12:00", "18:00"),
    ]
    assert spans("Mo,We-Th 8:00-12:00,13:00-17:00") == [
        (0b1101, "08:00", "12:00"),
        (0b1101, "13:00", "17:00"),
    ]


def test_round_the_clock_is_a_window_of_a_whole_day() -> None:
    assert spans("24/7") == [(EVERY_DAY, "00:00", "00:00")]
    assert spans("Mo-Su 00:00-24:00") == spans("24/7")


def test_a_span_past_midnight_ends_the_next_morning() -> None:
    assert spans("Fr-Sa 18:00-03:00") == [(0b110000, "18:00", "03:00")]
    assert spans("Fr-Sa 18:00-27:00") == spans("Fr-Sa 18:00-03:00")
    assert spans("Mo 10:00-24:00") == [(1, "10:00", "00:00")]


def test_a_range_may_run_over_the_end_of_the_week() -> None:
    assert spans("Sa-Mo 10:00-12:00") == [(0b1100001, "10:00", "12:00")]


def test_a_comma_adds_where_a_semicolon_replaces() -> None:
    assert spans("Mo-Sa 09:00-21:00, Su 11:00-18:00") == [
        (MO_FR | SA, "09:00", "21:00"),
        (SU, "11:00", "18:00"),
    ]
    assert spans("Mo-Sa 09:00-21:00; Sa 09:00-19:00") == [
        (MO_FR, "09:00", "21:00"),
        (SA, "09:00", "19:00"),
    ]
    assert spans("Mo-Sa 09:00-21:00; Sa off") == [(MO_FR, "09:00", "21:00")]


def test_times_without_days_hold_every_day() -> None:
    assert spans("08:00-18:00") == [(EVERY_DAY, "08:00", "18:00")]


def test_german_days_and_careless_spaces_are_read() -> None:
    assert spans("Di-Do 08:00 – 17:00;So 10:00-12:00") == [
        (0b1110, "08:00", "17:00"),
        (SU, "10:00", "12:00"),
    ]
    assert spans("Mo-su 09:00-19:00") == [(EVERY_DAY, "09:00", "19:00")]


def test_holidays_warn_and_leave_the_week_as_it_is() -> None:
    hours = read_hours("Mo-Fr 11:00-19:00; PH off")

    assert hours.warning == "hours_holidays"
    assert hours.windows == read_hours("Mo-Fr 11:00-19:00").windows


@pytest.mark.parametrize(
    "text",
    [
        "sunrise-sunset",
        "Mo-Fr 09:00+",
        'Mo-Fr 11:00-15:00 open "Lunch"',
        '"for request only"',
        "Mon - Fri 11am - 11pm",
        "Mo-Fr 08:00-19:00 Sa 09:00-19:00",
        "2017 Jul 1 - 2017 Aug 8 Mo-Fr 8:00-17:00",
        "week 1-20 Mo-Fr 08:00-17:00",
        "SH Mo-Fr 08:00-12:00",
        "Mo-Fr 08:00-17:00 || Sa 10:00-12:00",
        "Mo[1] 08:00-12:00",
        "Mo-Fr 8-17",
        "Mo-Fr 10:00-10:00",
        "Mo-Fr 25:00-26:00",
        "Mo-Fr 08:60-17:00",
        "Mo-Fr 08:00-17:00,",
        "Mo-Fr",
        "call us",
    ],
)
def test_anything_else_warns_and_gives_no_window(text: str) -> None:
    hours = read_hours(text)

    assert hours.windows == ()
    assert hours.warning == "hours_unclear"


def test_never_open_gives_no_window_and_says_so() -> None:
    assert read_hours("off").warning == "hours_never"


def test_windows_of_a_stop_are_spans_parted_by_semicolons() -> None:
    windows = read_spans("06:00-10:00; 14:00-16:00")

    assert windows is not None
    assert write_spans(windows) == "06:00-10:00; 14:00-16:00"
    assert read_spans("morning") is None
    assert read_spans(" ; ") is None


clock = st.builds(time, st.integers(0, 23), st.integers(0, 59))
one_window = st.builds(
    TimeWindow, days=st.integers(1, EVERY_DAY), start_local=clock, end_local=clock
).filter(lambda one: one.start_local != one.end_local or one.start_local == time(0))


@given(st.lists(one_window, min_size=1, max_size=6))
def test_written_hours_are_read_back_as_the_same_windows(windows: list[TimeWindow]) -> None:
    assert read_hours(write_hours(windows)).windows == normal(windows)


@given(st.text(alphabet='MoTuFrSaSuPHoff0123456789:-;,/+ "', max_size=60))
def test_no_text_breaks_the_reader_and_a_warned_week_is_never_half_read(text: str) -> None:
    hours = read_hours(text)

    assert hours.warning in ("", "hours_holidays") or hours.windows == ()
