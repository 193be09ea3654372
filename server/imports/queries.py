"""Reads for imports: what is stored already, and files that were handed in."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete
from sqlalchemy.orm import defer
from sqlmodel import Session, col, select

from server.imports.check import Stored
from server.imports.columns import Kind
from server.imports.locations import Known
from server.imports.stored import halt_of, place_of
from server.imports.tables import ImportBatchRow, ImportRowRow
from server.loops import queries as loops
from server.sites import queries as sites
from shared.ids import LoopId, SiteId
from shared.loop import LoopVersion
from shared.refusals import refuse

HISTORY = 50


# Ten megabytes nobody looks at.
_WITHOUT_CONTENT = defer(col(ImportBatchRow.content))  # type: ignore[arg-type]


def batch(session: Session, site_id: SiteId, batch_id: UUID) -> ImportBatchRow:
    """The import with its file; refuses `not_found`."""
    row = session.get(ImportBatchRow, (site_id, batch_id))
    if row is None:
        raise refuse("not_found")
    return row


def seen(session: Session, site_id: SiteId, batch_id: UUID) -> ImportBatchRow:
    """The import without its file; refuses `not_found`."""
    row = session.get(ImportBatchRow, (site_id, batch_id), options=[_WITHOUT_CONTENT])
    if row is None:
        raise refuse("not_found")
    return row


def newest(session: Session, site_id: SiteId) -> list[ImportBatchRow]:
    """The last imports of the site without their files, the newest first."""
    query = select(ImportBatchRow).where(col(ImportBatchRow.site_id) == site_id)
    query = query.order_by(col(ImportBatchRow.id).desc()).limit(HISTORY)
    return list(session.exec(query.options(_WITHOUT_CONTENT)))


def profiles(session: Session, site_id: SiteId, kind: Kind) -> list[ImportBatchRow]:
    """Imports that saved their reading under a name, the last one first."""
    query = select(ImportBatchRow).where(
        col(ImportBatchRow.site_id) == site_id,
        col(ImportBatchRow.kind) == kind,
        col(ImportBatchRow.profile) != "",
    )
    query = query.order_by(col(ImportBatchRow.updated_at).desc()).limit(HISTORY)
    return list(session.exec(query.options(_WITHOUT_CONTENT)))


def forget_unused(session: Session, site_id: SiteId, before: datetime) -> None:
    """Drop files that were checked, never taken over and not saved as a profile."""
    session.execute(
        delete(ImportBatchRow).where(
            col(ImportBatchRow.site_id) == site_id,
            col(ImportBatchRow.state) == "checked",
            col(ImportBatchRow.profile) == "",
            col(ImportBatchRow.updated_at) < before,
        )
    )


def written(session: Session, site_id: SiteId, batch_id: UUID) -> list[ImportRowRow]:
    """Rows the import wrote, in order."""
    query = select(ImportRowRow).where(
        col(ImportRowRow.site_id) == site_id, col(ImportRowRow.batch_id) == batch_id
    )
    return list(session.exec(query.order_by(col(ImportRowRow.row_no))))


def stored(session: Session, site_id: SiteId, kind: Kind, loop_code: str) -> Stored:
    """What the site has already, as far as this kind of import touches it."""
    places = known_places(session, site_id)
    if kind == "locations":
        return Stored(places)
    given = draft(session, site_id, loop_code).given
    return Stored(places, tuple(halt_of(stop) for stop in given.stops) if given else ())


def known_places(session: Session, site_id: SiteId) -> list[Known]:
    """Every Location of the site that is not merged into another."""
    found: list[Known] = []
    after: UUID | None = None
    while rows := sites.page(session, site_id, after=after):
        found += [Known(row.id, place_of(sites.as_location(row))) for row in rows]
        after = rows[-1].id
    return found


def has_loop(session: Session, site_id: SiteId, code: str) -> bool:
    """Whether a loop of this code exists."""
    return loops.by_code(session, site_id, code) is not None


@dataclass(frozen=True)
class Draft:
    """The version an import of stops writes: an open draft, else a new one from the newest."""

    loop_id: LoopId
    version: int | None
    given: LoopVersion | None


def draft(session: Session, site_id: SiteId, code: str) -> Draft:
    """The draft of the loop with this code; refuses `not_found`."""
    loop = loops.by_code(session, site_id, code)
    if loop is None:
        raise refuse("not_found")
    loop_id = LoopId(loop.id)
    versions = loops.versions(session, site_id, loop_id)
    if not versions:
        return Draft(loop_id, None, None)
    newest_one = versions[-1]
    open_no = newest_one.version if newest_one.published_at is None else None
    return Draft(loop_id, open_no, loops.as_version(session, newest_one))
