"""The recurring circle: a Loop, its life, its published versions and their Stops."""

from collections.abc import Collection, Mapping, Sequence
from typing import Annotated, Literal, NamedTuple
from uuid import UUID

from pydantic import BeforeValidator, Field

from shared.departure import Departure, PolicyName
from shared.gate import (
    Day,
    Frozen,
    Many,
    Name,
    Note,
    Seconds,
    Text,
    Uid,
    WallTime,
    Word,
    read_array,
)
from shared.plan import NewLine
from shared.proof import Level, Part
from shared.site import Windows

LoopKind = Literal["inbound", "outbound", "internal", "transfer", "micro"]
LifeState = Literal["candidate", "trial", "stable", "review_due", "retired"]
StopKind = Literal["fixed", "break", "charge", "tip"]
Priority = Literal["first", "last", "before", "none"]
ResequenceMode = Literal["locked", "insert_only", "free"]
DriverOrder = Literal["free", "ask", "off"]
HolidayRule = Annotated[
    str, Field(pattern=r"^(skip|run|previous_workday|next_workday|timetable:[1-9][0-9]?)$")
]

Pair = Annotated[tuple[WallTime, WallTime], BeforeValidator(read_array)]
Check = Annotated[tuple[Word, Text, bool], BeforeValidator(read_array)]

NEXT_LIFE_STATES: Mapping[LifeState, frozenset[LifeState]] = {
    "candidate": frozenset({"trial", "retired"}),
    "trial": frozenset({"stable", "review_due", "retired"}),
    "stable": frozenset({"review_due", "retired"}),
    "review_due": frozenset({"trial", "stable", "retired"}),
    # A retired loop is never woken: it is copied into a candidate under a new code.
    "retired": frozenset(),
}


class Stop(Frozen):
    """A place in a LoopVersion with its order, times and demands."""

    location_id: Uid
    kind: StopKind | Literal["contingency"] = "fixed"
    windows: Windows = ()
    priority: Priority = "none"
    fixed_time_local: WallTime | None = None
    service_s: Seconds | None = None
    buffer_s: Seconds = 0
    offset_s: Seconds | None = None
    leg_m: Annotated[int, Field(ge=0, le=10_000_000)] | None = None
    skills: Many[Name] = ()
    proof: dict[Part, Level] = Field(default_factory=dict)
    checks: Many[Check] = ()
    lines: Many[NewLine] = ()


class ContingencyStop(Stop):
    """A Stop that is off unless switched on; its place in the order is kept."""

    kind: Literal["contingency"] = "contingency"


class LoopVersion(Frozen):
    """One state of a Loop: its rule, timetable and stops; immutable once published."""

    rrule: Annotated[str, Field(max_length=500)] = "FREQ=DAILY"
    anchor_date: Day
    start_location: Uid
    end_location: Uid | None = None
    end_offset_s: Seconds | None = None
    end_leg_m: Annotated[int, Field(ge=0, le=10_000_000)] | None = None
    vehicle_class: Text = ""
    vehicle_ids: Many[Uid] = ()
    proof: dict[Part, Level] = Field(default_factory=dict)
    resequence_mode: ResequenceMode = "free"
    driver_order: DriverOrder = "ask"
    holiday_rule: HolidayRule = "skip"
    allow_double: bool = False
    cut_off_s: Seconds = 0
    breaks: Many[Pair] = ()
    note: Note = ""
    stops: Many[Stop] = ()
    departures: Many[Departure] = ()


class Loop(Frozen):
    """The recurring circle as an object with a life."""

    code: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,31}$")]
    name: Name
    kind: LoopKind
    departure_policy: PolicyName = "timetable"
    calendar_id: Uid | None = None


class Cause(NamedTuple):
    """Why a version may not be published: a name for the reason and what it is about."""

    cause: str
    subject: str
    hard: bool = True


def may_become(state: LifeState, to: LifeState) -> bool:
    """Say whether a person may move a loop from one life state to the other."""
    return to in NEXT_LIFE_STATES[state]


def problems(
    version: LoopVersion, kind: LoopKind, known: Collection[UUID], placed: Collection[UUID]
) -> list[Cause]:
    """Everything that speaks against publishing this version, each with a named cause.

    `known` are the Locations of the site, `placed` those of them that have coordinates.
    """
    return [
        *_circle_problems(version),
        *_stop_problems(version.stops, kind, known, placed),
        *_departure_problems(version.departures),
    ]


def _circle_problems(version: LoopVersion) -> list[Cause]:
    found = []
    if version.end_location != version.start_location:
        found.append(Cause("not_closed", str(version.end_location or "end")))
    if not version.stops:
        found.append(Cause("no_stops", "stops"))
    return found


def _stop_problems(
    stops: Sequence[Stop], kind: LoopKind, known: Collection[UUID], placed: Collection[UUID]
) -> list[Cause]:
    found = []
    for pos, stop in enumerate(stops, start=1):
        if stop.location_id not in known:
            found.append(Cause("unknown_location", f"stop {pos}"))
        elif stop.location_id not in placed and kind != "internal":
            found.append(Cause("no_coordinate", f"stop {pos}"))
        if kind == "internal" and stop.offset_s is None:
            found.append(Cause("no_offset", f"stop {pos}"))
    offsets = [stop.offset_s for stop in stops if stop.offset_s is not None]
    if offsets != sorted(offsets):
        found.append(Cause("offsets_not_rising", "stops"))
    ranks = [{"first": 0, "last": 2}.get(stop.priority, 1) for stop in stops]
    if ranks != sorted(ranks):
        found.append(Cause("priority_order", "stops"))
    return found


def _departure_problems(departures: Sequence[Departure]) -> list[Cause]:
    found = [] if departures else [Cause("no_departures", "departures")]
    numbers = [
        (one.timetable_no, one.departure_no if one.base_no is None else one.base_no)
        for one in departures
    ]
    twice = {number for number in numbers if numbers.count(number) > 1}
    found += [Cause("departure_no_twice", f"departure {no}") for _, no in sorted(twice, key=str)]
    if departures and all(one.timetable_no != 1 for one in departures):
        found.append(Cause("no_normal_timetable", "departures"))
    return found
