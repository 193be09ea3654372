"""A card, its scans and what may happen to its calls, for tests of the plant."""

from typing import Any

from shared.calls import call_id
from shared.events import (
    CallPrepared,
    CallRefused,
    Event,
    KanbanFulfilled,
    KanbanScanned,
    StationDone,
)
from tests.helpers.builders import fact, text_id

CARD, STATION = text_id("card"), text_id("station 4")


def scan(at: int, purpose: Any = "call", *, card: str = CARD, **envelope: Any) -> Event:
    """A card is scanned at the station."""
    body = KanbanScanned(card=card, how="scan", purpose=purpose, location=STATION)
    return fact(body, at=at, **envelope)


def named(opener: Event, card: str = CARD) -> str:
    """The id of the call that this scan would open."""
    return call_id(card, opener.id)


def fill(opener: Event, at: int, *, card: str = CARD, short: int | None = None, **e: Any) -> Event:
    """The call of a scan is fulfilled."""
    return fact(KanbanFulfilled(call=named(opener, card), qty=1, short=short), at=at, **e)


def prepare(opener: Event, at: int) -> Event:
    """Its boxes stand ready."""
    return fact(CallPrepared(call=named(opener)), at=at)


def refuse(opener: Event, at: int, reason: str = "no_stock") -> Event:
    """It cannot be brought."""
    return fact(CallRefused(call=named(opener), reason=reason), at=at)


def served(at: int, *openers: Event, card: str = CARD) -> Event:
    """A station is done and lists these calls."""
    return fact(StationDone(delivered=[(named(one, card), 1) for one in openers]), at=at)
