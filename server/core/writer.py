"""How works get into the database: one thread with group commit, or one transaction each."""

import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, TypeVar

from sqlalchemy.engine import Connection, Engine
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlmodel import Session

from server.core import db, once
from shared.ids import SiteId
from shared.refusals import refuse

T = TypeVar("T")
GROUP_WORKS_MAX = 64
WRITE_QUEUE = 2_000
SERIALISATION_RETRIES = 3
RETRY_STATES = ("40001", "40P01")  # serialisation failure, deadlock


@dataclass
class _Waiting:
    work: Callable[[Session], Any]
    answer: Future[Any] = field(default_factory=Future)


@dataclass
class _Done:
    """Works of one group that were carried out and wait for the commit."""

    answers: list[tuple[Future[Any], Any]] = field(default_factory=list)
    revisions: dict[SiteId, int] = field(default_factory=dict)
    jobs: bool = False


class SqliteWriter:
    """One thread writes; up to 64 waiting works share one commit, each in its own savepoint."""

    def __init__(self, engine: Engine, committed: db.Committed = db.nobody_to_tell) -> None:
        self.committed = committed
        self._engine = engine
        self._queue: queue.Queue[_Waiting | None] = queue.Queue(WRITE_QUEUE)
        self._thread = threading.Thread(target=self._loop, name="writer", daemon=True)
        self._open = True
        self._thread.start()

    def run(self, work: Callable[[Session], T]) -> T:
        """Carry out `work` on the writer's thread and return its answer after the commit."""
        assert threading.current_thread() is not self._thread, "a work never waits for a work"
        waiting = _Waiting(once.claiming(work))
        if not self._open:
            raise refuse("busy")
        try:
            self._queue.put_nowait(waiting)
        except queue.Full as error:
            raise refuse("busy") from error
        answer: T = waiting.answer.result()
        return answer

    def depth(self) -> int:
        """How many works wait."""
        return self._queue.qsize()

    def close(self) -> None:
        """Finish what waits and end the thread."""
        if self._open:
            self._open = False
            self._queue.put(None)
            self._thread.join()
            self._engine.dispose()

    def _loop(self) -> None:
        # One connection for the life of the writer, opened anew after trouble.
        connection: Connection | None = None
        while (first := self._queue.get()) is not None:
            try:
                connection = connection or self._engine.connect()
                more = self._group(connection, first)
            except Exception as error:  # noqa: BLE001 - the loop must survive; the caller is told
                _fail(first, error)
                _drop(connection)
                connection, more = None, True
            if not more:
                break
        _drop(connection)

    def _group(self, connection: Connection, first: _Waiting) -> bool:
        """Carry out `first` and its neighbours under one commit; False when the end was asked."""
        done, works, more = _Done(), [first], True
        try:
            with connection.begin():
                _carry_out(connection, first, done)
                while more and len(works) < GROUP_WORKS_MAX:
                    try:
                        waiting = self._queue.get_nowait()
                    except queue.Empty:
                        break
                    if waiting is None:
                        more = False
                        break
                    works.append(waiting)
                    _carry_out(connection, waiting, done)
                _still_open(connection, refuse("busy"))
        except Exception as error:
            for waiting in works:
                _fail(waiting, error)
            raise
        self.committed(done.revisions, jobs=done.jobs)
        for answer, value in done.answers:
            answer.set_result(value)
        return more


def _carry_out(connection: Connection, waiting: _Waiting, done: _Done) -> None:
    session = Session(connection, expire_on_commit=False, join_transaction_mode="create_savepoint")
    try:
        value = waiting.work(session)
        session.commit()  # releases the savepoint; the group commits later
    except Exception as error:  # noqa: BLE001 - any failure undoes this work only
        _undo(connection, session, error)
        _fail(waiting, error)
        return
    done.jobs = db.collect(session, done.revisions) or done.jobs
    session.close()
    done.answers.append((waiting.answer, value))


def _undo(connection: Connection, session: Session, error: Exception) -> None:
    """Undo one work; a full disk undoes the whole group by itself, which then fails for `error`."""
    try:
        session.rollback()
        session.close()
    except DBAPIError:
        raise error from None
    _still_open(connection, error)


def _still_open(connection: Connection, error: Exception) -> None:
    """Fail the group if SQLite has ended the transaction by itself: a commit would then be empty.

    Works carried out before are undone and those after would be written one by one.
    """
    driver = connection.connection.driver_connection
    assert driver is not None, "a group has its connection"
    if not driver.in_transaction:
        raise error


def _fail(waiting: _Waiting, error: BaseException) -> None:
    if not waiting.answer.done():
        waiting.answer.set_exception(as_refusal(error))


def _drop(connection: Connection | None) -> None:
    if connection is not None:
        connection.invalidate()
        connection.close()


def as_refusal(error: BaseException) -> BaseException:
    """Turn trouble of the storage into the refusal the caller can act on; else the error itself.

    A full disk often shows as a savepoint that is gone: then what came before tells the truth.
    """
    earlier: BaseException | None = error
    while isinstance(earlier, DBAPIError | db.DriverError):
        if code := db.storage_trouble(earlier):
            refusal = refuse(code)
            refusal.__cause__ = error
            return refusal
        earlier = earlier.__context__
    return error


class PostgresWriter:
    """One transaction per work, tried again when the database says two works collided."""

    def __init__(self, engine: Engine, committed: db.Committed = db.nobody_to_tell) -> None:
        self.committed = committed
        self._engine = engine

    def run(self, work: Callable[[Session], T]) -> T:
        """Carry out `work` in its own transaction and return its answer after the commit."""
        work = once.claiming(work)
        for _ in range(SERIALISATION_RETRIES):
            try:
                return self._once(work)
            except DBAPIError as error:
                if not _collided(error):
                    raise as_refusal(error) from error
        try:
            return self._once(work)
        except DBAPIError as error:
            raise (refuse("busy") if _collided(error) else as_refusal(error)) from error

    def _once(self, work: Callable[[Session], T]) -> T:
        revisions: dict[SiteId, int] = {}
        with Session(self._engine, expire_on_commit=False) as session:
            value = work(session)
            session.commit()
            jobs = db.collect(session, revisions)
        self.committed(revisions, jobs=jobs)
        return value

    def depth(self) -> int:
        """How many works wait: none, each has its own transaction."""
        return 0

    def close(self) -> None:
        """Give the connections back."""
        self._engine.dispose()


def _collided(error: DBAPIError) -> bool:
    return getattr(error.orig, "sqlstate", None) in RETRY_STATES


class SnapshotReads:
    """One read transaction per work, on a connection of its own."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def run(self, work: Callable[[Session], T]) -> T:
        """Let `work` read one consistent state."""
        try:
            with Session(self._engine, expire_on_commit=False, autoflush=False) as session:
                return work(session)
        except OperationalError as error:
            raise as_refusal(error) from error

    def close(self) -> None:
        """Give the connections back."""
        self._engine.dispose()


def write_within(connection: Connection, work: Callable[[Session], T]) -> T:
    """Carry out `work` in the caller's own transaction, on a database that nobody serves yet."""
    with Session(connection, join_transaction_mode="create_savepoint") as session:
        answer = work(session)
        session.commit()
        return answer


AnyWriter = SqliteWriter | PostgresWriter


def open_writer(engine: Engine, committed: db.Committed = db.nobody_to_tell) -> AnyWriter:
    """Choose the writer that fits the database."""
    if engine.dialect.name == "sqlite":
        return SqliteWriter(engine, committed)
    return PostgresWriter(engine, committed)
