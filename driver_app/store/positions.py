"""Positions on their way to the office: a lane that may be dropped, oldest first."""

import sqlite3
from typing import Any, NamedTuple

from shared.sync import POS_BATCH, POS_BUFFER, POS_MAX_AGE_S


class Fixed(NamedTuple):
    """One fix of an open run: 1e-7 degrees on the road, centimetres of a floor plan inside."""

    at_ms: int
    run: str
    a: int
    b: int
    acc_m: int
    plan: str = ""


def put(db: sqlite3.Connection, fixed: Fixed) -> None:
    """Keep one fix; when there are too many the oldest goes."""
    db.execute("INSERT INTO fix(t_ms, run, a, b, acc_m, plan) VALUES(?, ?, ?, ?, ?, ?)", fixed)
    db.execute("DELETE FROM fix WHERE n <= (SELECT max(n) FROM fix) - ?", (POS_BUFFER,))


def batch(db: sqlite3.Connection, now_ms: int) -> tuple[dict[str, Any] | None, int]:
    """The oldest fixes of one run as they travel, and the last number; old ones are dropped."""
    db.execute("DELETE FROM fix WHERE t_ms < ?", (now_ms - POS_MAX_AGE_S * 1000,))
    rows = db.execute("SELECT * FROM fix ORDER BY n LIMIT ?", (POS_BATCH,)).fetchall()
    if not rows:
        return None, 0
    _n, t0, run, a0, b0, _acc, plan = rows[0]
    same = []
    for row in rows:
        if row[2] != run or row[6] != plan:
            break
        same.append(row)
    deltas = []
    last_a, last_b = a0, b0
    for _, t_ms, _, a, b, acc_m, _ in same:
        deltas.append([max(0, (t_ms - t0) // 1000), a - last_a, b - last_b, acc_m])
        last_a, last_b = a, b
    where = {"plan": plan, "x0": a0, "y0": b0} if plan else {"lat0": a0, "lon0": b0}
    return {"run": run, "t0": t0, **where, "d": deltas}, same[-1][0]


def forget(db: sqlite3.Connection, last: int) -> None:
    """Sent is forgotten."""
    db.execute("DELETE FROM fix WHERE n <= ?", (last,))
