"""Calendars: recurrence, holidays, shutdowns, exceptions, and the nights clocks change."""

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.schedule.preview import preview, read_rule
from server.schedule.rules import lines_of
from shared.refusals import Refusal

BASE: dict[str, Any] = {
    "format": "milkrun.schedule/1",
    "tz": "Europe/Berlin",
    "anchor_date": "2027-01-04",
    "rrule": "FREQ=DAILY",
    "departures": [{"departure_no": 1, "time_local": "08:00"}],
}


def shown(first: str, last: str, **more: Any) -> list[tuple[str | None, str, str]]:
    """Dates, local times and notes of a preview, missing dates included."""
    rule = read_rule({**BASE, **more})
    lines = preview(rule, date.fromisoformat(first), date.fromisoformat(last), missing=True)
    return [(one["service_date"], (one["local"] or "")[11:16], one["note"]) for one in lines]


@pytest.mark.parametrize(
    ("rrule", "days"),
    [
        ("FREQ=DAILY;INTERVAL=3", ["04", "07", "10"]),
        ("FREQ=WEEKLY;BYDAY=MO,FR", ["04", "08"]),
        ("FREQ=WEEKLY;INTERVAL=2;BYDAY=MO", ["04"]),
        ("FREQ=MONTHLY;BYMONTHDAY=6,31", ["06"]),
        ("FREQ=DAILY;COUNT=2", ["04", "05"]),
        ("FREQ=DAILY;UNTIL=20270106", ["04", "05", "06"]),
    ],
)
def test_a_rule_names_service_dates(rrule: str, days: list[str]) -> None:
    found = shown("2027-01-04", "2027-01-10", rrule=rrule)

    assert [day[-2:] for day, _, _ in found if day] == days


@pytest.mark.parametrize(
    "rrule", ["FREQ=DAILY;BYHOUR=8", "FREQ=HOURLY", "every monday", "FREQ=DAILY;INTERVAL=x", ""]
)
def test_a_rule_that_names_times_or_nonsense_is_refused(rrule: str) -> None:
    with pytest.raises(Refusal) as refused:
        shown("2027-01-04", "2027-01-10", rrule=rrule)

    assert (refused.value.code, refused.value.errors[0][0]) == ("bad_input", "/rrule")


def test_a_holiday_is_skipped_run_or_moved_as_the_rule_says() -> None:
    good_friday = {"holidays": {"country": "DE", "subdivision": "SN"}}
    weekdays = {"rrule": "FREQ=WEEKLY;BYDAY=FR", **good_friday}

    by_rule = {
        rule: shown("2027-03-22", "2027-04-02", **weekdays, holiday_rule=rule)
        for rule in ("skip", "run", "previous_workday", "next_workday")
    }

    assert by_rule["skip"] == [("2027-04-02", "08:00", ""), ("2027-03-26", "", "holiday")]
    assert [day for day, _, _ in by_rule["run"]] == ["2027-03-26", "2027-04-02"]
    assert by_rule["previous_workday"][0] == ("2027-03-25", "08:00", "moved:2027-03-26")
    assert by_rule["next_workday"][0] == ("2027-03-30", "08:00", "moved:2027-03-26")


def test_a_holiday_may_run_another_timetable() -> None:
    found = shown(
        "2027-01-06",
        "2027-01-06",
        holidays={"extra": ["2027-01-06"]},
        holiday_rule="timetable:2",
        departures=[
            {"departure_no": 1, "time_local": "08:00"},
            {"departure_no": 1, "time_local": "10:00", "timetable_no": 2},
        ],
    )

    assert found == [("2027-01-06", "10:00", "timetable:2")]


def test_a_date_moved_onto_an_occupied_one_is_dropped_unless_both_may_run() -> None:
    friday = {"holidays": {"extra": ["2027-01-08"]}, "holiday_rule": "previous_workday"}

    single = shown("2027-01-07", "2027-01-08", **friday)
    double = shown("2027-01-07", "2027-01-08", **friday, allow_double=True)

    assert single == [("2027-01-07", "08:00", ""), ("2027-01-08", "", "double")]
    assert double == [
        ("2027-01-07", "08:00", ""),
        ("2027-01-07", "08:00", "moved:2027-01-08"),
    ]


