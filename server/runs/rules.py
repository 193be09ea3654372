"""What a run looks like before it exists: visits, times and legs of one departure."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta, tzinfo
from typing import Any, Protocol
from uuid import UUID

from server.loops.rules import Leg, Template, in_circle
from shared.departure import DepartureTime
from shared.local_time import local_day, resolve_local
from shared.loop import Stop
from shared.plan import NewLine as GivenLine
from shared.proof import Level, Part, levels_of
from shared.site import Interval, Location, days_between, opening
from shared.task import RunView as Walk
from shared.task import Start, TaskStop
from shared.timeline import simulate

START, END = "start", "end"
DEPOTS = (START, END)
Levels = Mapping[Part, Level]
_DAY = timedelta(days=1)


@dataclass(frozen=True)
class NewLine:
    """Goods for a run that is about to be opened; the visits are positions among its stops."""

    part_no: str
    qty: int
    name: str = ""
    unit_label: str = ""
    labels: tuple[str, ...] = ()
    pickup_pos: int | None = None
    drop_pos: int | None = None
    owner: str | None = None
    consignee: str | None = None
    order_id: UUID | None = None
    order_ref: str | None = None
    weight_kg: float | None = None
    volume_l: float | None = None
    private: bool = False


@dataclass(frozen=True)
class NewVisit:
    """A visit of a run that is about to be opened."""

    location_id: UUID
    kind: str
    arrival: datetime
    departure: datetime
    stop_id: UUID | None = None
    plan_state: str = "planned"
    windows: tuple[Interval, ...] = ()
    proof: Levels = field(default_factory=dict)
    checks: tuple[tuple[str, str, bool], ...] = ()
    service_s: int = 0
    buffer_s: int = 0
    lock: Mapping[str, Any] | None = None
    max_boxes: Mapping[str, int] | None = None


@dataclass(frozen=True)
class NewRun:
    """A run that is about to be opened, depot visits at both ends included."""

    name: str
    kind: str
    service_date: date
    departure_at: datetime
    return_at: datetime
    start_location: UUID
    end_location: UUID
    visits: tuple[NewVisit, ...]
    legs: tuple[Leg, ...]
    loop_id: UUID | None = None
    loop_version_id: UUID | None = None
    departure_no: int | None = None
    dst_kind: str = "exact"
    vehicle_id: UUID | None = None
    driver_id: UUID | None = None
    carrier_id: UUID | None = None
    driver_order: str = "ask"
    resequence_mode: str = "free"
    takt_s: int | None = None
    cycle_no: int | None = None
    cancel_reason: str | None = None
    violations: tuple[dict[str, Any], ...] = ()
    lines: tuple[NewLine, ...] = ()

    def digest(self) -> str:
        """Tell two plans of the same departure apart; equal means there is nothing to write."""
        text = json.dumps(self.__dict__, default=_plain, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:32]


def _plain(value: object) -> object:
    if isinstance(value, NewVisit | NewLine):
        return value.__dict__
    return dict(value) if isinstance(value, Mapping) else str(value)


class Boxes(Protocol):
    """So many boxes of a part for one station, as the plant says."""

    @property
    def part_no(self) -> str:
        """Which part."""
        ...

    @property
    def name(self) -> str:
        """Its name."""
        ...

    @property
    def boxes(self) -> int:
        """How many the train brings."""
        ...

    @property
    def max_boxes(self) -> int:
        """How many the station holds."""
        ...


@dataclass(frozen=True)
class Timed:
    """Planned arrival and departure of each stop of the circle, and the return."""

    times: tuple[tuple[datetime, datetime], ...]
    return_at: datetime


def plan_run(
    template: Template,
    departure: DepartureTime,
    service_date: date,
    *,
    places: Mapping[UUID, Location],
    site_proof: Levels,
    tz: tzinfo,
    cycle_no: int | None = None,
    boxes: Mapping[UUID, Sequence[Boxes]] | None = None,
) -> NewRun:
    """Plan the run of one departure: windows as instants, times by offsets or by the timeline."""
    version = template.version
    circle = in_circle(version.stops)
    services = [service_of(stop, places.get(stop.location_id)) for stop in version.stops]
    day = local_day(departure.at, tz)
    windows = [
        windows_of(stop, places.get(stop.location_id), day, departure.at, tz)
        for stop in version.stops
    ]
    timed = _times(template, departure.at, circle, services=services, windows=windows)
    visits = [
        replace(one, max_boxes=_room(one.location_id, boxes or {}))
        for one in _visits(
            template, timed, circle, services=services, windows=windows, proof=site_proof
        )
    ]
    end = version.end_location or version.start_location
    closed = [
        {"cause": "closed", "stop": str(template.stop_ids[n])}
        for n in circle
        if not windows[n] and _wanted(version.stops[n], places.get(version.stops[n].location_id))
    ]
    return NewRun(
        name=_run_name(template, departure, tz),
        kind=template.kind,
        service_date=service_date,
        departure_at=departure.at,
        return_at=timed.return_at,
        start_location=version.start_location,
        end_location=end,
        visits=(
            NewVisit(version.start_location, START, departure.at, departure.at),
            *visits,
            NewVisit(end, END, timed.return_at, timed.return_at),
        ),
        legs=template.legs,
        loop_id=template.loop_id,
        loop_version_id=template.version_id,
        departure_no=departure.departure_no,
        dst_kind=departure.kind,
        vehicle_id=departure.vehicle_id or _in_turn(version.vehicle_ids, departure.departure_no),
        driver_id=departure.driver_id,
        driver_order=version.driver_order,
        resequence_mode=version.resequence_mode,
        takt_s=template.takt_s,
        cycle_no=cycle_no,
        violations=tuple(closed),
        lines=tuple(_lines(version.stops, boxes or {})),
    )


def _lines(stops: Sequence[Stop], boxes: Mapping[UUID, Sequence[Boxes]]) -> list[NewLine]:
    """What a run brings to its stops and takes there; a stop that is off has nothing."""
    made = [stop for stop in stops if stop.kind != "break"]
    found = []
    for pos, stop in enumerate(made):
        if stop.kind != "contingency":
            found += [line_at(pos, line) for line in stop.lines]
            found += [
                NewLine(one.part_no, one.boxes, one.name, "box", drop_pos=pos)
                for one in boxes.get(stop.location_id, ())
            ]
    return found


def _room(location_id: UUID, boxes: Mapping[UUID, Sequence[Boxes]]) -> Mapping[str, int] | None:
    return {one.part_no: one.max_boxes for one in boxes.get(location_id, ())} or None


def line_at(pos: int, line: GivenLine) -> NewLine:
    """Goods of a stop, by its position among the stops of the run."""
    taken = line.direction == "pickup"
    return NewLine(
        part_no=line.part_no,
        qty=line.qty,
        name=line.name,
        unit_label=line.unit,
        labels=line.labels,
        pickup_pos=pos if taken else None,
        drop_pos=None if taken else pos,
        owner=line.owner,
        consignee=line.consignee,
        order_ref=line.order_ref,
        weight_kg=line.weight_kg,
        volume_l=line.volume_l,
        private=line.private,
    )


def _in_turn(vehicle_ids: Sequence[UUID], departure_no: int) -> UUID | None:
    return vehicle_ids[departure_no % len(vehicle_ids)] if vehicle_ids else None


def _run_name(template: Template, departure: DepartureTime, tz: tzinfo) -> str:
    """Name of the loop; a loop with a takt has many runs a day, so theirs says when."""
    if template.takt_s is None:
        return f"{template.code} {template.name}"
    return f"{template.code} {departure.at.astimezone(tz):%H:%M}"


def service_of(stop: Stop, place: Location | None) -> int:
    """Seconds of service: the stop's own, else the place's fixed part."""
    if stop.service_s is not None:
        return stop.service_s
    return place.service_fixed_s if place is not None else 0


def _wanted(stop: Stop, place: Location | None) -> bool:
    return bool(stop.windows) or bool(place and place.windows)


def windows_of(
    stop: Stop, place: Location | None, day: date, leaves: datetime, tz: tzinfo
) -> list[Interval]:
    """Windows of a stop as instants: its own, else those of the place; a fixed time is one.

    Looked up on the local day of departure and the next, for rounds past midnight; the next
    day counts only when nothing is open any more on the first.
    """
    if stop.fixed_time_local is not None:
        at = resolve_local(day, stop.fixed_time_local, tz).utc
        return [(at, at)]
    windows = stop.windows or (place.windows if place is not None else ())
    found = opening(windows, days_between(day - _DAY, day + _DAY), tz)
    ahead = [span for span in found if span[1] > leaves]
    today = [span for span in ahead if local_day(span[0], tz) <= day]
    return today or [span for span in ahead if span[0] <= leaves + timedelta(hours=12)]


def _times(
    template: Template,
    leaves: datetime,
    circle: Sequence[int],
    *,
    services: Sequence[int],
    windows: Sequence[Sequence[Interval]],
) -> Timed:
    stops = template.version.stops
    stays = [services[n] + stops[n].buffer_s for n in circle]
    offsets = [stops[n].offset_s for n in circle]
    end_offset = template.version.end_offset_s
    exact = [offset for offset in offsets if offset is not None]
    if len(exact) == len(offsets):
        times = _by_offsets(leaves, exact, stays, [windows[n] for n in circle])
        last = times[-1][1] if times else leaves
        back = leaves + timedelta(seconds=end_offset or 0)
        drive = last + timedelta(seconds=template.legs[-1][0] if template.legs else 0)
        return Timed(tuple(times), max(back, last) if end_offset is not None else drive)
    return walk(leaves, template.legs, stays, [windows[n] for n in circle])


def _by_offsets(
    leaves: datetime,
    offsets: Sequence[int],
    stays: Sequence[int],
    windows: Sequence[Sequence[Interval]],
) -> list[tuple[datetime, datetime]]:
    times = []
    for offset, stay, spans in zip(offsets, stays, windows, strict=True):
        arrival = leaves + timedelta(seconds=offset)
        opens = next((start for start, end in spans if end >= arrival), arrival)
        times.append((arrival, max(arrival, opens) + timedelta(seconds=stay)))
    return times


def walk(
    leaves: datetime,
    legs: Sequence[Leg],
    stays: Sequence[int],
    windows: Sequence[Sequence[Interval]],
) -> Timed:
    """Walk a circle with the one timeline: start -> first ... last -> end."""
    count = len(stays)
    stops = {
        n + 1: TaskStop(
            n + 1, n + 1, service_s=stays[n], windows=tuple(_seconds(windows[n], leaves))
        )
        for n in range(count)
    }
    rows = [[0] * (count + 2) for _ in range(count + 2)]
    for n, (seconds, _metres) in enumerate(legs):
        rows[n][n + 1] = seconds
    line = simulate(
        Walk(stops=stops, durations=rows, end_index=count + 1),
        list(range(1, count + 1)),
        Start(0, 0),
    )
    steps = [step for step in line.steps if step.kind == "stop"]
    times = tuple(
        (
            leaves + timedelta(seconds=step.arrival_s),
            leaves + timedelta(seconds=step.departure_s),
        )
        for step in steps
    )
    return Timed(times, leaves + timedelta(seconds=line.end_s))


def _seconds(spans: Sequence[Interval], since: datetime) -> list[tuple[int, int]]:
    return [
        (int((start - since).total_seconds()), int((end - since).total_seconds()))
        for start, end in spans
    ]


def _visits(
    template: Template,
    timed: Timed,
    circle: Sequence[int],
    *,
    services: Sequence[int],
    windows: Sequence[Sequence[Interval]],
    proof: Levels,
) -> list[NewVisit]:
    times = dict(zip(circle, timed.times, strict=True))
    made: list[NewVisit] = []
    latest = (timed.times[0][0], timed.times[0][0]) if timed.times else None
    for n, stop in enumerate(template.version.stops):
        if stop.kind == "break":
            continue
        latest = times.get(n, latest and (latest[1], latest[1]))
        arrival, departure = latest or (timed.return_at, timed.return_at)
        made.append(
            NewVisit(
                location_id=stop.location_id,
                kind=stop.kind,
                arrival=arrival,
                departure=departure,
                stop_id=template.stop_ids[n],
                plan_state="planned" if n in times else "optional_off",
                windows=tuple(windows[n]),
                proof=levels_of(proof, template.version.proof, stop.proof),
                checks=stop.checks,
                service_s=services[n],
                buffer_s=stop.buffer_s,
                lock=_lock(stop),
            )
        )
    return made


def _lock(stop: Stop) -> Mapping[str, Any] | None:
    return {"as": stop.priority} if stop.priority in ("first", "last") else None
