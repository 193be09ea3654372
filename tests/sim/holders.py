"""Who holds a fact: the office and the devices, by its bytes, for one id may name two facts."""

import sqlite3
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from uuid import UUID

from tests.sim.life import Life

Held = tuple[str, bytes]


def in_bytes(id_: str, doc: str) -> Held:
    """A fact as it is compared."""
    return id_, doc.encode("utf-8", "surrogatepass")


def at_the_office(database: Path) -> set[Held]:
    """What the office has, the second facts of an id used twice among them (R16)."""
    with closing(sqlite3.connect(database)) as db:
        rows = db.execute(
            "SELECT id, doc FROM event UNION SELECT event_id, doc FROM event_conflict"
        )
        return {(str(UUID(id_)), bytes(doc)) for id_, doc in rows}


def on_devices(lives: Iterable[Life]) -> set[Held]:
    """What these devices still have."""
    return {in_bytes(id_, doc) for life in lives for id_, doc in life.outbox().items()}


def unsent(life: Life) -> set[str]:
    """Facts of a device the office has not confirmed."""
    rows = life.read(
        "SELECT id FROM outbox WHERE seq > "
        "coalesce((SELECT CAST(v AS INTEGER) FROM meta WHERE k = 'acked'), 0)"
    )
    return {id_ for (id_,) in rows}
