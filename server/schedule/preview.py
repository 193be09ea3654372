"""`milkrun schedule preview`: the calendar and DST rule as JSON lines, without a database."""

import json
import sys
from collections.abc import Iterator
from datetime import UTC, date, timedelta
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator, Field, ValidationError
from sqlmodel import Session

from server.core.hosting import BAD_USE, Stop
from server.loops import queries as loops
from server.schedule.calendars import rule_of
from server.schedule.rules import Line, Missing, Rule, lines_of
from server.sites import queries as sites
from shared.departure import Departure
from shared.gate import Day, Many, Text, Unfit, WallTime, Wire, parse_json, read_array
from shared.ids import LoopId, SiteId
from shared.local_time import zone
from shared.loop import HolidayRule
from shared.refusals import Refusal, refuse

DAYS_MAX = 3_700
Weekday = Literal["MO", "TU", "WE", "TH", "FR", "SA", "SU"]
Hours = Annotated[tuple[WallTime, WallTime], BeforeValidator(read_array)]
Shutdown = Annotated[tuple[Day, Day], BeforeValidator(read_array)]


class RuleHolidays(Wire):
    """Where holidays come from."""

    country: Text = ""
    subdivision: Text = ""
    extra: Many[Day] = ()


class RuleException(Wire):
    """What is special about one date."""

    date: Day
    op: Literal["remove", "add", "replace"]
    departures: Many[Departure] | None = None
    timetable_no: Annotated[int, Field(ge=1, le=99)] | None = None


class RuleFile(Wire):
    """RULE.json, keys exactly as schedule-and-plant.md §4.1."""

    format: Literal["milkrun.schedule/1"]
    tz: str
    anchor_date: Day
    rrule: Annotated[str, Field(max_length=500)]
    departures: Many[Departure]
    breaks: Many[Hours] = ()
    holidays: RuleHolidays = RuleHolidays()
    holiday_rule: HolidayRule = "skip"
    workdays: Many[Weekday] = ("MO", "TU", "WE", "TH", "FR")
    shutdowns: Many[Shutdown] = ()
    exceptions: Many[RuleException] = ()
    allow_double: bool = False


def read_rule(given: object) -> Rule:
    """Read RULE.json; refuses `bad_input` with the JSON pointer of each fault."""
    try:
        found = RuleFile.model_validate(given)
    except ValidationError as error:
        raise _refusal(error) from error
    return Rule(
        tz=_zone(found.tz),
        rrule=found.rrule,
        anchor_date=found.anchor_date,
        departures=found.departures,
        breaks=found.breaks,
        country=found.holidays.country,
        subdivision=found.holidays.subdivision,
        extra=frozenset(found.holidays.extra),
        shutdowns=found.shutdowns,
        holiday_rule=found.holiday_rule,
        workdays=frozenset(found.workdays),
        exceptions=tuple(_exception(one) for one in found.exceptions),
        allow_double=found.allow_double,
    )


def _exception(one: RuleException) -> dict[str, Any]:
    return {
        "date": one.date.isoformat(),
        "op": one.op,
        "departures": one.departures,
        "timetable_no": one.timetable_no,
    }


def _zone(name: str) -> ZoneInfo:
    try:
        return zone(name)
    except (KeyError, ValueError, OSError) as error:
        raise refuse("bad_input", errors=[("/tz", "no such time zone")], why="/tz") from error


def _refusal(error: ValidationError) -> Refusal:
    found = [("/" + "/".join(map(str, item["loc"])), item["msg"]) for item in error.errors()]
    return refuse("bad_input", errors=found, why=", ".join(where for where, _ in found)[:200])


def lines(file: Path, first: date, last: date, *, missing: bool) -> Iterator[str]:
    """The preview of a file, or of standard input for `-`, one JSON text a line."""
    try:
        body = sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
        rule = read_rule(parse_json(body))
    except (OSError, Unfit) as error:
        raise Stop(BAD_USE, f"{file} cannot be read: {error}") from error
    for line in preview(rule, first, last, missing=missing):
        yield json.dumps(line, ensure_ascii=False, separators=(",", ":"))


def preview(
    rule: Rule, first: date, last: date, *, missing: bool = False
) -> Iterator[dict[str, Any]]:
    """Lines of the preview: departures by instant, then with `missing` the dates without."""
    if last < first or last - first > timedelta(days=DAYS_MAX):
        raise refuse("bad_input", errors=[("/to", "before /from, or too far")], why="to")
    lines, without = lines_of(rule, first, last)
    for line in lines:
        yield _written(line, rule)
    for one in without if missing else ():
        yield _gone(one)


def _written(line: Line, rule: Rule) -> dict[str, Any]:
    at = line.departure.at
    return {
        "service_date": line.service_date.isoformat(),
        "departure_no": line.departure.departure_no,
        "planned_at_utc": at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "local": at.astimezone(rule.tz).isoformat(timespec="seconds"),
        "note": " ".join(line.notes),
    }


def _gone(one: Missing) -> dict[str, Any]:
    return {
        "service_date": one.service_date.isoformat(),
        "departure_no": None,
        "planned_at_utc": None,
        "local": None,
        "note": one.why,
    }


def of_loop(
    session: Session, site_id: SiteId, loop_id: LoopId, first: date, last: date
) -> list[dict[str, Any]]:
    """Preview of a loop's newest version, draft or published, missing dates included."""
    about = loops.loop(session, site_id, loop_id)
    versions = loops.versions(session, site_id, loop_id)
    if not versions:
        return []
    version = loops.as_version(session, versions[-1])
    tz = zone(sites.site(session, site_id).tz)
    calendar = sites.calendar(session, site_id, about.calendar_id)
    rule = rule_of(version, tuple(about.exceptions), calendar, tz)
    return list(preview(rule, first, last, missing=True))
