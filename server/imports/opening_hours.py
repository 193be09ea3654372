"""The part of OpenStreetMap's `opening_hours` that says weekly windows exactly; the rest warns.

Days, ranges and lists of them, several spans, `off`, `24/7`, and spans past midnight become
windows. A later rule (after `;`) replaces the days it names, a comma adds. Holidays cannot be
windows: they are left out with a warning. Anything else gives no window at all.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import time

from shared.site import EVERY_DAY, WINDOWS_MAX, TimeWindow

DAY_NAMES = ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su")
MINUTES_PER_DAY = 24 * 60

_DAYS = {name.lower(): at for at, name in enumerate(DAY_NAMES)}
_DAYS |= {"di": 1, "mi": 2, "do": 3, "so": 6}  # German, where it differs
_DAY = rf"(?:{'|'.join(_DAYS)})"
_DAY_RANGE = rf"{_DAY}(?:\s*-\s*{_DAY})?"
_SELECTOR = rf"(?:{_DAY_RANGE}|ph)(?:\s*,\s*(?:{_DAY_RANGE}|ph))*"
_SPAN = r"\d{1,2}:\d\d\s*-\s*\d{1,2}:\d\d"
_SEGMENT = re.compile(
    rf"\s*(?P<days>{_SELECTOR})?\s*:?\s*(?P<spans>{_SPAN}(?:\s*,\s*{_SPAN})*|off\b|closed\b)\s*",
    re.ASCII,
)
_DIGITS = re.compile(r"[0-9]{3,4}")
_ALWAYS = re.compile(r"24\s*/\s*7")
_DASHES = str.maketrans({"–": "-", "—": "-", "‐": "-", "‑": "-"})


@dataclass(frozen=True)
class Hours:
    """What was understood, and the code of the warning when something was not."""

    windows: tuple[TimeWindow, ...]
    warning: str = ""


class _Unclear(ValueError):
    """Outside the subset; the caller warns."""


Spans = frozenset[tuple[time, time]]


def read_hours(text: str) -> Hours:
    """Weekly windows of an `opening_hours` text, or a warning and no window."""
    week: dict[int, Spans] = {}
    holidays = False
    try:
        for rule in text.translate(_DASHES).lower().split(";"):
            if rule.strip():
                holidays |= _apply(week, rule.strip())
    except _Unclear:
        return Hours((), "hours_unclear")
    windows = group(week)
    if not windows or len(windows) > WINDOWS_MAX:
        return Hours((), "hours_unclear" if windows else "hours_never")
    return Hours(windows, "hours_holidays" if holidays else "")


def read_spans(text: str) -> tuple[TimeWindow, ...] | None:
    """Windows of every day, `HH:MM-HH:MM` parted by `;`, or None when it says something else."""
    try:
        spans = frozenset(read_span(part) for part in text.split(";") if part.strip())
    except _Unclear:
        return None
    return group(dict.fromkeys(range(7), spans)) or None


def write_spans(windows: Iterable[TimeWindow]) -> str:
    """The windows of every day as `read_spans` takes them."""
    spans = sorted((one.start_local, one.end_local) for one in windows if one.days == EVERY_DAY)
    return "; ".join(f"{start:%H:%M}-{_end(end)}" for start, end in spans)


def _apply(week: dict[int, Spans], rule: str) -> bool:
    """Take one rule into the week; true when it also spoke of public holidays."""
    if _ALWAYS.fullmatch(rule):
        week.update(dict.fromkeys(range(7), frozenset({(time(0), time(0))})))
        return False
    at = 0
    holidays = False
    named: dict[int, Spans] = {}
    while at < len(rule):
        found = _SEGMENT.match(rule, at)
        if found is None:
            raise _Unclear(rule)
        days, also_holidays = _days(found["days"])
        holidays |= also_holidays
        spans = _spans(found["spans"])
        for day in days:
            named[day] = named.get(day, frozenset()) | spans
        at = _after_comma(rule, found.end())
    week.update(named)
    return holidays


def _after_comma(rule: str, at: int) -> int:
    if at == len(rule):
        return at
    if rule[at] != "," or at + 1 == len(rule):
        raise _Unclear(rule)
    return at + 1


def _days(selector: str | None) -> tuple[Iterable[int], bool]:
    if selector is None:
        return range(7), False
    days: list[int] = []
    parts = [part.strip() for part in selector.split(",")]
    for part in parts:
        first, _, last = (name.strip() for name in part.partition("-"))
        if first == "ph":
            continue
        length = (_DAYS[last or first] - _DAYS[first]) % 7
        days += [(_DAYS[first] + step) % 7 for step in range(length + 1)]
    return days, "ph" in parts


def _spans(text: str) -> Spans:
    if text in ("off", "closed"):
        return frozenset()
    return frozenset(read_span(span) for span in text.split(","))


def read_span(text: str) -> tuple[time, time]:
    """`HH:MM-HH:MM`; hours past 24 and ends up to a day after the start are the next morning."""
    first, dash, last = text.strip().translate(_DASHES).partition("-")
    start, end = _minute(first), _minute(last)
    if not dash or start >= MINUTES_PER_DAY or end > start + MINUTES_PER_DAY:
        raise _Unclear(text)
    if start == end and start:
        # 10:00-10:00 could be nothing or a whole day.
        raise _Unclear(text)
    return _clock(start), _clock(end)


def _minute(text: str) -> int:
    hours, colon, minutes = text.strip().partition(":")
    if not (colon and _DIGITS.fullmatch(hours + minutes) and len(minutes) == 2):
        raise _Unclear(text)
    if int(hours) > 48 or int(minutes) > 59:
        raise _Unclear(text)
    return int(hours) * 60 + int(minutes)


def _clock(minute: int) -> time:
    return time(*divmod(minute % MINUTES_PER_DAY, 60))


def group(week: dict[int, Spans]) -> tuple[TimeWindow, ...]:
    """One window per span with the mask of the days that have it, in a fixed order."""
    masks: dict[tuple[time, time], int] = {}
    for day, spans in week.items():
        for span in spans:
            masks[span] = masks.get(span, 0) | 1 << day
    return tuple(
        TimeWindow(days=mask, start_local=start, end_local=end)
        for (start, end), mask in sorted(masks.items(), key=lambda one: (one[1], one[0]))
    )


def normal(windows: Iterable[TimeWindow]) -> tuple[TimeWindow, ...]:
    """The same windows in the one order and grouping that `read_hours` gives."""
    week: dict[int, Spans] = {}
    for window in windows:
        for day in _set_days(window.days):
            week[day] = week.get(day, frozenset()) | {(window.start_local, window.end_local)}
    return group(week)


def write_hours(windows: Sequence[TimeWindow]) -> str:
    """The windows as `opening_hours`; reading it gives the same windows again."""
    week: dict[int, list[tuple[time, time]]] = {}
    for window in sorted(normal(windows), key=lambda one: (one.start_local, one.end_local)):
        for day in _set_days(window.days):
            week.setdefault(day, []).append((window.start_local, window.end_local))
    if all(week.get(day) == [(time(0), time(0))] for day in range(7)):
        return "24/7"
    by_spans: dict[str, list[int]] = {}
    for day in sorted(week):
        spans = ",".join(f"{start:%H:%M}-{_end(end)}" for start, end in week[day])
        by_spans.setdefault(spans, []).append(day)
    return "; ".join(f"{_names(days)} {spans}" for spans, days in by_spans.items())


def _end(end: time) -> str:
    return "24:00" if end == time(0) else f"{end:%H:%M}"


def _set_days(mask: int) -> list[int]:
    return [day for day in range(7) if mask >> day & 1]


def _names(days: Sequence[int]) -> str:
    """`Mo-Fr` for three or more in a row, else a list."""
    runs: list[list[int]] = []
    for day in days:
        if runs and runs[-1][-1] == day - 1:
            runs[-1].append(day)
        else:
            runs.append([day])
    texts = []
    for run in runs:
        names = [DAY_NAMES[day] for day in run]
        texts.append(f"{names[0]}-{names[-1]}" if len(run) > 2 else ",".join(names))
    return ",".join(texts)
