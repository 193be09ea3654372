"""Planned times of a run that is about to be opened: windows as instants, arrivals, the return."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo

from server.loops.rules import Leg, Template
from shared.local_time import local_day, resolve_local
from shared.loop import Stop
from shared.site import Interval, Location, days_between, opening
from shared.task import RunView as Walk
from shared.task import Start, TaskStop
from shared.timeline import simulate

_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Timed:
    """Planned arrival and departure of each stop of the circle, and the return."""

    times: tuple[tuple[datetime, datetime], ...]
    return_at: datetime


def service_of(stop: Stop, place: Location | None) -> int:
    """Seconds of service: the stop's own, else the place's fixed part."""
    if stop.service_s is not None:
        return stop.service_s
    return place.service_fixed_s if place is not None else 0


def wants_windows(stop: Stop, place: Location | None) -> bool:
    """Say whether somebody said when service may start here."""
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


def planned(
    template: Template,
    leaves: datetime,
    circle: Sequence[int],
    *,
    services: Sequence[int],
    windows: Sequence[Sequence[Interval]],
) -> Timed:
    """Planned times of a departure: by the offsets when every stop has one, else by a walk."""
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
