"""Bugs in the device's store: what it forgets, keeps, shows and writes too early or too late."""

import sqlite3
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from driver_app.store import blobs, db, ledger, meta, outbox, rows
from driver_app.store.db import DiskFailed, Store
from driver_app.store.outbox import NewBlob, NewFact
from driver_app.store.timebase import Clocks
from shared.events import Event
from shared.receipt import Receipt
from tests.sim.planted.bug import Bug, Swap

Db = sqlite3.Connection
Any_ = Callable[..., Any]


def _forget_when_acked(original: Any_) -> Any_:
    def forget(db_: Db, now_ms: int, keep_days: float) -> Any:
        durable = meta.get(db_, "durable")
        meta.put(db_, "durable", meta.get(db_, "acked"))
        try:
            return original(db_, now_ms, keep_days)
        finally:
            meta.put(db_, "durable", durable)

    return forget


def _stamp_by_the_wall(original: Any_) -> Any_:
    def doc(fact: NewFact, _hlc: int, clocks: Clocks, plan_rev: int) -> Any:
        return original(fact, max(0, clocks[2]), clocks, plan_rev)

    return doc


_undeclared: dict[int, list[tuple[int, NewBlob, int]]] = {}


def _declare_later(_original: Any_) -> Any_:
    def declare(db_: Db, seq: int, blob: NewBlob, made_ms: int) -> None:
        _undeclared.setdefault(id(db_), []).append((seq, blob, made_ms))

    return declare


def _declare_in_a_second_transaction(original: Any_) -> Any_:
    async def run(self: Store, work: Any) -> Any:
        _undeclared.pop(id(self._write_db), None)
        answer = await original(self, work)
        late = _undeclared.pop(id(self._write_db), [])
        if late:
            await original(self, lambda db_: _declare_all(db_, late))
        return answer

    return run


def _declare_all(db_: Db, late: list[tuple[int, NewBlob, int]]) -> None:
    for seq, blob, made_ms in late:
        db_.execute("INSERT OR IGNORE INTO outbox_blob VALUES(?, ?)", (seq, blob.sha))
        row = (blob.sha, blob.size, blob.media, blob.role, outbox.BLOB_OPEN, made_ms)
        db_.execute("INSERT OR IGNORE INTO blob VALUES(?, ?, ?, ?, ?, 0, ?)", row)


def _never_again(_original: Any_) -> Any_:
    def reopen(_db: Db, _sha: str) -> None:
        return

    return reopen


def _keep_the_larger_ack(original: Any_) -> Any_:
    def apply(db_: Db, *args: Any) -> Any:
        stream, acked = meta.get(db_, "stream"), meta.get(db_, "acked")
        answer = original(db_, *args)
        if meta.get(db_, "stream") == stream and meta.get(db_, "acked") < acked:
            meta.put(db_, "acked", acked)
        return answer

    return apply


def _unseen_digest(receipt: Receipt) -> Receipt:
    return replace(receipt, pull=replace(receipt.pull, digest=None))


def blind(original: Any_) -> Any_:
    """The digest of the rows is not looked at."""

    def swap(db_: Db, receipt: Receipt) -> Any:
        return original(db_, _unseen_digest(receipt))

    return swap


BLIND = Swap(rows, "_swap", blind)


def _keep_lost_scopes(original: Any_) -> Any_:
    def swap(db_: Db, receipt: Receipt) -> Any:
        had = {row[0] for row in db_.execute("SELECT scope FROM ent UNION SELECT scope FROM stage")}
        every = tuple(sorted(had | set(receipt.pull.scopes)))
        wide = _unseen_digest(replace(receipt, pull=replace(receipt.pull, scopes=every)))
        answer = original(db_, wide)
        meta.put(db_, "scopes", list(receipt.pull.scopes))
        return answer

    return swap


def _show_at_once(original: Any_) -> Any_:
    def take(db_: Db, receipt: Receipt) -> Any:
        answer = original(db_, receipt)
        if receipt.pull.more:
            db_.execute(
                "INSERT INTO ent SELECT kind, id, scope, rev, plan, fact FROM stage "
                "WHERE deleted = 0 ON CONFLICT(kind, id) DO UPDATE SET scope = excluded.scope, "
                "rev = excluded.rev, plan = excluded.plan, fact = excluded.fact"
            )
        return answer

    return take


