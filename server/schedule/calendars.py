"""The rule a loop version runs by: its own, its loop's exceptions and its calendar."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, tzinfo
from typing import Any

from server.schedule import rules
from server.sites.queries import CalendarView
from shared.loop import LoopVersion


def rule_of(
    version: LoopVersion,
    exceptions: tuple[Mapping[str, Any], ...],
    calendar: CalendarView | None,
    tz: tzinfo,
) -> rules.Rule:
    """Join a version with its loop's exceptions and calendar."""
    plain = rules.Rule(
        tz=tz,
        rrule=version.rrule,
        anchor_date=version.anchor_date,
        departures=version.departures,
        breaks=version.breaks,
        holiday_rule=version.holiday_rule,
        exceptions=exceptions,
        allow_double=version.allow_double,
    )
    if calendar is None:
        return plain
    return replace(
        plain,
        country=calendar.country,
        subdivision=calendar.subdivision,
        extra=frozenset(date.fromisoformat(one) for one in calendar.extra),
        shutdowns=tuple(
            (date.fromisoformat(a), date.fromisoformat(b)) for a, b in calendar.shutdowns
        ),
        workdays=frozenset(calendar.workdays or rules.WORKDAYS),
    )
