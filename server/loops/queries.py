"""Reads of loops and their versions."""

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from sqlmodel import Session, col, select

from server.core.access import Principal, Resource, may
from server.loops import rules
from server.loops.tables import DepartureRow, LoopRow, LoopVersionRow, StopRow
from shared.departure import Departure
from shared.ids import SiteId
from shared.loop import LoopVersion, Stop
from shared.refusals import refuse

_STOP_KEYS = tuple(Stop.model_fields)
_DEPARTURE_KEYS = tuple(Departure.model_fields)
_VERSION_KEYS = tuple(key for key in LoopVersion.model_fields if key not in ("stops", "departures"))


def loop(session: Session, site_id: SiteId, loop_id: UUID) -> LoopRow:
    """The loop; refuses `not_found`."""
    row = session.get(LoopRow, (site_id, loop_id))
    if row is None:
        raise refuse("not_found")
    return row


def by_code(session: Session, site_id: SiteId, code: str) -> LoopRow | None:
    """The loop of this code, or nothing."""
    query = select(LoopRow).where(col(LoopRow.site_id) == site_id, col(LoopRow.code) == code)
    return session.exec(query).first()


def loops(session: Session, site_id: SiteId) -> Sequence[LoopRow]:
    """Every loop of the site, by code."""
    query = select(LoopRow).where(col(LoopRow.site_id) == site_id).order_by(col(LoopRow.code))
    return session.exec(query).all()


def visible(session: Session, who: Principal) -> Sequence[LoopRow]:
    """Loops for a list; a Carrier sees its runs, not the loops behind them."""
    readable = may(who, "read", resource=Resource("loops", who.site_id))
    return loops(session, who.site_id) if readable else []


def running_loops(session: Session, site_id: SiteId) -> list[UUID]:
    """Loops that make runs: those with a published version that are not retired."""
    query = select(LoopRow.id).where(
        col(LoopRow.site_id) == site_id,
        col(LoopRow.current_version).is_not(None),
    )
    return list(session.exec(query.order_by(col(LoopRow.code))).all())


def version_row(session: Session, site_id: SiteId, loop_id: UUID, version: int) -> LoopVersionRow:
    """One version, draft or published; refuses `not_found`."""
    query = select(LoopVersionRow).where(
        col(LoopVersionRow.site_id) == site_id,
        col(LoopVersionRow.loop_id) == loop_id,
        col(LoopVersionRow.version) == version,
    )
    row = session.exec(query).first()
    if row is None:
        raise refuse("not_found")
    return row


def versions(session: Session, site_id: SiteId, loop_id: UUID) -> Sequence[LoopVersionRow]:
    """Every version of a loop, the oldest first."""
    query = select(LoopVersionRow).where(
        col(LoopVersionRow.site_id) == site_id, col(LoopVersionRow.loop_id) == loop_id
    )
    return session.exec(query.order_by(col(LoopVersionRow.version))).all()


def stop_rows(session: Session, site_id: SiteId, version_id: UUID) -> Sequence[StopRow]:
    """Stops of a version, in order."""
    query = select(StopRow).where(
        col(StopRow.site_id) == site_id, col(StopRow.loop_version_id) == version_id
    )
    return session.exec(query.order_by(col(StopRow.pos))).all()


def departure_rows(session: Session, site_id: SiteId, version_id: UUID) -> Sequence[DepartureRow]:
    """Timetable lines of a version, in order."""
    query = select(DepartureRow).where(
        col(DepartureRow.site_id) == site_id, col(DepartureRow.loop_version_id) == version_id
    )
    return session.exec(query.order_by(col(DepartureRow.pos))).all()


def using_locations(session: Session, site_id: SiteId, ids: Collection[UUID]) -> list[str]:
    """Codes of the loops that have one of these places in any version."""
    wanted = set(ids)
    found = set()
    for row in loops(session, site_id):
        for version in versions(session, site_id, row.id):
            there = {stop.location_id for stop in stop_rows(session, site_id, version.id)}
            there |= {version.start_location, version.end_location or version.start_location}
            found |= {row.code} if there & wanted else set()
    return sorted(found)


def as_version(
    session: Session, row: LoopVersionRow, stops: Sequence[StopRow] | None = None
) -> LoopVersion:
    """The version with its stops and timetable, as the value everybody computes with."""
    if stops is None:
        stops = stop_rows(session, SiteId(row.site_id), row.id)
    lines = departure_rows(session, SiteId(row.site_id), row.id)
    given: dict[str, Any] = {key: getattr(row, key) for key in _VERSION_KEYS}
    given["stops"] = [{key: getattr(one, key) for key in _STOP_KEYS} for one in stops]
    given["departures"] = [{key: getattr(one, key) for key in _DEPARTURE_KEYS} for one in lines]
    return LoopVersion.model_validate(given)


def templates(session: Session, site_id: SiteId, loop_id: UUID) -> list[rules.Template]:
    """Published versions of a loop, ready to make runs from."""
    about = loop(session, site_id, loop_id)
    published = [
        row
        for row in versions(session, site_id, loop_id)
        if row.published_at is not None and row.valid_from is not None
    ]
    return [_template(session, about, row) for row in published]


def _template(session: Session, about: LoopRow, row: LoopVersionRow) -> rules.Template:
    assert row.valid_from is not None
    stops = stop_rows(session, SiteId(row.site_id), row.id)
    return rules.Template(
        loop_id=about.id,
        version_id=row.id,
        code=about.code,
        name=about.name,
        kind=about.kind,  # type: ignore[arg-type]
        calendar_id=about.calendar_id,
        exceptions=tuple(about.exceptions),
        version_no=row.version,
        valid_from=row.valid_from,
        valid_to=row.valid_to,
        version=as_version(session, row, stops),
        stop_ids=tuple(one.id for one in stops),
        legs=tuple((seconds, metres) for seconds, metres in row.legs),
    )


def write_loop(row: LoopRow) -> dict[str, Any]:
    """The loop as JSON of the REST interface."""
    return row.model_dump(mode="json", exclude={"site_id", "created_at", "updated_at"})


def write_version(session: Session, row: LoopVersionRow) -> dict[str, Any]:
    """A version with stops and timetable as JSON of the REST interface."""
    about = {"id": str(row.id), "loop_id": str(row.loop_id), "version": row.version}
    state = {
        "valid_from": row.valid_from and row.valid_from.isoformat(),
        "valid_to": row.valid_to and row.valid_to.isoformat(),
        "published_at": row.published_at and int(row.published_at.timestamp() * 1000),
        "published_by": row.published_by,
        "legs": row.legs,
    }
    return {**about, **state, **as_version(session, row).model_dump(mode="json")}


def write_whole(session: Session, site_id: SiteId, loop_id: UUID) -> dict[str, Any]:
    """A loop with all its versions as JSON of the REST interface."""
    row = loop(session, site_id, loop_id)
    made = versions(session, site_id, loop_id)
    return {**write_loop(row), "versions": [write_version(session, one) for one in made]}
