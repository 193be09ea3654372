"""From a calendar rule to instants: which service dates, which departures, and why; pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta, tzinfo
from typing import Any, NamedTuple

import holidays
from pydantic import TypeAdapter

from server.loops.rules import read_rrule
from shared.departure import Break, Departure, DepartureTime, expand
from shared.refusals import refuse

WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
WORKDAYS = frozenset(WEEKDAYS[:5])
MOVE_DAYS_MAX = 14
DATES_MAX = 4_000
DST_COLLISION = "dst_collision"
_DEPARTURES: TypeAdapter[tuple[Departure, ...]] = TypeAdapter(tuple[Departure, ...])


@dataclass(frozen=True)
class Rule:
    """Everything the service dates and departures of one loop version follow from."""

    tz: tzinfo
    rrule: str
    anchor_date: date
    departures: tuple[Departure, ...]
    breaks: Sequence[Break] = ()
    country: str = ""
    subdivision: str = ""
    extra: frozenset[date] = frozenset()
    shutdowns: tuple[tuple[date, date], ...] = ()
    holiday_rule: str = "skip"
    workdays: frozenset[str] = WORKDAYS
    exceptions: tuple[Mapping[str, Any], ...] = ()
    allow_double: bool = False


class ServiceDay(NamedTuple):
    """One set of departures on one service date; `notes` say what is special."""

    service_date: date
    timetable_no: int
    notes: tuple[str, ...] = ()
    own: tuple[Departure, ...] | None = None


class Line(NamedTuple):
    """One departure that a run is made for, or cancelled for."""

    service_date: date
    departure: DepartureTime
    notes: tuple[str, ...]
    cancelled: str | None = None


class Missing(NamedTuple):
    """A date of the rule without departures, and why."""

    service_date: date
    why: str


@dataclass
class Dates:
    """Service dates of a range, in order, and the dates that fell out."""

    days: list[ServiceDay] = field(default_factory=list)
    missing: list[Missing] = field(default_factory=list)


def dates_of_rule(rule: Rule, first: date, last: date) -> list[date]:
    """Dates the recurrence rule names, on naive local dates; times are refused."""
    found = read_rrule(rule.rrule, rule.anchor_date)
    if isinstance(found, str):
        raise refuse("bad_input", errors=[("/rrule", found)], why="/rrule")
    start = datetime.combine(first, time())
    end = datetime.combine(last, time())
    dates: list[date] = []
    for at in found.xafter(start, inc=True):
        if at > end or len(dates) >= DATES_MAX:
            break
        dates.append(at.date())
    return dates


def holidays_of(rule: Rule, years: Iterable[int]) -> frozenset[date]:
    """Holidays of the rule's country and its own extra dates."""
    if not rule.country:
        return rule.extra
    try:
        found = holidays.country_holidays(
            rule.country, subdiv=rule.subdivision or None, years=sorted(set(years))
        )
    except (NotImplementedError, KeyError, ValueError) as error:
        raise refuse("bad_input", errors=[("/holidays", str(error))], why="/holidays") from error
    return rule.extra | frozenset(found.keys())


def service_days(rule: Rule, first: date, last: date) -> Dates:
    """Service dates between first and last: shutdown, exceptions, holiday rule, in this order."""
    early, late = first - timedelta(days=MOVE_DAYS_MAX), last + timedelta(days=MOVE_DAYS_MAX)
    free = holidays_of(rule, range(early.year, late.year + 1))
    regular = dates_of_rule(rule, early, late)
    by_date: dict[str, list[Mapping[str, Any]]] = {}
    for one in rule.exceptions:
        by_date.setdefault(str(one["date"]), []).append(one)
    found = _Expansion(rule, free, by_date)
    for day in regular:
        found.regular(day)
    found.additions()
    found.moves()
    days = sorted(
        (one for one in found.out.days if first <= one.service_date <= last),
        key=lambda one: (one.service_date, len(one.notes)),
    )
    missing = [one for one in found.out.missing if first <= one.service_date <= last]
    return Dates(days, sorted(missing))


