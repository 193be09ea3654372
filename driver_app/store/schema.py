"""The tables of `driver.db`, as forward-only steps; `outbox` never changes its shape."""

import sqlite3
from collections.abc import Sequence
from contextlib import suppress

STEP_1 = """
CREATE TABLE meta(k TEXT PRIMARY KEY, v TEXT NOT NULL) STRICT;
CREATE TABLE outbox(
    seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, doc TEXT NOT NULL, chain TEXT NOT NULL
) STRICT;
CREATE TABLE outbox_blob(seq INTEGER, sha TEXT, PRIMARY KEY(seq, sha)) STRICT;
CREATE TABLE blob(
    sha TEXT PRIMARY KEY, size INTEGER, media TEXT, role TEXT,
    state INTEGER, tries INTEGER, made_ms INTEGER
) STRICT;
CREATE TABLE ent(
    kind TEXT, id TEXT, scope TEXT, rev INTEGER, plan TEXT, fact TEXT, PRIMARY KEY(kind, id)
) STRICT;
CREATE TABLE stage(
    kind TEXT, id TEXT, scope TEXT, rev INTEGER, deleted INTEGER, plan TEXT, fact TEXT,
    PRIMARY KEY(kind, id, scope)
) STRICT;
CREATE TABLE held(id TEXT PRIMARY KEY, why TEXT) STRICT;
CREATE TABLE fix(
    n INTEGER PRIMARY KEY, t_ms INTEGER, run TEXT, a INTEGER, b INTEGER, acc_m INTEGER, plan TEXT
) STRICT;
CREATE TABLE sync_log(n INTEGER PRIMARY KEY, at_ms INTEGER, level TEXT, text TEXT) STRICT;
CREATE TABLE draft(
    key TEXT PRIMARY KEY, run TEXT, body TEXT NOT NULL, rev INTEGER NOT NULL,
    saved_ms INTEGER NOT NULL
) STRICT;
CREATE TABLE draft_file(
    key TEXT NOT NULL, sha TEXT NOT NULL, role TEXT NOT NULL, PRIMARY KEY(key, sha)
) STRICT;
CREATE TABLE ui_state(k TEXT PRIMARY KEY, v TEXT NOT NULL) STRICT;
"""

STEPS: Sequence[str] = (STEP_1,)


def _copy(db: sqlite3.Connection) -> None:
    """Keep the file as the older app left it, if there is room for a copy."""
    path = db.execute("PRAGMA database_list").fetchone()[2]
    copy = f"{path}.before-{version(db) + 1}"
    with suppress(sqlite3.OperationalError):  # it is there already, or the disk is full
        db.execute("VACUUM INTO ?", (copy,))


def version(db: sqlite3.Connection) -> int:
    """Number of the last step this file has seen."""
    return int(db.execute("PRAGMA user_version").fetchone()[0])


def migrate(db: sqlite3.Connection, steps: Sequence[str] | None = None) -> None:
    """Take the missing steps, each in one transaction; a file with facts is copied before."""
    steps = STEPS if steps is None else steps
    if 0 < version(db) < len(steps):
        _copy(db)
    for number in range(version(db) + 1, len(steps) + 1):
        db.execute("BEGIN IMMEDIATE")
        try:
            for statement in steps[number - 1].split(";"):
                if statement.strip():
                    db.execute(statement)
            db.execute(f"PRAGMA user_version = {number}")
        except BaseException:
            db.execute("ROLLBACK")
            raise
        db.execute("COMMIT")
