"""The store as the sync worker sees it: what to send, what an answer changes, what is left."""

import sqlite3
from dataclasses import dataclass, field
from typing import Any

from driver_app.store import blobs, meta, outbox, positions, rows
from driver_app.store.blobs import BlobFolder, OpenBlob
from driver_app.store.db import Noise, Store
from driver_app.store.outbox import BLOB_DONE, BLOB_UNREADABLE, NewFact, Place
from driver_app.store.timebase import Clocks, Timebase
from shared.ids import UUID7_RANDOM_BYTES, uuid7
from shared.receipt import Receipt
from shared.road_facts import DeviceBlobUnreadable
from shared.sync import ANCHOR_RTT_MS, EVENT_KEEP_DAYS


@dataclass(frozen=True)
class Outgoing:
    """What one exchange carries from here."""

    stream: str
    base_seq: int
    base_chain: str
    events: tuple[Place, ...]
    cursor: str | None
    fork: dict[str, Any] | None
    unsent: dict[str, Any]
    positions: dict[str, Any] | None
    last_fix: int
    backlog: bool
    """There is more than this."""


@dataclass
class Applied:
    """What an answer changed."""

    forked: bool = False
    more: bool = False
    swapped: bool = False
    refused: str = ""
    runs: set[str] = field(default_factory=set)
    site: bool = False


@dataclass(frozen=True)
class Standing:
    """How the talk with the office stands, in numbers."""

    unsent: int
    oldest_ms: int | None
    unsent_blobs: int
    unsent_bytes: int
    unsafe: int
    held: int
    unreadable: int
    open_run: bool
    plant: bool
    device_id: str
    server_id: str
    url: str
    stream: str
    view_rev: int
    last_contact_ms: int | None
    counters: dict[str, int]


