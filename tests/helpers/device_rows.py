"""Rows of a run as the office sends them, for tests that need no server."""

import json
import sqlite3
from collections.abc import Sequence
from typing import Any

from driver_app.store.rows import Row
from tests.helpers.builders import START_MS, text_id

MINUTE_MS = 60_000
LEG_S = 600
SERVICE_S = 300
RUN = text_id("run")


def road_rows(names: Sequence[str], *, kind: str = "outbound", **plan: Any) -> list[Row]:
    """A dispatched run past these places, ten minutes apart, with one line of goods at each."""
    scope = f"run:{RUN}"
    order = [text_id(name) for name in names]
    run = {
        "name": "North",
        "kind": kind,
        "service_date": "2027-01-15",
        "state": "dispatched",
        "plan_version": 1,
        "planned_departure": START_MS,
        "planned_return": START_MS + len(names) * 15 * MINUTE_MS,
        "utc_offset_s": 3600,
        "driver_order": "ask",
        "start_location": text_id("depot"),
        "end_location": text_id("depot"),
        "order": order,
        "legs": [[LEG_S, 5_000] for _ in range(len(names) + 1)],
        "leg_factor": [1.3, 11.0],
        **plan,
    }
    rows = [Row("run", RUN, scope, 2, run, {})]
    for number, name in enumerate(names, 1):
        rows += [stop_row(name, number), load_row(name), place_row(name, number)]
    return rows


def stop_row(name: str, number: int, **plan: Any) -> Row:
    """A stop at its place in the order."""
    arrival = START_MS + (number * LEG_S + (number - 1) * SERVICE_S) * 1000
    given = {
        "no": number,
        "name": name,
        "run": RUN,
        "location": text_id(f"place {name}"),
        "kind": "fixed",
        "attempt": 1,
        "state": "planned",
        "windows": [],
        "planned_arrival": arrival,
        "planned_departure": arrival + SERVICE_S * 1000,
        "service_s": SERVICE_S,
        "proof": {},
        **plan,
    }
    return Row("stop", text_id(name), f"run:{RUN}", 2, given, {})


def load_row(name: str, qty: int = 3, **plan: Any) -> Row:
    """Goods to leave at a stop."""
    labels = [f"{name}-{number}" for number in range(1, qty + 1)]
    given = {"part_no": "P-1", "name": "Boxes", "qty": qty, "unit": "box", "labels": labels}
    given |= {"drop": text_id(name), **plan}
    return Row("load", text_id(f"load {name}"), f"run:{RUN}", 2, given, {})


def place_row(name: str, number: int) -> Row:
    """The place of a stop."""
    given = {
        "kind": "customer",
        "name": name,
        "address": f"Road {number}",
        "lat": 48.1 + number / 100,
        "lon": 11.5,
        "geofence_m": 80,
        "empties": {"KLT-6429": 4},
        "last_service_s": [300],
    }
    return Row("location", text_id(f"place {name}"), "site", 1, given, {})


def driver_row(name: str, **plan: Any) -> Row:
    """Somebody who may sign in."""
    return Row("driver", text_id(name), "site", 1, {"name": name, "lang": "en", **plan}, {})


def reason_row(key: str, *about: str) -> Row:
    """A reason of the site."""
    words = {"en": key.capitalize(), "de": key}
    return Row("reason", key, "site", 1, {"id": key, "name": words, "about": list(about)}, {})


def put_rows(db: sqlite3.Connection, rows: Sequence[Row]) -> None:
    """Put rows on the screen as a swap would."""
    db.executemany(
        "INSERT OR REPLACE INTO ent VALUES(?, ?, ?, ?, ?, ?)",
        [(*row[:4], json.dumps(row.plan), json.dumps(row.fact)) for row in rows],
    )
