"""Reads of the feed: a page for a device, rows above a revision, scopes, exceptions."""

import json
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Integer,
    Select,
    Table,
    bindparam,
    exists,
    or_,
    select,
    tuple_,
)
from sqlmodel import Session, col

from server.core.access import Principal, reaches
from server.core.matrix import Reach
from server.feed import rules
from server.feed.rules import Cursor, Key, Version
from server.feed.tables import DeviceScope, ExceptionItem, FeedRev, FeedRow, FeedSite
from shared.chain import row_digest
from shared.ids import CarrierId, DeviceId, PersonId, SiteId
from shared.sync import PAGE_ROWS

IN_MAX = 500
NO_NONCE = "00000000"
EXCEPTIONS_MAX = 200


@dataclass(frozen=True, slots=True)
class RowView:
    """One row version as devices and pages read it."""

    kind: str
    id: str
    scope: str
    rev: int
    deleted: bool
    plan: dict[str, Any] | None
    fact: dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class Page:
    """What one exchange tells a device (sync.md §3.2)."""

    scopes: list[str]
    rows: list[RowView]
    head: int
    cursor: str
    more: bool
    digest: str | None
    reset: bool


@dataclass(frozen=True, slots=True)
class ExceptionView:
    """An exception as lists and the board show it."""

    id: UUID
    kind: str
    subject_kind: str
    subject_id: str
    severity: int
    state: str
    detail: dict[str, Any]
    owner_id: PersonId | None
    raised_at: datetime
    changed_at: datetime
    closed_at: datetime | None
    reason: str | None
    rev: int


# Every exchange asks these: building them anew costs more than asking.
_SCOPES = select(col(DeviceScope.scope)).where(
    col(DeviceScope.site_id) == bindparam("site"), col(DeviceScope.device_id) == bindparam("device")
)
_LIVE_SCOPES = _SCOPES.where(col(DeviceScope.live))
_NONCE = select(col(FeedRev.nonce)).where(
    col(FeedRev.site_id) == bindparam("site"), col(FeedRev.rev) == bindparam("rev")
)
_LIFE = select(col(FeedSite.rev), col(FeedSite.min_rev)).where(
    col(FeedSite.site_id) == bindparam("site")
)

_ROWS: Table = FeedRow.__table__  # type: ignore[attr-defined]
_ROW = _ROWS.c
_OF_KIND = (
    _ROW.site_id == bindparam("site"),
    _ROW.kind == bindparam("kind"),
    _ROW.id.in_(bindparam("ids", expanding=True)),
)
_STORED = select(_ROW.id, _ROW.scope, _ROW.deleted, _ROW.plan, _ROW.fact).where(*_OF_KIND)
_TOLD = select(_ROW.id).where(*_OF_KIND)
_IN_SCOPES = _ROW.scope.in_(bindparam("scopes", expanding=True))
_LIVE = select(_ROW.kind, _ROW.id, _ROW.rev).where(
    _ROW.site_id == bindparam("site"), _IN_SCOPES, _ROW.deleted.is_(False)
)


def _rows(condition: ColumnElement[bool], *, from_zero: bool = False) -> Select[Any]:
    """Row versions in the order of their revision; the site and the most are bound."""
    # The sum keeps a database from walking all rows of the site in order of their revision when
    # few scopes are asked for.
    first = _ROW.rev + 0 if from_zero else _ROW.rev
    return (
        select(_ROW.kind, _ROW.id, _ROW.scope, _ROW.rev, _ROW.deleted, _ROW.plan, _ROW.fact)
        .where(_ROW.site_id == bindparam("site"), condition)
        .order_by(first, _ROW.kind, _ROW.id, _ROW.scope)
        .limit(bindparam("most", type_=Integer))
    )


_PLACE = ("rev", "kind", "id", "scope")
_NEWER = _rows(_IN_SCOPES & (_ROW.rev > bindparam("rev")))
# A device that starts from zero has nothing a tombstone could remove.
_FROM_ZERO = _rows(_IN_SCOPES & _ROW.deleted.is_(False), from_zero=True)
_BEHIND = tuple_(*(_ROW[name] for name in _PLACE)) > tuple_(
    *(bindparam(name, type_=_ROW[name].type) for name in _PLACE)
)
_GO_ON = _rows(_IN_SCOPES & _BEHIND, from_zero=True)
_TOLD_TO = _TOLD.where(_IN_SCOPES)


def head(session: Session, site_id: SiteId) -> int:
    """The revision of the site in this snapshot, 0 before the first."""
    found = session.get(FeedSite, site_id)
    return found.rev if found else 0


