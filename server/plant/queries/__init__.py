"""Reads of the plant: Andons, empties, cycles, cards, calls, stock, handovers, and loads."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from uuid import UUID

from sqlmodel import Session, col, select

from server.plant import rules
from server.plant.tables import (
    AndonRow,
    ControlCycleRow,
    EmptiesBalanceRow,
    EmptiesEntryRow,
    HandoverRow,
    KanbanCallRow,
    KanbanCardRow,
    StationStockRow,
)
from shared.ids import SiteId
from shared.kanban import ControlCycle
from shared.refusals import refuse

LIST_MAX = 500


@dataclass(frozen=True, slots=True)
class StationLine:
    """What a train brings to a station on one visit: so many boxes of a part."""

    control_cycle_id: UUID
    station_id: UUID
    supermarket_id: UUID
    part_no: str
    name: str
    boxes: int
    pieces_per_box: int
    max_boxes: int


def andons(session: Session, site_id: SiteId, *, only_open: bool = True) -> Sequence[AndonRow]:
    """Andons, the newest first; those that were only half told are left out."""
    query = select(AndonRow).where(
        col(AndonRow.site_id) == site_id, col(AndonRow.raised_at).is_not(None)
    )
    if only_open:
        query = query.where(col(AndonRow.cleared_at).is_(None))
    order = (col(AndonRow.raised_at).desc(), col(AndonRow.id))
    return session.exec(query.order_by(*order).limit(LIST_MAX)).all()


def andon(session: Session, site_id: SiteId, andon_id: UUID) -> AndonRow:
    """One Andon; refuses `not_found`."""
    row = session.get(AndonRow, (site_id, andon_id))
    if row is None:
        raise refuse("not_found")
    return row


def balances(
    session: Session, site_id: SiteId, location_ids: Collection[UUID] | None = None
) -> Sequence[EmptiesBalanceRow]:
    """Empties accounts, by place and container type."""
    query = select(EmptiesBalanceRow).where(col(EmptiesBalanceRow.site_id) == site_id)
    if location_ids is not None:
        query = query.where(col(EmptiesBalanceRow.location_id).in_(list(location_ids)))
    order = (col(EmptiesBalanceRow.location_id), col(EmptiesBalanceRow.container_type))
    return session.exec(query.order_by(*order).limit(LIST_MAX)).all()


def entries(
    session: Session, site_id: SiteId, location_id: UUID, container_type: str
) -> Sequence[EmptiesEntryRow]:
    """The ledger of one account, oldest first."""
    query = select(EmptiesEntryRow).where(
        col(EmptiesEntryRow.site_id) == site_id,
        col(EmptiesEntryRow.location_id) == location_id,
        col(EmptiesEntryRow.container_type) == container_type,
    )
    return session.exec(query.order_by(col(EmptiesEntryRow.at), col(EmptiesEntryRow.id))).all()


def control_cycles(
    session: Session,
    site_id: SiteId,
    station_ids: Collection[UUID] | None = None,
    *,
    everything: bool = False,
) -> Sequence[ControlCycleRow]:
    """Control cycles in use, by station and part; the others only if asked for."""
    query = select(ControlCycleRow).where(col(ControlCycleRow.site_id) == site_id)
    if not everything:
        query = query.where(col(ControlCycleRow.active))
    if station_ids is not None:
        query = query.where(col(ControlCycleRow.station_id).in_(list(station_ids)))
    order = (col(ControlCycleRow.station_id), col(ControlCycleRow.part_no))
    return session.exec(query.order_by(*order)).all()


def control_cycle(session: Session, site_id: SiteId, cycle_id: UUID) -> ControlCycleRow:
    """One control cycle; refuses `not_found`."""
    row = session.get(ControlCycleRow, (site_id, cycle_id))
    if row is None:
        raise refuse("not_found")
    return row


def lines_for_stations(
    session: Session,
    site_id: SiteId,
    station_ids: Collection[UUID],
    *,
    interval_s: int,
    cycle_no: int | None = None,
) -> dict[UUID, list[StationLine]]:
    """What a train brings to each station when it comes at this interval: the lot per visit.

    A part with cards comes when it is called, so it is not among them.

    With the number of its cycle parts of a box add up from cycle to cycle instead of being rounded
    up each time, and not all parts come on the same train.
    """
    found: dict[UUID, list[StationLine]] = {}
    every = control_cycles(session, site_id, station_ids)
    called = {card.control_cycle_id for card in cards(session, site_id)} if every else set()
    rows = [row for row in every if row.id not in called]
    for number, row in enumerate(rows):
        cycle = as_cycle(row)
        if cycle_no is None:
            boxes = cycle.boxes_per_visit(interval_s)
        else:
            phase = Fraction(number, len(rows))
            boxes = rules.boxes_on_cycle(cycle, interval_s, cycle_no, phase)
        if boxes > 0:
            found.setdefault(row.station_id, []).append(_line(row, boxes))
    return found


def _line(row: ControlCycleRow, boxes: int) -> StationLine:
    return StationLine(
        control_cycle_id=row.id,
        station_id=row.station_id,
        supermarket_id=row.supermarket_id,
        part_no=row.part_no,
        name=row.name,
        boxes=boxes,
        pieces_per_box=row.pieces_per_box,
        max_boxes=row.max_boxes,
    )


def as_cycle(row: ControlCycleRow) -> ControlCycle:
    """The row as the value everybody computes with."""
    return ControlCycle(
        id=str(row.id),
        part_no=row.part_no,
        name=row.name,
        station=str(row.station_id),
        supermarket=str(row.supermarket_id),
        pieces_per_box=row.pieces_per_box,
        demand_per_h=row.demand_per_h,
        min_boxes=row.min_boxes,
        max_boxes=row.max_boxes,
        safety=Fraction(row.safety_percent, 100),
    )


def unseen_andons(session: Session, site_id: SiteId) -> Sequence[AndonRow]:
    """Open Andons nobody has acknowledged."""
    query = select(AndonRow).where(
        col(AndonRow.site_id) == site_id,
        col(AndonRow.raised_at).is_not(None),
        col(AndonRow.acknowledged_at).is_(None),
        col(AndonRow.cleared_at).is_(None),
    )
    return session.exec(query.order_by(col(AndonRow.raised_at), col(AndonRow.id))).all()


def cycle_of_part(
    session: Session, site_id: SiteId, station_id: UUID, part_no: str
) -> ControlCycleRow:
    """The control cycle of a part at a station; refuses `not_found`."""
    rows = control_cycles(session, site_id, [station_id])
    found = next((row for row in rows if row.part_no == part_no), None)
    if found is None:
        raise refuse("not_found")
    return found


def cards(
    session: Session,
    site_id: SiteId,
    *,
    cycle_ids: Collection[UUID] | None = None,
    everything: bool = False,
) -> Sequence[KanbanCardRow]:
    """Cards by cycle and number; those out of use only if asked for."""
    query = select(KanbanCardRow).where(col(KanbanCardRow.site_id) == site_id)
    if cycle_ids is not None:
        query = query.where(col(KanbanCardRow.control_cycle_id).in_(list(cycle_ids)))
    if not everything:
        query = query.where(col(KanbanCardRow.state) != "retired")
    order = (col(KanbanCardRow.control_cycle_id), col(KanbanCardRow.serial))
    return session.exec(query.order_by(*order)).all()


def card(session: Session, site_id: SiteId, card_id: UUID) -> KanbanCardRow:
    """One card; refuses `not_found`."""
    row = session.get(KanbanCardRow, (site_id, card_id))
    if row is None:
        raise refuse("not_found")
    return row


def calls(
    session: Session,
    site_id: SiteId,
    *,
    open_only: bool = True,
    cycle_id: UUID | None = None,
    limit: int = LIST_MAX,
) -> Sequence[KanbanCallRow]:
    """Calls, the oldest open one first; those that are over only if asked for, newest first."""
    query = select(KanbanCallRow).where(col(KanbanCallRow.site_id) == site_id)
    if cycle_id is not None:
        query = query.where(col(KanbanCallRow.control_cycle_id) == cycle_id)
    if open_only:
        query = query.where(col(KanbanCallRow.closed_at).is_(None))
        order = col(KanbanCallRow.called_at).asc()
    else:
        order = col(KanbanCallRow.called_at).desc()
    return session.exec(query.order_by(order, col(KanbanCallRow.id)).limit(limit)).all()


def call(session: Session, site_id: SiteId, call_id: UUID) -> KanbanCallRow:
    """One call; refuses `not_found`."""
    row = session.get(KanbanCallRow, (site_id, call_id))
    if row is None:
        raise refuse("not_found")
    return row


def stocks(session: Session, site_id: SiteId) -> Sequence[StationStockRow]:
    """What is at the stations, as far as anybody ever counted."""
    query = select(StationStockRow).where(col(StationStockRow.site_id) == site_id)
    order = (col(StationStockRow.station_id), col(StationStockRow.part_no))
    return session.exec(query.order_by(*order)).all()


def handovers(
    session: Session, site_id: SiteId, *, only_open: bool = True, limit: int = 20
) -> Sequence[HandoverRow]:
    """Handovers, the newest first."""
    query = select(HandoverRow).where(col(HandoverRow.site_id) == site_id)
    if only_open:
        query = query.where(col(HandoverRow.acknowledged_at).is_(None))
    order = (col(HandoverRow.written_at).desc(), col(HandoverRow.id))
    return session.exec(query.order_by(*order).limit(limit)).all()


def lost_cards(session: Session, site_id: SiteId, now: datetime) -> list[KanbanCardRow]:
    """Cards nobody has seen for three times the time they need to go round."""
    cycles = {row.id: row for row in control_cycles(session, site_id)}
    found = []
    for row in cards(session, site_id):
        cycle = cycles.get(row.control_cycle_id)
        if cycle is None or row.state == "blocked":
            continue
        expected_s = rules.circulation_s(as_cycle(cycle), cycle.cards, cycle.lead_s)
        if rules.unseen_too_long(row.last_seen_at or row.created_at, now, expected_s):
            found.append(row)
    return found
