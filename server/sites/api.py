"""Routes of places, settings, reasons and calendars."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Body, Query

from server.core import http
from server.core.access import Resource, allow, allow_list
from server.core.http import InClock, InReads, InWriter, Who, needs
from server.sites import queries, service
from server.sites.rules import Calendar, Reason
from shared.gate import Uid, Wire
from shared.ids import LocationId
from shared.site import Location, Zone

router = http.router("/api/v1", tags=["sites"])
Change = Annotated[dict[str, Any], Body()]
Cursor = Annotated[UUID | None, Query()]


class NewLocation(Location):
    """A place to add; its id may be made by the caller."""

    id: Uid | None = None


class Merge(Wire):
    """Which place stays."""

    into: Uid


@router.get("/locations", openapi_extra=needs("places", "read"))
def list_locations(
    who: Who, reads: InReads, cursor: Cursor = None, kind: str | None = None, q: str | None = None
) -> dict[str, Any]:
    """Places, page by page."""
    allow_list(who, "places")
    rows = reads.run(lambda s: queries.visible(s, who, after=cursor, kind=kind, text=q))
    following = str(rows[-1].id) if len(rows) == queries.PAGE_MAX else None
    return {"items": [queries.write_location(row) for row in rows], "next": following}


@router.post("/locations", status_code=201, openapi_extra=needs("places", "write"))
def add_location(given: NewLocation, who: Who, writer: InWriter, clock: InClock) -> dict[str, Any]:
    """Add a place."""
    place = Location(**{name: getattr(given, name) for name in Location.model_fields})
    key = LocationId(given.id) if given.id else None
    row = writer.run(
        lambda s: service.add_location(s, who, place, location_id=key, now=clock.now())
    )
    return queries.write_location(row)


@router.patch("/locations/{location_id}", openapi_extra=needs("places", "notes"))
def change_location(
    location_id: UUID, change: Change, who: Who, writer: InWriter, clock: InClock
) -> dict[str, Any]:
    """Change a place; with `expected_rev` only if nobody else did meanwhile."""
    rev = change.pop("expected_rev", None)
    row = writer.run(
        lambda s: service.change_location(
            s, who, LocationId(location_id), change, expected_rev=rev, now=clock.now()
        )
    )
    return queries.write_location(row)


@router.post("/locations/{location_id}/merge", openapi_extra=needs("places", "write"))
def merge_location(
    location_id: UUID, given: Merge, who: Who, writer: InWriter, clock: InClock
) -> dict[str, Any]:
    """Say that two rows are the same place."""
    one, into = LocationId(location_id), LocationId(given.into)
    row = writer.run(lambda s: service.merge_location(s, who, one, into, now=clock.now()))
    return queries.write_location(row)


@router.get("/zones", openapi_extra=needs("places", "read"))
def list_zones(who: Who, reads: InReads) -> dict[str, Any]:
    """Territories of the site."""
    allow(who, "read", resource=Resource("places", who.site_id))
    rows = reads.run(lambda s: queries.zones(s, who.site_id))
    return {"items": [row.model_dump(mode="json") for row in rows], "next": None}


@router.post("/zones", status_code=201, openapi_extra=needs("places", "write"))
def add_zone(given: Zone, who: Who, writer: InWriter, clock: InClock) -> dict[str, Any]:
    """Add a territory."""
    key = writer.run(lambda s: service.add_zone(s, who, given, now=clock.now()))
    return {"id": str(key), **given.model_dump(mode="json")}


@router.get("/settings", openapi_extra=needs("settings", "read"))
def read_settings(who: Who, reads: InReads) -> dict[str, Any]:
    """Settings of the site, complete."""
    return reads.run(lambda s: queries.write_site(queries.site(s, who.site_id)))


@router.patch("/settings", openapi_extra=needs("settings", "write"))
def change_settings(change: Change, who: Who, writer: InWriter, clock: InClock) -> dict[str, Any]:
    """Change some settings; the rest stays."""
    row = writer.run(lambda s: service.change_settings(s, who, change, now=clock.now()))
    return queries.write_site(row)


@router.get("/reasons", openapi_extra=needs("loops", "read"))
def list_reasons(who: Who, reads: InReads) -> dict[str, Any]:
    """Reasons a driver may give."""
    found = reads.run(lambda s: queries.reasons(s, who.site_id))
    return {"items": [one.model_dump(mode="json") for one in found], "next": None}


@router.put("/reasons/{reason_id}", openapi_extra=needs("loops", "write"))
def put_reason(reason_id: str, given: Reason, who: Who, writer: InWriter, clock: InClock) -> Reason:
    """Add a reason, or change its words."""
    return writer.run(lambda s: service.put_reason(s, who, reason_id, given, now=clock.now()))


@router.get("/calendars/{calendar_id}", openapi_extra=needs("loops", "read"))
def read_calendar(calendar_id: UUID, who: Who, reads: InReads) -> dict[str, Any]:
    """Read a calendar with its shifts."""
    allow(who, "read", resource=Resource("loops", who.site_id))
    return reads.run(lambda s: queries.write_calendar(s, who.site_id, calendar_id))


@router.put("/calendars/{calendar_id}", openapi_extra=needs("loops", "write"))
def put_calendar(
    calendar_id: UUID,
    given: Calendar,
    who: Who,
    writer: InWriter,
    clock: InClock,
) -> dict[str, Any]:
    """Write a calendar whole."""
    writer.run(lambda s: service.put_calendar(s, who, calendar_id, given, now=clock.now()))
    return {"id": str(calendar_id), **given.model_dump(mode="json")}
