"""Tells devices and pages what changed, under one revision that becomes visible in order."""

import secrets
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Table, bindparam, delete, insert, select, update
from sqlalchemy.dialects.postgresql import Insert
from sqlalchemy.dialects.postgresql import insert as insert_or
from sqlmodel import Session, SQLModel, col

from server.core import audit
from server.core.access import Principal
from server.core.clock import to_ms
from server.core.db import announce
from server.core.ids import new_id
from server.feed import queries, rules
from server.feed.kinds import KINDS
from server.feed.queries import ExceptionView
from server.feed.rules import FeedChange, Key, Version
from server.feed.tables import DeviceScope, ExceptionItem, FeedRev, FeedRow, FeedSite
from shared.ids import DeviceId, PersonId, SiteId
from shared.refusals import refuse
from shared.sync import TOMBSTONE_DAYS

__all__ = [
    "FeedChange",
    "act_on",
    "caused_by",
    "close_exception",
    "lock",
    "publish",
    "raise_exception",
    "set_devices",
    "set_scopes",
    "settle_exception",
    "take_exception",
    "tidy",
]

OPEN, TAKEN, CLOSED, SETTLED = "open", "taken", "closed", "settled"
_LOCKED = "feed.locked"
_CAUSE = "feed.cause"


def _table(model: type[SQLModel]) -> Table:
    table: Table = model.__table__  # type: ignore[attr-defined]
    return table


def _upsert(model: type[SQLModel]) -> Insert:
    """Write rows whole, whether their key is there or not."""
    table = _table(model)
    statement, key = insert_or(table), list(table.primary_key)
    rest = {one.name: statement.excluded[one.name] for one in table.columns if one not in key}
    return statement.on_conflict_do_update(index_elements=key, set_=rest)


# Every exchange says these: building them anew costs more than saying them.
_SITES = _table(FeedSite)
_NEXT = (
    update(_SITES)
    .where(_SITES.c.site_id == bindparam("site"))
    .values(rev=_SITES.c.rev + 1)
    .returning(_SITES.c.rev)
)
_FIRST = insert_or(_SITES).on_conflict_do_nothing()
_REVISION = insert(_table(FeedRev))
_WRITE_ROWS = _upsert(FeedRow)
_WRITE_SCOPES = _upsert(DeviceScope)


def caused_by(session: Session, device_id: DeviceId) -> None:
    """Remember whose request this transaction serves: that device need not be woken for it."""
    session.info[_CAUSE] = device_id


def lock(session: Session, site_id: SiteId, now: datetime) -> int:
    """Take the next revision of the site and keep others from taking one until the commit.

    Once per transaction; whatever is folded must be read after this (sync.md S5, S6).
    """
    taken: dict[SiteId, int] = session.info.setdefault(_LOCKED, {})
    if site_id in taken:
        return taken[site_id]
    rev = _next(session, site_id)
    if rev is None:
        first = {"site_id": site_id, "rev": 0, "min_rev": 0}
        session.execute(_FIRST, [first])
        rev = _next(session, site_id)
        assert rev is not None, "just inserted"
    row = {
        "site_id": site_id,
        "rev": rev,
        "nonce": secrets.token_hex(4),
        "at_ms": to_ms(now),
        "device_id": session.info.get(_CAUSE),
    }
    session.execute(_REVISION, [row])
    taken[site_id] = rev
    announce(session, site_id, rev)
    return rev


def _next(session: Session, site_id: SiteId) -> int | None:
    # Read to the end: an open result would keep the lock of SQLite.
    found = session.execute(_NEXT, {"site": site_id}).scalars().all()
    return found[0] if found else None


def publish(session: Session, site_id: SiteId, changes: Sequence[FeedChange], now: datetime) -> int:
    """Write the row versions of these changes; equal ones are left alone. Gives the revision."""
    rev = lock(session, site_id, now)
    if changes:
        # What the session still holds back must be in the database before it is compared.
        session.flush()
        keys: set[Key] = {(change.kind, change.id) for change in changes}
        stored = queries.stored(session, site_id, keys)
        _write(session, site_id, rev, rules.versions(changes, stored))
    return rev


