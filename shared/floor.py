"""What facts say of stock, Andons and handovers in the plant: pure folds of sets of facts."""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

from shared.events import (
    AndonAcknowledged,
    AndonCleared,
    AndonRaised,
    Event,
    FactVoided,
    HandoverAcknowledged,
    HandoverWritten,
    StationMissed,
    StockCounted,
    StopReopened,
)
from shared.kanban import Rate
from shared.run import live

MISSED_ANDON = uuid.UUID("6f1d0d3a-6a0e-5c53-9c0b-4f1a7d5b2e10")
HOUR_S = 3600
SeenAt = int | None


@dataclass(frozen=True, slots=True)
class AndonFold:
    """An Andon: who raised it, who saw it first, who cleared it first."""

    raised: Event | None = None
    acknowledged: Event | None = None
    cleared: Event | None = None
    withdrawn: Event | None = None
    """The undo, when what raised it was taken back."""


@dataclass(frozen=True, slots=True)
class HandoverFold:
    """What one shift leaves to the next, and who took it over first."""

    written: Event | None = None
    acknowledged: Event | None = None


@dataclass(frozen=True, slots=True)
class Delivery:
    """Boxes that came to a station, placed among the facts."""

    hlc: int
    event: str
    boxes: int


def missed_andon(event_id: str) -> str:
    """The Andon that a missed station raises: the same for the same fact."""
    return str(uuid.uuid5(MISSED_ANDON, event_id))


def _of_andon(fact: Event, andon: str) -> bool:
    if isinstance(fact.body, StationMissed):
        return missed_andon(fact.id) == andon
    return getattr(fact.body, "andon", None) == andon


def fold_andon(andon: str, facts: Iterable[Event]) -> AndonFold:
    """The first living fact of each kind counts, in any order of arrival."""
    everything = sorted({f.id: f for f in facts}.values(), key=lambda f: f.stamp)
    living = [fact for fact in live(everything) if _of_andon(fact, andon)]
    raised = _first(living, AndonRaised, StationMissed)
    withdrawn = None
    if raised is None:
        dead = [f for f in everything if _of_andon(f, andon) and f not in living]
        origin = _first(dead, AndonRaised, StationMissed)
        withdrawn = origin and _undo_of(origin, everything)
        raised = origin if withdrawn is not None else None
    return AndonFold(
        raised, _first(living, AndonAcknowledged), _first(living, AndonCleared), withdrawn
    )


def _undo_of(origin: Event, facts: Iterable[Event]) -> Event | None:
    undos = (f for f in facts if isinstance(f.body, StopReopened | FactVoided))
    named = (f for f in undos if getattr(f.body, "undo", None) == origin.id)
    return next((f for f in named if f.stamp > origin.stamp), None)


def _first(facts: Iterable[Event], *kinds: type) -> Event | None:
    return next((fact for fact in facts if isinstance(fact.body, kinds)), None)


def andon_level(raised_ms: int, until_ms: int, steps_s: Iterable[int]) -> int:
    """How far an Andon has climbed at an instant: one level per step, at least the first."""
    return max(1, sum(1 for step in steps_s if until_ms - raised_ms >= step * 1000))


def fold_handover(handover: str, facts: Iterable[Event]) -> HandoverFold:
    """What was left, and the first living word of having taken it over."""
    living = live(facts)
    written = (f for f in living if isinstance(f.body, HandoverWritten) and f.id == handover)
    taken = (
        f
        for f in living
        if isinstance(f.body, HandoverAcknowledged) and f.body.handover == handover
    )
    return HandoverFold(next(written, None), next(taken, None))


def fold_stock(facts: Iterable[Event]) -> Event | None:
    """The newest living count of one part at one station."""
    counts = [fact for fact in live(facts) if isinstance(fact.body, StockCounted)]
    return counts[-1] if counts else None


def on_hand(counted: int, stamp: tuple[int, str], deliveries: Iterable[Delivery]) -> int:
    """Boxes at a station: the count and what came after it."""
    return counted + sum(d.boxes for d in deliveries if (d.hlc, d.event) > stamp)


def pieces_left(boxes: int, pieces_per_box: int, demand_per_h: Rate, elapsed_s: int) -> int:
    """Pieces estimated after a time of consumption, never below zero."""
    used = Fraction(demand_per_h) * max(0, elapsed_s) / HOUR_S
    return max(0, boxes * pieces_per_box - int(used))
