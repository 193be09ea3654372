"""A run as resequencing sees it: what is settled, where the vehicle is, what lies ahead."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal
from uuid import UUID

from sqlmodel import Session

from server.core.clock import from_ms, to_ms
from server.dispatch.ground import Ground, ground_of
from server.dispatch.shapes import Goods, Run, Vehicle, Visit
from server.fleet import queries as fleet
from server.runs.queries import RunView as Whole
from server.sites import queries as sites
from shared.ids import SiteId, VehicleId
from shared.run import FINAL_STATES
from shared.task import Amount, Change, Policy, RunView, Start, Task, TaskStop, Window

AT_STOP = ("arrived", "in_service")
EN_ROUTE = "en_route"
DEPOTS = ("start", "end")
DIMENSIONS = ("kg", "l", "units")
SCALE = (1_000, 1_000, 1)
Span = tuple[int, int]
Planned = Literal["planned"]


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is: what keeps its place, where the vehicle stands and when it leaves."""

    settled: tuple[UUID, ...]
    ahead: tuple[UUID, ...]
    heading: UUID | None
    place: UUID
    leave_s: int
    expected_s: int
    underway: bool


@dataclass(frozen=True, slots=True)
class Seen:
    """A run with its task; the number of a stop in the task is its place in `visits`."""

    view: Whole
    progress: Progress
    ground: Ground
    task: Task
    visits: tuple[Visit, ...]
    cargo: "Cargo"
    vehicle: Vehicle | None

    def number(self, visit_id: UUID) -> int:
        """The visit's number in the task."""
        return next(n for n, one in enumerate(self.visits) if one.id == visit_id)


def see(
    session: Session,
    site_id: SiteId,
    view: Whole,
    now: datetime,
    *,
    more: Sequence[UUID] = (),
    ground: Ground | None = None,
    vehicle: UUID | Planned | None = "planned",
) -> Seen:
    """Make the task of a run; `more` are places that may be put into it.

    `vehicle` is the one that would drive it, where that is not the planned one.
    """
    vehicle_id = view.run.vehicle_id if vehicle == "planned" else vehicle
    van = fleet.vehicle(session, site_id, VehicleId(vehicle_id)) if vehicle_id else None
    progress = progress_of(view, now)
    ground = ground or ground_of(session, site_id, view, more, kind=van.kind if van else None)
    cargo = Cargo.of(van, view)
    numbers = {one.id: n for n, one in enumerate(view.visits)}
    stops = {numbers[one.id]: _stop(one, numbers, ground, cargo) for one in view.stops}
    order = tuple(numbers[one] for one in progress.ahead)
    run = RunView(
        stops={number: stops[number] for number in order},
        durations=ground.seconds,
        distances=ground.metres,
        end_index=ground.numbers[view.run.end_location],
        capacity=cargo.capacity,
        pairs=cargo.pairs(numbers, progress.ahead),
        committed=() if progress.heading is None else (numbers[progress.heading],),
        standing=order,
    )
    start = Start(ground.numbers[progress.place], progress.leave_s, cargo.aboard(progress))
    settings = sites.settings(session, site_id)
    policy = Policy(settings.keep_s, settings.max_moved_stops)
    task = Task(run, order, _not_before(run, order, start, now), policy=policy)
    return Seen(view, progress, ground, task, view.visits, cargo, van)


def stop_of(one: Visit, seen: Seen) -> TaskStop:
    """A visit that is not driven to yet, as a stop of the task; it brings and takes nothing."""
    numbers = {visit.id: n for n, visit in enumerate(seen.visits)}
    empty = (0,) * len(seen.task.run.capacity)
    return replace(_stop(one, numbers, seen.ground, Cargo((), {})), delivery=empty, pickup=empty)