@dataclass
class _Expansion:
    """The walk over the dates of a rule."""

    rule: Rule
    free: frozenset[date]
    exceptions: Mapping[str, Sequence[Mapping[str, Any]]]
    out: Dates = field(default_factory=Dates)
    moved: list[tuple[date, date]] = field(default_factory=list)

    def regular(self, day: date) -> None:
        """One date the recurrence rule names."""
        ops = [one["op"] for one in self.exceptions.get(day.isoformat(), ())]
        if self._shut(day):
            self.out.missing.append(Missing(day, "shutdown"))
        elif "remove" in ops:
            self.out.missing.append(Missing(day, "removed"))
        elif "replace" in ops:
            self._special(day, "replace", "replaced")
        elif day in self.free and "add" not in ops:
            self._holiday(day)
        elif "add" not in ops:
            self.out.days.append(ServiceDay(day, 1))

    def additions(self) -> None:
        """Dates that exceptions add."""
        for text, rows in self.exceptions.items():
            day = date.fromisoformat(text)
            if any(one["op"] == "add" for one in rows):
                if self._shut(day):
                    self.out.missing.append(Missing(day, "shutdown"))
                else:
                    self._special(day, "add", "added")

    def moves(self) -> None:
        """Dates a holiday moved elsewhere; an occupied one is taken twice only if allowed."""
        taken = {one.service_date for one in self.out.days}
        for origin, target in sorted(self.moved):
            if target in taken and not self.rule.allow_double:
                self.out.missing.append(Missing(origin, "double"))
                continue
            taken.add(target)
            self.out.days.append(ServiceDay(target, 1, (f"moved:{origin.isoformat()}",)))

    def _special(self, day: date, op: str, note: str) -> None:
        for one in self.exceptions[day.isoformat()]:
            if one["op"] == op:
                own = one.get("departures")
                number = int(one.get("timetable_no") or 1)
                notes = (note,) if number == 1 else (note, f"timetable:{number}")
                lines = None if own is None else _DEPARTURES.validate_python(tuple(own))
                self.out.days.append(ServiceDay(day, number, notes, lines))

    def _holiday(self, day: date) -> None:
        rule = self.rule.holiday_rule
        if rule == "run":
            self.out.days.append(ServiceDay(day, 1))
        elif rule.startswith("timetable:"):
            number = int(rule.partition(":")[2])
            self.out.days.append(ServiceDay(day, number, (rule,)))
        elif rule in ("previous_workday", "next_workday"):
            target = self._workday(day, -1 if rule == "previous_workday" else 1)
            if target is None:
                self.out.missing.append(Missing(day, "holiday"))
            else:
                self.moved.append((day, target))
        else:
            self.out.missing.append(Missing(day, "holiday"))

    def _workday(self, day: date, step: int) -> date | None:
        for n in range(1, MOVE_DAYS_MAX + 1):
            near = day + timedelta(days=n * step)
            works = WEEKDAYS[near.weekday()] in self.rule.workdays
            if works and near not in self.free and not self._shut(near):
                return near
        return None

    def _shut(self, day: date) -> bool:
        return any(start <= day <= end for start, end in self.rule.shutdowns)


def lines_of(rule: Rule, first: date, last: date) -> tuple[list[Line], list[Missing]]:
    """Every departure of these service dates, ordered by instant, then number.

    A day more on both sides is expanded, because two departures of neighbouring service dates
    may land on one instant when the clocks change; the shifted one is cancelled.
    """
    day = timedelta(days=1)
    wide = service_days(rule, first - day, last + day)
    lines = [
        Line(one.service_date, at, _notes(one, at))
        for one in wide.days
        for at in expand(
            rule.departures if one.own is None else one.own,
            one.service_date,
            rule.tz,
            breaks=rule.breaks,
            timetable_no=one.timetable_no if one.own is None else _number(one),
        )
    ]
    lines = _without_collisions(lines)
    inside = [one for one in lines if first <= one.service_date <= last]
    missing = [one for one in wide.missing if first <= one.service_date <= last]
    return sorted(inside, key=lambda one: (one.departure.at, one.departure.departure_no)), missing


def _number(day: ServiceDay) -> int:
    return day.own[0].timetable_no if day.own else day.timetable_no


def _notes(day: ServiceDay, at: DepartureTime) -> tuple[str, ...]:
    return day.notes if at.kind == "exact" else (*day.notes, at.kind)


def _without_collisions(lines: Sequence[Line]) -> list[Line]:
    exact = {one.departure.at for one in lines if one.departure.kind != "gap"}
    return [
        one._replace(cancelled=DST_COLLISION, notes=(*one.notes, f"cancelled:{DST_COLLISION}"))
        if one.departure.kind == "gap" and one.departure.at in exact
        else one
        for one in lines
    ]