def _write(session: Session, site_id: SiteId, rev: int, versions: Sequence[Version]) -> None:
    if not versions:
        return
    rows = [
        {
            "site_id": site_id,
            "kind": version.kind,
            "id": version.id,
            "scope": version.scope,
            "rev": rev,
            "deleted": version.deleted,
            "plan": version.plan,
            "fact": version.fact,
        }
        for version in versions
    ]
    session.connection().execute(_WRITE_ROWS, rows)


def set_scopes(
    session: Session, site_id: SiteId, device_id: DeviceId, scopes: Collection[str], now: datetime
) -> None:
    """Give a device exactly these scopes besides the site's and its own."""
    stored = _scopes(session, site_id, col(DeviceScope.device_id) == device_id)
    live = {scope for (_, scope), is_live in stored.items() if is_live}
    wanted = set(scopes)
    changed = {(device_id, scope): True for scope in wanted - live}
    changed.update({(device_id, scope): False for scope in live - wanted})
    _rescope(session, site_id, changed, now)


def set_devices(
    session: Session,
    site_id: SiteId,
    scope: str,
    device_ids: Collection[DeviceId],
    now: datetime,
) -> None:
    """Let exactly these devices have this scope."""
    stored = _scopes(session, site_id, col(DeviceScope.scope) == scope)
    live = {device_id for (device_id, _), is_live in stored.items() if is_live}
    wanted = set(device_ids)
    changed = {(device_id, scope): True for device_id in wanted - live}
    changed.update({(device_id, scope): False for device_id in live - wanted})
    _rescope(session, site_id, changed, now)


def _scopes(session: Session, site_id: SiteId, which: Any) -> dict[tuple[DeviceId, str], bool]:
    rows = session.execute(
        select(col(DeviceScope.device_id), col(DeviceScope.scope), col(DeviceScope.live)).where(
            col(DeviceScope.site_id) == site_id, which
        )
    )
    return {(DeviceId(device_id), scope): bool(live) for device_id, scope, live in rows}


def _rescope(
    session: Session, site_id: SiteId, changed: Mapping[tuple[DeviceId, str], bool], now: datetime
) -> None:
    """Write who has what; rows of a scope newly given come again under this revision (S9)."""
    if not changed:
        return
    rev = lock(session, site_id, now)
    rows = [
        {"site_id": site_id, "device_id": device_id, "scope": scope, "live": live, "rev": rev}
        for (device_id, scope), live in sorted(changed.items())
    ]
    session.connection().execute(_WRITE_SCOPES, rows)
    given = sorted({scope for (_, scope), live in changed.items() if live})
    table = _table(FeedRow)
    if given:
        session.execute(
            update(table)
            .where(table.c.site_id == site_id, table.c.scope.in_(given), ~table.c.deleted)
            .values(rev=rev)
        )


def raise_exception(
    session: Session,
    site_id: SiteId,
    kind: str,
    subject_kind: str,
    subject_id: object,
    *,
    detail: Mapping[str, Any] | None = None,
    severity: int | None = None,
    now: datetime,
) -> ExceptionView:
    """Have a supervisor look at something; one open item per kind and subject, however often."""
    found = _open_item(session, site_id, kind, subject_kind, subject_id)
    if found is not None and found.detail == (dict(detail) if detail else None):
        return queries.view(found)
    rev = lock(session, site_id, now)
    found = found or _open_item(session, site_id, kind, subject_kind, subject_id)
    if found is None:
        found = ExceptionItem(
            site_id=site_id,
            id=new_id(now),
            kind=kind,
            subject_kind=subject_kind,
            subject_id=str(subject_id),
            severity=severity or KINDS[kind].severity,
            state=OPEN,
            raised_at=now,
            changed_at=now,
            rev=rev,
        )
    found.detail = dict(detail) if detail else None
    _changed(session, found, rev, now)
    return queries.view(found)


