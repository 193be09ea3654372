"""Cards: parts at stations, their cards, what was lost, and the sheet to print."""

from collections.abc import Mapping
from io import BytesIO
from typing import Any
from uuid import UUID

import segno
from fastapi import Request
from sqlmodel import Session
from starlette.responses import Response

from server.core.access import allow_list, reaches
from server.core.http import InParts, InReads, Who, needs
from server.core.words import _
from server.plant import queries as plant
from server.plant.queries import lists
from server.sites import queries as sites
from server.web.page import page, page_router
from server.web.shell import Shell

router = page_router()
SHEET_MAX = 500


@router.get("/cards", openapi_extra=needs("kanban", "read"))
def cards_page(request: Request, who: Who, parts: InParts) -> Response:
    """Every part with its cards, and the cards nobody has seen for too long."""

    def load(session: Session, shell: Shell) -> Mapping[str, Any]:
        allow_list(who, "kanban")
        cycles = plant.control_cycles(session, who.site_id)
        cards: dict[UUID, list[Any]] = {}
        for row in plant.cards(session, who.site_id):
            cards.setdefault(row.control_cycle_id, []).append(row)
        lost = {row.id for row in plant.lost_cards(session, who.site_id, shell.now)}
        ids = {one for row in cycles for one in (row.station_id, row.supermarket_id)}
        found = sites.locations(session, who.site_id, ids)
        places = sites.page(session, who.site_id)
        return {
            "cycles": sorted(cycles, key=lambda row: (_name(found, row.station_id), row.part_no)),
            "cards": cards,
            "lost": lost,
            "names": {key: row.name for key, row in found.items()},
            "states": card_states(),
            "stations": _choices(places, "station"),
            "supermarkets": _choices(places, "supermarket"),
            "may_write": bool(reaches(who, "kanban", "write")),
        }

    return page(request, who, parts, "cards.html", load)


@router.get("/cards/sheet", openapi_extra=needs("kanban", "read"))
def sheet(request: Request, who: Who, parts: InParts, cycle: UUID | None = None) -> Response:
    """The cards of one part, or of all, as they are printed and cut."""

    def load(session: Session, _shell: Shell) -> Mapping[str, Any]:
        allow_list(who, "kanban")
        wanted = None if cycle is None else [cycle]
        rows = plant.cards(session, who.site_id, cycle_ids=wanted)[:SHEET_MAX]
        return {"labels": [lists.label(session, row) for row in rows]}

    return page(request, who, parts, "cards_sheet.html", load, here="cards")


@router.get("/cards/{card_id}/code.svg", openapi_extra=needs("kanban", "read"))
def code_of_card(card_id: UUID, who: Who, reads: InReads) -> Response:
    """The scan code of a card in its present printing, as a QR code."""
    allow_list(who, "kanban")
    card = reads.run(lambda s: lists.label(s, plant.card(s, who.site_id, card_id)))
    drawn = BytesIO()
    segno.make(card["code"], error="m").save(drawn, kind="svg", scale=4, border=2)
    return Response(
        drawn.getvalue(), media_type="image/svg+xml", headers={"Cache-Control": "no-store"}
    )


def card_states() -> dict[str, str]:
    """What each state of a card is called."""
    return {
        "full": _("full"),
        "called": _("called"),
        "picking": _("being picked"),
        "blocked": _("blocked"),
    }


def _name(places: Mapping[UUID, Any], key: UUID) -> str:
    return places[key].name if key in places else "?"


def _choices(places: Any, kind: str) -> list[tuple[str, str]]:
    """Places of a kind to choose from."""
    return sorted(
        ((str(row.id), row.name) for row in places if row.kind == kind), key=lambda one: one[1]
    )
