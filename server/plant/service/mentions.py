"""Which facts speak of what in the plant: from a new fact to all others about its subject."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlmodel import Session, col, select

from server.core.clock import from_ms
from server.core.db import insert_if_absent
from server.facts import queries as facts
from server.facts.queries import StoredFact
from server.plant import rules
from server.plant.rules import Told
from server.plant.tables import PlantMentionRow
from shared.calls import call_id
from shared.events import (
    AndonAcknowledged,
    AndonCleared,
    AndonRaised,
    Event,
    HandoverAcknowledged,
    HandoverWritten,
    KanbanFulfilled,
    KanbanScanned,
    StationMissed,
    StockCounted,
)
from shared.floor import missed_andon
from shared.ids import EventId, SiteId

ROWS_MAX = 500
Ids = Collection[UUID]


@dataclass
class Said:
    """Facts about some subjects, and which of them speaks of what."""

    facts: dict[UUID, StoredFact] = field(default_factory=dict)
    mentions: dict[UUID, set[UUID]] = field(default_factory=dict)

    def about(self, refs: Iterable[UUID]) -> list[Event]:
        """What speaks of these, and what undoes any of that; in no order."""
        named = {event for ref in refs for event in self.mentions.get(ref, ())}
        undoing = {undo for event in named for undo in self.mentions.get(event, ())}
        return [self.facts[one].event for one in named | undoing if one in self.facts]

    def of_card(self, card: UUID) -> list[Event]:
        """What speaks of a card or of any call it may have opened."""
        scans = self.about([card])
        return self.about([card, *(UUID(call) for call in _calls(scans))])

    def at(self, event_id: str) -> datetime:
        """When a fact happened, as far as known."""
        return from_ms(self.facts[UUID(event_id)].reported_ms)


@dataclass(frozen=True)
class Subjects:
    """What some facts are about."""

    cards: frozenset[UUID]
    andons: frozenset[UUID]
    handovers: frozenset[UUID]
    stocks: frozenset[tuple[UUID, str]]


def remember(session: Session, site_id: SiteId, counting: Iterable[Told]) -> set[UUID]:
    """Write down what new facts speak of, and give it."""
    told = [(UUID(one.event.id), rules.refs_of(one.event)) for one in counting if one.event]
    rows = [
        {"site_id": site_id, "ref": ref, "event_id": event_id}
        for event_id, refs in told
        for ref in sorted(refs)
    ]
    for start in range(0, len(rows), ROWS_MAX):
        session.execute(insert_if_absent(PlantMentionRow, rows[start : start + ROWS_MAX]))
    return {ref for _, refs in told for ref in refs}


def gather(session: Session, site_id: SiteId, refs: Ids) -> Said:
    """Everything said of these subjects, and of the cards they belong to.

    Facts that are undone lead to what they are about: an undo names only them.
    """
    said = Said()
    refs = {*refs, *_refs_of_events(session, site_id, refs)}
    _read(session, site_id, said, refs)
    cards = _cards(one.event for one in said.facts.values())
    _read(session, site_id, said, cards)
    calls = _calls(one.event for one in said.facts.values())
    _read(session, site_id, said, {UUID(call) for call in calls})
    _read(session, site_id, said, set(said.facts))
    return said


def subjects_of(said: Said) -> Subjects:
    """The cards, Andons, handovers and counts these facts are about."""
    events = [one.event for one in said.facts.values()]
    return Subjects(
        cards=frozenset(_cards(events)),
        andons=frozenset(UUID(one) for event in events for one in _andons(event)),
        handovers=frozenset(UUID(one) for event in events for one in _handovers(event)),
        stocks=frozenset(
            (UUID(event.body.location), event.body.item)
            for event in events
            if isinstance(event.body, StockCounted)
        ),
    )


def _read(session: Session, site_id: SiteId, said: Said, refs: Ids) -> None:
    ordered = sorted(set(refs) - said.mentions.keys())
    for start in range(0, len(ordered), ROWS_MAX):
        some = ordered[start : start + ROWS_MAX]
        rows = session.exec(
            select(PlantMentionRow.ref, PlantMentionRow.event_id).where(
                col(PlantMentionRow.site_id) == site_id, col(PlantMentionRow.ref).in_(some)
            )
        )
        for ref, event_id in rows:
            said.mentions.setdefault(ref, set()).add(event_id)
    wanted = {event for ref in ordered for event in said.mentions.get(ref, ())}
    new = [EventId(one) for one in wanted - said.facts.keys()]
    said.facts |= {UUID(one.event.id): one for one in facts.facts_of(session, site_id, new)}


def _refs_of_events(session: Session, site_id: SiteId, events: Ids) -> set[UUID]:
    ordered = sorted(events)
    found: set[UUID] = set()
    for start in range(0, len(ordered), ROWS_MAX):
        some = ordered[start : start + ROWS_MAX]
        statement = select(PlantMentionRow.ref).where(
            col(PlantMentionRow.site_id) == site_id, col(PlantMentionRow.event_id).in_(some)
        )
        found.update(session.exec(statement))
    return found


def _cards(events: Iterable[Event]) -> set[UUID]:
    bodies = (event.body for event in events)
    named = (body.card for body in bodies if isinstance(body, KanbanScanned | KanbanFulfilled))
    return {UUID(card) for card in named if card}


def _calls(events: Iterable[Event]) -> set[str]:
    return {
        call_id(event.body.card, event.id)
        for event in events
        if isinstance(event.body, KanbanScanned) and event.body.purpose == "call"
    }


def _andons(event: Event) -> Sequence[str]:
    if isinstance(event.body, AndonRaised | AndonAcknowledged | AndonCleared):
        return [event.body.andon]
    return [missed_andon(event.id)] if isinstance(event.body, StationMissed) else []


def _handovers(event: Event) -> Sequence[str]:
    if isinstance(event.body, HandoverAcknowledged):
        return [event.body.handover]
    return [event.id] if isinstance(event.body, HandoverWritten) else []
