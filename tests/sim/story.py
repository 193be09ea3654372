"""What happened in a schedule and how it ended, as plain data for the oracle."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

from tests.sim.ground import SITE
from tests.sim.life import Life
from tests.sim.line import DELAY_MAX_MS
from tests.sim.office import DATABASE
from tests.sim.world import World

WITHIN_A_ROUND = "device.blob_unreadable"
"""Facts the worker records; the books learn of them only after its round."""
Story = dict[str, Any]
UUID_COLUMNS = frozenset({"id", "device", "stream", "event", "run", "visit", "attached"})


@contextmanager
def database(path: Path) -> Iterator[sqlite3.Connection]:
    """Read a database as it lies on the disk."""
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.row_factory = sqlite3.Row
        yield db


def story(world: World) -> Story:
    """The whole story."""
    return {
        "site": str(SITE),
        "facts": [
            {
                "id": one.id, "doc": one.doc.encode("utf-8", "surrogatepass"),
                "device": one.device or None,
                "life": one.life, "true_ms": one.true_ms, "excused": one.excused, "twin": one.twin,
                "on_time": one.id not in world.late and WITHIN_A_ROUND not in one.doc,
            }
            for one in [*world.facts.values(), *world.twins]
        ],
        "lost_blobs": sorted(world.lost_blobs),
        "max_delay_ms": 2 * DELAY_MAX_MS,  # of a copy that follows a first one that came to nothing
        "plan": world.plan,
        "visits": {visit: {"first_run": run} for visit, run in world.visits.items()},
        "server": server(world),
        "devices": [device(life) for life in world.lives],
    }  # fmt: skip


def _rows(db: sqlite3.Connection, sql: str) -> list[dict[str, Any]]:
    found = [dict(row) for row in db.execute(sql)]
    for row in found:
        for key in UUID_COLUMNS & row.keys():
            row[key] = _uuid(row[key])
    return found


def _uuid(value: Any) -> Any:
    if isinstance(value, str) and len(value) == 32:
        return str(UUID(value))
    return value


def _json(value: Any) -> Any:
    return json.loads(value) if isinstance(value, str) else value


STREAMS = "SELECT id, device_id AS device, recv, chain, durable FROM stream"
PLACES = """
SELECT stream_id AS stream, seq, event_id AS event, chain FROM stream_pos ORDER BY stream_id, seq
"""
EVENTS = """
SELECT e.id, e.doc, e.doc_sha, e.stream_id AS stream, e.seq, e.device_id AS device, e.type,
    e.run_id AS run, e.visit_id AS visit, e.hlc, s.status, s.why, s.visit_id AS attached,
    s.reported_ms, s.uncertain
FROM event e JOIN event_state s ON s.site_id = e.site_id AND s.event_id = e.id ORDER BY e.id
"""
VISITS = """
SELECT id, run_id AS run, kind, plan_state, off_plan, fact, fact_state, outcome FROM stop_visit
"""
FEED = """
SELECT kind, id, scope, rev, deleted, plan, fact FROM feed_row ORDER BY kind, id, scope
"""


def server(world: World) -> Story:
    """Everything the server has."""
    with database(world.office.folder / DATABASE) as db:
        blobs = _rows(db, "SELECT sha, size, done, look FROM blob ORDER BY sha")
        for blob in blobs:
            blob["done"], blob["content"] = bool(blob["done"]), _content(world, blob["sha"])
        events = _rows(db, EVENTS)
        for event in events:
            event["uncertain"] = bool(event["uncertain"])
        visits = _rows(db, VISITS)
        for visit in visits:
            visit["off_plan"], visit["fact"] = bool(visit["off_plan"]), _json(visit["fact"])
        runs = _rows(db, "SELECT id, plan_state, fact FROM run")
        for run in runs:
            run["fact"] = _json(run["fact"])
        return {
            "streams": _rows(db, STREAMS),
            "places": _rows(db, PLACES),
            "events": events,
            "conflicts": _rows(db, "SELECT event_id AS event, doc FROM event_conflict"),
            "blobs": blobs,
            "visits": visits,
            "runs": runs,
            "empties": [dict(row) for row in db.execute("SELECT * FROM empties_entry")],
            "cards": [],
            "calls": [],
            "scopes": _scopes(db),
            "rows": [
                [kind, id_, scope, rev, bool(deleted), _json(plan), _json(fact)]
                for kind, id_, scope, rev, deleted, plan, fact in db.execute(FEED)
            ],
        }


def _scopes(db: sqlite3.Connection) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for (device_id,) in db.execute("SELECT id FROM device"):
        found[_uuid(device_id)] = ["site", f"device:{_uuid(device_id)}"]
    for device_id, scope in db.execute("SELECT device_id, scope FROM device_scope WHERE live"):
        own = found.setdefault(_uuid(device_id), [])
        if scope not in own:
            own.append(scope)
    return found


def _content(world: World, sha: str) -> bytes | None:
    path = world.office.folder / "blobs" / sha[:2] / sha
    return path.read_bytes() if path.exists() else None


def device(life: Life) -> Story:
    """Everything one device database has."""
    meta = life.meta()
    return {
        "device": meta.get("device_id"),
        "life": life.number,
        "stream": meta.get("stream"),
        "base": [meta.get("base_seq", 0), meta.get("base_chain", "0" * 32)],
        **{key: meta.get(key, 0) for key in ("acked", "durable", "view_seq", "view_rev")},
        "scopes": meta.get("scopes", []),
        "outbox": [
            [seq, id_, doc.encode("utf-8", "surrogatepass"), chain]
            for seq, id_, doc, chain in life.read("SELECT * FROM outbox ORDER BY seq")
        ],
        "rows": [
            [kind, id_, scope, rev, _json(plan), _json(fact)]
            for kind, id_, scope, rev, plan, fact in life.read(
                "SELECT * FROM ent ORDER BY kind, id"
            )
        ],
        "held": [list(row) for row in life.read("SELECT id, why FROM held ORDER BY id")],
        "blobs": [list(row) for row in life.read("SELECT sha, size, state FROM blob ORDER BY sha")],
    }
