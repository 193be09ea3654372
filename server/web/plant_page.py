"""The plant: tuggers against their takt, open andons, calls, stock, handovers, empties."""

from collections.abc import Mapping
from typing import Any

from fastapi import Request
from sqlmodel import Session
from starlette.responses import Response

from server.core.access import Principal, reaches
from server.core.http import InParts, Who, needs
from server.core.words import _
from server.plant import queries as plant
from server.sites import queries as sites
from server.web.page import page, page_router
from server.web.shell import Shell
from server.web.stream import read_snapshot

router = page_router()


@router.get("/plant", openapi_extra=needs("runs", "read"))
def plant_page(request: Request, who: Who, parts: InParts) -> Response:
    """Every tugger loop of the site on one page."""

    def load(session: Session, _shell: Shell) -> Mapping[str, Any]:
        may_write = bool(reaches(who, "kanban", "write"))
        return {
            "may_write": may_write,
            "cycles": cycle_names(session, who) if may_write else [],
            "empties": _empties(session, who),
            "page_data": {"snapshot": read_snapshot(session, request, parts, who, ("plant",))},
            "categories": categories(),
        }

    return page(request, who, parts, "plant.html", load)


def cycle_names(session: Session, who: Principal) -> list[dict[str, str]]:
    """Parts and their stations, to choose from."""
    rows = plant.control_cycles(session, who.site_id)
    places = sites.locations(session, who.site_id, {row.station_id for row in rows})
    named = [
        {
            "id": str(row.id),
            "part_no": row.part_no,
            "place": places[row.station_id].name if row.station_id in places else "?",
        }
        for row in rows
    ]
    return sorted(named, key=lambda one: (one["place"], one["part_no"]))


def _empties(session: Session, who: Principal) -> list[dict[str, Any]]:
    rows = plant.balances(session, who.site_id)
    places = sites.locations(session, who.site_id, {row.location_id for row in rows})
    told = [
        {
            "location": str(row.location_id),
            "place": places[row.location_id].name if row.location_id in places else "?",
            "container_type": row.container_type,
            "balance": row.balance,
        }
        for row in rows
    ]
    return sorted(told, key=lambda one: (str(one["place"]), str(one["container_type"])))


def categories() -> dict[str, str]:
    """What an andon may be about."""
    return {
        "material": _("material"),
        "vehicle": _("vehicle"),
        "path": _("path blocked"),
        "safety": _("safety"),
        "quality": _("quality"),
    }
