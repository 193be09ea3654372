"""Bugs in what lies on disks: flushes left out, migrations that rewrite, backups that promise."""

import sqlite3
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from sqlmodel import Session

from driver_app.store import schema
from driver_app.store.db import Store
from driver_app.store.files import DiskFiles
from server.backup import service as backup
from server.facts import durable
from tests.sim.planted.bug import Bug, Swap

Any_ = Callable[..., Any]
POWER_CUT, OLD_VERSIONS = "power-cut states", "old versions"

REWRITE = """
CREATE TABLE outbox_2(
    seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, doc TEXT NOT NULL, chain TEXT NOT NULL
) STRICT;
INSERT INTO outbox_2
    SELECT seq, id, CASE json_valid(doc) WHEN 1 THEN json_set(doc, '$.v', 2) ELSE doc END, chain
    FROM outbox;
DROP TABLE outbox;
ALTER TABLE outbox_2 RENAME TO outbox;
"""


def _normal(original: Any_) -> Any_:
    def open_(self: Store, *args: Any) -> None:
        original(self, *args)
        assert self._write_db is not None, "just opened"
        self._write_db.execute("PRAGMA synchronous = NORMAL")

    return open_


def _write_unflushed(_original: Any_) -> Any_:
    def write(_self: DiskFiles, path: Path, content: bytes) -> None:
        path.write_bytes(content)

    return write


def _one_step_more(original: Any) -> Any:
    return (*original, REWRITE)


def _all_steps(original: Any_) -> Any_:
    def migrate(opened: sqlite3.Connection, steps: Any = None) -> None:
        original(opened, steps or schema.STEPS)

    return migrate


def _from_the_live_database(original: Any_) -> Any_:
    def note_durable(session: Session, places: Mapping[Any, int]) -> None:
        live = durable.heads(session)
        original(session, {stream: live[stream][0] for stream in places if stream in live})

    return note_durable


def _without_files(_original: Any_) -> Any_:
    def safe(copy: Session, _declared: Any, _here: Any) -> dict[Any, int]:
        return {stream: recv for stream, (recv, _chain) in durable.heads(copy).items()}

    return safe


BUGS = (
    Bug(25, "`durable` computed from the live database after the copy", ("I14",), 50,
        (Swap(durable, "note_durable", _from_the_live_database),), letter="a"),
    Bug(25, "`durable` computed without blobs", ("I14",), 50,
        (Swap(backup, "_durable", _without_files),), letter="b"),
    Bug(35, "The device's database with synchronous=NORMAL", ("I9",), 1,
        (Swap(Store, "_open", _normal),), proof=POWER_CUT, letter="a"),
    Bug(35, "A photo renamed without fsync", ("I9",), 1,
        (Swap(DiskFiles, "write", _write_unflushed),), proof=POWER_CUT, letter="b"),
    Bug(38, "Migration rewrites the outbox table", ("I15",), 1,
        (Swap(schema, "STEPS", _one_step_more), Swap(schema, "migrate", _all_steps)),
        proof=OLD_VERSIONS),
)  # fmt: skip