def _overlay_until_acked(_original: Any_) -> Any_:
    def own_facts(db_: Db) -> list[Event]:
        found = db_.execute(
            "SELECT id, doc FROM outbox WHERE seq > ? OR id IN (SELECT id FROM held) ORDER BY seq",
            (meta.get(db_, "acked"),),
        ).fetchall()
        return outbox.readable(found)

    return own_facts


def _fork_shows_everything_again(original: Any_) -> Any_:
    def fork(db_: Db, stream: UUID, reason: str) -> None:
        original(db_, stream, reason)
        meta.put(db_, "view_seq", 0)

    return fork


_stuck: set[int] = set()


def _fork_leaves_it_open(original: Any_) -> Any_:
    def fork(db_: Db, stream: UUID, reason: str) -> None:
        try:
            original(db_, stream, reason)
        except sqlite3.OperationalError:
            _stuck.add(id(db_))
            raise

    return fork


def _no_rollback_after_a_fork(_original: Any_) -> Any_:
    def transaction(db_: Db, begin: str, work: Any) -> Any:
        _stuck.discard(id(db_))
        db_.execute(begin)
        try:
            result = work(db_)
            db_.execute("COMMIT")
        except BaseException:
            if db_.in_transaction and id(db_) not in _stuck:
                db_.execute("ROLLBACK")
            raise
        return result

    return transaction


def _no_new_connection(_original: Any_) -> Any_:
    def failed(_self: Store, error: Exception) -> DiskFailed:
        return DiskFailed(str(error))

    return failed


def _the_phones_own_stream(store: Store) -> UUID:
    return uuid5(NAMESPACE_URL, f"phone/{store.folder.parent}")


def _stream_of_the_phone(_original: Any_) -> Any_:
    def new_stream(self: Store, _clocks: Clocks) -> UUID:
        return _the_phones_own_stream(self)

    return new_stream


def _fork_into_the_same(original: Any_) -> Any_:
    def fork(db_: Db, stream: UUID, reason: str) -> None:
        original(db_, UUID(meta.get(db_, "stream") or str(stream)), reason)

    return fork


def _clear_on_refusal(original: Any_) -> Any_:
    def lock(db_: Db, standing: str) -> None:
        if standing == "pair_again":
            db_.execute("DELETE FROM outbox")
            db_.execute("DELETE FROM outbox_blob")
        original(db_, standing)

    return lock


BUGS = (
    Bug(2, "Device forgets at the first acknowledgement instead of `durable`", ("I1",), 20,
        (Swap(outbox, "forget", _forget_when_acked),)),
    Bug(6, "Order by the phone's wall clock", ("I3",), 20,
        (Swap(outbox, "_doc", _stamp_by_the_wall),)),
    Bug(9, "Outbox row and blob rows in two transactions", ("I5",), 20,
        (Swap(outbox, "_declare", _declare_later),
         Swap(Store, "run", _declare_in_a_second_transaction))),
    Bug(11, "Device ignores `need`", ("I5",), 20, (Swap(blobs, "reopen", _never_again),)),
    Bug(12, "Device keeps the larger of old and new ack", ("I6",), 10,
        (Swap(ledger, "_apply", _keep_the_larger_ack),)),
    Bug(14, "Device keeps rows of lost scopes, digest unchecked", ("I4",), 20,
        (Swap(rows, "_swap", _keep_lost_scopes),)),
    Bug(16, "Pages go live before the last one", ("I4",), 50, (Swap(rows, "take", _show_at_once),)),
    Bug(17, "Overlay ends at `ack.seq` instead of `view_seq`", ("I11",), 50,
        (Swap(outbox, "own_facts", _overlay_until_acked),), letter="a"),
    Bug(17, "A fork sets `view_seq` to 0", ("I11",), 50,
        (Swap(outbox, "fork", _fork_shows_everything_again),), letter="b"),
    Bug(18, "Connection keeps its transaction after 'locked' in the fork", ("I6",), 50,
        (Swap(outbox, "fork", _fork_leaves_it_open),
         Swap(db, "_transaction", _no_rollback_after_a_fork),
         Swap(Store, "_failed", _no_new_connection))),
    Bug(21, "401 clears the outbox", ("I1",), 20, (Swap(ledger, "_lock", _clear_on_refusal),)),
    Bug(26, "Re-installed app reuses the stream id", ("I1",), 50,
        (Swap(Store, "_new_stream", _stream_of_the_phone),
         Swap(outbox, "fork", _fork_into_the_same))),
)  # fmt: skip
