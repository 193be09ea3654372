"""What a device is told after its facts are safe: one snapshot, everything in it."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any
from uuid import UUID

from sqlmodel import Session, SQLModel, col, select

from server.blobs import queries as blobs
from server.facts import queries as facts
from server.feed import queries as feed
from server.feed.queries import Page, RowView
from server.sync.tables import ScrubRow, SignInRow, SuggestionRow
from shared.ids import DeviceId, SiteId
from shared.sync import MIN_APP, NEED_MAX

LISTED_MAX = 200


@dataclass(frozen=True, slots=True)
class SuggestionView:
    """What a driver suggests."""

    event_id: UUID
    about: str
    subject_id: str
    field: str
    value: str
    rating: int | None
    by: str
    reported_ms: int
    state: str


@dataclass(frozen=True, slots=True)
class SignInView:
    """Somebody who signed in under a typed name, and who that was."""

    event_id: UUID
    device_id: UUID | None
    name: str
    reported_ms: int
    driver_id: UUID | None


@dataclass(frozen=True, slots=True)
class View:
    """The part of an answer that is read in one snapshot."""

    held: list[tuple[str, str]]
    need: list[str]
    page: Page | None
    refused: str | None


def view(
    session: Session,
    site_id: SiteId,
    device_id: DeviceId,
    cursor: str | None,
    *,
    refused: str | None,
) -> View:
    """Read what this device is told now."""
    held = [(str(one.id), one.why) for one in facts.held(session, site_id, device_id=device_id)]
    page = None if refused else feed.pull(session, site_id, device_id, cursor)
    return View(held, need(session, site_id, device_id), page, refused)


def need(session: Session, site_id: SiteId, device_id: DeviceId) -> list[str]:
    """Digests this device declared whose bytes are missing."""
    missing = blobs.missing(session, site_id)
    if not missing:
        return []
    return sorted(facts.declared_among(session, site_id, device_id, missing))[:NEED_MAX]


def answer(
    view: View, *, rid: str, server_id: str, now_ms: int, ack: tuple[int, str, int]
) -> dict[str, Any]:
    """Write the answer of sync.md §3.2."""
    seq, chain, durable = ack
    return {
        "rid": rid,
        "server_id": server_id,
        "now": now_ms,
        "ack": {"seq": seq, "chain": chain, "durable": durable},
        "held": [list(pair) for pair in view.held],
        "pull": {"refused": view.refused} if view.page is None else _pull(view.page),
        "need": view.need,
        "min_app": MIN_APP,
    }


def suggestions(session: Session, site_id: SiteId) -> list[SuggestionView]:
    """What drivers suggest and nobody has decided, oldest first."""
    query = select(SuggestionRow).where(
        col(SuggestionRow.site_id) == site_id, col(SuggestionRow.state) == "open"
    )
    rows = session.exec(query.order_by(col(SuggestionRow.reported_ms)).limit(LISTED_MAX))
    return [SuggestionView(**_columns(row, SuggestionView)) for row in rows]


def sign_ins(session: Session, site_id: SiteId, *, unnamed_only: bool = False) -> list[SignInView]:
    """Who signed in under a typed name, newest first."""
    query = select(SignInRow).where(col(SignInRow.site_id) == site_id)
    if unnamed_only:
        query = query.where(col(SignInRow.driver_id).is_(None))
    rows = session.exec(query.order_by(col(SignInRow.reported_ms).desc()).limit(LISTED_MAX))
    return [SignInView(**_columns(row, SignInView)) for row in rows]


def _columns(row: SQLModel, view: type[SuggestionView] | type[SignInView]) -> dict[str, Any]:
    return {one.name: getattr(row, one.name) for one in fields(view)}


def last_scrub(session: Session, site_id: SiteId) -> ScrubRow | None:
    """The newest comparison of everything stored."""
    query = select(ScrubRow).where(col(ScrubRow.site_id) == site_id)
    return session.exec(query.order_by(col(ScrubRow.finished_ms).desc()).limit(1)).first()


def _pull(page: Page) -> dict[str, Any]:
    told: dict[str, Any] = {
        "scopes": page.scopes,
        "rows": _rows(page.rows),
        "head": page.head,
        "cursor": page.cursor,
        "more": page.more,
        "reset": page.reset,
    }
    if page.digest is not None:
        told["digest"] = page.digest
    return told


def _rows(rows: Sequence[RowView]) -> list[list[Any]]:
    """The rows on the wire; a tombstone ends after `deleted`."""
    return [
        [row.kind, row.id, row.scope, row.rev, 1]
        if row.deleted
        else [row.kind, row.id, row.scope, row.rev, 0, row.plan, row.fact]
        for row in rows
    ]
