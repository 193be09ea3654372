"""The devices page: pair, bind to a vehicle, see what is unsent, retire, report stolen."""

from collections.abc import Mapping
from io import BytesIO
from typing import Any

import segno
from fastapi import Request
from sqlmodel import Session
from starlette.responses import Response

from server.core.access import reaches
from server.core.http import InParts, Who, needs
from server.fleet import queries as fleet
from server.people import queries as people
from server.sync import health
from server.web.devices_view import columns, view
from server.web.page import page, page_router
from server.web.shell import Shell
from shared.ids import DeviceId

router = page_router()
QR_TEXT_MAX = 600


@router.get("/devices", openapi_extra=needs("devices", "read"))
def devices(request: Request, who: Who, parts: InParts) -> Response:
    """Every paired device with its health."""

    def load(session: Session, shell: Shell) -> Mapping[str, Any]:
        vehicles = fleet.vehicles(session, who)
        drivers = people.drivers(session, who)
        by_vehicle = {row.id: row.name for row in vehicles}
        by_driver = {row.id: row.name for row in drivers}
        found, now_ms = people.devices(session, who), shell.now_ms
        aside = health.asides(session, who.site_id, found, parts.settings, now_ms)
        rows = [view(row, now_ms, by_vehicle, by_driver, aside[DeviceId(row.id)]) for row in found]
        return {
            "columns": columns(),
            "devices": [row for row in rows if row.state == "active"],
            "past": [row for row in rows if row.state != "active"],
            "vehicles": [(str(row.id), row.name) for row in vehicles if row.active],
            "may_write": bool(reaches(who, "devices", "write")),
            "may_import": bool(reaches(who, "import", "write")),
            "may_steal": bool(reaches(who, "devices", "stolen")),
        }

    return page(request, who, parts, "devices.html", load)


@router.get("/devices/qr.svg", openapi_extra=needs("devices", "write"))
def code_as_picture(who: Who, text: str) -> Response:  # noqa: ARG001 - the gate needs to know who
    """Draw a pairing link as a QR code; the browser asks with what it was just given."""
    drawn = BytesIO()
    segno.make(text[:QR_TEXT_MAX], error="m").save(drawn, kind="svg", scale=6, border=3)
    return Response(
        drawn.getvalue(), media_type="image/svg+xml", headers={"Cache-Control": "no-store"}
    )
