"""Small facts about this device and its stream: one JSON value per key of `meta`."""

import json
import sqlite3
from copy import deepcopy
from typing import Any

from driver_app.store.timebase import Timebase
from shared.chain import CHAIN_ZERO

Db = sqlite3.Connection

DEFAULTS: dict[str, Any] = {
    "device_id": "",
    "site_id": "",
    "server_id": "",
    "url": "",
    "stream": "",
    "base_seq": 0,
    "base_chain": CHAIN_ZERO,
    "acked": 0,
    "durable": 0,
    "view_seq": 0,
    "view_rev": 0,
    "hlc": 0,
    "anchor": None,
    "offset_ms": 0,
    "boot": None,
    "cursor": None,
    "stage_cursor": None,
    "resetting": False,
    "scopes": [],
    "counters": {},
    "fork": None,
    "last_contact_ms": None,
    "reset_ms": [],
}


def get(db: sqlite3.Connection, key: str) -> Any:
    """The value of a key, or its default."""
    row = db.execute("SELECT v FROM meta WHERE k = ?", (key,)).fetchone()
    return deepcopy(DEFAULTS[key]) if row is None else json.loads(row[0])


def put(db: sqlite3.Connection, key: str, value: Any) -> None:
    """Store the value of a key."""
    assert key in DEFAULTS, key
    db.execute(
        "INSERT INTO meta(k, v) VALUES(?, ?) ON CONFLICT(k) DO UPDATE SET v = excluded.v",
        (key, json.dumps(value)),
    )


def many(db: sqlite3.Connection) -> dict[str, Any]:
    """All values, defaults included."""
    rows = db.execute("SELECT k, v FROM meta").fetchall()
    return {**deepcopy(DEFAULTS), **{k: json.loads(v) for k, v in rows}}


def count(db: sqlite3.Connection, name: str, more: int = 1) -> None:
    """Add to one of the counters that health reports."""
    counters = get(db, "counters")
    counters[name] = counters.get(name, 0) + more
    put(db, "counters", counters)


def timebase(db: sqlite3.Connection) -> Timebase:
    """The stored anchor."""
    anchor = get(db, "anchor") or ["", 0, 0]
    return Timebase(str(anchor[0]), int(anchor[1]), int(anchor[2]), int(get(db, "offset_ms")))


def put_timebase(db: sqlite3.Connection, base: Timebase) -> None:
    """Store an anchor."""
    put(db, "anchor", [base.boot, base.mono_ms, base.now_ms])
    put(db, "offset_ms", base.offset_ms)


def ui(db: sqlite3.Connection, key: str) -> Any:
    """A value of `ui_state`: route, settings, PIN counters, who is signed in; None if unset."""
    row = db.execute("SELECT v FROM ui_state WHERE k = ?", (key,)).fetchone()
    return None if row is None else json.loads(row[0])


def put_ui(db: sqlite3.Connection, key: str, value: Any) -> None:
    """Store a value of `ui_state`."""
    db.execute(
        "INSERT INTO ui_state(k, v) VALUES(?, ?) ON CONFLICT(k) DO UPDATE SET v = excluded.v",
        (key, json.dumps(value)),
    )


def log(db: sqlite3.Connection, at_ms: int, level: str, text: str) -> None:
    """Add a line to the sync log, which keeps the last LOG_LINES."""
    db.execute("INSERT INTO sync_log(at_ms, level, text) VALUES(?, ?, ?)", (at_ms, level, text))
    db.execute("DELETE FROM sync_log WHERE n <= (SELECT max(n) FROM sync_log) - ?", (LOG_LINES,))


LOG_LINES = 2_000
