"""The empties ledger: what visits and calls brought and took, each line as folded last."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlmodel import Session, col, select

from server.core import audit
from server.core.access import Principal, Resource, allow
from server.core.ids import new_id
from server.feed import service as feed
from server.plant import rules
from server.plant.tables import EmptiesBalanceRow, EmptiesEntryRow
from server.sites import service as places
from shared.ids import SiteId, VisitId

Entries = dict[UUID, tuple[str, str, int]]
"""Ledger lines of a visit: container type, kind of line, quantity."""


@dataclass(frozen=True, slots=True)
class Account:
    """Whose empties are counted."""

    site_id: SiteId
    location_id: UUID


def book_visit(
    session: Session, account: Account, visit: VisitId, entries: Entries, now: datetime
) -> None:
    """Let the ledger say exactly this of a visit."""
    booked: Sequence[EmptiesEntryRow] = session.exec(
        select(EmptiesEntryRow).where(
            col(EmptiesEntryRow.site_id) == account.site_id, col(EmptiesEntryRow.visit_id) == visit
        )
    ).all()
    gone: Entries = {row.id: (row.container_type, row.kind, 0) for row in booked}
    for key, line in sorted({**gone, **entries}.items()):
        _book(session, account, key, line, visit=visit, now=now)


def book_full(
    session: Session, account: Account, key: UUID, full: tuple[str, int], now: datetime
) -> None:
    """Let the ledger say that so many full boxes came by this call; 0 takes them back."""
    container_type, boxes = full
    known = session.get(EmptiesEntryRow, (account.site_id, key)) is not None
    if container_type and (boxes or known):
        _book(session, account, key, (container_type, rules.DELIVERED, boxes), visit=None, now=now)


def _book(
    session: Session,
    account: Account,
    key: UUID,
    line: tuple[str, str, int],
    *,
    visit: VisitId | None,
    now: datetime,
) -> None:
    kind, direction, qty = line
    row = session.get(EmptiesEntryRow, (account.site_id, key))
    if row is None:
        row = _entry(account, kind, direction, now)
        row.id, row.visit_id = key, visit
        session.add(row)
    difference, row.qty, row.kind = qty - row.qty, qty, direction
    _balance(session, account, kind, difference, now)


def _entry(account: Account, container_type: str, kind: str, now: datetime) -> EmptiesEntryRow:
    return EmptiesEntryRow(
        site_id=account.site_id,
        id=new_id(now),
        location_id=account.location_id,
        container_type=container_type,
        kind=kind,
        qty=0,
        at=now,
    )


def _balance(
    session: Session, account: Account, kind: str, difference: int, now: datetime
) -> EmptiesBalanceRow:
    site_id, location = account.site_id, account.location_id
    row = session.get(EmptiesBalanceRow, (site_id, location, kind))
    if row is None:
        row = EmptiesBalanceRow(
            site_id=site_id, location_id=location, container_type=kind, updated_at=now
        )
        session.add(row)
    if difference:
        row.balance += difference
        row.oldest_at = (row.oldest_at or now) if row.balance > 0 else None
        row.rev, row.updated_at = feed.lock(session, site_id, now), now
        places.keep_empties(session, site_id, location, {kind: row.balance}, now=now)
    session.flush()
    return row


def count_empties(
    session: Session,
    who: Principal,
    location_id: UUID,
    container_type: str,
    *,
    qty: int,
    now: datetime,
) -> EmptiesBalanceRow:
    """Somebody has counted: the difference to the account is booked as a correction."""
    allow(who, "write", resource=Resource("loads", who.site_id))
    account = Account(who.site_id, location_id)
    entry = _entry(account, container_type, rules.CORRECTION, now)
    entry.qty = qty - _balance(session, account, container_type, 0, now).balance
    entry.by = who.by
    session.add(entry)
    row = _balance(session, account, container_type, entry.qty, now)
    after = {"container_type": container_type, "qty": qty, "correction": entry.qty}
    audit.record(session, who, "empties.counted", ("location", location_id), now=now, after=after)
    return row


def lines(empties: Mapping[str, int], full: Mapping[str, int], visit: VisitId) -> Entries:
    """The ledger lines of a visit: empties given and taken, full boxes left."""
    found: Entries = {
        rules.entry_id(visit, kind): (kind, *rules.effect(n)) for kind, n in empties.items()
    }
    for kind, n in full.items():
        found[rules.full_id(visit, kind)] = (kind, rules.DELIVERED, n)
    return found