def joining(seen: Seen, visit_ids: Sequence[UUID], change: Callable[[TaskStop], Change]) -> Task:
    """The task of a run in which visits with their goods still wait for a place in the order."""
    numbers = {visit.id: n for n, visit in enumerate(seen.visits)}
    by_id = {visit.id: visit for visit in seen.visits}
    fresh = [_stop(by_id[one], numbers, seen.ground, seen.cargo) for one in visit_ids]
    pairs = seen.cargo.pairs(numbers, (*seen.progress.ahead, *visit_ids))
    run = replace(seen.task.run, pairs=pairs)
    return replace(seen.task, run=run, changes=tuple(change(one) for one in fresh))


def _not_before(run: RunView, order: Sequence[int], start: Start, now: datetime) -> Start:
    """An overdue fact slides the chain: the next stop is not reached before now."""
    there = run.stops[order[0]].index if order else run.end_index
    drive = 0 if there == start.index else run.durations[start.index][there]
    late = seconds_of(now) - (start.available_s + drive)
    return replace(start, available_s=start.available_s + max(0, late))


def seconds_of(at: datetime) -> int:
    """Whole seconds since 1970, rounded up: nothing becomes feasible by rounding."""
    return math.ceil(to_ms(at) / 1000)


def spans_in_seconds(spans: Sequence[Sequence[int]]) -> tuple[Window, ...]:
    """Windows in milliseconds as seconds, rounded inwards."""
    return tuple(
        (first, last)
        for first, last in ((-(-span[0] // 1000), span[1] // 1000) for span in spans)
        if first <= last
    )


def progress_of(view: Whole, now: datetime) -> Progress:
    """Read from the fact half which visits are settled and where the vehicle is."""
    by_id = {one.id: one for one in view.visits}
    planned = [by_id[one] for one in view.order if one in by_id]
    final = [one for one in planned if one.fact_state in FINAL_STATES]
    current = next((one for one in planned if one.fact_state in AT_STOP), None)
    heading = next((one for one in planned if one.fact_state == EN_ROUTE), None)
    settled = [one.id for one in final] + ([current.id] if current is not None else [])
    ahead = [one.id for one in planned if one.id not in settled]
    if heading is not None and current is None:
        ahead = [heading.id, *(one for one in ahead if one != heading.id)]
    place, leave, expected = _standing(view.run, final, current, now)
    delay_s = _delay_s(view, leave)
    return Progress(
        settled=tuple(settled),
        ahead=tuple(ahead),
        heading=heading.id if heading is not None and current is None else None,
        place=place,
        leave_s=seconds_of(leave) + delay_s,
        expected_s=seconds_of(expected) + delay_s,
        underway=bool(settled) or view.run.departed_at is not None,
    )


def _delay_s(view: Whole, leave: datetime) -> int:
    """A delay told with the plan in force or by the driver, until the vehicle moves on."""
    told = sum(op.get("delay_s", 0) for op in view.plan.ops if op.get("op") == "late")
    planned = 0 if _moved_on(view, leave, view.plan.created_at) else int(told)
    told_by_driver = view.run.delay or {}
    since = from_ms(told_by_driver["at"]) if told_by_driver else leave
    reported = 0 if _moved_on(view, leave, since) else int(told_by_driver.get("delay_s", 0))
    return max(planned, reported)


def _moved_on(view: Whole, leave: datetime, since: datetime) -> bool:
    return view.run.departed_at is not None and leave > since


def _standing(
    run: Run, final: Sequence[Visit], current: Visit | None, now: datetime
) -> tuple[UUID, datetime, datetime]:
    """Where the vehicle stands, when it leaves, and when its next fact was expected."""
    if current is not None:
        began = current.service_start_at or current.arrived_at or now
        done = began.timestamp() + current.service_s
        expected = datetime.fromtimestamp(done, tz=now.tzinfo)
        return current.location_id, max(now, expected), expected
    ends = [(one.departed_at or one.service_end_at or one.arrived_at, one) for one in final]
    told = [(at, one) for at, one in ends if at is not None]
    if told:
        at, last = max(told, key=lambda pair: (pair[0], str(pair[1].id)))
        return last.location_id, at, at
    if run.departed_at is not None or final:
        left = run.departed_at or now
        return (final[-1].location_id if final else run.start_location), left, left
    return run.start_location, max(now, run.planned_departure_at), run.planned_departure_at


def _stop(one: Visit, numbers: dict[UUID, int], ground: Ground, cargo: "Cargo") -> TaskStop:
    lock = one.lock or {}
    rule = str(lock.get("as", ""))
    before = lock.get("before") if rule == "before" else None
    return TaskStop(
        id=numbers[one.id],
        index=ground.numbers[one.location_id],
        service_s=one.service_s,
        windows=spans_in_seconds(one.windows),
        delivery=cargo.dropped(one.id),
        pickup=cargo.picked(one.id),
        locked=rule == "place" or one.appointment_id is not None,
        position="first" if rule == "first" else "last" if rule == "last" else "any",
        before=(numbers[UUID(str(before))],) if before and UUID(str(before)) in numbers else (),
    )


@dataclass(frozen=True, slots=True)
class Cargo:
    """Goods of a run as whole numbers, in the dimensions its vehicle has a limit for."""

    capacity: Amount
    lines: dict[UUID, tuple[Amount, UUID | None, UUID | None]]
    kept: tuple[int, ...] = ()
    """Which of DIMENSIONS the vehicle has a limit for."""

    @staticmethod
    def of(vehicle: Vehicle | None, view: Whole) -> "Cargo":
        if vehicle is None:
            return Cargo((), {})
        limits = (vehicle.capacity_kg, vehicle.capacity_l, vehicle.capacity_units)
        kept = tuple(n for n, limit in enumerate(limits) if limit is not None)
        capacity = tuple(int((limits[n] or 0) * SCALE[n]) for n in kept)
        lines = {}
        for line in view.loads:
            whole = amounts(line)
            lines[line.id] = (tuple(whole[n] for n in kept), line.pickup_visit, line.drop_visit)
        return Cargo(capacity, lines, kept)

    def picked(self, visit: UUID) -> Amount:
        return self._sum([amount for amount, pick, _ in self.lines.values() if pick == visit])

    def dropped(self, visit: UUID) -> Amount:
        return self._sum([amount for amount, _, drop in self.lines.values() if drop == visit])

    def aboard(self, progress: Progress) -> Amount:
        """On board now: loaded at the start or picked up, and not dropped yet."""
        gone = set(progress.settled)
        return self._sum(
            [
                amount
                for amount, pick, drop in self.lines.values()
                if (pick is None or pick in gone) and drop not in gone
            ]
        )

    def new(self, lines: Sequence[Goods]) -> Amount:
        """Goods that are not stored yet."""
        wholes = [amounts(line) for line in lines]
        return self._sum([tuple(whole[n] for n in self.kept) for whole in wholes])

    def told(self, amount: Amount) -> dict[str, float]:
        """An amount in kilograms, litres and units, as far as there is any."""
        return {
            DIMENSIONS[n]: part / SCALE[n]
            for n, part in zip(self.kept, amount, strict=True)
            if part
        }

    def pairs(self, numbers: dict[UUID, int], ahead: Sequence[UUID]) -> tuple[Span, ...]:
        """Goods that are picked up and dropped on the way that lies ahead."""
        found = {
            (numbers[pick], numbers[drop])
            for _, pick, drop in self.lines.values()
            if pick in ahead and drop in ahead and pick is not None and drop is not None
        }
        return tuple(sorted(found))

    def _sum(self, amounts: Sequence[Amount]) -> Amount:
        return tuple(sum(amount[n] for amount in amounts) for n in range(len(self.capacity)))


def amounts(line: Goods) -> tuple[int, int, int]:
    """Grams, millilitres and units of a line."""
    kilos, litres = line.weight_kg or 0, line.volume_l or 0
    return math.ceil(kilos * 1_000), math.ceil(litres * 1_000), line.qty
