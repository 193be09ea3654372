"""Proofs: what was delivered or collected, with photo, signature, quantities and place."""

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from fastapi import Request
from sqlmodel import Session
from starlette.responses import Response

from server.core.access import Principal
from server.core.http import InParts, Who, needs
from server.core.words import _
from server.people import queries as people
from server.proofs import queries as proofs
from server.proofs import service as proof_service
from server.proofs.queries import ProofView, Wanted
from server.runs import queries as runs
from server.sites import queries as sites
from server.web.formats import day
from server.web.page import page, page_router
from server.web.shell import Shell
from server.web.stream import reason_words
from shared.geo import Point, distance_m
from shared.refusals import refuse

router = page_router()
FAR_M = 500
GEOFENCE_M = 80
E7 = 10_000_000
ONE_DAY = timedelta(days=1)


@router.get("/proofs", openapi_extra=needs("proofs", "read"))
def proofs_page(
    request: Request, who: Who, parts: InParts, date: str = "", run: str = ""
) -> Response:
    """The proofs of a day or a run, the newest first."""

    def load(session: Session, shell: Shell) -> Mapping[str, Any]:
        present = shell.times.today(shell.now)
        on = _date(date) if date else present
        wanted = Wanted(run_id=UUID(run)) if run else Wanted(day=on)
        found = proofs.proofs(session, who, wanted)
        return {
            "proofs": list(_cards(session, who, found)),
            "day_name": day(on),
            "before": (on - ONE_DAY).isoformat(),
            "after": (on + ONE_DAY).isoformat(),
            "is_today": on == present,
            "run": run,
            "outcomes": outcomes(),
        }

    return page(request, who, parts, "proofs.html", load)


@router.get("/proofs/{proof_id}", openapi_extra=needs("proofs", "read"))
def proof_page(request: Request, proof_id: UUID, who: Who, parts: InParts) -> Response:
    """One proof, as it would be shown to whoever asks for it; looking is written down."""
    now = parts.clock.now()
    found = parts.writer.run(lambda session: proof_service.look_at(session, who, proof_id, now=now))

    def load(session: Session, _shell: Shell) -> Mapping[str, Any]:
        [card] = _cards(session, who, [found])
        return {
            **card,
            "parts": [one for one in found.parts if one.role != "comment"],
            "comments": [one for one in found.parts if one.text],
            "lines": _lines(session, who, found),
            "away": _away(session, who, found),
            "reasons": reason_words(session, who),
            "outcomes": outcomes(),
        }

    return page(request, who, parts, "proof.html", load)


def _cards(
    session: Session, who: Principal, found: Iterable[ProofView]
) -> Iterable[dict[str, Any]]:
    """Each proof with the names it refers to."""
    views = list(found)
    visits = {one.id: one for one in runs.visits(session, who.site_id, _ids(views, "visit_id"))}
    places = sites.locations(session, who.site_id, {one.location_id for one in visits.values()})
    run_ids = list(_ids(views, "run_id"))
    names = {one.run.id: one.run.name for one in runs.views(session, who.site_id, run_ids)}
    drivers = {f"driver:{one.id}": one.name for one in people.drivers(session, who)}
    for one in views:
        visit = visits.get(one.visit_id) if one.visit_id else None
        photos = [part for part in one.parts if part.role == "photo"]
        yield {
            "proof": one,
            "place": places[visit.location_id].name if visit else _("a stop without a plan"),
            "run_name": names.get(one.run_id, "") if one.run_id else "",
            "driver": drivers.get(one.by, ""),
            "photo": next((part.sha for part in photos if part.shown), None),
            "drawn": next(
                (part.sha for part in one.parts if part.role == "signature" and part.arrived), None
            ),
            "photos": len(photos),
            "missing": sum(1 for part in one.parts if part.sha and not part.arrived),
            "signed": any(part.role == "signature" for part in one.parts),
        }


def _ids(views: Iterable[ProofView], name: str) -> set[UUID]:
    return {getattr(one, name) for one in views if getattr(one, name) is not None}


def _lines(session: Session, who: Principal, found: ProofView) -> list[dict[str, Any]]:
    """Quantities with the names of their load lines."""
    if found.run_id is None:
        return []
    views = runs.views(session, who.site_id, [found.run_id])
    loads = {str(line.id): line for view in views for line in view.loads}
    counted: dict[str, list[Any]] = {str(key): [qty, 0, ""] for key, qty in found.lines or ()}
    for key, qty, missing, reason in found.short or ():
        counted[str(key)] = [qty, missing, reason]
    return [
        {
            "part_no": loads[key].part_no if key in loads else "?",
            "name": loads[key].name if key in loads else "",
            "planned": loads[key].qty if key in loads else None,
            "unit": loads[key].unit_label if key in loads else "",
            "qty": qty,
            "missing": missing,
            "reason": reason,
        }
        for key, (qty, missing, reason) in counted.items()
    ]


def _away(session: Session, who: Principal, found: ProofView) -> dict[str, Any] | None:
    """How far from the stop the proof was made, and what to think of it."""
    if found.lat_e7 is None or found.lon_e7 is None or found.visit_id is None:
        return None
    visit = next(iter(runs.visits(session, who.site_id, [found.visit_id])), None)
    place = sites.location(session, who.site_id, visit.location_id) if visit else None
    if place is None or place.lat is None or place.lon is None:
        return None
    here = Point(lat=found.lat_e7 / E7, lon=found.lon_e7 / E7)
    metres = distance_m(here, Point(lat=place.lat, lon=place.lon))
    fence = place.geofence_m or GEOFENCE_M
    look = "good" if metres <= fence else "warn" if metres <= FAR_M else "bad"
    return {"metres": metres, "look": look, "acc_m": found.acc_m}


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise refuse("bad_input", why="date") from error


def outcomes() -> dict[str, tuple[str, str]]:
    """What each outcome is called, and how it looks."""
    return {
        "done": (_("done"), "good"),
        "partly": (_("partly done"), "warn"),
        "failed": (_("failed"), "bad"),
        "skipped": (_("skipped"), "bad"),
    }
