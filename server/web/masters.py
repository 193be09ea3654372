"""People, vehicles and locations: short lists with a form to add to each."""

from collections.abc import Mapping
from typing import Any

from fastapi import Request
from sqlmodel import Session
from starlette.responses import Response

from server.core.access import reaches
from server.core.http import InParts, Who, needs
from server.core.words import _
from server.fleet import queries as fleet
from server.people import queries as people
from server.sites import queries as sites
from server.web.page import page, page_router
from server.web.shell import Shell, role_names

router = page_router()


@router.get("/people", openapi_extra=needs("drivers", "read"))
def people_page(request: Request, who: Who, parts: InParts) -> Response:
    """Drivers, and for supervisors those who sign in here."""

    def load(session: Session, _shell: Shell) -> Mapping[str, Any]:
        seen = bool(reaches(who, "people", "read")) and bool(reaches(who, "people", "write"))
        names = role_names()
        roles: dict[Any, list[str]] = {}
        for grant in people.grants(session, who.site_id) if seen else ():
            roles.setdefault(grant.person_id, []).append(names.get(grant.role, grant.role))
        return {
            "drivers": people.drivers(session, who),
            "users": people.people(session, who.site_id) if seen else [],
            "roles": roles,
            "role_names": [(key, names[key]) for key in ("supervisor", "planner", "dispatcher")],
            "sees_users": seen,
            "may_write": bool(reaches(who, "drivers", "write")),
        }

    return page(request, who, parts, "people.html", load)


@router.get("/vehicles", openapi_extra=needs("fleet", "read"))
def vehicles_page(request: Request, who: Who, parts: InParts) -> Response:
    """The vehicles."""

    def load(session: Session, _shell: Shell) -> Mapping[str, Any]:
        return {
            "vehicles": fleet.vehicles(session, who),
            "kinds": vehicle_kinds(),
            "may_write": bool(reaches(who, "fleet", "write")),
        }

    return page(request, who, parts, "vehicles.html", load)


@router.get("/locations", openapi_extra=needs("places", "read"))
def locations_page(
    request: Request, who: Who, parts: InParts, q: str = "", kind: str = ""
) -> Response:
    """The places, as a table and on the map."""

    def load(session: Session, _shell: Shell) -> Mapping[str, Any]:
        found = sites.page(session, who.site_id, text=q or None, kind=kind or None)
        rows = sorted(found, key=lambda row: row.name.casefold())
        return {
            "locations": rows,
            "total": sites.count_locations(session, who.site_id),
            "kinds": location_kinds(),
            "q": q,
            "kind": kind,
            "may_write": bool(reaches(who, "places", "write")),
            "page_data": {"places": [_pin(row) for row in rows]},
        }

    return page(request, who, parts, "locations.html", load)


def _pin(row: Any) -> dict[str, Any]:
    return {"id": str(row.id), "name": row.name, "lat": row.lat, "lon": row.lon,
            "x_m": row.x_m, "y_m": row.y_m, "kind": row.kind}  # fmt: skip


def vehicle_kinds() -> dict[str, str]:
    """What each kind of vehicle is called."""
    return {
        "van": _("Van"),
        "truck": _("Truck"),
        "tugger": _("Tugger train"),
        "bike": _("Cargo bike"),
        "car": _("Car"),
    }


def location_kinds() -> dict[str, str]:
    """What each kind of place is called."""
    return {
        "depot": _("Depot"),
        "supplier": _("Supplier"),
        "customer": _("Customer"),
        "station": _("Station"),
        "supermarket": _("Supermarket"),
        "dock": _("Dock"),
        "locker": _("Locker"),
        "safe_place": _("Safe place"),
    }
