"""Cards and their calls: folded from everything said of them, then booked and told."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlmodel import Session, col, select

from server.feed import service as feed
from server.feed.service import FeedChange
from server.plant import rules
from server.plant.queries import forms
from server.plant.service import empties, stock
from server.plant.service.empties import Account
from server.plant.service.mentions import Said
from server.plant.service.stock import Came, Part
from server.plant.tables import ControlCycleRow, KanbanCallRow, KanbanCardRow
from server.sites import queries as sites
from shared.calls import Call, CardFold, call_half, card_half, fold_call, fold_card
from shared.events import KanbanScanned
from shared.ids import SiteId

CARD, CALL, SITE_SCOPE, RUN_SCOPE = "card", "call", "site", "run"
OVER_SUPPLY = "over_supply"
LISTED_MAX = 500


def refold(
    session: Session, site_id: SiteId, said: Said, cards: Collection[UUID], now: datetime
) -> set[Part]:
    """Fold these cards and the office's calls that facts name; gives whose stock changed."""
    touched: set[Part] = set()
    for row in _cards(session, site_id, cards):
        fold = fold_card(str(row.id), said.of_card(row.id))
        touched |= _refold_card(session, row, fold, said, now)
    for call in _plain_calls(session, site_id, said.mentions):
        folded = fold_call(str(call.id), said.about([call.id]))
        cycle = session.get_one(ControlCycleRow, (site_id, call.control_cycle_id))
        touched |= _write_call(session, call, folded, said, cycle=cycle, now=now)
        tell_call(session, call, cycle, now)
    return touched


def _cards(session: Session, site_id: SiteId, ids: Collection[UUID]) -> Sequence[KanbanCardRow]:
    statement = select(KanbanCardRow).where(
        col(KanbanCardRow.site_id) == site_id, col(KanbanCardRow.id).in_(sorted(ids))
    )
    return session.exec(statement.order_by(col(KanbanCardRow.id))).all() if ids else ()


def _plain_calls(
    session: Session, site_id: SiteId, refs: Iterable[UUID]
) -> Sequence[KanbanCallRow]:
    ids = sorted(refs)
    found: list[KanbanCallRow] = []
    for start in range(0, len(ids), LISTED_MAX):
        statement = select(KanbanCallRow).where(
            col(KanbanCallRow.site_id) == site_id,
            col(KanbanCallRow.card_id).is_(None),
            col(KanbanCallRow.id).in_(ids[start : start + LISTED_MAX]),
        )
        found += session.exec(statement).all()
    return found


def _refold_card(
    session: Session, row: KanbanCardRow, fold: CardFold, said: Said, now: datetime
) -> set[Part]:
    site_id = SiteId(row.site_id)
    cycle = session.get_one(ControlCycleRow, (site_id, row.control_cycle_id))
    known = {one.id: one for one in _calls_of(session, site_id, row.id)}
    touched: set[Part] = set()
    for call in fold.calls:
        found = known.pop(UUID(call.id), None)
        if found is None:
            found = _new_call(row, call, said, cycle, now)
            session.add(found)
        elif found.fact == call_half(call):
            continue
        touched |= _write_call(session, found, call, said, cycle=cycle, now=now)
    for gone in known.values():
        touched |= _withdraw(session, gone, fold, cycle, now)
    _write_card(session, row, fold, said, now)
    session.flush()
    _tell_card(session, row, fold, cycle, now)
    return touched


def _calls_of(session: Session, site_id: SiteId, card: UUID) -> Sequence[KanbanCallRow]:
    statement = select(KanbanCallRow).where(
        col(KanbanCallRow.site_id) == site_id, col(KanbanCallRow.card_id) == card
    )
    return session.exec(statement).all()


def _new_call(
    row: KanbanCardRow, call: Call, said: Said, cycle: ControlCycleRow, now: datetime
) -> KanbanCallRow:
    assert call.opened is not None, "a card's call has a scan"
    called_at = said.at(call.opened.event)
    return KanbanCallRow(
        site_id=row.site_id,
        id=UUID(call.id),
        control_cycle_id=row.control_cycle_id,
        card_id=row.id,
        called_at=called_at,
        called_by=call.opened.by,
        promised_at=called_at + timedelta(seconds=cycle.lead_s) if cycle.lead_s else None,
        aliases=[],
        created_at=now,
        updated_at=now,
    )


def _write_call(
    session: Session,
    row: KanbanCallRow,
    call: Call,
    said: Said,
    *,
    cycle: ControlCycleRow,
    now: datetime,
) -> set[Part]:
    """Write what is folded of a call; its boxes are booked once, however often it was filled."""
    closed = call.closed
    row.state, row.aliases, row.fact = call.state, list(call.aliases), call_half(call)
    row.reason, row.short, row.also = call.reason, call.short, call.evidence
    row.delivered = call.boxes
    row.closed_at = said.at(closed.event) if closed else None
    row.closed_by = closed.by if closed else ""
    row.updated_at = now
    _watch_supply(session, row, call, cycle, now)
    return _deliver(session, row, call, cycle, now)


