"""The import page: hand in a table, see what would happen, correct, take over, take back."""

from collections.abc import Mapping
from typing import Any

from fastapi import Request
from sqlmodel import Session
from starlette.responses import Response

from server.core.access import reaches
from server.core.http import InParts, Who, needs
from server.core.words import _
from server.imports import service as imports
from server.imports.columns import KINDS, NEEDED, fields
from server.loops import queries as loops
from server.web.page import page, page_router
from server.web.shell import Shell

router = page_router()


@router.get("/imports", openapi_extra=needs("import", "read"))
def imports_page(
    request: Request,
    who: Who,
    parts: InParts,
    kind: str = "locations",
    id: str = "",  # noqa: A002 - the name in the address
) -> Response:
    """Upload, dry run, commit."""
    newest = imports.newest(parts.reads, who)

    def load(session: Session, _shell: Shell) -> Mapping[str, Any]:
        return {
            "kinds": [(key, kind_names().get(key, key)) for key in KINDS],
            "kind": kind if kind in KINDS else KINDS[0],
            "loops": [(row.code, row.name) for row in loops.loops(session, who.site_id)],
            "past": newest[:20],
            "states": states(),
            "names": kind_names(),
            "may_write": bool(reaches(who, "import", "write")),
            "page_data": {
                "id": id,
                "fields": {key: list(fields(key)) for key in KINDS},
                "needed": {key: list(NEEDED[key]) for key in KINDS},
                "field_names": field_names(),
            },
        }

    return page(request, who, parts, "imports.html", load)


def kind_names() -> dict[str, str]:
    """What can be imported."""
    return {"locations": _("Locations"), "stops": _("Stops of a loop")}


def states() -> dict[str, tuple[str, str]]:
    """What each state of an import is called, and how it looks."""
    return {
        "checked": (_("checked, not taken over"), "warn"),
        "committing": (_("being taken over"), "going"),
        "done": (_("taken over"), "good"),
        "failed": (_("failed"), "bad"),
        "undone": (_("taken back"), ""),
    }


def field_names() -> dict[str, str]:
    """What each field is called."""
    return {
        "ref": _("number"), "name": _("name"), "address": _("address"), "street": _("street"),
        "housenumber": _("house number"), "postcode": _("postcode"), "city": _("town"),
        "lat": _("latitude"), "lon": _("longitude"), "opening_hours": _("opening hours"),
        "kind": _("kind"), "service_s": _("service in seconds"), "phone": _("phone"),
        "note": _("note"), "location": _("location"), "pos": _("position"),
        "window": _("time window"),
    }  # fmt: skip
