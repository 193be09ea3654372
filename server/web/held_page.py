"""What waits for a person: held entries, contradictions, wishes and suggestions of drivers."""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from fastapi import Request
from sqlmodel import Session
from starlette.responses import Response

from server.core.access import Principal
from server.core.clock import from_ms
from server.core.http import InParts, Who, needs
from server.facts import queries as facts
from server.facts.queries import HeldFact
from server.facts.rules import shown
from server.feed import queries as feed
from server.feed.kinds import titles
from server.people import queries as people
from server.runs import queries as runs
from server.runs.queries import RunView
from server.sites import queries as sites
from server.sync import queries as sync
from server.web.fact_words import Names, fact_titles, shown_sides, why_held
from server.web.page import page, page_router
from server.web.shell import Shell
from server.web.stream import reason_words
from shared.ids import EventId, SiteId

router = page_router()
DAYS = (-1, 0, 1)
PAST_MAX = 20


@router.get("/held", openapi_extra=needs("facts", "held"))
def held_page(request: Request, who: Who, parts: InParts) -> Response:
    """Everything a supervisor or dispatcher must decide about what devices reported."""

    def load(session: Session, shell: Shell) -> Mapping[str, Any]:
        names = names_of(session, who)
        views = _views(session, who, shell)
        site_id = who.site_id
        return {
            "held": [_entry(one, names) for one in facts.held(session, site_id)],
            "dismissed": [
                _entry(one, names) for one in facts.dismissed(session, site_id, PAST_MAX)
            ],
            "conflicts": _conflicts(session, who, names),
            "proposals": [one for view in views if (one := _proposal(session, view, names))],
            "claims": [one for view in views if (one := _claim(view, names))],
            "suggestions": list(_suggestions(session, site_id, names)),
            "sign_ins": _sign_ins(session, site_id, names),
            "page_data": {
                "visits": _visits(views),
                "drivers": dict(names.drivers),
            },
        }

    return page(request, who, parts, "held.html", load)


def names_of(session: Session, who: Principal) -> Names:
    """Everybody a fact may name."""
    drivers = {str(row.id): row.name for row in people.drivers_of(session, who.site_id)}
    typed: dict[str, list[tuple[int, str]]] = {}
    for row in reversed(sync.sign_ins(session, who.site_id)):
        named = drivers.get(str(row.driver_id), "") if row.driver_id else ""
        typed.setdefault(str(row.device_id), []).append((row.reported_ms, named or row.name))
    return Names(
        drivers=drivers,
        people={str(row.id): row.name for row in people.people(session, who.site_id)},
        devices={str(row.id): row.name for row in people.devices(session, who)},
        typed=typed,
        reasons=reason_words(session, who),
    )


def _views(session: Session, who: Principal, shell: Shell) -> list[RunView]:
    """Runs of yesterday, today and tomorrow, whole."""
    today = shell.times.today(shell.now)
    rows = [row for n in DAYS for row in runs.day(session, who, today + timedelta(days=n))]
    return runs.views(session, who.site_id, [row.id for row in rows])


def _entry(one: HeldFact, names: Names) -> dict[str, Any]:
    doc = shown(one.doc)
    text = doc if isinstance(doc, str) else json.dumps(doc, ensure_ascii=False, indent=1)
    return {
        "id": str(one.id),
        "title": fact_titles().get(one.type or "", one.type or ""),
        "why": why_held().get(one.why, one.why),
        "readable": one.why not in ("bad_doc", "unknown_type", "bad_body"),
        "by": names.by(one.by or "", one.reported_ms),
        "device": names.device(str(one.device_id)),
        "at": from_ms(one.reported_ms),
        "run": str(one.run_id or ""),
        "doc": text,
    }


def _conflicts(session: Session, who: Principal, names: Names) -> list[dict[str, Any]]:
    """Open exceptions with two sides, each beside the other."""
    found = []
    for one in feed.exceptions_for(session, who):
        sides = shown_sides(one.detail, names)
        if sides:
            found.append(
                {
                    "id": str(one.id),
                    "title": titles()[one.kind],
                    "place": one.detail.get("name") or one.detail.get("run_name", ""),
                    "sides": [{**side, "at": from_ms(side["at"])} for side in sides],
                    "docs": _docs(session, who.site_id, one) if one.subject_kind == "event" else [],
                }
            )
    return found


def _docs(session: Session, site_id: SiteId, one: feed.ExceptionView) -> list[str]:
    """Both contents that came under one number."""
    rows = facts.conflicts_of(session, site_id, [EventId(UUID(one.subject_id))])
    return [
        (doc or b"").decode("utf-8", "replace").replace("\x00", "\ufffd")
        for _, first, others in rows
        for doc, _at, _device in (first, *others)
    ]


def _proposal(session: Session, view: RunView, names: Names) -> dict[str, Any] | None:
    asked = view.run.proposal or {}
    if asked.get("state") != "open" or view.run.plan_state != "dispatched":
        return None
    [*found] = facts.facts_of(session, SiteId(view.run.site_id), [EventId(UUID(asked["event"]))])
    if not found:
        return None
    places = {str(one.id): view.places[one.location_id].name for one in view.stops}
    wanted: Sequence[str] = getattr(found[0].event.body, "order", ())
    return {
        "event": asked["event"],
        "run": str(view.run.id),
        "name": view.run.name,
        "version": view.run.plan_version,
        "by": names.by(found[0].event.envelope.by, found[0].reported_ms),
        "at": from_ms(found[0].reported_ms),
        "order": [places[one] for one in wanted if one in places],
        "now": [places[one] for one in view.plan.order if one in places],
    }


def _claim(view: RunView, names: Names) -> dict[str, Any] | None:
    claim = view.run.claim or {}
    if "device" not in claim or view.run.device_id is not None:
        return None
    driver = claim.get("driver")
    return {
        "run": str(view.run.id),
        "name": view.run.name,
        "by": names.by(f"driver:{driver}") if driver else names.device(claim["device"]),
        "device": names.device(claim["device"]),
        "at": from_ms(claim["at"]) if claim.get("at") else None,
    }


def _suggestions(session: Session, site_id: SiteId, names: Names) -> Iterable[dict[str, Any]]:
    rows = sync.suggestions(session, site_id)
    ids = [UUID(row.subject_id) for row in rows if _is_id(row.subject_id)]
    places = sites.locations(session, site_id, ids)
    for row in rows:
        place = places.get(UUID(row.subject_id)) if _is_id(row.subject_id) else None
        yield {
            "id": str(row.event_id),
            "about": place.name if place is not None else row.about,
            "field": row.field,
            "value": row.value,
            "rating": row.rating,
            "by": names.by(row.by, row.reported_ms),
            "at": from_ms(row.reported_ms),
        }


def _is_id(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True


def _sign_ins(session: Session, site_id: SiteId, names: Names) -> list[dict[str, Any]]:
    return [
        {
            "id": str(row.event_id),
            "name": row.name,
            "device": names.device(str(row.device_id)),
            "at": from_ms(row.reported_ms),
        }
        for row in sync.sign_ins(session, site_id, unnamed_only=True)
    ]


def _visits(views: Sequence[RunView]) -> dict[str, str]:
    """Visits an entry can be attached to, with where and when they are."""
    return {
        str(one.id): f"{view.run.name} · {view.places[one.location_id].name}"
        for view in views
        for one in view.stops
    }
