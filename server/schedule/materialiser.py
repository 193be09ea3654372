"""The materialiser: rows are the schedule, so the runs of the next two weeks exist as rows."""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta, tzinfo
from functools import reduce
from typing import NamedTuple
from uuid import UUID

from sqlmodel import Session

from server.core.db import Reads, Writer
from server.core.logs import log
from server.feed import service as feed
from server.loops import queries as loops
from server.loops.rules import Template, version_on
from server.plant import queries as plant
from server.runs import queries as runs
from server.runs import service as running
from server.runs.rules import Boxes, NewRun, plan_run
from server.schedule import calendars, rules
from server.sites import queries as sites
from shared.departure import DepartureTime
from shared.ids import LoopId, SiteId
from shared.local_time import local_day, zone
from shared.proof import Levels
from shared.site import Location

HORIZON_DAYS = 14
WEEK_DAYS = 7
CREW = 4

Key = tuple[date, int]


class Made(NamedTuple):
    """What a pass of the materialiser did."""

    opened: int = 0
    rewritten: int = 0
    cancelled: int = 0

    def plus(self, other: "Made") -> "Made":
        """Sum of two passes."""
        return Made(*(a + b for a, b in zip(self, other, strict=True)))


@dataclass(frozen=True)
class Look:
    """Everything one loop's runs follow from, read in one snapshot."""

    tz: tzinfo
    today: date
    proof: Levels
    retired: bool
    templates: tuple[Template, ...]
    calendar: sites.CalendarView | None
    places: Mapping[UUID, Location]
    known: Mapping[Key, runs.Known]
    boxes: Callable[[Template, int], Mapping[UUID, Sequence[Boxes]]]


def materialise(
    reads: Reads,
    writer: Writer,
    now: datetime,
    *,
    site_id: SiteId | None = None,
    loop_id: LoopId | None = None,
) -> Made:
    """Make the runs of the next HORIZON_DAYS exist; any number of times gives the same rows."""
    every = [site_id] if site_id is not None else reads.run(sites.all_sites)
    wanted = [
        (one, LoopId(key))
        for one in every
        for key in ([loop_id] if loop_id is not None else reads.run(_loops_of(one)))
    ]

    def work(key: tuple[SiteId, LoopId]) -> Made:
        return _guarded(reads, writer, *key, now)

    # Several at a time: while one reads, others wait for the writer and share its commits.
    with ThreadPoolExecutor(CREW) as crew:
        made = crew.map(work, wanted)
        return reduce(Made.plus, made, Made())


def _guarded(reads: Reads, writer: Writer, site_id: SiteId, loop_id: LoopId, now: datetime) -> Made:
    """Materialise one loop; one that cannot be made must not keep the others from it."""
    try:
        return _materialise_loop(reads, writer, site_id, loop_id, now)
    except Exception as error:  # noqa: BLE001 - the next pass tries again
        log.error("loop not materialised", object_id=str(loop_id), exc_info=error)
        return Made()


def _loops_of(site_id: SiteId) -> Callable[[Session], list[UUID]]:
    return lambda session: loops.running_loops(session, site_id)


def _materialise_loop(
    reads: Reads, writer: Writer, site_id: SiteId, loop_id: LoopId, now: datetime
) -> Made:
    made = Made()
    for change in reads.run(lambda session: _weeks(session, site_id, loop_id, now)):
        if not change.empty:
            made = made.plus(writer.run(change.writing(site_id, loop_id, now)))
    return made


def _weeks(session: Session, site_id: SiteId, loop_id: LoopId, now: datetime) -> list["Change"]:
    """Plan the horizon of one loop in one snapshot, a week per change."""
    look = _look(session, site_id, loop_id, now)
    firsts = [look.today + timedelta(days=n) for n in range(0, HORIZON_DAYS, WEEK_DAYS)]
    last = timedelta(days=WEEK_DAYS - 1)
    return [_week(look, first, first + last, now) for first in firsts]


def _look(session: Session, site_id: SiteId, loop_id: LoopId, now: datetime) -> Look:
    tz = zone(sites.site(session, site_id).tz)
    today = local_day(now, tz)
    loop = loops.loop(session, site_id, loop_id)
    templates = tuple(loops.templates(session, site_id, loop_id))
    ids = {stop.location_id for one in templates for stop in one.version.stops}
    rows = sites.locations(session, site_id, ids)
    known = runs.known_of_loop(
        session, site_id, loop_id, today, today + timedelta(days=HORIZON_DAYS)
    )
    return Look(
        tz=tz,
        today=today,
        proof=sites.settings(session, site_id).proof,
        retired=loop.life_state == "retired",
        templates=templates,
        calendar=sites.calendar(session, site_id, loop.calendar_id),
        places={key: sites.as_location(row) for key, row in rows.items()},
        known={(one.service_date, one.departure_no): one for one in known},
        boxes=_remembered(session, site_id),
    )


