"""The outbox: facts in the order they were recorded, with the running hash of their stream."""

import contextlib
import json
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from uuid import UUID

from driver_app.store import meta
from driver_app.store.timebase import Clocks
from shared.chain import CHAIN_ZERO, doc_bytes, next_chain
from shared.events import (
    EVENT_FORMAT,
    BadBody,
    Envelope,
    Event,
    UnknownType,
    read_doc,
    write_doc,
)
from shared.fact import Body, Fix
from shared.gate import Unfit
from shared.ids import EventId, next_hlc, uuid7
from shared.sync import EVENT_MAX

DAY_MS = 86_400_000
BLOB_OPEN, BLOB_DONE, BLOB_UNREADABLE = 0, 1, 2


class NewBlob(NamedTuple):
    """A file in `blobs/` that a fact declares."""

    sha: str
    size: int
    media: str
    role: str
    source: str = ""


@dataclass(frozen=True)
class NewFact:
    """What is to be recorded; hybrid clock, id, place and chain are given by the outbox."""

    body: Body
    by: str
    noise: bytes
    run: str | None = None
    visit: str | None = None
    fix: Fix | None = None
    blobs: Sequence[NewBlob] = field(default=())


class Place(NamedTuple):
    """One event as it lies in the outbox."""

    seq: int
    id: str
    doc: str
    chain: str


def head(db: sqlite3.Connection) -> tuple[int, str]:
    """Last place of the stream and its chain."""
    row = db.execute("SELECT seq, chain FROM outbox ORDER BY seq DESC LIMIT 1").fetchone()
    return row or (meta.get(db, "base_seq"), meta.get(db, "base_chain"))


def chain_at(db: sqlite3.Connection, seq: int) -> str | None:
    """Chain at a place; None if the place is not here."""
    if seq == meta.get(db, "base_seq"):
        return str(meta.get(db, "base_chain"))
    row = db.execute("SELECT chain FROM outbox WHERE seq = ?", (seq,)).fetchone()
    return None if row is None else str(row[0])


def put(db: sqlite3.Connection, facts: Sequence[NewFact], clocks: Clocks) -> list[EventId]:
    """Append facts, declare their blobs and move the hybrid clock; all in the caller's one."""
    est_now = meta.timebase(db).est_now_ms(clocks)
    hlc, plan_rev = int(meta.get(db, "hlc")), int(meta.get(db, "view_rev"))
    seq, chain = head(db)
    ids = []
    for fact in facts:
        hlc = next_hlc(hlc, est_now)
        event_id = EventId(uuid7(est_now, fact.noise))
        doc = _doc(fact, hlc, clocks, plan_rev)
        seq, chain = seq + 1, next_chain(chain, str(event_id), doc_bytes(doc))
        db.execute("INSERT INTO outbox VALUES(?, ?, ?, ?)", (seq, str(event_id), doc, chain))
        for blob in fact.blobs:
            _declare(db, seq, blob, est_now)
        ids.append(event_id)
    meta.put(db, "hlc", hlc)
    return ids


def _doc(fact: NewFact, hlc: int, clocks: Clocks, plan_rev: int) -> str:
    boot, mono, wall = clocks
    envelope = Envelope(
        v=EVENT_FORMAT,
        type=fact.body.type,
        run=fact.run,
        visit=fact.visit,
        hlc=hlc,
        clk=(boot, mono, wall),
        plan_rev=plan_rev,
        by=fact.by,
        fix=fact.fix,
        blobs=[_attachment(blob) for blob in fact.blobs],
    )
    doc = write_doc(envelope, fact.body)
    assert len(doc_bytes(doc)) <= EVENT_MAX, "a fact fits its limit by the limits of its fields"
    return doc


def _attachment(blob: NewBlob) -> tuple[str, int, str, str] | tuple[str, int, str, str, str]:
    plain = (blob.sha, blob.size, blob.media, blob.role)
    return (*plain, blob.source) if blob.source else plain


def _declare(db: sqlite3.Connection, seq: int, blob: NewBlob, made_ms: int) -> None:
    db.execute("INSERT OR IGNORE INTO outbox_blob VALUES(?, ?)", (seq, blob.sha))
    db.execute(
        "INSERT OR IGNORE INTO blob VALUES(?, ?, ?, ?, ?, 0, ?)",
        (blob.sha, blob.size, blob.media, blob.role, BLOB_OPEN, made_ms),
    )


