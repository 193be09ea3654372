"""What facts of the plant speak of, and what a train brings: pure, each fact once, in any order."""

from datetime import datetime, timedelta
from fractions import Fraction
from math import floor
from typing import Protocol
from uuid import UUID, uuid5

from shared.calls import call_id
from shared.events import Body, Event
from shared.floor import missed_andon
from shared.ids import DeviceId, RunId, VisitId
from shared.kanban import ControlCycle, lot_per_visit
from shared.plant_facts import (
    AndonAcknowledged,
    AndonCleared,
    AndonRaised,
    CallPrepared,
    CallRefused,
    HandoverAcknowledged,
    HandoverWritten,
    KanbanFulfilled,
    KanbanScanned,
    StationDone,
    StationMissed,
    StockCounted,
)
from shared.road_facts import FactVoided, StopReopened

MISSED = "missed"
REOPENED, WITHDRAWN = "reopened", "withdrawn"
LEDGER = UUID("2b7c1a44-90f4-5b0c-8f0e-3f6f4a9b1c21")
STOCK = UUID("5d1f8a60-3c0e-5b7e-9a4d-1b2c3d4e5f60")
CALL_VERSION = 5  # ids of calls are derived, those of load lines are not
LOADS = frozenset({"load.counted", "load.scanned"})
BOOKING = LOADS | {"empties.taken", "station.done", "stop.reopened", "fact.voided"}
RETURNED, DELIVERED, CORRECTION = "returned_empty", "delivered_full", "correction"
LOST_CARD_CYCLES = 3
CIRCULATION_S_MIN = 3_600
HOUR_S = 3_600
ASIDE = frozenset({"blocked", "lost", "retired"})


class Told(Protocol):
    """A fact as the rooms above hand it in, new or released."""

    @property
    def event(self) -> Event | None:
        """What it says."""
        ...

    @property
    def run_id(self) -> RunId | None:
        """The run it is about."""
        ...

    @property
    def visit_id(self) -> VisitId | None:
        """The visit it is about."""
        ...

    @property
    def device_id(self) -> DeviceId | None:
        """The device it comes from; empty for the server's own."""
        ...

    @property
    def reported_ms(self) -> int:
        """When it happened, as far as known."""
        ...


def refs_of(event: Event) -> set[UUID]:
    """What a fact speaks of: cards, calls, Andons, counts, handovers, and facts it undoes."""
    return {UUID(ref) for ref in _refs(event.id, event.body)}


def _refs(event_id: str, body: Body) -> set[str]:
    match body:
        case KanbanScanned():
            calls = {call_id(body.card, event_id)} if body.purpose == "call" else set()
            return {body.card, *calls}
        case KanbanFulfilled():
            return {body.call, *({body.card} if body.card else ())}
        case CallPrepared() | CallRefused():
            return {body.call}
        case StationDone():
            return {name for name, _qty in body.delivered if UUID(name).version == CALL_VERSION}
        case StockCounted():
            return {str(stock_id(body.location, body.item))}
        case StopReopened() | FactVoided():
            return {body.undo}
        case _:
            return _signal_refs(event_id, body)


def _signal_refs(event_id: str, body: Body) -> set[str]:
    match body:
        case AndonRaised() | AndonAcknowledged() | AndonCleared():
            return {body.andon}
        case StationMissed():
            return {missed_andon(event_id)}
        case HandoverWritten():
            return {event_id}
        case HandoverAcknowledged():
            return {body.handover}
        case _:
            return set()


def stock_id(location: object, item: str) -> UUID:
    """The name of one part at one station, for counts and rows."""
    return uuid5(STOCK, f"{location}/{item}")


def entry_id(*of: object) -> UUID:
    """A ledger line: of a visit and container type, or of a call; it stands once."""
    return uuid5(LEDGER, "/".join(map(str, of)))


def full_id(visit_id: VisitId, container_type: str) -> UUID:
    """The ledger line of the full boxes a visit brought."""
    return uuid5(LEDGER, f"{visit_id}/full/{container_type}")


def effect(taken: int) -> tuple[str, int]:
    """What empties taken (negative: left) change in the partner's account."""
    return (RETURNED, -taken) if taken > 0 else (DELIVERED, -taken)


def boxes_on_cycle(cycle: ControlCycle, interval_s: int, cycle_no: int, phase: Fraction) -> int:
    """Whole boxes due on the n-th cycle of a day: what is due up to it, less what came before."""
    lot = lot_per_visit(cycle.demand_per_h, interval_s, cycle.safety) / cycle.pieces_per_box
    due = floor(lot * cycle_no + phase) - floor(lot * (cycle_no - 1) + phase)
    return min(cycle.max_boxes, due)


def circulation_s(cycle: ControlCycle, cards: int, lead_s: int) -> int:
    """How long a card is expected to take round: the time its cycle needs to use up all cards."""
    if not cycle.demand_per_h:
        return CIRCULATION_S_MIN
    use_s = Fraction(cards * cycle.pieces_per_box * HOUR_S, cycle.demand_per_h)
    return max(CIRCULATION_S_MIN, int(use_s) + lead_s)


def unseen_too_long(seen: datetime, now: datetime, expected_s: int) -> bool:
    """Whether a card was not seen for so long that somebody should look for it."""
    return now - seen > timedelta(seconds=LOST_CARD_CYCLES * expected_s)