def scopes_of(session: Session, site_id: SiteId, device_id: DeviceId) -> list[str]:
    """The scopes a device has: the site, itself, and what it was given."""
    given = session.execute(_LIVE_SCOPES, {"site": site_id, "device": device_id}).scalars()
    return sorted({rules.SITE, rules.device_scope(device_id), *given})


def ever_scopes(session: Session, site_id: SiteId, device_id: DeviceId) -> set[str]:
    """The scopes a device has or once had."""
    given = session.execute(_SCOPES, {"site": site_id, "device": device_id}).scalars()
    return {rules.SITE, rules.device_scope(device_id), *given}


def devices_of(session: Session, site_id: SiteId, scope: str) -> list[DeviceId]:
    """The devices that have this scope."""
    rows = session.execute(
        select(col(DeviceScope.device_id))
        .where(
            col(DeviceScope.site_id) == site_id,
            col(DeviceScope.scope) == scope,
            col(DeviceScope.live),
        )
        .order_by(col(DeviceScope.device_id))
    ).scalars()
    return [DeviceId(row) for row in rows]


def told_to(
    session: Session,
    site_id: SiteId,
    device_id: DeviceId,
    keys: Collection[Key],
    *,
    anywhere: bool = False,
) -> set[Key]:
    """Which of these rows the device was ever told of, tombstones included.

    With `anywhere` it is enough that the row was told to somebody of the site.
    """
    values: dict[str, Any] = {"site": site_id}
    if not anywhere:
        values["scopes"] = sorted(ever_scopes(session, site_id, device_id))
    statement = _TOLD if anywhere else _TOLD_TO
    found: set[Key] = set()
    for kind, ids in _by_kind(keys):
        rows = session.execute(statement, {**values, "kind": kind, "ids": ids}).scalars()
        found.update((kind, id_) for id_ in rows)
    return found


def _by_kind(keys: Collection[Key]) -> Iterator[tuple[str, list[str]]]:
    """The ids of each kind, in pieces that fit into one statement and use the key's index."""
    for kind in sorted({kind for kind, _ in keys}):
        ids = sorted({id_ for one, id_ in keys if one == kind})
        for start in range(0, len(ids), IN_MAX):
            yield kind, ids[start : start + IN_MAX]


def stored(session: Session, site_id: SiteId, keys: Collection[Key]) -> dict[Key, list[Version]]:
    """The versions there are of these rows, in every scope."""
    found: dict[Key, list[Version]] = {}
    for kind, ids in _by_kind(keys):
        rows = session.execute(_STORED, {"site": site_id, "kind": kind, "ids": ids})
        for id_, scope, deleted, plan, fact in rows:
            version = Version(kind, id_, scope, plan, fact, deleted=bool(deleted))
            found.setdefault((kind, id_), []).append(version)
    return found


def pull(
    session: Session,
    site_id: SiteId,
    device_id: DeviceId,
    cursor_text: str | None,
    *,
    page_rows: int = PAGE_ROWS,
) -> Page:
    """The next page for a device, within one snapshot (sync.md S7 to S9)."""
    life = session.execute(_LIFE, {"site": site_id}).first()
    now_at, oldest = life or (0, None)
    nonce = _nonce(session, site_id, now_at) or NO_NONCE
    start = _accepted(session, site_id, rules.read_cursor(cursor_text), now_at, oldest)
    scopes = scopes_of(session, site_id, device_id)
    statement, values = _behind(start)
    rows = _read(session, statement, site_id, scopes=scopes, most=page_rows + 1, **values)
    more = len(rows) > page_rows
    rows = rows[:page_rows]
    last = rows[-1] if more else None
    at = (last.rev, last.kind, last.id, last.scope) if last else None
    digest = None if more else _digest(session, site_id, scopes)
    cursor = rules.write_cursor(Cursor(now_at, nonce, at))
    return Page(scopes, rows, now_at, cursor, more, digest, start is None)


def _nonce(session: Session, site_id: SiteId, rev: int) -> str | None:
    found: str | None = session.execute(_NONCE, {"site": site_id, "rev": rev}).scalar_one_or_none()
    return found


def _accepted(
    session: Session, site_id: SiteId, cursor: Cursor | None, now_at: int, oldest: int | None
) -> Cursor | None:
    """The cursor if this life of the feed wrote it and still has every tombstone above it."""
    if cursor is None:
        return None
    if cursor.head == 0:
        return cursor if cursor.nonce == NO_NONCE and now_at == 0 else None
    known = oldest is not None and cursor.head >= oldest
    return cursor if known and _nonce(session, site_id, cursor.head) == cursor.nonce else None


