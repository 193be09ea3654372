"""The life of a card: its facts walked from open to fulfilled and open again (sync-events.md §5.5).

Device and server use these same functions; they never raise, and do not care for order or
duplicates.
"""

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from shared.events import (
    CallPrepared,
    CallRefused,
    Event,
    FactVoided,
    KanbanFulfilled,
    KanbanScanned,
    StationDone,
    StopReopened,
)
from shared.run import Half, live

CallState = Literal["open", "prepared", "fulfilled", "short"]
CardState = Literal["full", "called", "picking"]


@dataclass(frozen=True, slots=True)
class Moment:
    """A fact as later facts look back at it: its place in the order, its id, its author."""

    hlc: int
    event: str = ""
    by: str = ""

    @property
    def stamp(self) -> tuple[int, str]:
        """Order among facts."""
        return (self.hlc, self.event)


@dataclass(frozen=True, slots=True)
class Call:
    """One request: its id, the ids of other scans that name it too, and how it went."""

    id: str
    card: str | None = None
    """None: made by the office, without a card."""
    opened: Moment | None = None
    aliases: tuple[str, ...] = ()
    prepared: Moment | None = None
    refused: Moment | None = None
    reason: str = ""
    closed: Moment | None = None
    boxes: int = 0
    short: int = 0
    filled_by: tuple[str, ...] = ()
    """Everybody who says to have filled it; the first one did."""
    evidence: int = 0
    """Scans and fulfilments that changed nothing."""
    checking: bool = False
    """An undo that only the office can judge."""

    @property
    def names(self) -> frozenset[str]:
        """Every id a fact may name it by."""
        return frozenset({self.id, *self.aliases})

    @property
    def state(self) -> CallState:
        """open, prepared, fulfilled or short; a refused call is open again."""
        if self.closed is not None:
            return "short" if self.short else "fulfilled"
        return "open" if self.prepared is None else "prepared"


@dataclass(frozen=True, slots=True)
class CardFold:
    """What the facts of a card say: its calls, oldest first, and where it was seen last."""

    card: str
    calls: tuple[Call, ...] = ()
    seen: Event | None = None
    count: int = 0

    @property
    def state(self) -> CardState:
        """full, called or picking."""
        if not self.calls or self.calls[-1].closed is not None:
            return "full"
        return "called" if self.calls[-1].prepared is None else "picking"


def call_id(card: str, event_id: str) -> str:
    """Id of the call a scan would open: UUIDv5(card, event)."""
    return str(uuid.uuid5(uuid.UUID(card), event_id))


def fold_card(card: str, facts: Iterable[Event]) -> CardFold:
    """Walk everything that names a card or its calls; others' facts are passed over.

    Two offline scans cannot make two calls, and a late earlier scan orphans nothing: ids of the
    other scans of a cycle are aliases.
    """
    everything = {fact.id: fact for fact in facts}
    living = live(everything.values())
    scans = [f for f in living if isinstance(f.body, KanbanScanned) and f.body.card == card]
    calls = _walk(card, living, [])
    return CardFold(card, tuple(calls), scans[-1] if scans else None, len(everything))


def fold_call(call: str, facts: Iterable[Event]) -> Call:
    """Fold what is said of a call that the office made without a card."""
    return _walk(None, live(facts), [Call(call)])[0]


def overlay_call(received: Call, own: Iterable[Event]) -> list[Call]:
    """A call as the device shows it: what the office folded, plus own facts it has not.

    The last one is the newest: own facts may open the next call of the card.
    """
    mine = list(own)
    undone = {f.body.undo for f in mine if isinstance(f.body, StopReopened | FactVoided)}
    call = received
    if call.closed is not None and call.closed.event in undone:
        call = replace(call, closed=None, boxes=0, short=0, checking=True)
    if call.opened is not None and call.opened.event in undone:
        call = replace(call, checking=True)
    return _walk(call.card, live(mine), [call])


def _walk(card: str | None, facts: Sequence[Event], calls: list[Call]) -> list[Call]:
    for fact in facts:
        body = fact.body
        if isinstance(body, KanbanScanned):
            if body.card == card:
                _scanned(calls, card, fact, body.purpose)
        elif isinstance(body, KanbanFulfilled):
            _fill(calls, _named(calls, body.call), fact, body.qty, body.short or 0)
        elif isinstance(body, StationDone):
            for name, qty in body.delivered:
                _fill(calls, _named(calls, name), fact, qty, 0)
        elif isinstance(body, CallPrepared | CallRefused):
            _mark(calls, _named(calls, body.call), fact, getattr(body, "reason", ""))
    return calls


def _named(calls: Sequence[Call], name: str) -> int | None:
    return next((n for n, call in enumerate(calls) if name in call.names), None)