def test_shutdown_beats_exceptions_and_exceptions_beat_holidays() -> None:
    found = shown(
        "2027-01-04",
        "2027-01-08",
        shutdowns=[["2027-01-04", "2027-01-05"]],
        holidays={"extra": ["2027-01-06", "2027-01-07"]},
        exceptions=[
            {"date": "2027-01-05", "op": "add"},
            {"date": "2027-01-06", "op": "add"},
            {"date": "2027-01-08", "op": "replace",
             "departures": [{"departure_no": 9, "time_local": "11:00"}]},
        ],
    )  # fmt: skip

    assert [one for one in found if one[1]] == [
        ("2027-01-06", "08:00", "added"),
        ("2027-01-08", "11:00", "replaced"),
    ]
    assert {(day, note) for day, local, note in found if not local} == {
        ("2027-01-04", "shutdown"),
        ("2027-01-05", "shutdown"),
        ("2027-01-07", "holiday"),
    }


def test_the_worked_line_of_the_preview_is_reproduced() -> None:
    departures = [{"base_no": 10, "first_local": "22:00", "last_local": "06:00", "headway_s": 1200}]
    rule = read_rule({**BASE, "departures": departures})

    lines = list(preview(rule, date(2027, 3, 27), date(2027, 3, 27)))

    assert lines[13] == {
        "service_date": "2027-03-27",
        "departure_no": 23,
        "planned_at_utc": "2027-03-28T01:20:00Z",
        "local": "2027-03-28T03:20:00+02:00",
        "note": "",
    }


def test_of_two_departures_on_one_instant_the_shifted_one_is_cancelled() -> None:
    found = shown(
        "2027-03-28",
        "2027-03-28",
        departures=[
            {"departure_no": 1, "time_local": "02:30"},
            {"departure_no": 2, "time_local": "03:30"},
        ],
    )

    assert found == [
        ("2027-03-28", "03:30", "gap cancelled:dst_collision"),
        ("2027-03-28", "03:30", ""),
    ]


def test_a_collision_with_the_day_before_is_found_too() -> None:
    found = shown(
        "2027-03-28",
        "2027-03-28",
        departures=[
            {"departure_no": 1, "time_local": "02:30"},
            {"departure_no": 2, "time_local": "03:30", "day_offset": 1},
        ],
    )

    assert found[0] == ("2027-03-28", "03:30", "gap cancelled:dst_collision")


def test_a_departure_in_the_fold_leaves_the_first_time() -> None:
    rule = read_rule({**BASE, "departures": [{"departure_no": 1, "time_local": "02:30"}]})

    [line] = preview(rule, date(2027, 10, 31), date(2027, 10, 31))

    assert (line["planned_at_utc"], line["note"]) == ("2027-10-31T00:30:00Z", "fold")


@pytest.mark.parametrize(
    ("more", "pointer"),
    [
        ({"tz": "Mars/Base"}, "/tz"),
        ({"colour": "red"}, "/colour"),
        ({"format": "milkrun.schedule/2"}, "/format"),
        ({"departures": [{"departure_no": 1}]}, "/departures/0"),
        ({"holidays": {"country": "ZZ"}}, "/holidays"),
        ({"holiday_rule": "sleep"}, "/holiday_rule"),
        ({"shutdowns": [["2027-01-01"]]}, "/shutdowns/0"),
    ],
)
def test_a_wrong_rule_names_the_place(more: dict[str, Any], pointer: str) -> None:
    with pytest.raises(Refusal) as refused:
        shown("2027-01-04", "2027-01-10", **more)

    assert refused.value.errors[0][0].startswith(pointer)


@given(
    start=st.dates(date(2027, 1, 4), date(2027, 12, 1)),
    cut=st.integers(0, 20),
    rule=st.sampled_from(["skip", "run", "previous_workday", "next_workday"]),
)
def test_a_range_gives_the_same_departures_whole_or_in_two_parts(
    start: date, cut: int, rule: str
) -> None:
    read = read_rule(
        {**BASE, "rrule": "FREQ=WEEKLY;BYDAY=MO,TH,FR", "holidays": {"country": "DE"},
         "holiday_rule": rule, "departures": [
             {"departure_no": 1, "time_local": "02:30"},
             {"departure_no": 2, "time_local": "03:30", "day_offset": 1}]}
    )  # fmt: skip
    end, middle = start + timedelta(days=20), start + timedelta(days=cut)

    whole, _ = lines_of(read, start, end)
    first, _ = lines_of(read, start, middle)
    rest, _ = lines_of(read, middle + timedelta(days=1), end)

    assert sorted(whole, key=str) == sorted([*first, *rest], key=str)