def _deliver(
    session: Session, row: KanbanCallRow, call: Call | None, cycle: ControlCycleRow, now: datetime
) -> set[Part]:
    site_id = SiteId(row.site_id)
    boxes = call.boxes if call is not None else 0
    closed = call.closed if call is not None else None
    came = Came(
        rules.entry_id("call", row.id, "stock"), cycle.station_id, cycle.part_no, boxes, closed
    )
    account, key = Account(site_id, cycle.station_id), rules.entry_id("call", row.id, "full")
    empties.book_full(session, account, key, (cycle.container_type, boxes), now)
    return {(cycle.station_id, cycle.part_no)} if stock.put(session, site_id, came) else set()


def _withdraw(
    session: Session, row: KanbanCallRow, fold: CardFold, cycle: ControlCycleRow, now: datetime
) -> set[Part]:
    """A call that is none: its scan was voided, or an earlier scan gives the call its id.

    The run it was given to goes over to the call it belongs to now.
    """
    heir = next((one for one in fold.calls if str(row.id) in one.aliases), None)
    if heir is not None and row.run_id is not None:
        found = session.get(KanbanCallRow, (row.site_id, UUID(heir.id)))
        if found is not None and found.run_id is None:
            found.run_id = row.run_id
    change = FeedChange(CALL, str(row.id), scope_of(row), None, None, deleted=True)
    feed.publish(session, SiteId(row.site_id), [change], now)
    touched = _deliver(session, row, None, cycle, now)
    session.delete(row)
    return touched


def _write_card(
    session: Session, row: KanbanCardRow, fold: CardFold, said: Said, now: datetime
) -> None:
    if row.state not in rules.ASIDE:
        row.state = fold.state
    row.call_id = UUID(fold.calls[-1].id) if fold.calls else None
    seen = fold.seen
    if seen is not None and isinstance(seen.body, KanbanScanned):
        row.last_seen_at = said.at(seen.id)
        row.last_seen_place = UUID(seen.body.location)
        row.last_seen_by = seen.envelope.by
    row.updated_at = now
    session.add(row)


def _tell_card(
    session: Session, row: KanbanCardRow, fold: CardFold, cycle: ControlCycleRow, now: datetime
) -> None:
    """Tell the card and its newest call; older calls are over and nobody's business on a train."""
    site_id = SiteId(row.site_id)
    row.rev = feed.lock(session, site_id, now)
    changes = [card_row(row, cycle, card_half(fold))]
    for call in _calls_of(session, site_id, row.id):
        over = row.call_id != call.id
        if not over or call.closed_at is not None:
            changes.append(_call_row(call, cycle, gone=over))
            call.rev = row.rev
    feed.publish(session, site_id, changes, now)


def card_row(row: KanbanCardRow, cycle: ControlCycleRow, fact: forms.Half) -> FeedChange:
    """The feed row of a card; a retired one is gone."""
    gone = row.state == "retired"
    return FeedChange(
        CARD, str(row.id), SITE_SCOPE, forms.card_plan(row, cycle), fact, deleted=gone
    )


def scope_of(row: KanbanCallRow) -> str:
    """Whose call it is: one run's, or everybody's."""
    return f"{RUN_SCOPE}:{row.run_id}" if row.run_id else SITE_SCOPE


def _call_row(row: KanbanCallRow, cycle: ControlCycleRow, *, gone: bool) -> FeedChange:
    plan = forms.call_plan(row, cycle)
    return FeedChange(CALL, str(row.id), scope_of(row), plan, row.fact, deleted=gone)


def tell_call(session: Session, row: KanbanCallRow, cycle: ControlCycleRow, now: datetime) -> None:
    """Tell a call as it stands."""
    session.add(row)
    session.flush()
    row.rev = feed.publish(session, SiteId(row.site_id), [_call_row(row, cycle, gone=False)], now)


def _watch_supply(
    session: Session, row: KanbanCallRow, call: Call, cycle: ControlCycleRow, now: datetime
) -> None:
    """Two people filled one call: somebody must look what lies there; told once."""
    surplus = len(call.filled_by) > 1
    if surplus and not row.surplus:
        places = sites.locations(session, SiteId(row.site_id), [cycle.station_id])
        place = places.get(cycle.station_id)
        detail = {
            "name": place.name if place else "",
            "station": str(cycle.station_id),
            "part_no": cycle.part_no,
            "filled_by": list(call.filled_by),
        }
        feed.raise_exception(
            session, SiteId(row.site_id), OVER_SUPPLY, CALL, row.id, detail=detail, now=now
        )
    row.surplus = surplus
