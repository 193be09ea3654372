"""A damaged or newer database is set aside, never deleted; its facts go into the new one."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
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
            if schema.version(db) > len(schema.STEPS):
                return False
            return bool(db.execute("PRAGMA quick_check(1)").fetchone() == ("ok",))
    except sqlite3.DatabaseError as error:
        # A locked or unreachable file is not a damaged one; moving it away would lose it.
        if not _damaged(error):
            raise
        return False


def _damaged(error: sqlite3.DatabaseError) -> bool:
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT) & 0xFF
    return code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


def _read_what_is_left(path: Path, connect: Callable[[Path], sqlite3.Connection]) -> Saved:
    saved = Saved()
    try:
        db = connect(path)
    except sqlite3.DatabaseError:
        return saved
    with closing(db):
        for table in vars(saved):
            getattr(saved, table).extend(_rows(db, table))
    return saved


def _rows(db: sqlite3.Connection, table: str) -> Iterator[tuple[Any, ...]]:
    """Rows from the front until the damage, then from the back until the damage."""
    seen: set[int] = set()
    for direction in ("ASC", "DESC"):
        last: int | None = None
        while True:
            row = _next_row(db, table, direction, last)
            if row is None or row[0] in seen:
                break
            last = row[0]
            seen.add(last)
            yield row[1:]


def _next_row(
    db: sqlite3.Connection, table: str, direction: str, last: int | None
) -> tuple[Any, ...] | None:
    compare = "" if last is None else f"WHERE rowid {'>' if direction == 'ASC' else '<'} ?"
    statement = f"SELECT rowid, * FROM {table} {compare} ORDER BY rowid {direction} LIMIT 1"  # noqa: S608  constants only
    try:
        row = db.execute(statement, () if last is None else (last,)).fetchone()
    except sqlite3.DatabaseError:
        return None
    return None if row is None else tuple(row)


def restore(db: sqlite3.Connection, saved: Saved) -> None:
    """Put the saved rows into a new database; the next exchange begins a new stream with them."""
    for key, value in saved.meta:
        if key in KEPT_KEYS:
            db.execute("INSERT OR REPLACE INTO meta VALUES(?, ?)", (key, value))
    good = [row for row in saved.outbox if len(row) == 4 and _is_uuid(row[1])]
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
            db.execute(f"INSERT OR IGNORE INTO {table} VALUES({marks})", row)
    meta.count(db, "salvaged", len(good))


def _is_uuid(text: object) -> bool:
    try:
        UUID(str(text))
    except ValueError:
        return False
    return True
