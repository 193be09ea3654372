"""Locations as a CSV that a spreadsheet opens safely and the import reads back unchanged."""

import csv
import io
from collections.abc import Iterable
from decimal import Decimal

from server.imports.locations import Place
from server.imports.neutral import neutralise
from server.imports.opening_hours import write_hours

COLUMNS = (
    "ref", "name", "kind", "address", "lat", "lon", "opening_hours", "service_s", "phone", "note",
)  # fmt: skip
# With the mark, spreadsheets know that it is UTF-8.
ENCODING = "utf-8-sig"


def write_locations(places: Iterable[Place]) -> bytes:
    """One row per place; texts that would run as a formula are neutralised."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    for place in places:
        writer.writerow(_cells(place))
    return out.getvalue().encode(ENCODING)


def _cells(place: Place) -> list[str]:
    return [
        neutralise(place.ref or ""),
        neutralise(place.name),
        place.kind or "",
        neutralise(place.address or ""),
        _degrees(place.lat),
        _degrees(place.lon),
        write_hours(place.windows) if place.windows else "",
        "" if place.service_s is None else str(place.service_s),
        neutralise(place.phone or ""),
        neutralise(place.note or ""),
    ]


def _degrees(value: float | None) -> str:
    """Every digit that matters, never in powers of ten."""
    return "" if value is None else f"{Decimal(repr(value)):f}"
