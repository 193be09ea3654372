"""The plan rows of this device: staged page by page, swapped in one step, checked by digest."""

import json
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from driver_app.store import meta, outbox
from shared.chain import row_digest
from shared.receipt import Pull, Receipt
from shared.sync import DEVICE_CACHE_DAYS, DIGEST_RESET_S, HLC_AHEAD_MS

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
OPEN_STATES = ("loading", "underway")
HLC_KEYS = (
    "arrived", "service_started", "completed", "departed", "started", "missed", "returned",
    "finished", "called", "prepared", "refused", "fulfilled", "seen", "counted",
)  # fmt: skip
RUN_SCOPE = "run:"


class Row(NamedTuple):
    """One live row: the office's plan half and the folded fact half."""

    kind: str
    id: str
    scope: str
    rev: int
    plan: dict[str, Any]
    fact: dict[str, Any]


@dataclass
class Swap:
    """What a page did to the rows on the screen."""

    swapped: bool = False
    more: bool = False
    again: bool = False
    """The digest differs: ask once more, from zero."""
    runs: set[str] = field(default_factory=set)
    site: bool = False


def take(db: sqlite3.Connection, receipt: Receipt) -> Swap:
    """Stage a page; with the last one put all of them on the screen in this transaction (C6)."""
    pull = receipt.pull
    asked = meta.get(db, "stage_cursor") or meta.get(db, "cursor")
    if pull.reset or asked is None:
        db.execute("DELETE FROM stage")
        meta.put(db, "resetting", value=True)
    _stage(db, pull)
    if pull.more:
        meta.put(db, "stage_cursor", pull.cursor)
        return Swap(more=True)
    return _swap(db, receipt)


def _stage(db: sqlite3.Connection, pull: Pull) -> None:
    db.executemany(
        "INSERT OR REPLACE INTO stage VALUES(?, ?, ?, ?, ?, ?, ?)",
        [(*row[:4], int(row.deleted), _text(row.plan), _text(row.fact)) for row in pull.rows],
    )


def _text(half: dict[str, Any] | None) -> str | None:
    return None if half is None else json.dumps(half, separators=(",", ":"), ensure_ascii=False)


def _swap(db: sqlite3.Connection, receipt: Receipt) -> Swap:
    pull = receipt.pull
    reset = bool(meta.get(db, "resetting"))
    done = _touched(db, pull.scopes, reset=reset)
    if reset:
        db.execute("DELETE FROM ent")
    db.execute(
        "DELETE FROM ent WHERE (kind, id, scope) IN "
        "(SELECT kind, id, scope FROM stage WHERE deleted = 1)"
    )
    db.execute(
        "INSERT INTO ent SELECT kind, id, scope, rev, plan, fact FROM stage WHERE deleted = 0 "
        "ON CONFLICT(kind, id) DO UPDATE SET scope = excluded.scope, rev = excluded.rev, "
        "plan = excluded.plan, fact = excluded.fact"
    )
    marks = ", ".join("?" * len(pull.scopes))
    db.execute(f"DELETE FROM ent WHERE scope NOT IN ({marks})", pull.scopes)  # noqa: S608  marks only
    _advance_hlc(db, receipt.now)
    db.execute("DELETE FROM stage")
    for key, value in (
        ("cursor", pull.cursor),
        ("stage_cursor", None),
        ("resetting", False),
        ("scopes", list(pull.scopes)),
        ("view_rev", pull.head),
        ("view_seq", receipt.ack.seq),
    ):
        meta.put(db, key, value)
    db.execute("DELETE FROM held")
    db.executemany("INSERT OR REPLACE INTO held VALUES(?, ?)", receipt.held)
    if pull.digest is not None and pull.digest != digest(db):
        done.again = _missed(db, receipt.now)
    return done


def hold(db: sqlite3.Connection, held: Sequence[tuple[str, str]]) -> None:
    """Add to the held facts those that the received rows do not show.

    An answer without rows may hold again what older rows show already: after the server was
    restored, for a retired device. The next swap brings the list whole.
    """
    seen = int(meta.get(db, "view_seq"))
    db.executemany(
        "INSERT OR IGNORE INTO held SELECT ?1, ?2 "
        "WHERE NOT EXISTS (SELECT 1 FROM outbox WHERE id = ?1 AND seq <= ?3)",
        [(id_, why, seen) for id_, why in held],
    )


def _touched(db: sqlite3.Connection, scopes: Sequence[str], *, reset: bool) -> Swap:
    changed = {str(row[0]) for row in db.execute("SELECT DISTINCT scope FROM stage")}
    before = {str(row[0]) for row in db.execute("SELECT DISTINCT scope FROM ent")}
    changed |= before if reset else before - set(scopes)
    runs = {scope.removeprefix(RUN_SCOPE) for scope in changed if scope.startswith(RUN_SCOPE)}
    return Swap(swapped=True, runs=runs, site=any(not s.startswith(RUN_SCOPE) for s in changed))


