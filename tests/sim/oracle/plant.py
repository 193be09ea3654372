"""What a set of facts says of cards, calls, stock and Andons (sync-events.md §4, §5.5, §5.6)."""

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from tests.sim.oracle.facts import Said, live


@dataclass(frozen=True)
class Cycle:
    """One turn of a card: the ids that name its call, who opened and who closed it."""

    card: str
    id: str
    aliases: tuple[str, ...]
    opened: str
    closed: str | None = None

    @property
    def names(self) -> frozenset[str]:
        """Every id a fulfilment may name."""
        return frozenset({self.id, *self.aliases})


def call_id(card: str, event_id: str) -> str:
    """UUIDv5 of the scan in the namespace of its card."""
    return str(uuid.uuid5(uuid.UUID(card), event_id))


def cards(facts: Iterable[Said]) -> list[str]:
    """Every card that was scanned to call."""
    return sorted({fact.body["card"] for fact in live(facts) if _scan(fact, "call")})


def cycles(card: str, facts: Iterable[Said]) -> list[Cycle]:
    """Walk a card's facts in (hlc, id) order through open, fulfilled, open (§5.5)."""
    found: list[Cycle] = []
    for fact in live(facts):
        open_now = bool(found) and found[-1].closed is None
        if _scan(fact, "call") and fact.body["card"] == card:
            named = call_id(card, fact.id)
            if open_now:
                found[-1] = replace(found[-1], aliases=(*found[-1].aliases, named))
            else:
                found.append(Cycle(card, named, (), fact.id))
        elif open_now and _closes(fact, found[-1]):
            found[-1] = replace(found[-1], closed=fact.id)
    return found


def _scan(fact: Said, purpose: str) -> bool:
    return fact.type == "kanban.scanned" and fact.body["purpose"] == purpose


def _closes(fact: Said, cycle: Cycle) -> bool:
    if _scan(fact, "fulfil"):
        return bool(fact.body["card"] == cycle.card)
    if fact.type == "kanban.fulfilled":
        return fact.body["call"] in cycle.names
    if fact.type == "station.done":
        return any(call in cycle.names for call, _qty in fact.body.get("delivered", ()))
    return False


def stock(facts: Iterable[Said]) -> dict[tuple[str, str], int]:
    """The newest count of each item at each location."""
    return {
        (fact.body["location"], fact.body["item"]): fact.body["qty"]
        for fact in live(facts)
        if fact.type == "stock.counted"
    }


@dataclass(frozen=True)
class Andon:
    """The first fact of each kind about one Andon, by id of the fact."""

    raised: str | None
    acknowledged: str | None
    cleared: str | None


def andons(facts: Iterable[Said]) -> dict[str, Andon]:
    """Every Andon anybody spoke of; the first of each kind counts."""
    living = live(facts)
    named = {fact.body["andon"] for fact in living if fact.type.startswith("andon.")}
    return {
        andon: Andon(
            *(_first_about(living, andon, kind) for kind in ("raised", "acknowledged", "cleared"))
        )
        for andon in named
    }


def _first_about(living: Sequence[Said], andon: str, kind: str) -> str | None:
    about = [f for f in living if f.type == f"andon.{kind}" and f.body["andon"] == andon]
    return about[0].id if about else None


def missed_stations(facts: Iterable[Said]) -> set[str]:
    """Facts that raise an Andon by themselves: a station that was missed."""
    return {fact.id for fact in live(facts) if fact.type == "station.missed"}
