"""A site and its places: what they are, when they are open, what reaches them."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta, tzinfo
from typing import Annotated, Literal

from pydantic import Field

from shared.gate import Frozen, Many, Metres, Name, Note, Seconds, Text, Uid, WallTime
from shared.geo import PlantPoint, Point
from shared.local_time import resolve_span

LocationKind = Literal[
    "depot", "supplier", "customer", "station", "supermarket", "dock", "locker", "safe_place"
]
ZoneStrength = Literal["hard", "soft"]
Side = Literal["left", "right", "any"]
PLANT_KINDS: frozenset[LocationKind] = frozenset({"station", "supermarket"})
EVERY_DAY = 0b1111111
WINDOWS_MAX = 50

Interval = tuple[datetime, datetime]


class TimeWindow(Frozen):
    """When service may start, on the weekdays of the mask (bit 0 is Monday)."""

    days: Annotated[int, Field(ge=1, le=EVERY_DAY)] = EVERY_DAY
    start_local: WallTime
    end_local: WallTime

    def holds_on(self, day: date) -> bool:
        """Say whether the window opens on this date."""
        return bool(self.days >> day.weekday() & 1)


Windows = Annotated[Many[TimeWindow], Field(max_length=WINDOWS_MAX)]


class Access(Frozen):
    """Limits at a Location: what is too high, too heavy or of the wrong class stays outside."""

    max_height_m: Annotated[float, Field(gt=0, le=100)] | None = None
    max_mass_kg: Annotated[float, Field(gt=0, le=1_000_000)] | None = None
    vehicle_classes: Many[Name] = ()
    side: Side = "any"


class Contact(Frozen):
    """Whom to ask at a Location."""

    name: Text = ""
    email: Text = ""
    phone: Text = ""
    lang: Text = ""


class Location(Frozen):
    """A place with windows, service time and access: on the earth or on a floor plan."""

    ref: Name | None = None
    kind: LocationKind
    name: Name
    address: Text = ""
    lat: Annotated[float, Field(ge=-90, le=90, allow_inf_nan=False)] | None = None
    lon: Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False)] | None = None
    plan_id: Uid | None = None
    x_m: Annotated[float, Field(ge=-100_000, le=100_000, allow_inf_nan=False)] | None = None
    y_m: Annotated[float, Field(ge=-100_000, le=100_000, allow_inf_nan=False)] | None = None
    geocode_precision: Text = ""
    geofence_m: Metres | None = None
    parent_id: Uid | None = None
    windows: Windows = ()
    service_fixed_s: Seconds = 0
    service_per_unit_s: Seconds = 0
    access: Access | None = None
    dock_to_stock_s: Seconds = 0
    contact: Contact | None = None
    note: Note = ""

    def point(self) -> Point | PlantPoint | None:
        """Where it is, or nothing when nobody said so yet."""
        if self.lat is not None and self.lon is not None:
            return Point(lat=self.lat, lon=self.lon)
        if self.plan_id is not None and self.x_m is not None and self.y_m is not None:
            return PlantPoint(plan=str(self.plan_id), x_m=self.x_m, y_m=self.y_m)
        return None


class Zone(Frozen):
    """A service territory: by postcodes, or by a polygon of (lat, lon) corners."""

    name: Name
    strength: ZoneStrength = "soft"
    postcodes: Many[Name] = ()
    polygon: Many[Point] = ()
    penalty_s: Seconds = 0
    driver_ids: Many[Uid] = ()


class Site(Frozen):
    """One plant, depot or region: one time zone, one currency, one distance unit."""

    name: Name
    tz: Name = "Europe/Berlin"
    country: Text = ""
    subdivision: Text = ""
    lang: Literal["en", "de"] = "en"
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")] = "EUR"
    day_start_local: WallTime | None = None


def opening(windows: Iterable[TimeWindow], days: Sequence[date], tz: tzinfo) -> list[Interval]:
    """Instants between which service may start on these dates, in order, without overlaps.

    A window that shrinks to nothing on a night the clocks change is left out; the caller
    reports it as `window_collapsed` when none remains.
    """
    spans = sorted(
        (start.utc, end.utc)
        for day in days
        for window in windows
        if window.holds_on(day)
        for start, end in [resolve_span(day, window.start_local, window.end_local, tz)]
        if start.utc < end.utc
    )
    merged: list[Interval] = []
    for start, end in spans:
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def days_between(first: date, last: date) -> list[date]:
    """Every date from the first to the last, both inside."""
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]
