"""Half-filled sheets and their files: what a driver did survives a kill at any instant."""

import hashlib
import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from driver_app.store.files import Files
from driver_app.store.outbox import DAY_MS

PART = ".part"
SUFFIX = ".jpg"
CLOSED_DAYS = 14


class Draft(NamedTuple):
    """One kept sheet."""

    key: str
    run: str
    body: dict[str, Any]
    rev: int
    saved_ms: int
    files: tuple[tuple[str, str], ...]
    """Digest and role of each file."""


@dataclass(frozen=True)
class DraftFolder:
    """The files of sheets, one folder per key."""

    files: Files
    folder: Path

    def path(self, key: str, sha: str) -> Path:
        """Where a file of a sheet lies."""
        return self.folder / folder_name(key) / f"{sha}{SUFFIX}"

    def keep(self, key: str, content: bytes) -> str:
        """Put a file on the disk, whole or not at all; returns its digest."""
        sha = hashlib.sha256(content).hexdigest()
        folder = self.folder / folder_name(key)
        self.files.folder(folder)
        self.files.write(folder / f"{sha}{PART}", content)
        self.files.rename(folder / f"{sha}{PART}", self.path(key, sha))
        self.files.sync_folder(folder)
        return sha

    def remove(self, key: str, sha: str) -> None:
        """Delete a file of a sheet."""
        self.files.remove(self.path(key, sha))

    def found(self) -> list[tuple[str, str]]:
        """Key and digest of every whole file; half-written ones are deleted."""
        whole = []
        for name in self.files.names(self.folder):
            for file in self.files.names(self.folder / name):
                if file.endswith(SUFFIX):
                    whole.append((key_of(name), file.removesuffix(SUFFIX)))
                else:
                    self.files.remove(self.folder / name / file)
        return whole


def folder_name(key: str) -> str:
    """Name of a sheet's folder: `proof:<visit>` becomes `proof@<visit>`."""
    return key.replace(":", "@")


def key_of(name: str) -> str:
    """The inverse of folder_name."""
    return name.replace("@", ":")


def load(db: sqlite3.Connection, key: str) -> Draft | None:
    """A kept sheet; None if there is none."""
    row = db.execute("SELECT * FROM draft WHERE key = ?", (key,)).fetchone()
    if row is None:
        return None
    files = db.execute("SELECT sha, role FROM draft_file WHERE key = ? ORDER BY rowid", (key,))
    return Draft(row[0], row[1] or "", json.loads(row[2]), row[3], row[4], tuple(files.fetchall()))


def put(db: sqlite3.Connection, key: str, run: str, body: dict[str, Any], now_ms: int) -> None:
    """Keep a sheet as it stands."""
    text = json.dumps(body, ensure_ascii=False)
    db.execute(
        "INSERT INTO draft VALUES(?, ?, ?, 1, ?) ON CONFLICT(key) DO UPDATE SET "
        "body = excluded.body, rev = rev + 1, saved_ms = excluded.saved_ms",
        (key, run, text, now_ms),
    )


def add_file(db: sqlite3.Connection, key: str, sha: str, role: str) -> None:
    """Count a file as part of a sheet."""
    db.execute("INSERT OR REPLACE INTO draft_file VALUES(?, ?, ?)", (key, sha, role))


def remove_file(db: sqlite3.Connection, key: str, sha: str) -> None:
    """Take a file out of a sheet."""
    db.execute("DELETE FROM draft_file WHERE key = ? AND sha = ?", (key, sha))


def delete(db: sqlite3.Connection, key: str) -> None:
    """Delete a sheet; in the transaction of its fact, or thrown away by the driver."""
    db.execute("DELETE FROM draft_file WHERE key = ?", (key,))
    db.execute("DELETE FROM draft WHERE key = ?", (key,))


def adopt(db: sqlite3.Connection, found: Sequence[tuple[str, str]], now_ms: int) -> dict[str, int]:
    """Take files whose row is missing, as after a kill, into their sheets; how many per sheet."""
    known = set(db.execute("SELECT key, sha FROM draft_file").fetchall())
    declared = {row[0] for row in db.execute("SELECT sha FROM outbox_blob")}
    adopted: dict[str, int] = {}
    for key, sha in found:
        if (key, sha) in known or sha in declared:
            continue
        if load(db, key) is None:
            put(db, key, "", {}, now_ms)
        add_file(db, key, sha, "photo")
        adopted[key] = adopted.get(key, 0) + 1
    return adopted


def leftovers(db: sqlite3.Connection, found: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """Files whose fact is recorded already and whose copy in `blobs/` counts."""
    declared = {row[0] for row in db.execute("SELECT sha FROM outbox_blob")}
    return [(key, sha) for key, sha in found if sha in declared]


def forget(db: sqlite3.Connection, now_ms: int, open_runs: Sequence[str]) -> list[str]:
    """Drop old sheets of runs that are over; their keys."""
    marks = ", ".join("?" * len(open_runs))
    rows = db.execute(
        f"SELECT key FROM draft WHERE run NOT IN ({marks}) AND saved_ms < ?",  # noqa: S608  marks only
        (*open_runs, now_ms - CLOSED_DAYS * DAY_MS),
    ).fetchall()
    for (key,) in rows:
        delete(db, key)
    return [row[0] for row in rows]