def batch(db: sqlite3.Connection, after: int, events_max: int, bytes_max: int) -> list[Place]:
    """The next events behind a place, at least one if there is any."""
    found: list[Place] = []
    size = 0
    for row in db.execute(
        "SELECT seq, id, doc, chain FROM outbox WHERE seq > ? ORDER BY seq LIMIT ?",
        (after, events_max),
    ):
        size += len(doc_bytes(row[2])) + 80
        if found and size > bytes_max:
            break
        found.append(Place(*row))
    return found


def fork(db: sqlite3.Connection, stream: UUID, reason: str) -> None:
    """Begin a new stream with everything still here, renumbered; docs and ids stay (C5)."""
    kept = [Place(*row) for row in db.execute("SELECT * FROM outbox ORDER BY seq")]
    old_view = int(meta.get(db, "view_seq"))
    old_stream = meta.get(db, "stream")
    blobs = db.execute("SELECT seq, sha FROM outbox_blob").fetchall()
    new_seq = {place.seq: number for number, place in enumerate(kept, 1)}
    db.execute("DELETE FROM outbox")
    db.execute("DELETE FROM outbox_blob")
    chain = CHAIN_ZERO
    for number, place in enumerate(kept, 1):
        chain = next_chain(chain, place.id, doc_bytes(place.doc))
        db.execute("INSERT INTO outbox VALUES(?, ?, ?, ?)", (number, place.id, place.doc, chain))
    db.executemany(
        "INSERT OR IGNORE INTO outbox_blob VALUES(?, ?)",
        [(new_seq[seq], sha) for seq, sha in blobs if seq in new_seq],
    )
    for key, value in (
        ("stream", str(stream)),
        ("base_seq", 0),
        ("base_chain", CHAIN_ZERO),
        ("acked", 0),
        ("durable", 0),
        ("view_seq", sum(1 for place in kept if place.seq <= old_view)),
        ("fork", {"from": old_stream, "reason": reason} if old_stream else None),
    ):
        meta.put(db, key, value)
    meta.count(db, "forks")


def holed(db: sqlite3.Connection) -> bool:
    """Whether a place between the base and the head is missing."""
    count, last = db.execute("SELECT count(*), max(seq) FROM outbox").fetchone()
    base = int(meta.get(db, "base_seq"))
    return bool(count) and last - base != count


def forget(db: sqlite3.Connection, now_ms: int, keep_days: int) -> int:
    """Drop old events that are safe and shown by the server's rows; returns how many (C8)."""
    upto = min(int(meta.get(db, key)) for key in ("durable", "acked", "view_seq"))
    open_blob = db.execute(
        "SELECT min(seq) FROM outbox_blob JOIN blob USING (sha) WHERE state = ?", (BLOB_OPEN,)
    ).fetchone()[0]
    if open_blob is not None:
        upto = min(upto, open_blob - 1)
    last: Place | None = None
    for row in db.execute("SELECT * FROM outbox WHERE seq <= ? ORDER BY seq", (upto,)):
        place = Place(*row)
        if UUID(place.id).int >> 80 > now_ms - keep_days * DAY_MS:
            break
        last = place
    if last is None:
        return 0
    gone = db.execute("DELETE FROM outbox WHERE seq <= ?", (last.seq,)).rowcount
    db.execute("DELETE FROM outbox_blob WHERE seq <= ?", (last.seq,))
    meta.put(db, "base_seq", last.seq)
    meta.put(db, "base_chain", last.chain)
    return gone


def own_facts(db: sqlite3.Connection) -> list[Event]:
    """Own facts the received rows do not show yet: behind `view_seq`, or held (C7)."""
    rows = db.execute(
        "SELECT id, doc FROM outbox WHERE seq > ? OR id IN (SELECT id FROM held) ORDER BY seq",
        (meta.get(db, "view_seq"),),
    ).fetchall()
    return readable(rows)


def readable(rows: Iterable[tuple[str, str]]) -> list[Event]:
    """The facts this app understands; a newer app, or damage, may have left others to send."""
    found = []
    for event_id, doc in rows:
        with contextlib.suppress(Unfit, UnknownType, BadBody):
            found.append(read_doc(event_id, doc_bytes(doc)))
    return found


def told(doc: str) -> dict[str, Any]:
    """What a doc says; a spoilt one says nothing, is sent all the same and hides no other."""
    try:
        said = json.loads(doc)
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}


def unread(db: sqlite3.Connection) -> tuple[int, int | None]:
    """How many events the office has not confirmed, and the instant of the oldest."""
    count, oldest = db.execute(
        "SELECT count(*), min(id) FROM outbox WHERE seq > ?", (meta.get(db, "acked"),)
    ).fetchone()
    return int(count), None if oldest is None else UUID(oldest).int >> 80
