"""Rows that become Locations: what each cell says, and what that changes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from math import isclose
from statistics import median
from uuid import UUID

from server.imports.cells import Bad, coordinate, label, seconds, text
from server.imports.columns import location_kind, plain
from server.imports.opening_hours import read_hours
from server.imports.rows import Row
from server.imports.table import Finding, Level, Table
from shared.gate import NAME_MAX, NOTE_MAX, TEXT_MAX
from shared.geo import Point, distance_m
from shared.site import TimeWindow

DEFAULT_KIND = "customer"
FAR_AWAY_M = 500_000
FEW = 3
SAME_DEGREES = 5e-7  # half of the sixth decimal: 5 cm


@dataclass(frozen=True)
class Place:
    """A Location as a file can say it; None = the file says nothing about it."""

    name: str = ""
    ref: str | None = None
    kind: str | None = None
    address: str | None = None
    lat: float | None = None
    lon: float | None = None
    windows: tuple[TimeWindow, ...] | None = None
    service_s: int | None = None
    phone: str | None = None
    note: str | None = None

    @property
    def point(self) -> Point | None:
        """Where it is, when it has coordinates."""
        if self.lat is None or self.lon is None:
            return None
        return Point(lat=self.lat, lon=self.lon)


@dataclass(frozen=True)
class PlaceRow:
    """A good row."""

    row: int
    place: Place


Key = tuple[str, ...]


def natural_key(place: Place) -> Key:
    """What makes two rows the same place: the ref, else name, address and coordinates."""
    return ("ref", place.ref) if place.ref else _key_without_ref(place)


def _key_without_ref(place: Place) -> Key:
    point = "" if place.point is None else f"{place.lat:.6f} {place.lon:.6f}"
    return ("place", plain(place.name), plain(place.address or ""), point)


def changes(known: Place, told: Place) -> Place:
    """The known place with everything the file says; an empty cell changes nothing."""
    said = {
        one.name: value for one in fields(told) if (value := getattr(told, one.name)) is not None
    }
    if _same_point(known, told):
        said |= {"lat": known.lat, "lon": known.lon}
    return replace(known, **said)


def _same_point(known: Place, told: Place) -> bool:
    if known.point is None or told.point is None:
        return False
    return isclose(known.point.lat, told.point.lat, abs_tol=SAME_DEGREES) and isclose(
        known.point.lon, told.point.lon, abs_tol=SAME_DEGREES
    )


def read_places(
    table: Table, mapping: Mapping[str, str], decimal: str
) -> tuple[list[PlaceRow], list[Finding]]:
    """Every good row as a Place, and everything there is to say about the others."""
    good: list[PlaceRow] = []
    findings: list[Finding] = []
    for record in table.records:
        row = Row(table, record, mapping)
        place = _place(row, decimal)
        if not row.wrong:
            good.append(PlaceRow(record.row, place))
        findings += row.findings
    findings += far_from_the_others(good, mapping)
    return good, findings


def _place(row: Row, decimal: str) -> Place:
    name = _text(row, "name", NAME_MAX)
    if not row.cell("name"):
        row.tell("name", Level.WRONG, "name_missing")
    lat, lon = _coordinates(row, decimal)
    address = _address(row)
    if lat is None and not address and not row.wrong:
        row.tell("address", Level.WRONG, "nowhere")
    elif lat is None and not row.wrong:
        row.tell("lat", Level.WARNING, "no_coordinates")
    ref = row.read("ref", lambda value: label(value, NAME_MAX))
    phone = row.read("phone", lambda value: label(value, TEXT_MAX))
    service_s = row.read("service_s", seconds)
    return Place(
        name=name or "",
        ref=ref if isinstance(ref, str) else None,
        kind=_kind(row),
        address=address,
        lat=lat,
        lon=lon,
        windows=_windows(row),
        service_s=service_s if isinstance(service_s, int) else None,
        phone=phone if isinstance(phone, str) else None,
        note=_text(row, "note", NOTE_MAX),
    )


def _text(row: Row, name: str, limit: int) -> str | None:
    value = row.read(name, lambda cell: text(cell, limit))
    return value if isinstance(value, str) else None


def _coordinates(row: Row, decimal: str) -> tuple[float | None, float | None]:
    lat = row.read("lat", lambda value: coordinate(value, decimal, 90))
    lon = row.read("lon", lambda value: coordinate(value, decimal, 180))
    if bool(row.cell("lat")) != bool(row.cell("lon")):
        row.tell("lat" if row.cell("lon") else "lon", Level.WRONG, "half_a_coordinate")
    if not isinstance(lat, float) or not isinstance(lon, float):
        return None, None
    if lat == 0 and lon == 0:
        row.tell("lat", Level.WRONG, "zero_coordinates")
        return None, None
    return lat, lon


def _address(row: Row) -> str | None:
    """One line: the address as written, else `street housenumber, postcode city`."""
    full = row.cell("address")
    street = " ".join(part for part in (row.cell("street"), row.cell("housenumber")) if part)
    town = " ".join(part for part in (row.cell("postcode"), row.cell("city")) if part)
    line = ", ".join(part for part in (full or street, town) if part)
    found = text(" ".join(line.split()), TEXT_MAX)
    if isinstance(found, Bad):
        row.tell("address" if full else "street", Level.WRONG, found.code, limit=found.limit)
        return None
    return found or None


def _kind(row: Row) -> str | None:
    written = row.cell("kind")
    if not written:
        return None
    kind = location_kind(written)
    if kind is None:
        row.tell("kind", Level.WRONG, "kind_unknown")
    return kind


def _windows(row: Row) -> tuple[TimeWindow, ...] | None:
    if not row.cell("opening_hours"):
        return None
    hours = read_hours(row.cell("opening_hours"))
    if hours.warning:
        row.tell("opening_hours", Level.WARNING, hours.warning)
    return hours.windows or None


def far_from_the_others(rows: Sequence[PlaceRow], mapping: Mapping[str, str]) -> list[Finding]:
    """Places half a continent away from the middle of the file, most often swapped columns."""
    points = {row.row: row.place.point for row in rows}
    there = [point for point in points.values() if point is not None]
    if len(there) < FEW:
        return []
    middle = Point(lat=median(one.lat for one in there), lon=median(one.lon for one in there))
    found = []
    for row, point in points.items():
        away_m = 0.0 if point is None else distance_m(point, middle)
        if point is not None and away_m > FAR_AWAY_M:
            value = f"{point.lat}, {point.lon}"
            column, km = mapping.get("lat", ""), {"km": round(away_m / 1000)}
            found.append(Finding(row, column, value, Level.WARNING, "far_away", km))
    return found


@dataclass(frozen=True)
class Known:
    """A Location that is stored already."""

    id: UUID
    place: Place


@dataclass(frozen=True)
class Change:
    """What a good row does: `known` None = a new Location; `after` equal to it = nothing."""

    row: int
    told: Place
    known: Known | None
    after: Place

    @property
    def state(self) -> str:
        """`new`, `changed` or `same`."""
        if self.known is None:
            return "new"
        return "same" if self.after == self.known.place else "changed"


def compare(
    rows: Sequence[PlaceRow], known: Sequence[Known], mapping: Mapping[str, str]
) -> tuple[list[Change], list[Finding]]:
    """Each row against the stored places by natural key; a key told twice counts once."""
    # A file without refs finds a stored place that has one by what it is and where.
    stored = {_key_without_ref(one.place): one for one in known}
    stored |= {natural_key(one.place): one for one in known}
    first: dict[Key, PlaceRow] = {}
    changed: list[Change] = []
    findings: list[Finding] = []
    for row in rows:
        key = natural_key(row.place)
        if key in first:
            findings.append(_again(row, first[key], mapping))
            continue
        first[key] = row
        match = stored.get(key)
        before = match.place if match else Place(kind=DEFAULT_KIND)
        changed.append(Change(row.row, row.place, match, changes(before, row.place)))
    return changed, findings


def _again(row: PlaceRow, earlier: PlaceRow, mapping: Mapping[str, str]) -> Finding:
    """The same key again: harmless when it says the same, else nobody knows which one counts."""
    column = mapping.get("ref" if row.place.ref else "name", "")
    value = row.place.ref or row.place.name
    other = {"other": earlier.row}
    if row.place == earlier.place:
        return Finding(row.row, column, value, Level.WARNING, "row_repeated", other)
    return Finding(row.row, column, value, Level.WRONG, "key_twice", other)
