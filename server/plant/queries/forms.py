"""The plant as rows and answers carry it: keys as on the wire, instants in epoch milliseconds."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from server.core.clock import to_ms
from server.plant import rules
from server.plant.tables import (
    AndonRow,
    ControlCycleRow,
    EmptiesBalanceRow,
    HandoverRow,
    KanbanCallRow,
    KanbanCardRow,
    StationStockRow,
)
from shared.floor import pieces_left

Half = dict[str, Any]


def _told(whole: Mapping[str, Any]) -> Half:
    return {key: value for key, value in whole.items() if value not in (None, "", [])}


def _ms(at: datetime | None) -> int | None:
    return to_ms(at) if at is not None else None


def _id(key: UUID | None) -> str | None:
    return str(key) if key is not None else None


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


def _part(cycle: ControlCycleRow) -> Half:
    return {
        "cycle": str(cycle.id),
        "part_no": cycle.part_no,
        "name": cycle.name,
        "station": str(cycle.station_id),
        "supermarket": str(cycle.supermarket_id),
    }


def card_plan(row: KanbanCardRow, cycle: ControlCycleRow) -> Half:
    """The plan half of a card's row."""
    return _told(
        {
            **_part(cycle),
            "serial": row.serial,
            "print_rev": row.print_rev,
            "lead_s": cycle.lead_s or None,
            "blocked": True if row.state == "blocked" else None,
        }
    )


def call_plan(row: KanbanCallRow, cycle: ControlCycleRow) -> Half:
    """The plan half of a call's row."""
    return _told(
        {
            **_part(cycle),
            "card": _id(row.card_id),
            "boxes": row.boxes,
            "called": to_ms(row.called_at),
            "promised": _ms(row.promised_at),
            "run": _id(row.run_id),
        }
    )


def stock_plan(row: StationStockRow) -> Half:
    """The plan half of a stock's row: which part where."""
    return {"station": str(row.station_id), "part_no": row.part_no}


def stock_fact(row: StationStockRow) -> Half:
    """The fact half of a stock's row: boxes there by count and deliveries, without consumption."""
    return {"boxes": row.boxes, "counted": row.hlc, "n": 1}


def handover_plan(row: HandoverRow) -> Half:
    """What a shift left, for the tablet of the next one."""
    return _told(
        {
            "run": _id(row.run_id),
            "loop": _id(row.loop_id),
            "text": row.text,
            "open": row.open,
            "stuck": row.stuck,
            "counts": row.counts,
            "written": to_ms(row.written_at),
            "by": row.written_by,
        }
    )


def handover_out(row: HandoverRow) -> Half:
    """A handover as it is answered."""
    return {
        "id": str(row.id),
        **handover_plan(row),
        **_told(
            {
                "acknowledged": _ms(row.acknowledged_at),
                "acknowledged_by": row.acknowledged_by,
                "remark": row.remark,
            }
        ),
    }


def card_out(row: KanbanCardRow, cycle: ControlCycleRow) -> Half:
    """A card as it is answered."""
    seen = {
        "last_seen": _ms(row.last_seen_at),
        "last_seen_place": _id(row.last_seen_place),
        "last_seen_by": row.last_seen_by,
        "call": _id(row.call_id),
    }
    return {
        "id": str(row.id),
        **card_plan(row, cycle),
        **_told(seen),
        "state": row.state,
        "rev": row.rev,
    }


def call_out(row: KanbanCallRow, cycle: ControlCycleRow) -> Half:
    """A call as it is answered; the other ids that name it are its evidence."""
    more = {
        "by": row.called_by,
        "aliases": row.aliases,
        "reason": row.reason,
        "closed": _ms(row.closed_at),
        "closed_by": row.closed_by,
        "also": row.also or None,
        "short": row.short or None,
        "delivered": row.delivered or None,
    }
    return {
        "id": str(row.id),
        **call_plan(row, cycle),
        **_told(more),
        "state": row.state,
        "rev": row.rev,
    }


def stock_out(row: StationStockRow, cycle: ControlCycleRow, now: datetime) -> Half:
    """What is at a station: counted, and estimated by the demand since then."""
    elapsed_s = int((now - row.counted_at).total_seconds())
    pieces = pieces_left(row.boxes, cycle.pieces_per_box, cycle.demand_per_h, elapsed_s)
    return {
        **_part(cycle),
        "boxes": row.boxes,
        "pieces": pieces,
        "counted": to_ms(row.counted_at),
        "counted_by": row.counted_by,
        "min_boxes": cycle.min_boxes,
        "max_boxes": cycle.max_boxes,
        "coverage_s": pieces * 3600 // cycle.demand_per_h if cycle.demand_per_h else None,
        "rev": row.rev,
    }


def board_stock(row: StationStockRow, cycle: ControlCycleRow) -> Half:
    """What is at a station with what an estimate needs."""
    return {
        "id": str(rules.stock_id(row.station_id, row.part_no)),
        **_part(cycle),
        "boxes": row.boxes,
        "counted": to_ms(row.counted_at),
        "pieces_per_box": cycle.pieces_per_box,
        "demand_per_h": cycle.demand_per_h,
        "lead_s": cycle.lead_s,
        "min_boxes": cycle.min_boxes,
        "max_boxes": cycle.max_boxes,
    }