def _moment(fact: Event) -> Moment:
    return Moment(fact.envelope.hlc, fact.id, fact.envelope.by)


def _scanned(calls: list[Call], card: str, fact: Event, purpose: str) -> None:
    if purpose == "call":
        _open(calls, card, fact)
    elif purpose == "fulfil" and calls:
        _fill(calls, len(calls) - 1, fact, 1, 0)


def _open(calls: list[Call], card: str, fact: Event) -> None:
    """Open a call, or be an alias of the one that is open: the first scan gives the id."""
    now, name = _moment(fact), call_id(card, fact.id)
    last = calls[-1] if calls else None
    if last is None or (last.closed is not None and last.closed.stamp < now.stamp):
        calls.append(Call(name, card, now))
    elif name not in last.names and last.opened is not None and now.stamp < last.opened.stamp:
        # Only over a received row: in a whole fold the first scan comes first.
        aliases = (last.id, *last.aliases)
        calls[-1] = replace(last, id=name, opened=now, aliases=aliases, evidence=last.evidence + 1)
    elif name not in last.names:
        aliases = (*last.aliases, name)
        calls[-1] = replace(last, aliases=aliases, evidence=last.evidence + 1)


def _fill(calls: list[Call], n: int | None, fact: Event, qty: int, short: int) -> None:
    if n is None:
        return
    call, now = calls[n], _moment(fact)
    filled_by = tuple(dict.fromkeys((*call.filled_by, now.by)))
    if call.closed is not None and call.closed.stamp <= now.stamp:
        calls[n] = replace(call, filled_by=filled_by, evidence=call.evidence + 1)
        return
    evidence = call.evidence + (call.closed is not None)
    filled_by = tuple(dict.fromkeys((now.by, *filled_by)))
    calls[n] = replace(
        call, closed=now, boxes=qty, short=short, filled_by=filled_by, evidence=evidence
    )


def _mark(calls: list[Call], n: int | None, fact: Event, reason: str) -> None:
    """The last word on an open call counts: prepared for the next lap, or refused."""
    if n is None or calls[n].closed is not None:
        return
    if isinstance(fact.body, CallRefused):
        calls[n] = replace(calls[n], prepared=None, refused=_moment(fact), reason=reason)
    elif calls[n].prepared is None:
        calls[n] = replace(calls[n], prepared=_moment(fact), refused=None, reason="")


def call_half(call: Call) -> Half:
    """The fact half of a call's row; empty keys are left out, times are hlc."""
    opened, closed = call.opened, call.closed
    whole: Half = {
        "state": call.state,
        "called": opened.hlc if opened else None,
        "scan": opened.event if opened else None,
        "by": opened.by if opened else None,
        "aliases": list(call.aliases),
        "prepared": call.prepared.hlc if call.prepared else None,
        "refused": call.refused.hlc if call.refused else None,
        "reason": call.reason,
        "fulfilled": closed.hlc if closed else None,
        "result": closed.event if closed else None,
        "done_by": closed.by if closed else None,
        "qty": call.boxes,
        "short": call.short,
        "fillers": list(call.filled_by[1:]),
        "also": call.evidence,
    }
    return {key: value for key, value in whole.items() if value not in (None, 0, "", [])}


def call_of(call: str, card: str | None, half: Half) -> Call:
    """The call that a row's fact half tells of; the inverse of `call_half`."""
    done_by = str(half.get("done_by", ""))
    return Call(
        id=call,
        card=card,
        opened=_told(half, "called", half.get("scan"), half.get("by")),
        aliases=tuple(map(str, half.get("aliases", ()))),
        prepared=_told(half, "prepared"),
        refused=_told(half, "refused"),
        reason=str(half.get("reason", "")),
        closed=_told(half, "fulfilled", half.get("result"), done_by),
        boxes=int(half.get("qty", 0)),
        short=int(half.get("short", 0)),
        filled_by=(*((done_by,) if done_by else ()), *map(str, half.get("fillers", ()))),
        evidence=int(half.get("also", 0)),
    )


def _told(half: Half, key: str, event: Any = "", by: Any = "") -> Moment | None:
    hlc = half.get(key)
    return None if hlc is None else Moment(int(hlc), str(event or ""), str(by or ""))


def card_half(fold: CardFold) -> Half:
    """The fact half of a card's row; empty keys are left out."""
    seen = fold.seen
    whole: Half = {
        "state": None if fold.state == "full" else fold.state,
        "call": fold.calls[-1].id if fold.calls else None,
        "seen": seen.envelope.hlc if seen else None,
        "place": seen.body.location if seen and isinstance(seen.body, KanbanScanned) else None,
        "n": fold.count,
    }
    return {key: value for key, value in whole.items() if value not in (None, 0)}