class Ledger:
    """Gives and takes whole exchanges; each answer is applied in one transaction."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._folder = BlobFolder(store.files, store.blobs)

    def clocks(self, seen: Clocks) -> Clocks:
        """The clocks with a boot id."""
        return self._store.clocks(seen)

    def est_now_ms(self, seen: Clocks) -> int:
        """The office's time as well as this device knows it."""
        return self._store.est_now_ms(seen)

    async def outgoing(
        self, now_ms: int, events_max: int, bytes_max: int, *, core: bool = False
    ) -> Outgoing:
        """The next batch; with `core` nothing but facts."""
        noise = self._store.noise
        return await self._store.run(
            lambda db: _outgoing(db, now_ms, events_max, bytes_max, noise=noise, core=core)
        )

    async def apply(
        self, receipt: Receipt, sent: Outgoing, sent_at: Clocks, received_at: Clocks
    ) -> Applied:
        """Take an answer: acknowledgement, anchor, rows, held, need (C3, C4, C6)."""
        noise = self._store.noise
        clocks = (self._store.clocks(sent_at), self._store.clocks(received_at))
        applied, base = await self._store.run(lambda db: _apply(db, receipt, sent, clocks, noise))
        self._store.timebase = base
        return applied

    async def fork(self, now_ms: int, reason: str) -> None:
        """Begin a new stream with everything still here (C5)."""
        stream = uuid7(now_ms, self._store.noise(UUID7_RANDOM_BYTES))
        await self._store.run(lambda db: outbox.fork(db, stream, reason))

    async def open_blobs(self, limit: int = 1) -> list[OpenBlob]:
        """Files to send next, signatures first."""
        return await self._store.read(lambda db: blobs.open_blobs(db, limit))

    async def chunk(self, sha: str, offset: int, count: int) -> bytes:
        """A part of a file."""
        return await self._store.on_disk(lambda: self._folder.chunk(sha, offset, count))

    async def blob_done(self, sha: str) -> None:
        """The office has every byte."""
        await self._store.run(lambda db: blobs.set_state(db, sha, BLOB_DONE))

    async def blob_refused(self, sha: str) -> int:
        """Count a refused digest; returns how many there were in a row."""
        return await self._store.run(lambda db: blobs.add_try(db, sha))

    async def blob_check(self, blob: OpenBlob, seen: Clocks) -> str:
        """Hash the file anew; when it is broken, record that and let the others pass."""
        why = await self._store.on_disk(lambda: self._folder.intact(blob.sha))
        clocks = self._store.clocks(seen)
        noise = self._store.noise(UUID7_RANDOM_BYTES)
        await self._store.run(lambda db: _settle(db, blob, why, clocks, noise))
        return why

    async def done_blobs(self) -> list[str]:
        """Files that count as sent and are still here."""
        return await self._store.read(blobs.done)

    async def blob_again(self, sha: str) -> None:
        """A file that counted as sent is not at the office: send it again."""
        await self._store.run(lambda db: blobs.reopen(db, sha))

    async def kept_events(self) -> int:
        """How many facts are still here."""
        return await self._store.read(lambda db: len(outbox.batch(db, 0, 10**9, 10**12)))

    async def standing(self) -> Standing:
        """All numbers for courier, badge and health."""
        return await self._store.read(_standing)

    async def log(self, at_ms: int, level: str, text: str) -> None:
        """Add a line to the sync log."""
        await self._store.run(lambda db: meta.log(db, at_ms, level, text))

    async def count(self, name: str) -> None:
        """Add to a health counter."""
        await self._store.run(lambda db: meta.count(db, name))

    async def lock(self, standing: str) -> None:
        """Remember how the office sees this device; `stolen` wipes rows and names, never facts."""
        await self._store.run(lambda db: _lock(db, standing))

    async def tidy(self, now_ms: int) -> bool:
        """Forget what is safe and old, then rebuild the ballast; True if rows are gone."""
        gone, expired = await self._store.run(lambda db: _tidy(db, now_ms))
        await self._store.on_disk(lambda: self._tidy_files(gone))
        return expired

    def _tidy_files(self, gone: list[str]) -> None:
        for sha in gone:
            self._store.files.remove(self._folder.path(sha))
        if self._store.ballast.rebuild():
            self._store.full = False

    def free_mb(self) -> int:
        """Room left, in megabytes."""
        return self._store.files.free_bytes(self._store.folder) // 1_000_000

    def ballast(self) -> bool:
        """Whether the ballast is in place."""
        return self._store.ballast.present()


def _tidy(db: sqlite3.Connection, now_ms: int) -> tuple[list[str], bool]:
    outbox.forget(db, now_ms, EVENT_KEEP_DAYS)
    return blobs.forget(db, now_ms), rows.expire(db, now_ms)


def _outgoing(
    db: sqlite3.Connection,
    now_ms: int,
    events_max: int,
    bytes_max: int,
    *,
    noise: Noise,
    core: bool,
) -> Outgoing:
    if outbox.holed(db) or outbox.chain_at(db, int(meta.get(db, "acked"))) is None:
        outbox.fork(db, uuid7(now_ms, noise(UUID7_RANDOM_BYTES)), "hole")
    acked = int(meta.get(db, "acked"))
    chain = outbox.chain_at(db, acked)
    assert chain is not None, "a fork starts at place 0"
    events = outbox.batch(db, acked, events_max, bytes_max)
    fixes, last_fix = (None, 0) if core else positions.batch(db, now_ms)
    unsent, oldest = outbox.unread(db)
    waiting, size = blobs.unsent(db)
    return Outgoing(
        stream=str(meta.get(db, "stream")),
        base_seq=acked,
        base_chain=chain,
        events=tuple(events),
        cursor=None if core else meta.get(db, "stage_cursor") or meta.get(db, "cursor"),
        fork=meta.get(db, "fork"),
        unsent={"events": unsent, "blobs": waiting, "bytes": size, "oldest_ms": oldest},
        positions=fixes,
        last_fix=last_fix,
        backlog=unsent > len(events),
    )


