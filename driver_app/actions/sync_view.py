"""What is still on this phone, for the badge and the sync centre."""

import json
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from driver_app.state import Sent, SyncItem, SyncView, SyncWord
from driver_app.store import blobs, meta, outbox
from driver_app.store.meta import Db
from driver_app.store.outbox import BLOB_DONE, BLOB_UNREADABLE
from shared.ids import EventId

ITEMS = 50


@dataclass(frozen=True)
class Waiting:
    """Numbers and the newest facts, as read."""

    whole: dict[str, Any]
    unsent: int
    oldest_ms: int | None
    unsent_blobs: int
    unsent_bytes: int
    unsafe: int
    held: dict[str, str]
    facts: list[tuple[int, str, str]]
    blobs: dict[int, list[int]]
    names: dict[str, str]

    @property
    def mark(self) -> tuple[Any, ...]:
        """What "sent" and "safe" depend on."""
        return (self.whole["acked"], self.whole["durable"], self.unsent_blobs, len(self.held))


def sync_read(db: Db) -> Waiting:
    """Read the numbers, and the last ITEMS facts with the state of their files."""
    whole = meta.many(db)
    unsent, oldest = outbox.unread(db)
    waiting, size = blobs.unsent(db)
    facts = db.execute("SELECT seq, id, doc FROM outbox ORDER BY seq DESC LIMIT ?", (ITEMS,))
    states: dict[int, list[int]] = {}
    for seq, state in db.execute("SELECT seq, state FROM outbox_blob JOIN blob USING (sha)"):
        states.setdefault(seq, []).append(state)
    unsafe = db.execute("SELECT count(*) FROM outbox WHERE seq > ?", (whole["durable"],))
    return Waiting(
        whole=whole,
        unsent=unsent,
        oldest_ms=oldest,
        unsent_blobs=waiting,
        unsent_bytes=size,
        unsafe=int(unsafe.fetchone()[0]) - unsent,
        held=dict(db.execute("SELECT id, why FROM held").fetchall()),
        facts=facts.fetchall(),
        blobs=states,
        names={
            id_: json.loads(plan).get("name", "")
            for id_, plan in db.execute("SELECT id, plan FROM ent WHERE kind IN ('stop', 'run')")
        },
    )


def sync_view(seen: Waiting, last: SyncView) -> SyncView:
    """Build the view; what the worker told last stays."""
    view = SyncView()
    view.sending, view.error, view.error_detail = last.sending, last.error, last.error_detail
    view.next_try_ms = last.next_try_ms
    view.unsent, view.oldest_ms = seen.unsent, seen.oldest_ms
    view.unsent_blobs, view.unsent_bytes = seen.unsent_blobs, seen.unsent_bytes
    view.unsafe = max(0, seen.unsafe)
    view.held = len(seen.held)
    view.forks = int(seen.whole["counters"].get("forks", 0))
    view.plan_rev = int(seen.whole["view_rev"])
    view.last_contact_ms = seen.whole["last_contact_ms"]
    view.clock_off_ms = -int(seen.whole["offset_ms"])
    view.items = [_item(seen, *fact) for fact in seen.facts]
    view.attention = sum(1 for item in view.items if item.attention)
    view.word = _word(view)
    return view


def _word(view: SyncView) -> SyncWord:
    if view.attention:
        return "look"
    if view.unsent or view.unsent_blobs:
        return "sending" if view.sending else "waiting"
    return "all"


def _item(seen: Waiting, seq: int, id_: str, doc: str) -> SyncItem:
    fact = outbox.told(doc)
    hlc = fact.get("hlc")
    states = seen.blobs.get(seq, [])
    attention = f"held:{seen.held[id_]}" if id_ in seen.held else ""
    if BLOB_UNREADABLE in states:
        attention = "unreadable"
    done = sum(1 for state in states if state == BLOB_DONE)
    return SyncItem(
        id=EventId(UUID(id_)),
        at_ms=hlc if isinstance(hlc, int) else 0,
        type=str(fact.get("type", "")),
        subject=seen.names.get(str(fact.get("visit") or fact.get("run")), ""),
        sent=_sent(seen, seq, whole=done == len(states)),
        blobs_done=done,
        blobs=len(states),
        attention=attention,
    )


def _sent(seen: Waiting, seq: int, *, whole: bool) -> Sent:
    if seq > seen.whole["acked"] or not whole:
        return "phone"
    return "safe" if seq <= seen.whole["durable"] else "office"