def _remembered(
    session: Session, site_id: SiteId
) -> Callable[[Template, int], Mapping[UUID, Sequence[Boxes]]]:
    """Ask the plant once per cycle of a version: each day has the same cycles."""
    known: dict[tuple[UUID, int], Mapping[UUID, Sequence[Boxes]]] = {}

    def ask(template: Template, cycle_no: int) -> Mapping[UUID, Sequence[Boxes]]:
        key = (template.version_id, cycle_no)
        if key not in known:
            known[key] = _boxes(session, site_id, template, cycle_no)
        return known[key]

    return ask


def _boxes(
    session: Session, site_id: SiteId, template: Template, cycle_no: int
) -> Mapping[UUID, Sequence[Boxes]]:
    """What a train of a takt loop brings on this cycle, by station."""
    if template.takt_s is None or template.kind != "internal":
        return {}
    stations = [stop.location_id for stop in template.version.stops]
    return plant.lines_for_stations(
        session, site_id, stations, interval_s=template.takt_s, cycle_no=cycle_no
    )


@dataclass(frozen=True)
class Change:
    """What one week of one loop needs."""

    fresh: tuple[NewRun, ...] = ()
    changed: tuple[tuple[UUID, NewRun], ...] = ()
    dropped: tuple[UUID, ...] = ()
    pinned: tuple[UUID, ...] = ()

    @property
    def empty(self) -> bool:
        """Say whether there is nothing to write."""
        return not (self.fresh or self.changed or self.dropped or self.pinned)

    def writing(self, site_id: SiteId, loop_id: LoopId, now: datetime) -> Callable[[Session], Made]:
        """Work that writes it."""
        return lambda session: _write(session, site_id, loop_id, self, now)


def _week(look: Look, first: date, last: date, now: datetime) -> Change:
    """Compare what the timetable says of these service dates with what is there."""
    wanted = {} if look.retired else _planned(look, first, last)
    there = {key: one for key, one in look.known.items() if first <= key[0] <= last}
    fresh = tuple(
        one for key, one in wanted.items() if key not in look.known and one.departure_at > now
    )
    changed, dropped, pinned = [], [], []
    for key, one in there.items():
        planned = wanted.get(key)
        if one.planned_departure_at <= now or not one.open:
            continue
        if not one.untouched:
            pinned += [one.id] if planned is None and one.plan_state == "planned" else []
        elif planned is None:
            dropped += [one.id] if one.plan_state == "planned" else []
        elif planned.digest() != one.made_from or one.dropped:
            changed.append((one.id, planned))
    return Change(fresh, tuple(changed), tuple(dropped), tuple(pinned))


def _planned(look: Look, first: date, last: date) -> dict[Key, NewRun]:
    planned: dict[Key, NewRun] = {}
    for template in look.templates:
        lines, _ = rules.lines_of(
            calendars.rule_of(template.version, template.exceptions, look.calendar, look.tz),
            first,
            last,
        )
        mine = [line for line in lines if version_on(look.templates, line.service_date) is template]
        numbers: dict[date, int] = {}
        for line in mine:
            cycle_no = numbers[line.service_date] = numbers.get(line.service_date, 0) + 1
            run = plan_run(
                template,
                _assigned(line, template),
                line.service_date,
                places=look.places,
                site_proof=look.proof,
                tz=look.tz,
                cycle_no=cycle_no if template.takt_s is not None else None,
                boxes=look.boxes(template, cycle_no),
            )
            key = (line.service_date, line.departure.departure_no)
            planned[key] = replace(run, cancel_reason=line.cancelled)
    return planned


def _assigned(line: rules.Line, template: Template) -> DepartureTime:
    """Let an `assign` exception of the date replace vehicle or driver of a departure."""
    departure = line.departure
    for one in template.exceptions:
        same = one["date"] == line.service_date.isoformat() and one["op"] == "assign"
        if same and one.get("departure_no") in (None, departure.departure_no):
            vehicle, driver = one.get("vehicle_id"), one.get("driver_id")
            departure = departure._replace(
                vehicle_id=UUID(vehicle) if vehicle else departure.vehicle_id,
                driver_id=UUID(driver) if driver else departure.driver_id,
            )
    return departure


def _write(
    session: Session, site_id: SiteId, loop_id: LoopId, change: Change, now: datetime
) -> Made:
    opened = running.open_runs(session, site_id, change.fresh, now=now)
    rewritten = cancelled = 0
    for run_id, planned in change.changed:
        row = runs.run(session, site_id, run_id)
        if running.untouched(row):
            rewritten += running.rewrite(session, site_id, row, planned, now=now)
    for run_id in change.dropped:
        row = runs.run(session, site_id, run_id)
        if running.untouched(row):
            cancelled += running.drop_by_calendar(row, now=now)
    for run_id in change.pinned:
        feed.raise_exception(session, site_id, "review_due", "run", run_id,
                             detail={"loop": str(loop_id), "why": "calendar"}, now=now)  # fmt: skip
    session.flush()
    if opened or rewritten or cancelled:
        feed.lock(session, site_id, now)  # pages that show the day look again
    return Made(len(opened), rewritten, cancelled)
