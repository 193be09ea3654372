"""A damaged or newer database is set aside, never deleted; its facts go into the new one."""

import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

from driver_app.store import meta, schema
from driver_app.store.files import Files

KEPT_KEYS = (
    "device_id", "site_id", "server_id", "url", "stream", "hlc", "anchor", "offset_ms", "counters",
)  # fmt: skip
SUFFIXES = ("", "-wal", "-shm")


def _columns() -> dict[str, list[str]]:
    """Names of the columns of every table, as this app makes them."""
    with closing(sqlite3.connect(":memory:")) as db:
        schema.migrate(db)
        tables = db.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        return {
            table: [row[1] for row in db.execute(f"PRAGMA table_info({table})")]
            for (table,) in tables
        }


@dataclass
class Saved:
    """What could still be read, row by row."""

    outbox: list[tuple[Any, ...]] = field(default_factory=list)
    outbox_blob: list[tuple[Any, ...]] = field(default_factory=list)
    blob: list[tuple[Any, ...]] = field(default_factory=list)
    draft: list[tuple[Any, ...]] = field(default_factory=list)
    draft_file: list[tuple[Any, ...]] = field(default_factory=list)
    ui_state: list[tuple[Any, ...]] = field(default_factory=list)
    meta: list[tuple[Any, ...]] = field(default_factory=list)


def set_aside_if_unfit(
    path: Path, files: Files, connect: Callable[[Path], sqlite3.Connection]
) -> Saved | None:
    """Look at the file; if it cannot be used, read what it still says and move it away."""
    if files.size(path) is None or _fit(path, connect):
        return None
    return set_aside(path, files, connect)


def set_aside(path: Path, files: Files, connect: Callable[[Path], sqlite3.Connection]) -> Saved:
    """Read what a file still says, and move it away with all that belongs to it."""
    saved = _read_what_is_left(path, connect)
    number = 1
    while files.size(path.with_name(f"{path.name}.aside-{number}")) is not None:
        number += 1
    for suffix in SUFFIXES:
        old = path.with_name(path.name + suffix)
        if files.size(old) is not None:
            files.rename(old, path.with_name(f"{path.name}.aside-{number}{suffix}"))
    files.sync_folder(path.parent)
    return saved


def _fit(path: Path, connect: Callable[[Path], sqlite3.Connection]) -> bool:
    try:
        with closing(connect(path)) as db:
            if schema.version(db) > len(schema.STEPS) or not _ours(db):
                return False
            return bool(db.execute("PRAGMA quick_check(1)").fetchone() == ("ok",))
    except sqlite3.DatabaseError as error:
        # A locked or unreachable file is not a damaged one; moving it away would lose it.
        if not _damaged(error):
            raise
        return False


def _ours(db: sqlite3.Connection) -> bool:
    """Whether the tables are those of the app: all of them, or none in a file just begun."""
    names = {row[0] for row in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    return set(_columns()) <= names if schema.version(db) else not names


def hopeless(error: sqlite3.DatabaseError) -> bool:
    """Whether a step can never be taken on this file, as against: not now."""
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
    never = (sqlite3.SQLITE_ERROR, sqlite3.SQLITE_CONSTRAINT, sqlite3.SQLITE_MISMATCH)
    return _damaged(error) or code in never


def _damaged(error: sqlite3.DatabaseError) -> bool:
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT) & 0xFF
    return code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


def _read_what_is_left(path: Path, connect: Callable[[Path], sqlite3.Connection]) -> Saved:
    saved = Saved()
    try:
        db = connect(path)
    except sqlite3.DatabaseError:
        return saved
    columns = _columns()
    with closing(db):
        for table in vars(saved):
            getattr(saved, table).extend(_rows(db, table, ", ".join(columns[table])))
    return saved


def _rows(db: sqlite3.Connection, table: str, columns: str) -> Iterator[tuple[Any, ...]]:
    """Rows from the front until the damage, then from the back until the damage."""
    seen: set[int] = set()
    for direction in ("ASC", "DESC"):
        last: int | None = None
        while True:
            row = _next_row(db, table, columns, direction, last)
            if row is None or row[0] in seen:
                break
            last = row[0]
            seen.add(last)
            yield row[1:]


def _next_row(
    db: sqlite3.Connection, table: str, columns: str, direction: str, last: int | None
) -> tuple[Any, ...] | None:
    compare = "" if last is None else f"WHERE rowid {'>' if direction == 'ASC' else '<'} ?"
    statement = f"SELECT rowid, {columns} FROM {table} {compare} ORDER BY rowid {direction} LIMIT 1"  # noqa: S608  constants only
    try:
        row = db.execute(statement, () if last is None else (last,)).fetchone()
    except sqlite3.DatabaseError:
        return None
    return None if row is None else tuple(row)


def restore(db: sqlite3.Connection, saved: Saved) -> None:
    """Put the saved rows into a new database; the next exchange begins a new stream with them.

    A row that makes no sense is left in the file that was set aside.
    """
    for key, value in saved.meta:
        if key in KEPT_KEYS and _is_json(value):
            db.execute("INSERT OR REPLACE INTO meta VALUES(?, ?)", (key, value))
    good = [row for row in saved.outbox if _is_uuid(row[1]) and _is_json(row[2])]
    for table, rows in (
        ("outbox", sorted(good)),
        ("outbox_blob", saved.outbox_blob),
        ("blob", saved.blob),
        ("draft", saved.draft),
        ("draft_file", saved.draft_file),
        ("ui_state", saved.ui_state),
    ):
        for row in rows:
            marks = ", ".join("?" * len(row))
            with suppress(sqlite3.IntegrityError):
                db.execute(f"INSERT OR IGNORE INTO {table} VALUES({marks})", row)
    for seq, _id, doc, _chain in good:
        _declare_again(db, seq, doc)
    meta.count(db, "salvaged", len(good))


def _declare_again(db: sqlite3.Connection, seq: int, doc: str) -> None:
    """Expect the files a fact speaks of, also where their own rows were lost."""
    value = json.loads(doc)
    for blob in value.get("blobs") or () if isinstance(value, dict) else ():
        sha, size, media, role, *_source = blob
        with suppress(sqlite3.IntegrityError):
            db.execute("INSERT OR IGNORE INTO outbox_blob VALUES(?, ?)", (seq, sha))
            db.execute(
                "INSERT OR IGNORE INTO blob VALUES(?, ?, ?, ?, 0, 0, ?)",
                (sha, size, media, role, value.get("hlc", 0)),
            )


def _is_json(text: object) -> bool:
    try:
        json.loads(text)  # type: ignore[arg-type]  # whatever a damaged page says
    except (TypeError, ValueError, RecursionError):
        return False
    return True


def _is_uuid(text: object) -> bool:
    try:
        UUID(str(text))
    except ValueError:
        return False
    return True
