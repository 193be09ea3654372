"""Reads of files: what was declared, what is missing, what waits to be looked at."""

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import bindparam, select
from sqlmodel import Session, col

from server.blobs.tables import BlobRow
from shared.ids import Sha256, SiteId

IN_MAX = 500
MISSING_MAX = 5_000
UNREADABLE, READY = "unreadable", "ready"


@dataclass(frozen=True, slots=True)
class BlobView:
    """A declared file; `look` is `ready` or `unreadable` once the copy for display was tried."""

    sha: Sha256
    size: int
    media: str
    role: str
    done: bool
    look: str | None
    look_why: str | None


@dataclass(frozen=True, slots=True)
class Standing:
    """A declared file as a backup sees it; `backed_up` is the first backup that holds it."""

    site_id: SiteId
    sha: Sha256
    size: int
    done: bool
    unreadable: bool
    backed_up: UUID | None


def blob(session: Session, site_id: SiteId, sha: str) -> BlobView | None:
    """A declared file, None if no fact declared it."""
    row = session.get(BlobRow, (site_id, sha), populate_existing=True)
    return _view(row) if row else None


def blobs(session: Session, site_id: SiteId, shas: Collection[str]) -> dict[str, BlobView]:
    """These files by digest, as far as they were declared."""
    found: dict[str, BlobView] = {}
    ordered = sorted(set(shas))
    for start in range(0, len(ordered), IN_MAX):
        rows = session.execute(
            select(BlobRow).where(
                col(BlobRow.site_id) == site_id,
                col(BlobRow.sha).in_(ordered[start : start + IN_MAX]),
            )
        ).scalars()
        found.update({row.sha: _view(row) for row in rows})
    return found


# Every exchange asks this: building it anew costs more than asking.
_MISSING = (
    select(col(BlobRow.sha))
    .where(
        col(BlobRow.site_id) == bindparam("site"),
        col(BlobRow.done).is_(False),
        col(BlobRow.look).is_(None),
    )
    .order_by(col(BlobRow.sha))
    .limit(MISSING_MAX)
)


def missing(session: Session, site_id: SiteId) -> list[str]:
    """Declared files whose bytes have not arrived."""
    return list(session.execute(_MISSING, {"site": site_id}).scalars())


def standing(session: Session) -> list[Standing]:
    """Every declared file of every site, for a backup."""
    rows = session.execute(
        select(
            col(BlobRow.site_id),
            col(BlobRow.sha),
            col(BlobRow.size),
            col(BlobRow.done),
            col(BlobRow.look),
            col(BlobRow.backed_up),
        ).order_by(col(BlobRow.sha), col(BlobRow.site_id))
    )
    return [
        Standing(SiteId(site_id), Sha256(sha), size, bool(done), look == UNREADABLE, kept)
        for site_id, sha, size, done, look, kept in rows
    ]


def _view(row: BlobRow) -> BlobView:
    return BlobView(
        Sha256(row.sha), row.size, row.media, row.role, row.done, row.look, row.look_why
    )
