"""Which backups stay, when the next one is due, and which light is on."""

from datetime import UTC, datetime, timedelta

import pytest

from server.backup import rules
from server.backup.rules import GREEN, RED, YELLOW, History, health, kept

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)  # a Monday
DAY_MS = 86_400_000


def test_four_latest_seven_days_and_four_weeks_stay() -> None:
    quarter_hours = [(n, NOW - timedelta(minutes=15 * (4_000 - n))) for n in range(4_001)]

    stay = kept(quarter_hours, NOW)

    made = dict(quarter_hours)
    latest = {3_997, 3_998, 3_999, 4_000}
    assert latest <= stay
    days = {made[n].date() for n in stay}
    assert {(NOW - timedelta(days=d)).date() for d in range(7)} <= days
    weeks = {made[n].strftime("%G-%V") for n in stay}
    assert len(weeks) == 4
    assert len(stay) == 4 + 6 + 2  # the newest serves for its day and week as well


def test_none_is_older_than_35_days_but_the_newest() -> None:
    old = [(1, NOW - timedelta(days=90)), (2, NOW - timedelta(days=60))]

    assert kept(old, NOW) == {2}
    assert kept([*old, (3, NOW)], NOW) == {3}


def test_the_last_number_is_the_newest_whatever_the_clock_said() -> None:
    """A clock that was set back must not make the newest backup look old."""
    made = [(n, NOW + timedelta(hours=n)) for n in range(1, 8)]

    stay = kept([*made, (8, NOW - timedelta(days=2))], NOW)

    assert 8 in stay


@pytest.mark.parametrize(
    ("history", "passed_s", "due"),
    [
        (History(900), 0, True),
        (History(900, tried_ms=0), 899, False),
        (History(900, tried_ms=0), 900, True),
        (History(86_400, tried_ms=0), 900, False),
        (History(86_400, tried_ms=0, failed_why="full"), 900, True),
        (History(900, tried_ms=DAY_MS), 0, True),  # the clock was set back
    ],
)
def test_a_backup_is_due_after_its_period_and_sooner_after_a_failure(
    history: History, passed_s: int, *, due: bool
) -> None:
    assert rules.backup_due(history, passed_s * 1000) is due


def test_the_first_drill_comes_a_week_after_the_first_backup() -> None:
    none_yet, one = History(900), History(900, first_ms=0)
    drilled = History(900, first_ms=0, drill_tried_ms=7 * DAY_MS)

    assert not rules.drill_due(none_yet, 100 * DAY_MS)
    assert not rules.drill_due(one, 7 * DAY_MS - 1)
    assert rules.drill_due(one, 7 * DAY_MS)
    assert not rules.drill_due(drilled, 8 * DAY_MS)


@pytest.mark.parametrize(
    ("history", "now_ms", "light", "reason"),
    [
        (History(900), 0, YELLOW, "none_yet"),
        (History(900, first_ms=0, verified_ms=0), 1_800_000, GREEN, "fresh"),
        (History(900, first_ms=0, verified_ms=0), 1_800_001, YELLOW, "old"),
        (History(900, first_ms=0, verified_ms=0), 3 * DAY_MS + 1, RED, "old"),
        (History(86_400, first_ms=0, verified_ms=0), DAY_MS, GREEN, "fresh"),
        (History(900, first_ms=0, verified_ms=0, failed_why="full"), 1, RED, "failed"),
        (
            History(900, first_ms=0, verified_ms=8 * DAY_MS),
            8 * DAY_MS + 1,
            YELLOW,
            "drill_old",
        ),
        (
            History(900, first_ms=0, verified_ms=9 * DAY_MS, drilled_ms=DAY_MS, drill_why="bad"),
            9 * DAY_MS,
            YELLOW,
            "drill_failed",
        ),
    ],
)
def test_the_light_says_how_well_the_server_is_protected(
    history: History, now_ms: int, light: str, reason: str
) -> None:
    told = health(history, now_ms)

    assert (told.light, told.reason) == (light, reason)