def _behind(start: Cursor | None) -> tuple[Select[Any], dict[str, object]]:
    if start is None:
        return _FROM_ZERO, {}
    if start.at is None:
        return _NEWER, {"rev": start.head}
    return _GO_ON, dict(zip(_PLACE, start.at, strict=True))


def _read(
    session: Session, statement: Select[Any], site_id: SiteId, **values: object
) -> list[RowView]:
    found = session.execute(statement, {"site": site_id, **values})
    return [
        RowView(kind, id_, scope, rev, bool(deleted), _half(plan), _half(fact))
        for kind, id_, scope, rev, deleted, plan, fact in found
    ]


def _half(text: str | None) -> dict[str, Any] | None:
    return None if text is None else json.loads(text)


def _digest(session: Session, site_id: SiteId, scopes: Sequence[str]) -> str:
    rows = session.execute(_LIVE, {"site": site_id, "scopes": scopes})
    return row_digest((kind, id_, rev) for kind, id_, rev in rows)


def rows_above(
    session: Session,
    site_id: SiteId,
    rev: int,
    *,
    kinds: Collection[str] | None = None,
    limit: int = PAGE_ROWS,
) -> list[RowView]:
    """Row versions above a revision, oldest first, for pages; tombstones included."""
    condition = _ROW.rev > rev
    if kinds is not None:
        condition &= _ROW.kind.in_(sorted(kinds))
    return _read(session, _rows(condition), site_id, most=limit)


def rows_of(
    session: Session, site_id: SiteId, kind: str, *, ids: Collection[str] | None = None
) -> list[RowView]:
    """The live rows of a kind."""
    condition = (_ROW.kind == kind) & _ROW.deleted.is_(False)
    if ids is not None:
        condition &= _ROW.id.in_(sorted(ids))
    return _read(session, _rows(condition).limit(None), site_id)


def touched(session: Session, site_id: SiteId, device_id: DeviceId, *, above: int) -> bool:
    """Whether a device has something to fetch above a revision that it did not cause itself."""
    by_others = or_(col(FeedRev.device_id).is_(None), col(FeedRev.device_id) != device_id)
    rows = (
        select(col(FeedRow.rev))
        .join(
            FeedRev,
            (col(FeedRev.site_id) == col(FeedRow.site_id)) & (col(FeedRev.rev) == col(FeedRow.rev)),
        )
        .where(
            col(FeedRow.site_id) == site_id,
            col(FeedRow.rev) > above,
            col(FeedRow.scope).in_(scopes_of(session, site_id, device_id)),
            by_others,
        )
    )
    scopes = select(col(DeviceScope.rev)).where(
        col(DeviceScope.site_id) == site_id,
        col(DeviceScope.device_id) == device_id,
        col(DeviceScope.rev) > above,
    )
    return bool(session.execute(select(or_(exists(rows), exists(scopes)))).scalar())


def exceptions(
    session: Session,
    site_id: SiteId,
    *,
    open_only: bool = True,
    above: int | None = None,
    carrier_id: CarrierId | None = None,
    limit: int = EXCEPTIONS_MAX,
) -> list[ExceptionView]:
    """Exceptions, gravest and oldest first; above a revision for pages that follow."""
    conditions = [col(ExceptionItem.site_id) == site_id]
    if open_only:
        conditions.append(col(ExceptionItem.closed_at).is_(None))
    if above is not None:
        conditions.append(col(ExceptionItem.rev) > above)
    rows = session.execute(
        select(ExceptionItem)
        .where(*conditions)
        .order_by(col(ExceptionItem.severity).desc(), col(ExceptionItem.raised_at))
        .limit(limit)
    ).scalars()
    views = [view(row) for row in rows]
    if carrier_id is None:
        return views
    return [one for one in views if one.detail.get("carrier") == str(carrier_id)]


def exceptions_for(session: Session, who: Principal) -> list[ExceptionView]:
    """The open exceptions this principal may see."""
    everything = Reach.ANY in reaches(who, "exceptions", "read")
    if not everything and who.carrier_id is None:
        return []
    carrier = None if everything else who.carrier_id
    return exceptions(session, who.site_id, carrier_id=carrier)


def view(row: ExceptionItem) -> ExceptionView:
    """The row as others see it."""
    return ExceptionView(
        id=row.id,
        kind=row.kind,
        subject_kind=row.subject_kind,
        subject_id=row.subject_id,
        severity=row.severity,
        state=row.state,
        detail=row.detail or {},
        owner_id=PersonId(row.owner_id) if row.owner_id else None,
        raised_at=row.raised_at,
        changed_at=row.changed_at,
        closed_at=row.closed_at,
        reason=row.reason,
        rev=row.rev,
    )
