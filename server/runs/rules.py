"""What a run looks like before it exists: visits, times and legs of one departure."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta, tzinfo
from typing import Any, Protocol
from uuid import UUID

from server.loops.rules import Leg, Template, in_circle
from server.runs import times
from shared.departure import DepartureTime
from shared.local_time import local_day
from shared.loop import Stop
from shared.plan import NewLine as GivenLine
from shared.proof import Level, Part, levels_of
from shared.site import Interval, Location

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
    lines: Sequence[NewLine] = (),
) -> NewRun:
    """Plan the run of one departure: windows as instants, times by offsets or by the timeline.

    `boxes` are what the plant asks for, by station; `lines` are goods besides the usual ones.
    """
    version = template.version
    circle = in_circle(version.stops)
    spots = [places.get(stop.location_id) for stop in version.stops]
    pairs = list(zip(version.stops, spots, strict=True))
    services = [times.service_of(stop, place) for stop, place in pairs]
    day = local_day(departure.at, tz)
    windows = [times.windows_of(stop, place, day, departure.at, tz) for stop, place in pairs]
    timed = times.planned(template, departure.at, circle, services=services, windows=windows)
    visits = _visits(template, timed, circle, services=services, windows=windows, proof=site_proof)
    if boxes:
        visits = [replace(one, max_boxes=_room(one.location_id, boxes)) for one in visits]
    end = version.end_location or version.start_location
    closed = [n for n in circle if not windows[n] and times.wants_windows(*pairs[n])]
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
        violations=tuple({"cause": "closed", "stop": str(template.stop_ids[n])} for n in closed),
        lines=(*_lines(version.stops, boxes or {}), *lines),
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


def _visits(
    template: Template,
    timed: times.Timed,
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
