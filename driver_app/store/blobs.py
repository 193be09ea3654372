"""Photos and signatures: on the disk before their fact, kept until the office has every byte."""

import hashlib
import sqlite3
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from driver_app.store.files import Files, keep
from driver_app.store.outbox import BLOB_DONE, BLOB_OPEN, BLOB_UNREADABLE, DAY_MS
from shared.sync import PHOTO_KEEP_DAYS, PHOTO_STORE_MAX

TRIES_BEFORE_CHECK = 5
LANES = {"signature": 0}
LATER = 1


class OpenBlob(NamedTuple):
    """A declared file the office does not have yet."""

    sha: str
    size: int
    media: str
    role: str
    tries: int
    event: str


@dataclass(frozen=True)
class BlobFolder:
    """The files themselves, named by their SHA-256."""

    files: Files
    folder: Path

    def path(self, sha: str) -> Path:
        """Where a file lies."""
        return self.folder / sha

    def keep(self, content: bytes) -> str:
        """Put a file on the disk, whole or not at all; returns its digest."""
        sha = hashlib.sha256(content).hexdigest()
        if self.files.size(self.path(sha)) == len(content):
            self.files.sync_folder(self.folder)  # its name may come from a try that failed
        else:
            keep(self.files, self.folder, sha, content)
        return sha

    def adopt(self, old: Path, sha: str) -> None:
        """Move a file of a sheet in here; it was flushed when it was taken.

        It may have been moved by a try that failed: then its name is still to be flushed.
        """
        if self.files.size(old) is not None:
            self.files.rename(old, self.path(sha))
        self.files.sync_folder(self.folder)

    def chunk(self, sha: str, offset: int, count: int) -> bytes:
        """A part of a file."""
        return self.files.read(self.path(sha), offset, count)

    def intact(self, sha: str) -> str:
        """Empty if the file still has its digest, else why not: `io` or `hash`."""
        try:
            content = self.files.read(self.path(sha))
        except OSError:
            return "io"
        return "" if hashlib.sha256(content).hexdigest() == sha else "hash"

    def sweep(self, known: set[str]) -> int:
        """Delete half-written files and those nobody refers to; returns how many."""
        gone = 0
        for name in self.files.names(self.folder):
            if name not in known:
                self.files.remove(self.folder / name)
                gone += 1
        return gone


def open_blobs(db: sqlite3.Connection, limit: int) -> list[OpenBlob]:
    """Files to send, signatures first, then in the order of their facts."""
    rows = db.execute(
        "SELECT b.sha, b.size, b.media, b.role, b.tries, o.id, min(ob.seq) FROM blob b "
        "JOIN outbox_blob ob ON ob.sha = b.sha JOIN outbox o ON o.seq = ob.seq "
        "WHERE b.state = ? GROUP BY b.sha ORDER BY min(ob.seq)",
        (BLOB_OPEN,),
    ).fetchall()
    found = sorted(rows, key=lambda row: (LANES.get(row[3], LATER), row[6]))
    return [OpenBlob(*row[:6]) for row in found[:limit]]


def done(db: sqlite3.Connection) -> list[str]:
    """Files the office has, as far as known, newest first."""
    rows = db.execute("SELECT sha FROM blob WHERE state = ? ORDER BY made_ms DESC", (BLOB_DONE,))
    return [row[0] for row in rows]


def unsent(db: sqlite3.Connection) -> tuple[int, int]:
    """How many files wait, and how many bytes."""
    count, size = db.execute(
        "SELECT count(*), coalesce(sum(size), 0) FROM blob WHERE state = ?", (BLOB_OPEN,)
    ).fetchone()
    return int(count), int(size)


def set_state(db: sqlite3.Connection, sha: str, state: int) -> None:
    """Mark a file as open, done or unreadable."""
    db.execute("UPDATE blob SET state = ?, tries = 0 WHERE sha = ?", (state, sha))


def add_try(db: sqlite3.Connection, sha: str) -> int:
    """Count a refused digest; returns how many there were in a row."""
    db.execute("UPDATE blob SET tries = tries + 1 WHERE sha = ?", (sha,))
    row = db.execute("SELECT tries FROM blob WHERE sha = ?", (sha,)).fetchone()
    return int(row[0]) if row else 0


def reopen(db: sqlite3.Connection, sha: str) -> None:
    """The office lacks a file thought finished."""
    db.execute("UPDATE blob SET state = ? WHERE sha = ? AND state = ?", (BLOB_OPEN, sha, BLOB_DONE))


def referred(db: sqlite3.Connection) -> set[str]:
    """Files that a fact, a blob row or a sheet refers to."""
    rows = db.execute(
        "SELECT sha FROM outbox_blob UNION SELECT sha FROM blob UNION SELECT sha FROM draft_file"
    )
    return {row[0] for row in rows}


def forget(db: sqlite3.Connection, now_ms: int) -> list[str]:
    """Drop rows of files that are done, unreferred and old (or over the quota); their names."""
    rows = db.execute(
        "SELECT sha, size, made_ms FROM blob WHERE state IN (?, ?) "
        "AND sha NOT IN (SELECT sha FROM outbox_blob) ORDER BY made_ms",
        (BLOB_DONE, BLOB_UNREADABLE),
    ).fetchall()
    total = db.execute("SELECT coalesce(sum(size), 0) FROM blob").fetchone()[0]
    gone = []
    for sha, size, made_ms in rows:
        if made_ms > now_ms - PHOTO_KEEP_DAYS * DAY_MS and total <= PHOTO_STORE_MAX:
            break
        gone.append(sha)
        total -= size
    db.executemany("DELETE FROM blob WHERE sha = ?", [(sha,) for sha in gone])
    return gone
