"""Reads of the plant: Andons, empties accounts, control cycles and what a train should bring."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any
from uuid import UUID

from sqlmodel import Session, col, select

from server.core.clock import to_ms
from server.plant import rules
from server.plant.tables import AndonRow, ControlCycleRow, EmptiesBalanceRow, EmptiesEntryRow
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
    session: Session, site_id: SiteId, station_ids: Collection[UUID] | None = None
) -> Sequence[ControlCycleRow]:
    """Control cycles in use, by station and part."""
    query = select(ControlCycleRow).where(
        col(ControlCycleRow.site_id) == site_id, col(ControlCycleRow.active)
    )
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

    With the number of its cycle parts of a box add up from cycle to cycle instead of being rounded
    up each time, and not all parts come on the same train.
    """
    found: dict[UUID, list[StationLine]] = {}
    rows = control_cycles(session, site_id, station_ids)
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


def write_andon(row: AndonRow) -> dict[str, Any]:
    """The Andon as rows and answers carry it."""
    told = {
        "kind": row.kind,
        "severity": row.severity,
        "level": row.level,
        "station": row.station_id and str(row.station_id),
        "run": row.run_id and str(row.run_id),
        "visit": row.visit_id and str(row.visit_id),
        "text": row.text or None,
        "raised": row.raised_at and to_ms(row.raised_at),
        "by": row.raised_by,
        "acknowledged": row.acknowledged_at and to_ms(row.acknowledged_at),
        "acknowledged_by": row.acknowledged_by,
        "cleared": row.cleared_at and to_ms(row.cleared_at),
        "cause": row.cause,
    }
    return {key: value for key, value in told.items() if value is not None}


def andon_out(row: AndonRow) -> dict[str, Any]:
    """An Andon as it is answered."""
    return {"id": str(row.id), **write_andon(row), "rev": row.rev}


def balance_out(row: EmptiesBalanceRow) -> dict[str, Any]:
    """An empties account as it is answered."""
    return {
        "location_id": str(row.location_id),
        "container_type": row.container_type,
        "balance": row.balance,
        "oldest": row.oldest_at and to_ms(row.oldest_at),
        "rev": row.rev,
    }


def cycle_out(row: ControlCycleRow) -> dict[str, Any]:
    """A control cycle as it is answered."""
    told = row.model_dump(exclude={"site_id", "created_at", "updated_at"})
    ids = ("id", "station_id", "supermarket_id")
    return {**told, **{key: str(told[key]) for key in ids}}
