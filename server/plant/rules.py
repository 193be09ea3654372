"""What facts mean for Andons and empties accounts: pure, each fact once, in any order."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import floor
from typing import Protocol
from uuid import UUID, uuid5

from shared.events import Event
from shared.ids import AndonId, DeviceId, LocationId, RunId, VisitId
from shared.kanban import ControlCycle, lot_per_visit
from shared.plant_facts import AndonAcknowledged, AndonCleared, AndonRaised, StationMissed
from shared.road_facts import StopReopened

MISSED = "missed"
REOPENED = "reopened"
MISSED_ANDON = UUID("6f1d0d3a-6a0e-5c53-9c0b-4f1a7d5b2e10")
LEDGER = UUID("2b7c1a44-90f4-5b0c-8f0e-3f6f4a9b1c21")
TOUCHES_EMPTIES = frozenset({"empties.taken", "station.done", "stop.reopened", "fact.voided"})
RETURNED, DELIVERED, CORRECTION = "returned_empty", "delivered_full", "correction"


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


@dataclass(frozen=True, slots=True)
class Mark:
    """One thing a fact says of an Andon: raised, acknowledged or cleared."""

    andon: UUID
    what: str
    at_ms: int
    by: str
    kind: str = ""
    severity: int = 1
    station: LocationId | None = None
    run_id: RunId | None = None
    visit_id: VisitId | None = None
    text: str = ""
    cause: str | None = None


def missed_andon(event_id: str) -> AndonId:
    """The Andon that a missed station raises: the same for the same fact."""
    return AndonId(uuid5(MISSED_ANDON, event_id))


def marks(facts: Iterable[Told], places: Mapping[VisitId, LocationId]) -> list[Mark]:
    """What these facts say of Andons."""
    found = [_mark(fact, places) for fact in facts]
    return [mark for mark in found if mark is not None]


def _mark(fact: Told, places: Mapping[VisitId, LocationId]) -> Mark | None:
    event = fact.event
    if event is None:
        return None
    by, body = event.envelope.by, event.body
    station = places.get(fact.visit_id) if fact.visit_id is not None else None
    match body:
        case AndonRaised():
            told = LocationId(UUID(body.location)) if body.location else station
            return Mark(
                UUID(body.andon), "raised", fact.reported_ms, by, body.category, body.severity,
                told, fact.run_id, fact.visit_id, body.text or "",
            )  # fmt: skip
        case AndonAcknowledged():
            return Mark(UUID(body.andon), "acknowledged", fact.reported_ms, by)
        case AndonCleared():
            return Mark(
                UUID(body.andon), "cleared", fact.reported_ms, by, text=body.text or "",
                cause=body.cause,
            )  # fmt: skip
        case StationMissed():
            return Mark(
                missed_andon(event.id), "raised", fact.reported_ms, by, MISSED, 2,
                station, fact.run_id, fact.visit_id, body.reason,
            )  # fmt: skip
        case StopReopened():
            # Clears the Andon of the missed station it undoes; no other fact has that name.
            andon = missed_andon(body.undo)
            return Mark(andon, "withdrawn", fact.reported_ms, by, cause=REOPENED)
        case _:
            return None


def entry_id(visit_id: UUID, container_type: str) -> UUID:
    """The ledger line of one visit and container type: it stands once, however often folded."""
    return uuid5(LEDGER, f"{visit_id}/{container_type}")


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