def _advance_hlc(db: sqlite3.Connection, now_ms: int) -> None:
    """Later than everything received, unless that is absurdly far in the future (sync.md §6)."""
    stamps = [
        half[key]
        for (text,) in db.execute("SELECT fact FROM stage WHERE fact IS NOT NULL")
        for half in (json.loads(text),)
        for key in HLC_KEYS
        if isinstance(half.get(key), int) and half[key] <= now_ms + HLC_AHEAD_MS
    ]
    meta.put(db, "hlc", max([int(meta.get(db, "hlc")), *stamps]))


def digest(db: sqlite3.Connection) -> str:
    """Digest of all live rows."""
    return row_digest(db.execute("SELECT kind, id, rev FROM ent").fetchall())


def _missed(db: sqlite3.Connection, now_ms: int) -> bool:
    """Forget the cursor after a wrong digest, but from the third within an hour only seldom."""
    meta.count(db, "digest_misses")
    recent = [at for at in meta.get(db, "reset_ms") if at > now_ms - HOUR_MS]
    if len(recent) >= 2 and now_ms - recent[-1] < DIGEST_RESET_S * 1000:
        return False
    meta.put(db, "reset_ms", [*recent, now_ms])
    meta.put(db, "cursor", None)
    return True


def of_kind(db: sqlite3.Connection, *kinds: str) -> list[Row]:
    """All live rows of some kinds."""
    marks = ", ".join("?" * len(kinds))
    return _rows(db.execute(f"SELECT * FROM ent WHERE kind IN ({marks})", kinds))  # noqa: S608  marks only


def in_scope(db: sqlite3.Connection, scope: str) -> list[Row]:
    """All live rows of one scope."""
    return _rows(db.execute("SELECT * FROM ent WHERE scope = ?", (scope,)))


def one(db: sqlite3.Connection, kind: str, id_: str) -> Row | None:
    """One live row."""
    found = _rows(db.execute("SELECT * FROM ent WHERE kind = ? AND id = ?", (kind, id_)))
    return found[0] if found else None


def _rows(found: Iterable[tuple[Any, ...]]) -> list[Row]:
    return [
        Row(kind, id_, scope, rev, json.loads(plan or "{}"), json.loads(fact or "{}"))
        for kind, id_, scope, rev, plan, fact in found
    ]


def open_runs(db: sqlite3.Connection) -> list[str]:
    """Runs under way, by the office's rows or by own facts these do not show yet."""
    rows = of_kind(db, "run")
    found = {row.id for row in rows if row.fact.get("state") in OPEN_STATES}
    docs = db.execute("SELECT doc FROM outbox WHERE seq > ?", (meta.get(db, "view_seq"),))
    own = [outbox.told(doc) for (doc,) in docs]
    found |= {str(doc.get("run")) for doc in own}
    ended = {str(doc.get("run")) for doc in own if doc.get("type") == "run.finished"}
    return sorted({row.id for row in rows} & (found - ended))


def expire(db: sqlite3.Connection, now_ms: int) -> bool:
    """After DEVICE_CACHE_DAYS without contact plan and names go, open runs and facts stay."""
    last = meta.get(db, "last_contact_ms")
    if last is None or now_ms - last < DEVICE_CACHE_DAYS * DAY_MS:
        return False
    kept = open_runs(db)
    marks = ", ".join("?" * len(kept))
    scopes = [RUN_SCOPE + run for run in kept]
    left = db.execute(f"SELECT 1 FROM ent WHERE scope NOT IN ({marks}) LIMIT 1", scopes)  # noqa: S608  marks only
    if left.fetchone() is None:
        return False
    wipe(db, kept)
    return True


def wipe(db: sqlite3.Connection, keep_runs: Sequence[str] = ()) -> None:
    """Delete plan rows and personal data, but never the outbox; open runs may be kept."""
    marks = ", ".join("?" * len(keep_runs))
    scopes = [RUN_SCOPE + run for run in keep_runs]
    db.execute(f"DELETE FROM ent WHERE scope NOT IN ({marks})", scopes)  # noqa: S608  marks only
    db.execute("DELETE FROM stage")
    db.execute(
        f"DELETE FROM ui_state WHERE substr(k, 1, 5) = 'seen:' AND substr(k, 6) NOT IN ({marks})",  # noqa: S608  marks only
        list(keep_runs),
    )
    for key in ("cursor", "stage_cursor"):
        meta.put(db, key, None)
