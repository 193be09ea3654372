"""Which backups are kept, when the next one is due, and how well the server is protected."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

BACKUP_EVERY_S = 900
BACKUP_EVERY_POSTGRES_S = 86_400
BACKUP_RETRY_S = 900
DRILL_EVERY_S = 7 * 86_400
DRILL_OLD_S = 8 * 86_400
LATEST_KEPT, DAYS_KEPT, WEEKS_KEPT = 4, 7, 4
BACKUP_KEEP_D = 35
RED_AFTER_S = 3 * 86_400
GREEN, YELLOW, RED = "green", "yellow", "red"


def kept(made: Iterable[tuple[int, datetime]], now: datetime) -> set[int]:
    """Which of these numbered backups stay: the latest, one a day, one a week, none too old.

    The newest one always stays. Numbers say what came later; clocks may be set back.
    """
    newest_first = sorted(made, reverse=True)
    stay = {number for number, _ in newest_first[:LATEST_KEPT]}
    days: dict[str, int] = {}
    weeks: dict[str, int] = {}
    for number, at in newest_first:
        days.setdefault(f"{at:%Y-%m-%d}", number)
        weeks.setdefault(f"{at:%G-%V}", number)
    stay |= set(list(days.values())[:DAYS_KEPT]) | set(list(weeks.values())[:WEEKS_KEPT])
    oldest = now - timedelta(days=BACKUP_KEEP_D)
    young = {number for number, at in newest_first if at >= oldest}
    return (stay & young) | {number for number, _ in newest_first[:1]}


@dataclass(frozen=True, slots=True)
class History:
    """What the rows of backups and drills say, as instants in milliseconds."""

    every_s: int
    first_ms: int | None = None
    verified_ms: int | None = None
    tried_ms: int | None = None
    failed_why: str | None = None
    drilled_ms: int | None = None
    drill_tried_ms: int | None = None
    drill_why: str | None = None


def backup_due(history: History, now_ms: int) -> bool:
    """Whether it is time for the next backup; after a failure it is tried again sooner."""
    if history.tried_ms is None:
        return True
    retry_s = BACKUP_RETRY_S if history.failed_why else history.every_s
    return _passed(history.tried_ms, min(retry_s, history.every_s), now_ms)


def drill_due(history: History, now_ms: int) -> bool:
    """Whether it is time for a drill; the first one comes a week after the first backup."""
    last = history.drill_tried_ms or history.first_ms
    return last is not None and _passed(last, DRILL_EVERY_S, now_ms)


def _passed(since_ms: int, s: int, now_ms: int) -> bool:
    """Whether so many seconds have passed; a clock that was set back never makes one wait."""
    return not since_ms <= now_ms < since_ms + s * 1000


@dataclass(frozen=True, slots=True)
class Health:
    """One light and its reason: `fresh`, `none_yet`, `failed`, `old`, `drill_failed`, `drill_old`.

    `detail` is the reason as the run wrote it down.
    """

    light: str
    reason: str
    detail: str = ""


def health(history: History, now_ms: int) -> Health:
    """How well the server is protected; a server without any backup has one period to make it."""
    if history.failed_why:
        return Health(RED, "failed", history.failed_why)
    if history.verified_ms is None:
        return Health(YELLOW, "none_yet")
    age_s = (now_ms - history.verified_ms) / 1000
    if age_s > max(2 * history.every_s, RED_AFTER_S):
        return Health(RED, "old")
    if age_s > 2 * history.every_s:
        return Health(YELLOW, "old")
    if history.drill_why:
        return Health(YELLOW, "drill_failed", history.drill_why)
    drilled = history.drilled_ms or history.first_ms
    if drilled is not None and now_ms - drilled > DRILL_OLD_S * 1000:
        return Health(YELLOW, "drill_old")
    return Health(GREEN, "fresh")
