"""Wall time of a site turned into instants: a gap shifts forward, a fold takes the first."""

from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import lru_cache
from typing import Literal, NamedTuple
from zoneinfo import ZoneInfo

TimeKind = Literal["exact", "gap", "fold"]


class LocalInstant(NamedTuple):
    """The instant a wall time stands for, and whether that wall time is missing or doubled."""

    utc: datetime
    kind: TimeKind


@lru_cache(maxsize=64)
def zone(name: str) -> ZoneInfo:
    """Return the time zone of this IANA name."""
    return ZoneInfo(name)


def resolve_local(day: date, at: time, tz: tzinfo) -> LocalInstant:
    """Turn a wall time into UTC; the only function of the product that does so.

    A time in a gap is shifted forward by the length of the gap, one that exists twice is the
    first. Both are what PEP 495 calls fold=0, so only the kind has to be told apart.
    """
    naive = datetime.combine(day, at.replace(fold=0))
    first = naive.replace(tzinfo=tz)
    second = first.replace(fold=1)
    before, after = first.utcoffset(), second.utcoffset()
    assert before is not None
    assert after is not None
    utc = first.astimezone(UTC)
    if before == after:
        return LocalInstant(utc, "exact")
    return LocalInstant(utc, "fold" if before > after else "gap")


def resolve_span(
    day: date, start: time, end: time, tz: tzinfo
) -> tuple[LocalInstant, LocalInstant]:
    """Both ends of a window, shift or break; an end not after its start is on the next day."""
    last_day = day if end > start else day + timedelta(days=1)
    return resolve_local(day, start, tz), resolve_local(last_day, end, tz)


def local_day(instant: datetime, tz: tzinfo) -> date:
    """Return the date a calendar on the wall of the site shows at this instant."""
    return instant.astimezone(tz).date()


def offset_s(instant: datetime, tz: tzinfo) -> int:
    """Seconds the clocks of the site are ahead of UTC at this instant."""
    offset = instant.astimezone(tz).utcoffset()
    assert offset is not None
    return int(offset.total_seconds())


def offset_change(start: datetime, end: datetime, tz: tzinfo) -> tuple[datetime, int] | None:
    """Find the first change of the clocks in (start, end] and the offset that holds after it."""
    old, new = offset_s(start, tz), offset_s(end, tz)
    if old == new or end <= start:
        return None
    low, high = start, end
    while high - low > timedelta(seconds=1):
        middle = low + (high - low) / 2
        low, high = (middle, high) if offset_s(middle, tz) == old else (low, middle)
    moment = high.replace(microsecond=0)
    return moment, offset_s(moment, tz)
