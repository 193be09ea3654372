"""Rows on their way into the site and back: each in a work of its own size, each remembered."""

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from sqlmodel import Session

from server.core.access import Principal
from server.core.db import WORK_ROWS_MAX, Reads, Writer
from server.imports import queries
from server.imports.locations import Change
from server.imports.stops import StopChange
from server.imports.stored import changed_columns, new_location, stop_of
from server.imports.tables import ImportRowRow
from server.loops import queries as loop_queries
from server.loops import service as loops
from server.runs import queries as runs
from server.sites import queries as site_queries
from server.sites import service as sites
from shared.ids import LocationId, LoopId
from shared.loop import LoopVersion, Stop
from shared.site import Location

NEW, CHANGED = "new", "changed"
Clock = Callable[[], datetime]


def take_places(
    session: Session, who: Principal, batch_id: UUID, changes: Sequence[Change], *, now: datetime
) -> None:
    """Add the new Locations and change the known ones."""
    fresh = [change for change in changes if change.known is None]
    if fresh:
        given = [(None, new_location(change.after)) for change in fresh]
        rows = sites.add_locations(session, who, given, now=now)
        for change, row in zip(fresh, rows, strict=True):
            session.add(_remember(who, batch_id, change.row, NEW, row.id))
    for change in changes:
        if change.known is not None:
            session.add(_change(session, who, batch_id, change, now))


def _change(
    session: Session, who: Principal, batch_id: UUID, change: Change, now: datetime
) -> ImportRowRow:
    assert change.known is not None, "a changed row has a known place"
    location_id = LocationId(change.known.id)
    row = site_queries.location(session, who.site_id, location_id)
    columns = changed_columns(change.known.place, change.after, row.contact)
    before = _columns(site_queries.as_location(row), columns)
    changed = sites.change_location(session, who, location_id, columns, now=now)
    after = _columns(site_queries.as_location(changed), columns)
    return _remember(who, batch_id, change.row, CHANGED, location_id, before=before, after=after)


def _columns(location: Location, wanted: dict[str, Any]) -> dict[str, Any]:
    plain = location.model_dump(mode="json")
    return {column: plain[column] for column in wanted}


def _remember(
    who: Principal,
    batch_id: UUID,
    row_no: int,
    state: str,
    subject_id: UUID,
    *,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
) -> ImportRowRow:
    return ImportRowRow(
        site_id=who.site_id,
        batch_id=batch_id,
        row_no=row_no,
        state=state,
        subject_id=subject_id,
        before=before,
        after=after,
    )


def take_stops(
    session: Session,
    who: Principal,
    batch_id: UUID,
    loop_code: str,
    changes: Sequence[StopChange],
    *,
    now: datetime,
) -> None:
    """Write the stops into the loop's draft; a published version gives a new draft."""
    draft = queries.draft(session, who.site_id, loop_code)
    before = draft.given
    stops = list(before.stops) if before else []
    for change in sorted(changes, key=lambda one: one.pos):
        old = stops[change.pos - 1] if change.pos <= len(stops) else None
        stops[change.pos - 1 : change.pos] = [stop_of(change.after, old)]
    after = _with_stops(session, who, before, stops, now)
    made, _ = loops.write_draft(session, who, draft.loop_id, after, version=draft.version, now=now)
    written = {"version": made.version, "given": _plain(after)}
    kept = None if before is None else _plain(before)
    note = _remember(who, batch_id, 0, CHANGED, draft.loop_id, before=kept, after=written)
    session.add(note)


def _plain(version: LoopVersion) -> dict[str, Any]:
    return version.model_dump(mode="json")


def _with_stops(
    session: Session,
    who: Principal,
    before: LoopVersion | None,
    stops: Sequence[Stop],
    now: datetime,
) -> LoopVersion:
    """The version with these stops; the first one starts and ends at the site's only depot."""
    if before is not None:
        return before.model_copy(update={"stops": tuple(stops)})
    depots = site_queries.page(session, who.site_id, kind="depot", limit=2)
    start = depots[0].id if len(depots) == 1 else stops[0].location_id
    return LoopVersion(
        anchor_date=now.date(), start_location=start, end_location=start, stops=tuple(stops)
    )


def used(reads: Reads, who: Principal, batch_id: UUID) -> list[str]:
    """Names of what the import wrote and somebody uses or has changed since."""

    def work(session: Session) -> list[str]:
        rows = queries.written(session, who.site_id, batch_id)
        made = [row.subject_id for row in rows if row.state == NEW]
        names = loop_queries.using_locations(session, who.site_id, made)
        visited = runs.visited_places(session, who.site_id, made)
        names += [
            place.name for place in site_queries.locations(session, who.site_id, visited).values()
        ]
        names += [name for row in rows if (name := _touched(session, who, row))]
        return sorted(set(names))

    return reads.run(work)


def _touched(session: Session, who: Principal, row: ImportRowRow) -> str:
    """The name of what was changed after the import, or nothing."""
    if row.row_no == 0:
        return _draft_touched(session, who, row)
    place = site_queries.location(session, who.site_id, row.subject_id)
    now = _columns(site_queries.as_location(place), row.after or {})
    return place.name if place.in_feed or now != (row.after or {}) else ""


def _draft_touched(session: Session, who: Principal, row: ImportRowRow) -> str:
    written = row.after or {}
    loop = loop_queries.loop(session, who.site_id, row.subject_id)
    made = loop_queries.version_row(session, who.site_id, row.subject_id, written["version"])
    same = _plain(loop_queries.as_version(session, made)) == written["given"]
    return "" if same and made.published_at is None else loop.code


def take_back(reads: Reads, writer: Writer, who: Principal, batch_id: UUID, clock: Clock) -> None:
    """Undo every written row, in works, the last one first."""
    rows = reads.run(lambda s: queries.written(s, who.site_id, batch_id))[::-1]
    for start in range(0, len(rows), WORK_ROWS_MAX):
        part = rows[start : start + WORK_ROWS_MAX]
        writer.run(partial(_take_back, who=who, rows=part, now=clock()))


def _take_back(
    session: Session, who: Principal, rows: Sequence[ImportRowRow], *, now: datetime
) -> None:
    made = [LocationId(row.subject_id) for row in rows if row.state == NEW]
    if made:
        sites.remove_locations(session, who, made, now=now)
    for row in rows:
        if row.row_no == 0:
            _restore_draft(session, who, row, now)
        elif row.state == CHANGED:
            location_id = LocationId(row.subject_id)
            sites.change_location(session, who, location_id, row.before or {}, now=now)
        session.delete(session.merge(row))


def _restore_draft(session: Session, who: Principal, row: ImportRowRow, now: datetime) -> None:
    """The draft as it was; one that the import began is emptied of its stops."""
    written = row.after or {}
    given = LoopVersion.model_validate(row.before or {**written["given"], "stops": []})
    loop_id = LoopId(row.subject_id)
    loops.write_draft(session, who, loop_id, given, version=written["version"], now=now)
