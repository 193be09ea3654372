"""Facts and other things a test is about, with a default for everything it is not about."""

import hashlib
import itertools
from typing import Any
from uuid import UUID

from shared.events import Body, Envelope, Event, StopArrived, StopCompleted, write_doc
from shared.ids import uuid7

START_MS = 1_800_000_000_000
_numbers = itertools.count(1)


def id_of(name: str, ms: int = START_MS) -> UUID:
    """The same UUIDv7 for the same name, so that tests may speak of "bakery"."""
    return uuid7(ms, hashlib.sha256(name.encode()).digest()[:10])


def text_id(name: str) -> str:
    """The id of a name as it stands on the wire."""
    return str(id_of(name))


def fact(body: Body, *, at: int = 0, by: str = "kaya", id: str = "", **envelope: Any) -> Event:  # noqa: A002 - the word of the wire
    """A fact with this body, `at` milliseconds after the start of the test's day."""
    number = next(_numbers)
    told: dict[str, Any] = {"run": text_id("run"), "visit": text_id("bakery"), **envelope}
    return Event(
        id or str(uuid7(START_MS + at, number.to_bytes(10, "big"))),
        Envelope.model_validate(
            {
                "v": 1,
                "type": body.type,
                "hlc": START_MS + at,
                "clk": ["5d0e7a42", 8_000_000 + at, START_MS + at],
                "plan_rev": 1,
                "by": f"driver:{text_id(by)}",
                **{key: value for key, value in told.items() if value is not None},
            }
        ),
        body,
    )


def arrived(at: int = 0, **envelope: Any) -> Event:
    """The driver has arrived at a visit."""
    return fact(StopArrived(source="manual"), at=at, **envelope)


def completed(at: int = 0, lines: dict[str, int] | None = None, **envelope: Any) -> Event:
    """The driver has completed a visit."""
    body = StopCompleted.model_validate(
        {
            "proof": {"kind": "delivery", "method": "none"},
            "lines": [[text_id(line), qty] for line, qty in (lines or {}).items()],
        }
    )
    return fact(body, at=at, **envelope)


def doc_of(event: Event) -> str:
    """The canonical text of a fact."""
    return write_doc(event.envelope, event.body)
