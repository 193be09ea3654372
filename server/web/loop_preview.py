"""The coming departures of a version, day by day, with the reason for everything unusual."""

from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Any
from uuid import UUID

from sqlmodel import Session

from server.core.access import Principal
from server.core.words import _
from server.loops import queries as loops
from server.schedule.preview import preview
from server.schedule.rules import Rule
from server.sites import queries as sites
from server.web.formats import day
from shared.local_time import zone

DAYS = 60
TIMES_MAX = 8


def preview_days(
    session: Session, who: Principal, loop_id: UUID, version: Any, first: date
) -> list[dict[str, Any]]:
    """One entry per date: its departures in wall time and its notes in words."""
    rule = _rule(session, who, loop_id, version)
    lines = list(preview(rule, first, first + timedelta(days=DAYS), missing=True))
    lines.sort(key=lambda line: (line["service_date"], line["local"] or ""))
    return [
        _day(date.fromisoformat(on), list(some))
        for on, some in groupby(lines, key=lambda line: str(line["service_date"]))
    ]


def _rule(session: Session, who: Principal, loop_id: UUID, version: Any) -> Rule:
    row = loops.loop(session, who.site_id, loop_id)
    given = loops.as_version(session, version)
    calendar = sites.calendar(session, who.site_id, row.calendar_id)
    return Rule(
        tz=zone(sites.site(session, who.site_id).tz),
        rrule=given.rrule,
        anchor_date=given.anchor_date,
        departures=given.departures,
        breaks=given.breaks,
        country=calendar.country if calendar else "",
        subdivision=calendar.subdivision if calendar else "",
        extra=frozenset(date.fromisoformat(one) for one in calendar.extra)
        if calendar
        else frozenset(),
        shutdowns=tuple(
            (date.fromisoformat(a), date.fromisoformat(b))
            for a, b in (calendar.shutdowns if calendar else ())
        ),
        holiday_rule=given.holiday_rule,
        workdays=frozenset(calendar.workdays)
        if calendar
        else frozenset({"MO", "TU", "WE", "TH", "FR"}),
        exceptions=tuple(row.exceptions),
        allow_double=given.allow_double,
    )


def _day(on: date, lines: list[dict[str, Any]]) -> dict[str, Any]:
    local = [line["local"] for line in lines if line["local"]]
    times = [datetime.fromisoformat(text).strftime("%H:%M") for text in local]
    notes = {word for line in lines for word in str(line["note"]).split()}
    return {
        "name": day(on),
        "times": times if len(times) <= TIMES_MAX else [times[0], "…", times[-1]],
        "count": len(times),
        "notes": [_note(word) for word in sorted(notes)],
        "look": "" if times else "missing",
    }


def _note(word: str) -> str:
    name, _colon, value = word.partition(":")
    words = {
        "gap": _("clocks go forward: a departure is shifted"),
        "fold": _("clocks go back: the first of two equal times"),
        "holiday": _("holiday"),
        "shutdown": _("shutdown"),
        "removed": _("taken out by hand"),
        "double": _("would leave twice"),
        "added": _("added by hand"),
        "replaced": _("other times"),
        "cancelled": _("cancelled: two departures at the same instant"),
    }
    if name == "moved":
        return _("moved from {date}").format(date=day(date.fromisoformat(value)))
    if name == "timetable":
        return _("timetable {n}").format(n=value)
    return words.get(name, name)
