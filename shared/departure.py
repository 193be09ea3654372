"""The timetable of a loop: when a run leaves on one service date, by hand or by headway."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta, tzinfo
from typing import Annotated, Literal, NamedTuple

from pydantic import Field, model_validator

from shared.gate import Frozen, Uid, WallTime
from shared.local_time import LocalInstant, TimeKind, resolve_local, resolve_span

BreakRule = Literal["skip", "shift"]
PolicyName = Literal["timetable", "threshold", "latest_safe", "hybrid"]
Break = tuple[WallTime, WallTime]
Interval = tuple[datetime, datetime]

DEPARTURES_MAX = 2_000
HEADWAY_MIN_S = 30

Number = Annotated[int, Field(ge=0, le=99_999)]


class Departure(Frozen):
    """One line of a timetable, or (with a headway) the generator of several."""

    timetable_no: Annotated[int, Field(ge=1, le=99)] = 1
    departure_no: Number | None = None
    day_offset: Annotated[int, Field(ge=0, le=1)] = 0
    time_local: WallTime | None = None
    base_no: Number | None = None
    first_local: WallTime | None = None
    last_local: WallTime | None = None
    headway_s: Annotated[int, Field(ge=HEADWAY_MIN_S, le=86_400)] | None = None
    break_rule: BreakRule = "skip"
    vehicle_id: Uid | None = None
    driver_id: Uid | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> "Departure":
        line = (self.departure_no, self.time_local)
        generator = (self.base_no, self.first_local, self.last_local, self.headway_s)
        fits_line = None not in line and generator == (None, None, None, None)
        fits_generator = None not in generator and line == (None, None)
        if not fits_line and not fits_generator:
            raise ValueError(
                "either departure_no and time_local, or base_no, first_local, last_local, headway_s"
            )
        return self


class DepartureTime(NamedTuple):
    """One departure of one service date as an instant."""

    departure_no: int
    at: datetime
    kind: TimeKind
    vehicle_id: Uid | None
    driver_id: Uid | None


def expand(
    departures: Iterable[Departure],
    service_date: date,
    tz: tzinfo,
    *,
    breaks: Sequence[Break] = (),
    timetable_no: int = 1,
) -> list[DepartureTime]:
    """Every departure of this service date, ordered by instant, then number.

    Lines are resolved one by one. A generator resolves only its first and last and steps in
    elapsed seconds between, so a night on which the clocks change has more or fewer of them.
    """
    chosen = [one for one in departures if one.timetable_no == timetable_no]
    lines = [_line(one, service_date, tz) for one in chosen if one.time_local is not None]
    pauses = _pauses(breaks, service_date, tz)
    generated = [
        (line, one.break_rule)
        for one in chosen
        if one.headway_s is not None
        for line in _generated(one, service_date, tz)
    ]
    lines += _around_pauses(generated, pauses, {line.at for line in lines})
    return sorted(lines, key=lambda line: (line.at, line.departure_no))


def _line(one: Departure, service_date: date, tz: tzinfo) -> DepartureTime:
    assert one.time_local is not None
    assert one.departure_no is not None
    day = service_date + timedelta(days=one.day_offset)
    found = resolve_local(day, one.time_local, tz)
    return DepartureTime(one.departure_no, found.utc, found.kind, one.vehicle_id, one.driver_id)


def _pauses(breaks: Sequence[Break], service_date: date, tz: tzinfo) -> list[Interval]:
    spans = [
        resolve_span(service_date + timedelta(days=n), start, end, tz)
        for n in (-1, 0, 1, 2)
        for start, end in breaks
    ]
    return sorted((start.utc, end.utc) for start, end in spans if start.utc < end.utc)


def _generated(one: Departure, service_date: date, tz: tzinfo) -> list[DepartureTime]:
    assert one.first_local is not None
    assert one.last_local is not None
    assert one.headway_s is not None
    assert one.base_no is not None
    day = service_date + timedelta(days=one.day_offset)
    first, last = resolve_span(day, one.first_local, one.last_local, tz)
    steps = _steps(first, last, timedelta(seconds=one.headway_s))
    return [
        DepartureTime(
            one.base_no + n, at, "exact" if n else first.kind, one.vehicle_id, one.driver_id
        )
        for n, at in enumerate(steps)
    ]


def _around_pauses(
    generated: Sequence[tuple[DepartureTime, BreakRule]],
    pauses: Sequence[Interval],
    taken: set[datetime],
) -> list[DepartureTime]:
    """Drop what falls into a break, or move it to its end unless another leaves then."""
    ends = [_end_of_pause(line.at, pauses) for line, _ in generated]
    kept = [line for (line, _), end in zip(generated, ends, strict=True) if line.at == end]
    taken = taken | {line.at for line in kept}
    for (line, rule), end in zip(generated, ends, strict=True):
        if line.at != end and rule == "shift" and end not in taken:
            taken.add(end)
            kept.append(line._replace(at=end, kind="exact"))
    return kept


def _steps(first: LocalInstant, last: LocalInstant, headway: timedelta) -> list[datetime]:
    count = max(0, -((first.utc - last.utc) // headway))
    return [first.utc + n * headway for n in range(min(count, DEPARTURES_MAX))]


def _end_of_pause(at: datetime, pauses: Sequence[Interval]) -> datetime:
    for start, end in pauses:
        if start <= at < end:
            at = end
    return at


class Go(NamedTuple):
    """The train leaves now, and why."""

    why: str


class Wait(NamedTuple):
    """The train waits until an instant that is later than now, and why."""

    until: datetime
    why: str


def timetable(now: datetime, scheduled: Sequence[datetime], last: datetime | None) -> Go | Wait:
    """Departure policy `timetable`: go at the scheduled instant, once each.

    `scheduled` is ordered; `last` is the latest planned instant that already went.
    """
    open_ones = [at for at in scheduled if last is None or at > last]
    due = [at for at in open_ones if at <= now]
    if due:
        return Go("due")
    return Wait(open_ones[0] if open_ones else now + timedelta(days=1), "timetable")
