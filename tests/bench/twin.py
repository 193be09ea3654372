"""Records what the product says to its database, and says it again to a twin with the bare driver.

The twin is a copy from before the recording, so that the same statements with the same values
find the same rows. Everything is repeated: reads, writes, savepoints and commits.
"""

import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter
from typing import Any, Protocol

from sqlalchemy import event
from sqlalchemy.engine import Connection, Engine

RAW = "CREATE TABLE bench_raw (id VARCHAR(36) PRIMARY KEY, place INTEGER, doc TEXT)"
FACTS = "SELECT count(*) FROM event_state"
PREPARE = ("busy_timeout=10000", "foreign_keys=ON", "cache_size=-16000")
DURABLE = ("journal_mode=WAL", "synchronous=FULL")


@dataclass
class Said:
    """One statement with its values; COMMIT and ROLLBACK have none."""

    text: str
    values: Any = None
    many: bool = False


@dataclass
class Script:
    """What was said, by connection."""

    lines: dict[int, list[Said]] = field(default_factory=dict)

    def add(self, connection: Connection, said: Said) -> None:
        """Keep one statement."""
        driver = connection.connection.driver_connection
        self.lines.setdefault(id(driver), []).append(said)

    @property
    def statements(self) -> int:
        """How many there are."""
        return sum(len(lines) for lines in self.lines.values())


@contextmanager
def recording(engine: Engine) -> Iterator[Script]:
    """Keep everything this engine says meanwhile."""
    script = Script()

    def said(connection: Connection, *told: Any) -> None:
        _cursor, text, values, _context, many = told
        # A statement with many rows in it comes with flat values, although it is called many.
        rows = values if many and isinstance(values, list | tuple) else ()
        each = all(isinstance(row, list | tuple | dict) for row in rows[:1]) and bool(rows)
        script.add(connection, Said(text, values, each))

    def committed(connection: Connection) -> None:
        script.add(connection, Said("COMMIT"))

    def undone(connection: Connection) -> None:
        script.add(connection, Said("ROLLBACK"))

    hooks = (("before_cursor_execute", said), ("commit", committed), ("rollback", undone))
    for name, hook in hooks:
        event.listen(engine, name, hook)
    try:
        yield script
    finally:
        for name, hook in hooks:
            event.remove(engine, name, hook)


class Twin(Protocol):
    """A database like the product's, spoken to by its driver alone."""

    def say(self, script: Script) -> float:
        """Say everything again; returns the seconds it took."""
        ...

    def raw(self, rows: Sequence[Sequence[tuple[str, int, str]]]) -> float:
        """Insert batches of bare rows, a commit each; returns the seconds it took."""
        ...

    def facts(self) -> int:
        """How many facts it holds."""
        ...

    def close(self) -> None:
        """Give it back."""
        ...


class SqliteTwin:
    """Plain sqlite3, WAL, FULL, on the copy of a file."""

    def __init__(self, path: Path) -> None:
        self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        for pragma in (*PREPARE, *DURABLE):
            self._db.execute(f"PRAGMA {pragma}")
        self._db.execute(RAW)

    def say(self, script: Script) -> float:
        began = perf_counter()
        for lines in script.lines.values():
            for one in lines:
                self._one(one)
        return perf_counter() - began

    def _one(self, one: Said) -> None:
        if one.many:
            self._db.executemany(one.text, one.values)
            return
        cursor = self._db.execute(one.text, one.values or ())
        if cursor.description:
            cursor.fetchall()

    def raw(self, rows: Sequence[Sequence[tuple[str, int, str]]]) -> float:
        began = perf_counter()
        for batch in rows:
            self._db.execute("BEGIN IMMEDIATE")
            self._db.executemany("INSERT INTO bench_raw VALUES (?, ?, ?)", batch)
            self._db.execute("COMMIT")
        return perf_counter() - began

    def facts(self) -> int:
        return int(self._db.execute(FACTS).fetchone()[0])

    def close(self) -> None:
        self._db.close()


class PostgresTwin:
    """Plain psycopg on the copy of a database; every connection of the product has one here."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._open: list[Any] = []
        with self._connect() as db:
            db.execute(RAW)

    def _connect(self) -> Any:
        import psycopg  # noqa: PLC0415 - the library is an extra

        return psycopg.connect(self._address)

    def say(self, script: Script) -> float:
        while len(self._open) < len(script.lines):
            self._open.append(self._connect())
        works = list(zip(self._open, script.lines.values(), strict=False))
        return together([lambda db=db, lines=lines: _say_all(db, lines) for db, lines in works])  # type: ignore[misc]

    def raw(self, rows: Sequence[Sequence[tuple[str, int, str]]]) -> float:
        with self._connect() as db, db.cursor() as cursor:
            began = perf_counter()
            for batch in rows:
                cursor.executemany("INSERT INTO bench_raw VALUES (%s, %s, %s)", batch)
                db.commit()
            return perf_counter() - began

    def facts(self) -> int:
        with self._connect() as db:
            return int(db.execute(FACTS).fetchone()[0])

    def close(self) -> None:
        for db in self._open:
            db.close()


def _say_all(db: Any, lines: Sequence[Said]) -> None:
    for one in lines:
        if one.text == "COMMIT":
            db.commit()
        elif one.text == "ROLLBACK":
            db.rollback()
        else:
            _say(db, one)


def _say(db: Any, one: Said) -> None:
    with db.cursor() as cursor:
        if one.many:
            cursor.executemany(one.text, one.values)
            return
        cursor.execute(one.text, one.values or None)
        if cursor.description:
            cursor.fetchall()


def together(works: Sequence[Callable[[], None]]) -> float:
    """Carry out works at once, a thread each; returns the seconds until the last has ended."""
    failed: list[BaseException] = []
    gate = threading.Barrier(len(works) + 1)

    def one(work: Callable[[], None]) -> None:
        gate.wait()
        try:
            work()
        except BaseException as error:  # noqa: BLE001 - told to who waits
            failed.append(error)

    threads = [threading.Thread(target=one, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    gate.wait()
    began = perf_counter()
    for thread in threads:
        thread.join()
    took = perf_counter() - began
    if failed:
        raise failed[0]
    return took
