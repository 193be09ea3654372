"""Use cases of the plant: what facts change, Andons by hand, empties counted, control cycles."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel import Session, col, select

from server.core import audit
from server.core.access import Principal, Resource, allow
from server.core.clock import from_ms
from server.core.ids import new_id
from server.facts import queries as facts
from server.facts import service as fact_store
from server.feed import queries as feed_rows
from server.feed import service as feed
from server.feed.service import FeedChange
from server.plant import queries, rules
from server.plant.rules import Mark, Told
from server.plant.tables import AndonRow, ControlCycleRow, EmptiesBalanceRow, EmptiesEntryRow
from server.sites import queries as sites
from server.sites import service as places
from shared.events import Body
from shared.ids import LocationId, RunId, SiteId, VisitId
from shared.plant_facts import AndonAcknowledged, AndonCleared, AndonRaised
from shared.refusals import refuse
from shared.run import fold_visit

SITE_SCOPE = "site"
ANDON = "andon"


def apply(session: Session, site_id: SiteId, new_facts: Iterable[Told], now: datetime) -> None:
    """Let Andons and empties accounts follow from facts; the same fact twice changes nothing."""
    counting = [fact for fact in new_facts if fact.event is not None and _counts(fact)]
    visits = {fact.visit_id for fact in counting if fact.visit_id is not None}
    places = _places(session, site_id, visits)
    for mark in rules.marks(counting, places):
        _apply_mark(session, site_id, mark, now)
    touched = {
        fact.visit_id
        for fact in counting
        if fact.visit_id is not None and fact.event and fact.event.type in rules.TOUCHES_EMPTIES
    }
    _book_visits(session, site_id, {visit: places.get(visit) for visit in touched}, now)


def _counts(fact: Told) -> bool:
    return getattr(fact, "why", None) is None


def _places(
    session: Session, site_id: SiteId, visit_ids: Iterable[VisitId]
) -> dict[VisitId, LocationId]:
    """Where visits are, as devices were told: plant and runs stand side by side."""
    ids = [str(one) for one in visit_ids]
    if not ids:
        return {}
    rows = feed_rows.rows_of(session, site_id, "stop", ids=ids)
    return {
        VisitId(UUID(row.id)): LocationId(UUID(row.plan["location"])) for row in rows if row.plan
    }


def _apply_mark(session: Session, site_id: SiteId, mark: Mark, now: datetime) -> None:
    row = session.get(AndonRow, (site_id, mark.andon))
    if row is None and mark.what == "withdrawn":
        return
    if row is None:
        row = AndonRow(site_id=site_id, id=mark.andon, kind="", created_at=now, updated_at=now)
        session.add(row)
    if _marked(row, mark, from_ms(mark.at_ms)):
        row.updated_at = now
        _tell(session, row, now)


def _marked(row: AndonRow, mark: Mark, at: datetime) -> bool:
    """Write the first of each kind of mark; False when nothing changed."""
    what = "cleared" if mark.what == "withdrawn" else mark.what
    before = getattr(row, f"{what}_at")
    if before is not None and before <= at:
        return False
    setattr(row, f"{what}_at", at)
    setattr(row, f"{what}_by", mark.by)
    if what == "raised":
        row.kind, row.severity, row.text = mark.kind, mark.severity, mark.text
        row.station_id, row.run_id, row.visit_id = mark.station, mark.run_id, mark.visit_id
    if what == "cleared":
        row.cause = mark.cause
    return True


def _tell(session: Session, row: AndonRow, now: datetime) -> None:
    """Tell devices and the board; an Andon that nobody raised yet is only kept."""
    if row.raised_at is None:
        return
    site_id = SiteId(row.site_id)
    row.rev = feed.lock(session, site_id, now)
    told = queries.write_andon(row)
    gone = row.cleared_at is not None
    change = FeedChange(ANDON, str(row.id), SITE_SCOPE, told, None, deleted=gone)
    feed.publish(session, site_id, [change], now)
    if gone:
        feed.close_exception(session, site_id, ANDON, ANDON, row.id, now=now)
    else:
        detail = {**told, "name": _name(session, row)}
        feed.raise_exception(session, site_id, ANDON, ANDON, row.id, detail=detail, now=now)


def _name(session: Session, row: AndonRow) -> str:
    """The station's name, for lists."""
    if row.station_id is None:
        return ""
    found = sites.locations(session, SiteId(row.site_id), [row.station_id])
    return found[row.station_id].name if row.station_id in found else ""


def _book_visits(
    session: Session,
    site_id: SiteId,
    visits: Mapping[VisitId, LocationId | None],
    now: datetime,
) -> None:
    """Fold what each visit gave and took, and let the ledger say exactly that."""
    by_visit: dict[VisitId, list[Any]] = {visit: [] for visit in visits}
    for fact in facts.facts_of_visits(session, site_id, list(visits)):
        if fact.visit_id in by_visit:
            by_visit[fact.visit_id].append(fact.event)
    for visit, location in sorted(visits.items(), key=lambda one: str(one[0])):
        if location is not None:
            fold, account = fold_visit(by_visit[visit]), _Account(site_id, location)
            entries: Entries = {
                rules.entry_id(visit, kind): (kind, *rules.effect(n))
                for kind, n in fold.empties.items()
            }
            for kind, n in _boxes(session, account, fold.qty).items():
                entries[rules.full_id(visit, kind)] = (kind, rules.DELIVERED, n)
            _book_visit(session, account, visit, entries, now)


@dataclass(frozen=True, slots=True)
class _Account:
    """Whose empties are counted."""

    site_id: SiteId
    location_id: UUID


