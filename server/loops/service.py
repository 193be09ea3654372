"""Use cases of loops: draw, draft, publish, live, retire."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from pydantic import ValidationError
from sqlalchemy import delete
from sqlmodel import Session, col

from server.core import audit
from server.core.access import Principal, Resource, allow
from server.core.ids import new_id
from server.core.jobs import Job, Jobs
from server.feed import service as feed
from server.loops import queries, rules
from server.loops.tables import DepartureRow, LoopRow, LoopVersionRow, StopRow
from server.sites import queries as sites
from server.sites.service import refuse_fields
from shared.geo import PlantPoint, Point
from shared.ids import LoopId, SiteId
from shared.local_time import local_day, zone
from shared.loop import Cause, LifeState, Loop, LoopVersion, may_become, problems
from shared.refusals import refuse

MATERIALISE = "schedule.materialise"
Place = Point | PlantPoint
LegsOf = Callable[[Session, SiteId, Sequence[Place], str], Sequence[rules.Leg]]


def create_loop(
    session: Session, who: Principal, given: Loop, *, loop_id: LoopId | None = None, now: datetime
) -> LoopRow:
    """Draw a loop; it is a candidate until a version of it is published."""
    allow(who, "write", resource=Resource("loops", who.site_id))
    known = queries.by_code(session, who.site_id, given.code)
    if known is not None and known.id == loop_id:
        return known
    if known is not None:
        raise refuse("exists", what=given.code)
    row = LoopRow(
        site_id=who.site_id,
        id=loop_id or new_id(now),
        code=given.code,
        name=given.name,
        kind=given.kind,
        calendar_id=given.calendar_id,
        departure_policy=given.departure_policy,
        exceptions=[],
        rev=feed.lock(session, who.site_id, now),
        created_at=now,
        updated_at=now,
    )
    session.add(row)
    audit.record(session, who, "loop.created", ("loop", row.id), now=now)
    session.flush()
    return row


def change_loop(
    session: Session,
    who: Principal,
    loop_id: LoopId,
    change: Mapping[str, Any],
    *,
    jobs: Jobs,
    now: datetime,
) -> LoopRow:
    """Change name, calendar or departure policy; code and kind stay for ever."""
    allow(who, "write", resource=Resource("loops", who.site_id))
    row = queries.loop(session, who.site_id, loop_id)
    expected = change.get("expected_rev", row.rev)
    if expected != row.rev:
        raise refuse("rev", members={"current": row.rev})
    about = {"code": row.code, "kind": row.kind, "name": row.name, "calendar_id": row.calendar_id,
             "departure_policy": row.departure_policy}  # fmt: skip
    wanted = {key: value for key, value in change.items() if key != "expected_rev"}
    if not set(wanted) <= {"name", "calendar_id", "departure_policy"}:
        raise refuse("bad_input", why="name, calendar_id, departure_policy")
    try:
        given = Loop.model_validate({**about, **wanted})
    except ValidationError as error:
        raise refuse_fields(error) from error
    row.name, row.calendar_id = given.name, given.calendar_id
    row.departure_policy = given.departure_policy
    told = given.model_dump(mode="json", include=set(wanted))
    _touched(session, who, row, "loop.changed", now, after=told)
    _materialise(session, jobs, row)
    return row


def write_draft(
    session: Session,
    who: Principal,
    loop_id: LoopId,
    given: LoopVersion,
    *,
    version: int | None = None,
    now: datetime,
) -> tuple[LoopVersionRow, list[Cause]]:
    """Keep a draft, new or over an older draft, and say what speaks against publishing it."""
    allow(who, "write", resource=Resource("loops", who.site_id))
    row = queries.loop(session, who.site_id, loop_id)
    known = queries.versions(session, who.site_id, loop_id)
    if version is None:
        made = _new_version(row, max((one.version for one in known), default=0) + 1, now)
        session.add(made)
    else:
        made = queries.version_row(session, who.site_id, loop_id, version)
    if made.published_at is not None:
        raise refuse("bad_state", why=f"version {made.version} is published; draw a new one")
    _fill(session, made, given, now)
    _touched(session, who, row, "loop.drafted", now, after={"version": made.version})
    return made, _problems(session, who.site_id, given, row)


def publish(
    session: Session,
    who: Principal,
    loop_id: LoopId,
    version: int,
    *,
    valid_from: date,
    legs_of: LegsOf,
    jobs: Jobs,
    now: datetime,
) -> LoopVersionRow:
    """Publish a draft from a service date on; from here it never changes."""
    allow(who, "write", resource=Resource("loops", who.site_id))
    row = queries.loop(session, who.site_id, loop_id)
    made = queries.version_row(session, who.site_id, loop_id, version)
    given = queries.as_version(session, made)
    _check_publishable(session, row, made, given, valid_from=valid_from, now=now)
    made.legs = [list(leg) for leg in _legs(session, who.site_id, given, legs_of)]
    made.published_at, made.published_by, made.valid_from = now, who.name, valid_from
    for older in queries.versions(session, who.site_id, loop_id):
        still = older.valid_to is None or older.valid_to >= valid_from
        if older.published_at is not None and older.version < version and still:
            older.valid_to = valid_from - timedelta(days=1)
    row.current_version = version
    if row.life_state == "candidate":
        row.life_state, row.trial_since = "trial", valid_from
    _touched(session, who, row, "loop.published", now,
             after={"version": version, "valid_from": valid_from.isoformat()})  # fmt: skip
    made.rev = row.rev
    session.flush()
    _materialise(session, jobs, row)
    return made


def set_state(
    session: Session,
    who: Principal,
    loop_id: LoopId,
    to: LifeState,
    *,
    reason: str,
    jobs: Jobs,
    now: datetime,
) -> LoopRow:
    """Move a loop in its life; always a person, always with a reason."""
    allow(who, "write", resource=Resource("loops", who.site_id))
    row = queries.loop(session, who.site_id, loop_id)
    if not may_become(row.life_state, to) or (to != "retired" and row.current_version is None):  # type: ignore[arg-type]
        raise refuse("bad_state", why=f"{row.life_state} -> {to}")
    before = row.life_state
    row.life_state = to
    if to == "stable":
        row.stable_since = row.stable_since or now.date()
    audit.record(session, who, "loop.state", ("loop", row.id), now=now, reason=reason,
                 before={"life_state": before}, after={"life_state": to})  # fmt: skip
    row.rev, row.updated_at = feed.lock(session, who.site_id, now), now
    session.flush()
    _materialise(session, jobs, row)
    return row


def put_exception(
    session: Session,
    who: Principal,
    loop_id: LoopId,
    day: date,
    given: Sequence[Mapping[str, Any]],
    *,
    jobs: Jobs,
    now: datetime,
) -> LoopRow:
    """Replace what is special about one service date; an empty list makes it ordinary again."""
    allow(who, "write", resource=Resource("loops", who.site_id))
    told = [_special(one, day) for one in given]
    row = queries.loop(session, who.site_id, loop_id)
    kept = [one for one in row.exceptions if one["date"] != day.isoformat()]
    row.exceptions = [*kept, *told]
    _touched(session, who, row, "loop.exception", now,
             after={"date": day.isoformat(), "rows": told})  # fmt: skip
    _materialise(session, jobs, row)
    return row


def _special(given: Mapping[str, Any], day: date) -> dict[str, Any]:
    try:
        read = rules.SpecialDate.model_validate({**given, "date": day})
    except ValidationError as error:
        raise refuse_fields(error) from error
    return read.model_dump(mode="json", exclude_none=True)


def _new_version(row: LoopRow, number: int, now: datetime) -> LoopVersionRow:
    return LoopVersionRow(
        site_id=row.site_id,
        id=new_id(now),
        loop_id=row.id,
        version=number,
        rrule="",
        anchor_date=now.date(),
        start_location=row.id,
        vehicle_ids=[],
        proof={},
        breaks=[],
        legs=[],
        created_at=now,
        updated_at=now,
    )


def _fill(session: Session, row: LoopVersionRow, given: LoopVersion, now: datetime) -> None:
    plain = given.model_dump(mode="json", exclude={"stops", "departures"})
    typed = {"anchor_date", "start_location", "end_location"}
    row.sqlmodel_update({**plain, **{key: getattr(given, key) for key in typed}})
    row.updated_at = now
    key: dict[str, Any] = {"site_id": row.site_id, "loop_version_id": row.id}
    for table in (StopRow, DepartureRow):
        session.execute(
            delete(table).where(
                col(table.site_id) == row.site_id, col(table.loop_version_id) == row.id
            )
        )
    for pos, stop in enumerate(given.stops, start=1):
        values: dict[str, Any] = stop.model_dump(mode="json")
        values |= {"location_id": stop.location_id}
        session.add(StopRow(**key, id=new_id(now), pos=pos, **values))
    for pos, line in enumerate(given.departures, start=1):
        values = line.model_dump(mode="json")
        values |= {"vehicle_id": line.vehicle_id, "driver_id": line.driver_id}
        session.add(DepartureRow(**key, id=new_id(now), pos=pos, **values))
    session.flush()


def _places(session: Session, site_id: SiteId, given: LoopVersion) -> dict[UUID, Place | None]:
    ids = [given.start_location, *(stop.location_id for stop in given.stops)]
    ids += [given.end_location] if given.end_location else []
    rows = sites.locations(session, site_id, ids)
    return {one: sites.as_location(row).point() for one, row in rows.items()}


def _problems(session: Session, site_id: SiteId, given: LoopVersion, row: LoopRow) -> list[Cause]:
    places = _places(session, site_id, given)
    placed = {one for one, place in places.items() if place is not None}
    found = problems(given, row.kind, places.keys(), placed)  # type: ignore[arg-type]
    if isinstance(rules.read_rrule(given.rrule, given.anchor_date), str):
        found.append(Cause("bad_rrule", "rrule"))
    if given.start_location not in places:
        found.append(Cause("unknown_location", "start"))
    return found


def _check_publishable(
    session: Session,
    row: LoopRow,
    made: LoopVersionRow,
    given: LoopVersion,
    *,
    valid_from: date,
    now: datetime,
) -> None:
    site_id = SiteId(row.site_id)
    if made.published_at is not None or row.life_state == "retired":
        raise refuse("bad_state", why=f"version {made.version} cannot be published")
    found = [one for one in _problems(session, site_id, given, row) if one.hard]
    if found:
        errors = [(f"/{one.subject}", one.cause) for one in found]
        why = ", ".join(f"{one.cause} ({one.subject})" for one in found)[:300]
        raise refuse("bad_input", errors=errors, why=why)
    if valid_from < local_day(now, zone(sites.site(session, site_id).tz)):
        raise refuse("bad_input", errors=[("/valid_from", "in the past")], why="valid_from")


def _legs(
    session: Session, site_id: SiteId, given: LoopVersion, legs_of: LegsOf
) -> Sequence[rules.Leg]:
    """Travel between the stops of the circle; a plant's legs follow from the stops' offsets."""
    by_offsets = rules.legs_by_offsets(given)
    places = _places(session, site_id, given)
    circle = [given.stops[n].location_id for n in rules.in_circle(given.stops)]
    route = [places.get(one) for one in (given.start_location, *circle)]
    route.append(places.get(given.end_location or given.start_location))
    known = [place for place in route if place is not None]
    if by_offsets is not None and (len(known) < len(route) or given.end_leg_m is not None):
        return by_offsets
    if len(known) < len(route):
        raise refuse("bad_input", why="no_coordinate")
    return legs_of(session, site_id, known, given.vehicle_class or "van")


def _touched(
    session: Session,
    who: Principal,
    row: LoopRow,
    what: str,
    now: datetime,
    *,
    after: dict[str, Any],
) -> None:
    audit.record(session, who, what, ("loop", row.id), now=now, after=after)
    row.rev, row.updated_at = feed.lock(session, who.site_id, now), now
    session.flush()


def _materialise(session: Session, jobs: Jobs, row: LoopRow) -> None:
    """Have tomorrow's runs follow this change; the job exists exactly if we commit."""
    payload = {"loop_id": str(row.id)}
    jobs.submit(session, Job(MATERIALISE, SiteId(row.site_id), str(row.id), payload))
