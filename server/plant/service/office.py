"""What the office does in the plant: facts it records, calls it makes, cards it looks after."""

from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID, uuid5

from sqlmodel import Session

from server.core import audit
from server.core.access import Principal, Resource, allow
from server.core.ids import new_id
from server.facts import service as fact_store
from server.feed import queries as feed_rows
from server.feed import service as feed
from server.feed.service import FeedChange
from server.plant import queries
from server.plant.service import cards, folding
from server.plant.tables import AndonRow, ControlCycleRow, KanbanCallRow, KanbanCardRow
from shared.calls import Call, call_half
from shared.events import Body
from shared.ids import RunId
from shared.plant_facts import AndonAcknowledged, AndonCleared, AndonRaised, StockCounted
from shared.refusals import refuse

Deed = Literal["found", "reprint", "retire", "block", "free"]


def record(
    session: Session, who: Principal, body: Body, *, run_id: RunId | None, now: datetime
) -> None:
    """Record what somebody at the office says, and let everything follow from it."""
    by = f"supervisor:{who.person_id}"
    told = fact_store.record(session, who.site_id, by, body, run_id=run_id, visit_id=None, now=now)
    folding.apply(session, who.site_id, [told], now)


def raise_andon(
    session: Session, who: Principal, body: AndonRaised, *, run_id: RunId | None, now: datetime
) -> AndonRow:
    """Raise an Andon from the office; it is a fact like any other."""
    allow(who, "raise", resource=Resource("andon", who.site_id))
    record(session, who, body, run_id=run_id, now=now)
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
    record(session, who, body, run_id=RunId(row.run_id) if row.run_id else None, now=now)
    session.flush()
    return row


def count_stock(
    session: Session, who: Principal, station_id: UUID, part_no: str, *, boxes: int, now: datetime
) -> None:
    """Somebody has counted the boxes of a part at a station; it is a fact like any other."""
    allow(who, "write", resource=Resource("kanban", who.site_id))
    queries.cycle_of_part(session, who.site_id, station_id, part_no)
    body = StockCounted(location=str(station_id), item=part_no, qty=boxes)
    record(session, who, body, run_id=None, now=now)


def make_call(
    session: Session, who: Principal, cycle_id: UUID, *, boxes: int, now: datetime
) -> KanbanCallRow:
    """Call boxes by hand, without a card; older ones that are over leave the trains' lists."""
    allow(who, "write", resource=Resource("kanban", who.site_id))
    feed.lock(session, who.site_id, now)
    cycle = queries.control_cycle(session, who.site_id, cycle_id)
    row = KanbanCallRow(
        site_id=who.site_id,
        id=uuid5(cycle.id, str(new_id(now))),
        control_cycle_id=cycle.id,
        boxes=boxes,
        called_at=now,
        called_by=who.by,
        promised_at=now + timedelta(seconds=cycle.lead_s) if cycle.lead_s else None,
        aliases=[],
        created_at=now,
        updated_at=now,
    )
    row.fact = call_half(Call(str(row.id)))
    over = [
        FeedChange(cards.CALL, str(one.id), cards.scope_of(one), None, None, deleted=True)
        for one in queries.calls(session, who.site_id, open_only=False, cycle_id=cycle.id)
        if one.card_id is None and one.closed_at is not None
    ]
    feed.publish(session, who.site_id, over, now)
    cards.tell_call(session, row, cycle, now)
    audit.record(session, who, "call.made", (cards.CALL, row.id), now=now, after={"boxes": boxes})
    return row


def give_call(
    session: Session, who: Principal, call_id: UUID, run_id: UUID | None, *, now: datetime
) -> KanbanCallRow:
    """Have one run bring a call, or any run again."""
    allow(who, "write", resource=Resource("kanban", who.site_id))
    feed.lock(session, who.site_id, now)
    row = queries.call(session, who.site_id, call_id)
    if run_id is not None and not feed_rows.rows_of(session, who.site_id, "run", ids=[str(run_id)]):
        raise refuse("not_found")
    before, row.run_id, row.updated_at = row.run_id, run_id, now
    cycle = session.get_one(ControlCycleRow, (who.site_id, row.control_cycle_id))
    cards.tell_call(session, row, cycle, now)
    changed = ({"run": str(one) if one else None} for one in (before, run_id))
    audit.record(session, who, "call.given", (cards.CALL, row.id), now=now,
                 before=next(changed), after=next(changed))  # fmt: skip
    return row


def look_after(
    session: Session, who: Principal, card_id: UUID, deed: Deed, *, now: datetime
) -> KanbanCardRow:
    """Say what became of a card: found, to be printed again, blocked, free again, out of use."""
    allow(who, "write", resource=Resource("kanban", who.site_id))
    feed.lock(session, who.site_id, now)
    row = queries.card(session, who.site_id, card_id)
    before = {"state": row.state, "print_rev": row.print_rev}
    if row.state == "retired":
        raise refuse("bad_state", why="this card is retired")
    if deed == "found":
        row.last_seen_at, row.last_seen_by = now, who.by
    elif deed == "reprint":
        row.print_rev += 1
    else:
        row.state = {"retire": "retired", "block": "blocked", "free": "full"}[deed]
    if deed == "retire":
        cycle = session.get_one(ControlCycleRow, (who.site_id, row.control_cycle_id))
        cycle.cards = max(0, cycle.cards - 1)
    row.updated_at = now
    session.add(row)
    session.flush()
    _tell(session, row, now)
    after = {"state": row.state, "print_rev": row.print_rev}
    subject = (cards.CARD, row.id)
    audit.record(session, who, f"card.{deed}", subject, now=now, before=before, after=after)
    return row


def _tell(session: Session, row: KanbanCardRow, now: datetime) -> None:
    """Fold the card again, so that its row says what its facts say."""
    site_id = row.site_id
    if row.state == "retired":
        cycle = session.get_one(ControlCycleRow, (site_id, row.control_cycle_id))
        row.rev = feed.publish(session, site_id, [cards.card_row(row, cycle, {})], now)  # type: ignore[arg-type]
        return
    folding.refold_card(session, site_id, row.id, now)  # type: ignore[arg-type]