Entries = dict[UUID, tuple[str, str, int]]
"""Ledger lines of a visit: container type, kind of line, quantity."""


def _boxes(session: Session, account: _Account, lines: Mapping[str, int]) -> dict[str, int]:
    """Full boxes that were left, by type, as far as the station's control cycles know the type."""
    if not lines:
        return {}
    cycles = queries.control_cycles(session, account.site_id, [account.location_id])
    types = {cycle.part_no: cycle.container_type for cycle in cycles}
    found: dict[str, int] = {}
    for load in feed_rows.rows_of(session, account.site_id, "load", ids=list(lines)):
        kind = types.get((load.plan or {}).get("part_no", ""))
        if kind:
            found[kind] = found.get(kind, 0) + lines[load.id]
    return found


def _book_visit(
    session: Session, account: _Account, visit: VisitId, entries: Entries, now: datetime
) -> None:
    site_id = account.site_id
    booked = session.exec(
        select(EmptiesEntryRow).where(
            col(EmptiesEntryRow.site_id) == site_id, col(EmptiesEntryRow.visit_id) == visit
        )
    ).all()
    gone: Entries = {row.id: (row.container_type, row.kind, 0) for row in booked}
    for entry_id, (kind, direction, qty) in sorted({**gone, **entries}.items()):
        row = session.get(EmptiesEntryRow, (site_id, entry_id))
        if row is None:
            row = _entry(account, kind, direction, now)
            row.id, row.visit_id = entry_id, visit
            session.add(row)
        difference, row.qty, row.kind = qty - row.qty, qty, direction
        _balance(session, account, kind, difference, now)


def _entry(account: _Account, container_type: str, kind: str, now: datetime) -> EmptiesEntryRow:
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
    session: Session, account: _Account, kind: str, difference: int, now: datetime
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
    account = _Account(who.site_id, location_id)
    entry = _entry(account, container_type, rules.CORRECTION, now)
    entry.qty = qty - _balance(session, account, container_type, 0, now).balance
    entry.by = who.by
    session.add(entry)
    row = _balance(session, account, container_type, entry.qty, now)
    after = {"container_type": container_type, "qty": qty, "correction": entry.qty}
    audit.record(session, who, "empties.counted", ("location", location_id), now=now, after=after)
    return row


def raise_andon(
    session: Session, who: Principal, body: AndonRaised, *, run_id: RunId | None, now: datetime
) -> AndonRow:
    """Raise an Andon from the office; it is a fact like any other."""
    allow(who, "raise", resource=Resource("andon", who.site_id))
    _record(session, who, body, run_id=run_id, now=now)
    return queries.andon(session, who.site_id, UUID(body.andon))


def acknowledge(session: Session, who: Principal, andon_id: UUID, *, now: datetime) -> AndonRow:
    """Somebody has seen it; escalation stops."""
    return _answer(session, who, andon_id, AndonAcknowledged(andon=str(andon_id)), now)


def clear(
    session: Session, who: Principal, andon_id: UUID, *, cause: str | None, now: datetime
) -> AndonRow:
    """The cause is gone."""
    return _answer(session, who, andon_id, AndonCleared(andon=str(andon_id), cause=cause), now)


def _answer(
    session: Session, who: Principal, andon_id: UUID, body: Body, now: datetime
) -> AndonRow:
    allow(who, "write", resource=Resource("andon", who.site_id))
    row = queries.andon(session, who.site_id, andon_id)
    _record(session, who, body, run_id=RunId(row.run_id) if row.run_id else None, now=now)
    session.flush()
    return row


def _record(
    session: Session, who: Principal, body: Body, *, run_id: RunId | None, now: datetime
) -> None:
    by = f"supervisor:{who.person_id}"
    told = fact_store.record(session, who.site_id, by, body, run_id=run_id, visit_id=None, now=now)
    apply(session, who.site_id, [told], now)


def add_control_cycle(
    session: Session, who: Principal, given: Mapping[str, Any], *, now: datetime
) -> ControlCycleRow:
    """Say that a station needs a part; one part at one station has one control cycle."""
    allow(who, "write", resource=Resource("kanban", who.site_id))
    same = select(ControlCycleRow).where(
        col(ControlCycleRow.site_id) == who.site_id,
        col(ControlCycleRow.part_no) == given["part_no"],
        col(ControlCycleRow.station_id) == given["station_id"],
    )
    if session.exec(same).first() is not None:
        raise refuse("exists", what=str(given["part_no"]))
    row = ControlCycleRow(
        site_id=who.site_id, id=new_id(now), created_at=now, updated_at=now, **given
    )
    row.rev = feed.lock(session, who.site_id, now)
    session.add(row)
    session.flush()
    audit.record(session, who, "control_cycle.made", ("control_cycle", row.id), now=now)
    return row


def change_control_cycle(
    session: Session,
    who: Principal,
    cycle_id: UUID,
    changed: Mapping[str, Any],
    *,
    expected_rev: int | None = None,
    now: datetime,
) -> ControlCycleRow:
    """Change the keys that are given; a stale revision is refused."""
    allow(who, "write", resource=Resource("kanban", who.site_id))
    row = queries.control_cycle(session, who.site_id, cycle_id)
    if expected_rev is not None and expected_rev != row.rev:
        raise refuse("rev")
    row.sqlmodel_update(dict(changed))
    if row.min_boxes > row.max_boxes:
        raise refuse("bad_input", errors=[("/min_boxes", "above max_boxes")], why="min_boxes")
    row.rev, row.updated_at = feed.lock(session, who.site_id, now), now
    session.flush()
    subject = ("control_cycle", row.id)
    audit.record(session, who, "control_cycle.changed", subject, now=now, after=dict(changed))
    return row
