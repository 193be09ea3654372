"""Probes of a living device: what its screen shows, whether plans come whole, whether it waits."""

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from driver_app.store import outbox
from shared.run import overlay_visit
from shared.sync import BACKOFF_MAX_S, TIMER_IDLE_S

if TYPE_CHECKING:
    from tests.sim.life import Life

Wrong = Callable[[str, str], None]
WAIT_MAX_S = max(BACKOFF_MAX_S, 4 * TIMER_IDLE_S)
RANK = {"done": 3, "partly": 2, "failed": 1, "skipped": 0}
Half = dict[str, Any]


@dataclass
class Screen:
    """What one device showed last, to be compared with what it shows now (I11)."""

    shown: dict[str, Half] = field(default_factory=dict)

    def forget(self) -> None:
        """The phone is another one now: it went back to a copy, or was wiped."""
        self.shown.clear()

    def look(self, life: "Life", told: "Told") -> list[tuple[str, str]]:
        """What is wrong on the screen, as (fact it is about, sentence)."""
        now, own = _screen(life)
        found = [
            (
                before["result"],
                f"visit {visit} showed own result {before['result']}, now {_shows(now[visit])}",
            )
            for visit, before in self.shown.items()
            if visit in now
            and before["result"] not in told.undone
            and _vanished(before, now[visit])
        ]
        found += [
            ("", f"visit {visit} shows {half['n']} facts of {told.of[visit]}: doubled")
            for visit, half in now.items()
            if half.get("n", 0) > told.of[visit]
        ]
        self.shown = {v: h for v, h in now.items() if h.get("result") in own} | {
            visit: before for visit, before in self.shown.items() if visit not in now
        }
        return found


def _shows(half: Half) -> str:
    return f"{half.get('state')} {half.get('result')}"


def _vanished(before: Half, now: Half) -> bool:
    """Whether an own result is shown no more although nothing better took its place."""
    if now.get("result") == before["result"] or now.get("checking"):
        return False
    if now.get("result") is None:
        return True
    mine, theirs = RANK[before["state"]], RANK[now["state"]]
    earlier = (now["completed"], now["result"]) < (before["completed"], before["result"])
    return theirs < mine or (theirs == mine and not earlier)


def _screen(life: "Life") -> tuple[dict[str, Half], set[str]]:
    """The fact half of every stop as shown, and the ids of own results."""
    with life.looking() as db:
        own = outbox.own_facts(db)
        rows = db.execute("SELECT id, fact FROM ent WHERE kind = 'stop'").fetchall()
        mine = {row[0] for row in db.execute("SELECT id FROM outbox")}
    shown = {}
    for visit, fact in rows:
        facts = [one for one in own if one.envelope.visit == visit]
        shown[visit] = overlay_visit(json.loads(fact or "null") or {}, facts)
    return shown, mine


@dataclass
class Told:
    """What was recorded so far, as far as a screen can show it."""

    of: Counter[str] = field(default_factory=Counter)
    """How many facts name each visit."""
    undone: set[str] = field(default_factory=set)
    """Facts that another one takes back."""

    def add(self, doc: str) -> None:
        """One more fact."""
        told = _of(doc)
        body = told.get("body")
        if isinstance(visit := told.get("visit"), str):
            self.of[visit] += 1
        if isinstance(body, dict) and "undo" in body:
            self.undone.add(str(body["undo"]))


def _of(doc: str) -> Mapping[str, Any]:
    try:
        told = json.loads(doc)
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}


def watch_pages(life: "Life", wrong: Wrong, look: Callable[[], None]) -> None:
    """Let every answer be compared: before the last page nothing on the screen may move (I4).

    A new stream changes places, and nothing of it may be seen: then the screen is looked at.
    """
    assert life.session is not None, "the app runs"
    ledger = life.session.ledger
    if "apply" in vars(ledger):
        return
    apply, fork = ledger.apply, ledger.fork

    async def watched(receipt: Any, *args: Any) -> Any:
        before = _rows(life) if receipt.pull.more else []
        answer = await apply(receipt, *args)
        if answer.forked:
            look()
        elif receipt.pull.more and _rows(life) != before:
            wrong("I4", f"life {life.number} shows half a plan")
        return answer

    async def forked(now_ms: int, reason: str) -> None:
        await fork(now_ms, reason)
        look()

    for name, instead in (("apply", watched), ("fork", forked)):
        setattr(ledger, name, instead)


def _rows(life: "Life") -> list[tuple[Any, ...]]:
    return life.read("SELECT kind, id, scope, rev FROM ent ORDER BY kind, id")


def waits_too_long(wait_s: float) -> bool:
    """Whether a device that has something to send would sit still (I12)."""
    return not 0 <= wait_s <= WAIT_MAX_S


def blocked_files(life: "Life") -> list[str]:
    """Files that are whole and wait behind a broken one (I16)."""
    waiting = [row[0] for row in life.read("SELECT sha FROM blob WHERE state = 0")]
    whole = [sha for sha in waiting if not _broken(life, sha)]
    return whole if len(whole) < len(waiting) else []


def _broken(life: "Life", sha: str) -> bool:
    path = life.folder / "blobs" / sha
    return not path.exists() or hashlib.sha256(path.read_bytes()).hexdigest() != sha
