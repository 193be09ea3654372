"""Which version of a loop holds on a date, and how long its planned legs take."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Annotated, Any, Literal
from uuid import UUID

from dateutil.rrule import rrule, rrulestr  # type: ignore[import-untyped]
from pydantic import Field

from shared.departure import Break, Departure
from shared.gate import Day, Many, Uid, Wire
from shared.loop import LoopKind, LoopVersion, Stop

PLANT_SPEED_M_S = 1.5
FREQUENCIES = frozenset({"DAILY", "WEEKLY", "MONTHLY", "YEARLY"})
REFUSED_PARTS = frozenset({"BYHOUR", "BYMINUTE", "BYSECOND", "DTSTART", "RDATE", "EXDATE"})
Leg = tuple[int, int]


class SpecialDate(Wire):
    """What is special about one service date of a loop."""

    date: Day
    op: Literal["remove", "add", "replace", "assign"]
    departures: Many[Departure] | None = None
    timetable_no: Annotated[int, Field(ge=1, le=99)] | None = None
    departure_no: Annotated[int, Field(ge=0)] | None = None
    vehicle_id: Uid | None = None
    driver_id: Uid | None = None


@dataclass(frozen=True)
class Template:
    """One published version with everything a run is made from."""

    loop_id: UUID
    version_id: UUID
    code: str
    name: str
    kind: LoopKind
    calendar_id: UUID | None
    exceptions: tuple[dict[str, Any], ...]
    version_no: int
    valid_from: date
    valid_to: date | None
    version: LoopVersion
    stop_ids: tuple[UUID, ...]
    legs: tuple[Leg, ...]

    @property
    def departures(self) -> tuple[Departure, ...]:
        """Lines and generators of the timetable."""
        return self.version.departures

    @property
    def breaks(self) -> Sequence[Break]:
        """Breaks that generators keep free."""
        return self.version.breaks

    @property
    def takt_s(self) -> int | None:
        """The planned headway of an internal or micro loop."""
        found = [one.headway_s for one in self.departures if one.headway_s is not None]
        return min(found) if found and self.kind in ("internal", "micro") else None


def version_on(templates: Iterable[Template], day: date) -> Template | None:
    """Return the version that holds on this service date: the newest one valid then."""
    valid = [
        one
        for one in templates
        if one.valid_from <= day and (one.valid_to is None or day <= one.valid_to)
    ]
    return max(valid, key=lambda one: one.version_no, default=None)


def in_circle(stops: Sequence[Stop]) -> list[int]:
    """Indexes of the stops a run drives to unless somebody switches more on."""
    return [n for n, stop in enumerate(stops) if stop.kind in ("fixed", "charge", "tip")]


def legs_by_offsets(version: LoopVersion) -> list[Leg] | None:
    """Legs as the stops' offsets say, or nothing when a stop of the circle has none."""
    offsets = [version.stops[n] for n in in_circle(version.stops)]
    legs: list[Leg] = []
    left_s = 0
    for stop in offsets:
        if stop.offset_s is None:
            return None
        legs.append(_leg(stop.offset_s - left_s, stop.leg_m))
        left_s = stop.offset_s + (stop.service_s or 0) + stop.buffer_s
    if version.end_offset_s is None:
        return None
    return [*legs, _leg(version.end_offset_s - left_s, version.end_leg_m)]


def _leg(seconds: int, metres: int | None) -> Leg:
    drive_s = max(0, seconds)
    return drive_s, metres if metres is not None else round(drive_s * PLANT_SPEED_M_S)


def read_rrule(text: str, anchor: date) -> rrule | str:
    """Read a recurrence rule of service dates, or say what is wrong with it.

    It expands on naive local dates; times come from the timetable, so parts that name them are
    refused.
    """
    parts = dict(
        [*part.strip().upper().split("=", 1), ""][:2]
        for part in text.removeprefix("RRULE:").split(";")
    )
    wrong = sorted(parts.keys() & REFUSED_PARTS)
    if wrong or parts.get("FREQ") not in FREQUENCIES or "\n" in text:
        return f"{', '.join(wrong) or 'FREQ'} is not for service dates"
    try:
        found = rrulestr(text, dtstart=datetime.combine(anchor, time()))
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        return str(error) or "not a rule"
    return found if isinstance(found, rrule) else "one rule, not several"
