"""The Today board: every run of a day on one page."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from fastapi import Request
from sqlmodel import Session
from starlette.responses import Response

from server.core.access import Resource, may
from server.core.http import InParts, Who, needs
from server.core.words import _
from server.loops import queries as loops
from server.web.formats import day, long_day
from server.web.page import page, page_router
from server.web.shell import Shell
from server.web.stream import read_snapshot, reason_words
from shared.refusals import refuse

router = page_router()
ONE_DAY = timedelta(days=1)


@router.get("/today", openapi_extra=needs("board", "read"))
def today(request: Request, who: Who, parts: InParts, date: str = "") -> Response:
    """Cards, map, list and exceptions of one service date."""

    def load(session: Session, shell: Shell) -> Mapping[str, Any]:
        present = shell.times.today(shell.now)
        on = _date(date) if date else present
        topic = f"today:{on.isoformat()}"
        return {
            "day_name": day(on),
            "long_day": long_day(on),
            "is_today": on == present,
            "before": (on - ONE_DAY).isoformat(),
            "after": (on + ONE_DAY).isoformat(),
            "may_edit": may(who, "write", resource=Resource("plan", who.site_id)),
            "empty_text": _empty_text(bool(loops.running_loops(session, who.site_id))),
            "page_data": {
                "topic": topic,
                "date": on.isoformat(),
                "reasons": reason_words(session, who),
                "snapshot": read_snapshot(session, request, parts, who, (topic,)),
            },
        }

    return page(request, who, parts, "today.html", load)


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise refuse("bad_input", why="date") from error


def _empty_text(has_loops: bool) -> str:  # noqa: FBT001 - one answer, read once
    if has_loops:
        return _("No open runs here. Runs appear by the timetables of the loops.")
    return _("No loop has a timetable yet. Publish one, and its runs appear here by themselves.")
