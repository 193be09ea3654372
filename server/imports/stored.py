"""Stored Locations and Stops as the import compares them, and as it writes them back."""

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from server.imports.csv_file import tidy
from server.imports.locations import Place
from server.imports.opening_hours import normal
from server.imports.stops import Halt
from shared.loop import Stop
from shared.site import Contact, Location, TimeWindow

# A field of a file and the column it is written to; the telephone is part of the contact.
_COLUMNS = {
    "ref": "ref",
    "name": "name",
    "kind": "kind",
    "address": "address",
    "lat": "lat",
    "lon": "lon",
    "service_s": "service_fixed_s",
    "note": "note",
}


def place_of(location: Location) -> Place:
    """The Location as a file could say it."""
    phone = location.contact.phone if location.contact else ""
    return Place(
        name=tidy(location.name),
        ref=location.ref,
        kind=location.kind,
        address=" ".join(tidy(location.address).split()) or None,
        lat=location.lat,
        lon=location.lon,
        windows=normal(location.windows) or None,
        service_s=location.service_fixed_s,
        phone=tidy(phone) or None,
        note=tidy(location.note) or None,
    )


def new_location(place: Place) -> Location:
    """The Location a new row makes."""
    given = {column: getattr(place, name) for name, column in _COLUMNS.items()}
    filled = {column: value for column, value in given.items() if value is not None}
    contact = Contact(phone=place.phone) if place.phone else None
    return Location(**filled, windows=place.windows or (), contact=contact)


def changed_columns(
    before: Place, after: Place, contact: Mapping[str, Any] | None
) -> dict[str, Any]:
    """Columns of the Location that a row changes, as JSON."""
    change = {
        column: getattr(after, name)
        for name, column in _COLUMNS.items()
        if getattr(after, name) != getattr(before, name)
    }
    if after.windows != before.windows:
        change["windows"] = dump_windows(after.windows or ())
    if after.phone != before.phone:
        change["contact"] = {**(contact or {}), "phone": after.phone or ""}
    return change


def dump_windows(windows: Iterable[TimeWindow]) -> list[dict[str, Any]]:
    """Windows as JSON."""
    return [one.model_dump(mode="json") for one in windows]


def halt_of(stop: Stop) -> Halt:
    """The Stop as a file could say it."""
    return Halt(stop.location_id, normal(stop.windows), stop.service_s)


def stop_of(halt: Halt, before: Stop | None) -> Stop:
    """The Stop a row makes; what a file cannot say stays when the place stays."""
    said: dict[str, Any] = {"windows": halt.windows or (), "service_s": halt.service_s}
    if before is not None and before.location_id == halt.location_id:
        return before.model_copy(update=said)
    return Stop(location_id=halt.location_id, **said)


def as_uuid(text: object) -> UUID:
    """An id out of a JSON document."""
    return UUID(str(text))