def _apply(
    db: sqlite3.Connection,
    receipt: Receipt,
    sent: Outgoing,
    clocks: tuple[Clocks, Clocks],
    noise: Noise,
) -> tuple[Applied, Timebase]:
    base = _anchor(db, receipt.now, *clocks)
    meta.put(db, "last_contact_ms", receipt.now)
    positions.forget(db, sent.last_fix)
    if (reason := _distrust(db, receipt)) is not None:
        outbox.fork(db, uuid7(receipt.now, noise(UUID7_RANDOM_BYTES)), reason)
        return Applied(forked=True, more=True), base
    meta.put(db, "acked", receipt.ack.seq)
    meta.put(db, "durable", receipt.ack.durable)
    meta.put(db, "fork", None)
    rows.hold(db, receipt.held)
    for sha in receipt.need:
        blobs.reopen(db, sha)
    if receipt.pull.refused:
        return Applied(refused=receipt.pull.refused), base
    swap = rows.take(db, receipt)
    return Applied(
        more=swap.more or swap.again, swapped=swap.swapped, runs=swap.runs, site=swap.site
    ), base


def _anchor(db: sqlite3.Connection, now_ms: int, sent: Clocks, received: Clocks) -> Timebase:
    base = meta.timebase(db)
    if sent[0] == received[0] and 0 <= received[1] - sent[1] <= ANCHOR_RTT_MS:
        base = base.anchored(sent, received, now_ms)
        meta.put_timebase(db, base)
    return base


def _distrust(db: sqlite3.Connection, receipt: Receipt) -> str | None:
    """Why the acknowledgement cannot be about this stream; None if it can (C4)."""
    seq = receipt.ack.seq
    if seq < int(meta.get(db, "base_seq")):
        return "ack_below_base"
    if seq > outbox.head(db)[0]:
        return "ack_above_head"
    return None if outbox.chain_at(db, seq) == receipt.ack.chain else "chain"


def _settle(db: sqlite3.Connection, blob: OpenBlob, why: str, clocks: Clocks, noise: bytes) -> None:
    if not why:
        blobs.set_state(db, blob.sha, outbox.BLOB_OPEN)
        return
    blobs.set_state(db, blob.sha, BLOB_UNREADABLE)
    body = DeviceBlobUnreadable(event=blob.event, sha=blob.sha, why="io" if why == "io" else "hash")
    outbox.put(db, [NewFact(body, f"device:{meta.get(db, 'device_id')}", noise)], clocks)


def _standing(db: sqlite3.Connection) -> Standing:
    whole = meta.many(db)
    unsent, oldest = outbox.unread(db)
    waiting, size = blobs.unsent(db)
    unsafe = db.execute(
        "SELECT count(*) FROM outbox WHERE seq > ? AND seq <= ?", (whole["durable"], whole["acked"])
    ).fetchone()[0]
    runs = rows.of_kind(db, "run")
    open_runs = [r for r in runs if r.fact.get("state") in rows.OPEN_STATES]
    unreadable = db.execute("SELECT count(*) FROM blob WHERE state = ?", (BLOB_UNREADABLE,))
    return Standing(
        unsent=unsent,
        oldest_ms=oldest,
        unsent_blobs=waiting,
        unsent_bytes=size,
        unsafe=unsafe,
        held=db.execute("SELECT count(*) FROM held").fetchone()[0],
        unreadable=unreadable.fetchone()[0],
        open_run=bool(open_runs),
        plant=any(run.plan.get("kind") == "internal" for run in open_runs),
        device_id=whole["device_id"],
        server_id=whole["server_id"],
        url=whole["url"],
        stream=whole["stream"],
        view_rev=whole["view_rev"],
        last_contact_ms=whole["last_contact_ms"],
        counters=whole["counters"],
    )


def _lock(db: sqlite3.Connection, standing: str) -> None:
    if meta.ui(db, "standing") != standing:
        meta.put_ui(db, "standing", standing)
    if standing == "stolen":
        rows.wipe(db)
        db.execute("DELETE FROM fix")
        meta.put_ui(db, "driver", None)
