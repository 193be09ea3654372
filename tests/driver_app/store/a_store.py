"""Facts, answers and files for tests of the store."""

import itertools
import sqlite3
from pathlib import Path
from typing import Any

from driver_app.device.fakes import SeededIds
from driver_app.store import outbox
from driver_app.store.db import HereLane, Store
from driver_app.store.ledger import Applied, Ledger
from driver_app.store.outbox import NewBlob, NewFact
from shared.ids import EventId
from shared.receipt import Pull, Receipt, RowChange
from shared.road_facts import StopArrived
from shared.sync import Ack
from tests.helpers.builders import START_MS, text_id

CLOCKS = ("5d0e7a42", 5_000_000, START_MS)
DAY_MS = 86_400_000
_noise = SeededIds(7).noise
_rids = itertools.count()


def new_fact(visit: str = "bakery", *blobs: NewBlob) -> NewFact:
    """An arrival at a visit, with files if a test wants them."""
    return NewFact(
        StopArrived(source="manual"),
        f"driver:{text_id('kaya')}",
        _noise(10),
        run=text_id("run"),
        visit=text_id(visit),
        blobs=blobs,
    )


async def put(store: Store, *facts: NewFact, at_ms: int = 0) -> list[EventId]:
    """Record facts, `at_ms` after the start."""
    clocks = (CLOCKS[0], CLOCKS[1] + at_ms, CLOCKS[2] + at_ms)
    return await store.run(lambda db: outbox.put(db, facts, clocks))


async def places(store: Store) -> list[outbox.Place]:
    """Everything in the outbox."""
    return await store.read(lambda db: outbox.batch(db, 0, 10_000, 10**9))


def row(kind: str, key: str, scope: str = "site", rev: int = 1, **plan: Any) -> RowChange:
    """A live row version."""
    return RowChange(kind, text_id(key), scope, rev, deleted=False, plan=plan, fact={})


def gone(kind: str, name: str, scope: str = "site", rev: int = 1) -> RowChange:
    """A tombstone."""
    return RowChange(kind, text_id(name), scope, rev, deleted=True, plan=None, fact=None)


async def answer(
    store: Store,
    *rows: RowChange,
    seq: int | None = None,
    chain: str | None = None,
    durable: int | None = None,
    held: tuple[tuple[str, str], ...] = (),
    need: tuple[str, ...] = (),
    **pull: Any,
) -> Applied:
    """Apply an answer that acknowledges everything, unless told otherwise."""
    ledger = Ledger(store)
    sent = await ledger.outgoing(START_MS, 100, 10**6)
    head_seq, head_chain = await store.read(outbox.head)
    at = head_seq if seq is None else seq
    if chain is None:
        chain = await store.read(lambda db: outbox.chain_at(db, at)) or head_chain
    given: dict[str, Any] = {"head": 5, "cursor": "c1:5:aa:*", "scopes": ("site",), **pull}
    receipt = Receipt(
        rid=f"{next(_rids):08x}",
        server_id="server",
        now=START_MS + 1_000,
        ack=Ack(seq=at, chain=chain, durable=at if durable is None else durable),
        held=held,
        pull=Pull(rows=rows, **given),
        need=need,
        min_app="",
    )
    return await ledger.apply(receipt, sent, CLOCKS, (CLOCKS[0], CLOCKS[1] + 50, CLOCKS[2] + 50))


async def reopened(folder: Path) -> Store:
    """The same folder after a restart."""
    store = Store(folder, SeededIds(2).noise, writer=HereLane(), reader=HereLane())
    await store.open(CLOCKS)
    return store


def scalar(statement: str) -> Any:
    """A work that reads one value."""

    def work(db: sqlite3.Connection) -> Any:
        return db.execute(statement).fetchone()[0]

    return work