def close_exception(
    session: Session,
    site_id: SiteId,
    kind: str,
    subject_kind: str,
    subject_id: object,
    *,
    now: datetime,
) -> None:
    """The cause is gone; conflicts of facts stay until a person has ticked them."""
    if KINDS[kind].tick:
        return
    found = _open_item(session, site_id, kind, subject_kind, subject_id)
    if found is not None:
        found.state, found.closed_at = CLOSED, now
        _changed(session, found, lock(session, site_id, now), now)


def act_on(
    session: Session, who: Principal, item_id: UUID, deed: str, *, reason: str, now: datetime
) -> ExceptionView:
    """Take an exception on, or settle it."""
    if deed == "take":
        return take_exception(session, who, item_id, now=now)
    return settle_exception(session, who, item_id, reason=reason, now=now)


def take_exception(
    session: Session, who: Principal, item_id: UUID, *, now: datetime
) -> ExceptionView:
    """Somebody looks after it."""
    found = _item(session, who.site_id, item_id)
    before = found.owner_id
    found.state, found.owner_id = TAKEN, who.person_id
    _changed(session, found, lock(session, who.site_id, now), now)
    _note(session, who, "exception.take", found, before)
    return queries.view(found)


def settle_exception(
    session: Session, who: Principal, item_id: UUID, *, reason: str, now: datetime
) -> ExceptionView:
    """Somebody has dealt with it."""
    found = _item(session, who.site_id, item_id)
    before = found.owner_id
    found.state, found.closed_at, found.reason = SETTLED, now, reason
    found.owner_id = found.owner_id or who.person_id
    _changed(session, found, lock(session, who.site_id, now), now)
    _note(session, who, "exception.settle", found, before)
    return queries.view(found)


def _note(
    session: Session,
    who: Principal,
    what: str,
    item: ExceptionItem,
    owner: PersonId | UUID | None,
) -> None:
    before = {"owner": str(owner) if owner else None}
    after = {"owner": str(item.owner_id) if item.owner_id else None, "state": item.state}
    subject = ("exception", item.id)
    audit.record(
        session,
        who,
        what,
        subject,
        now=item.changed_at,
        before=before,
        after=after,
        reason=item.reason or "",
    )


def _item(session: Session, site_id: SiteId, item_id: UUID) -> ExceptionItem:
    found = session.get(ExceptionItem, (site_id, item_id))
    if found is None:
        raise refuse("not_found")
    if found.closed_at is not None:
        raise refuse("bad_state", why="this is settled already")
    return found


def _open_item(
    session: Session, site_id: SiteId, kind: str, subject_kind: str, subject_id: object
) -> ExceptionItem | None:
    return session.execute(
        select(ExceptionItem).where(
            col(ExceptionItem.site_id) == site_id,
            col(ExceptionItem.kind) == kind,
            col(ExceptionItem.subject_kind) == subject_kind,
            col(ExceptionItem.subject_id) == str(subject_id),
            col(ExceptionItem.closed_at).is_(None),
        )
    ).scalar_one_or_none()


def _changed(session: Session, item: ExceptionItem, rev: int, now: datetime) -> None:
    item.rev, item.changed_at = rev, now
    session.add(item)
    session.flush()


def tidy(session: Session, site_id: SiteId, now: datetime) -> None:
    """Forget old tombstones and revisions; cursors from before them are refused first (S10)."""
    until_ms = to_ms(now - timedelta(days=TOMBSTONE_DAYS))
    old = session.execute(
        select(col(FeedRev.rev))
        .where(col(FeedRev.site_id) == site_id, col(FeedRev.at_ms) < until_ms)
        .order_by(col(FeedRev.rev).desc())
        .limit(1)
    ).scalar_one_or_none()
    if old is None:
        return
    site, row, revision = _table(FeedSite), _table(FeedRow), _table(FeedRev)
    lock(session, site_id, now)
    session.execute(update(site).where(site.c.site_id == site_id).values(min_rev=old + 1))
    session.execute(delete(row).where(row.c.site_id == site_id, row.c.deleted, row.c.rev <= old))
    session.execute(delete(revision).where(revision.c.site_id == site_id, revision.c.rev <= old))
