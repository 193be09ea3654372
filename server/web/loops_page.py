"""The list of loops, and the editor where a version is drawn, previewed and published."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from fastapi import Request
from sqlmodel import Session
from starlette.responses import Response

from server.core.access import Principal, reaches
from server.core.http import InParts, Who, needs
from server.core.words import _
from server.fleet import queries as fleet
from server.loops import queries as loops
from server.people import queries as people
from server.runs import queries as runs
from server.sites import queries as sites
from server.web.formats import to_ms
from server.web.loop_preview import preview_days
from server.web.page import page, page_router
from server.web.shell import Shell

router = page_router()
AHEAD = timedelta(days=13)
LATEST = -1


@router.get("/loops", openapi_extra=needs("loops", "read"))
def loops_page(request: Request, who: Who, parts: InParts) -> Response:
    """Every loop with its life state and next departure."""

    def load(session: Session, shell: Shell) -> Mapping[str, Any]:
        today = shell.times.today(shell.now)
        rows = loops.loops(session, who.site_id)
        return {
            "loops": [_line(session, who, row, today, shell) for row in rows],
            "kinds": loop_kinds(),
            "states": life_states(),
            "may_write": bool(reaches(who, "loops", "write")),
            "may_import": bool(reaches(who, "import", "write")),
        }

    return page(request, who, parts, "loops.html", load)


def _line(session: Session, who: Principal, row: Any, today: date, shell: Shell) -> dict[str, Any]:
    versions = loops.versions(session, who.site_id, row.id)
    newest = versions[-1] if versions else None
    ahead = runs.of_loop(session, who.site_id, row.id, today, today + AHEAD)
    coming = [
        one.planned_departure_at
        for one in ahead
        if one.planned_departure_at >= shell.now and one.plan_state in ("planned", "dispatched")
    ]
    return {
        "id": str(row.id),
        "code": row.code,
        "name": row.name,
        "kind": row.kind,
        "state": row.life_state,
        "stops": len(loops.stop_rows(session, who.site_id, newest.id)) if newest else 0,
        "version": row.current_version,
        "draft": newest is not None and newest.published_at is None,
        "next": min(coming, default=None),
        "ahead": len(coming),
    }


@router.get("/loops/{loop_id}/edit", openapi_extra=needs("loops", "read"))
def editor(request: Request, loop_id: UUID, who: Who, parts: InParts) -> Response:
    """The draft of a loop, or its newest version to start the next draft from."""

    def load(session: Session, shell: Shell) -> Mapping[str, Any]:
        row = loops.loop(session, who.site_id, loop_id)
        versions = loops.versions(session, who.site_id, loop_id)
        newest = versions[-1] if versions else None
        given = loops.write_version(session, newest) if newest else None
        today = shell.times.today(shell.now)
        return {
            "loop": row,
            "kinds": loop_kinds(),
            "states": life_states(),
            "versions": list(reversed(versions)),
            "may_write": bool(reaches(who, "loops", "write")),
            "vehicles": [(str(one.id), one.name) for one in fleet.vehicles(session, who)],
            "drivers": [(str(one.id), one.name) for one in people.drivers(session, who)],
            "from_date": (today + timedelta(days=1)).isoformat(),
            "page_data": {
                "id": str(loop_id),
                "kind": row.kind,
                "plant": row.kind == "internal",
                "version": given,
                "published": newest is not None and newest.published_at is not None,
                "places": _places(session, who, given),
                "today": today.isoformat(),
                "may_write": bool(reaches(who, "loops", "write")),
            },
        }

    return page(request, who, parts, "loop_edit.html", load)


@router.get("/loops/{loop_id}/preview", openapi_extra=needs("loops", "read"))
def preview(
    request: Request, loop_id: UUID, who: Who, parts: InParts, version: int = LATEST
) -> Response:
    """The next sixty days of a version: what leaves when, and why a date is missing or moved."""

    def load(session: Session, shell: Shell) -> Mapping[str, Any]:
        versions = loops.versions(session, who.site_id, loop_id)
        chosen = [one for one in versions if version in (LATEST, one.version)]
        today = shell.times.today(shell.now)
        days = preview_days(session, who, loop_id, chosen[-1], today) if chosen else []
        return {"days": days}

    return page(request, who, parts, "loop_preview.html", load, here="/loops")


def _places(
    session: Session, who: Principal, given: Mapping[str, Any] | None
) -> dict[str, dict[str, Any]]:
    """The places the version names, and the depots one may start from."""
    wanted: list[Any] = []
    if given:
        wanted = [given["start_location"], given["end_location"]]
        wanted += [stop["location_id"] for stop in given["stops"]]
    rows = list(sites.locations(session, who.site_id, [UUID(str(k)) for k in wanted if k]).values())
    for kind in ("depot", "supermarket", "dock", "supplier"):
        rows += sites.page(session, who.site_id, kind=kind, limit=50)
    return {
        str(row.id): {
            "id": str(row.id), "name": row.name, "address": row.address, "kind": row.kind,
            "lat": row.lat, "lon": row.lon, "x_m": row.x_m, "y_m": row.y_m,
            "service_s": row.service_fixed_s,
            "windows": [[w["start_local"], w["end_local"]] for w in row.windows],
            "updated": to_ms(row.updated_at),
        }
        for row in rows
    }  # fmt: skip


def loop_kinds() -> dict[str, str]:
    """What each kind of loop is called."""
    return {
        "inbound": _("Inbound: collect from suppliers"),
        "outbound": _("Outbound: deliver"),
        "internal": _("Internal: tugger train in the plant"),
        "transfer": _("Transfer: collect here, deliver there"),
        "micro": _("Micro: orders batched, every headway"),
    }


def life_states() -> dict[str, tuple[str, str]]:
    """What each life state is called, and how it looks."""
    return {
        "candidate": (_("candidate"), ""),
        "trial": (_("trial"), "going"),
        "stable": (_("stable"), "good"),
        "review_due": (_("review due"), "warn"),
        "retired": (_("retired"), ""),
    }
