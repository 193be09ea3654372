"""Facts as bytes: reading, hashes, chains, and which of them live."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

Stamp = tuple[int, str]

ZERO = "0" * 32
RANK = {
    "stop.completed": 3,
    "station.done": 3,
    "stop.partly": 2,
    "stop.failed": 1,
    "station.missed": 1,
    "stop.skipped": 0,
}
UNDO = ("stop.reopened", "fact.voided")


@dataclass(frozen=True)
class Said:
    """One fact, read from its bytes without judging it."""

    id: str
    type: str
    hlc: int
    run: str | None
    visit: str | None
    by: str
    plan_rev: int
    body: Mapping[str, Any]
    blobs: tuple[str, ...]
    doc: bytes

    @property
    def stamp(self) -> Stamp:
        """Order among facts (sync.md §6)."""
        return (self.hlc, self.id)


def read(event_id: str, doc: bytes) -> Said:
    """Read a fact that is known to be well formed."""
    told = json.loads(doc)
    return Said(
        id=event_id,
        type=told["type"],
        hlc=told["hlc"],
        run=told.get("run"),
        visit=told.get("visit"),
        by=told["by"],
        plan_rev=told["plan_rev"],
        body=told["body"],
        blobs=tuple(blob[0] for blob in told.get("blobs", ())),
        doc=doc,
    )


def attached(facts: Iterable[Said], visits: Mapping[str, str]) -> list[Said]:
    """The facts with the visits a supervisor gave some of them, by fact id."""
    return [replace(fact, visit=visits.get(fact.id, fact.visit)) for fact in facts]


def doc_sha(doc: bytes) -> str:
    """Digest of a doc (sync-events.md §1)."""
    return hashlib.sha256(doc).hexdigest()


def chain(before: str, event_id: str, doc: bytes) -> str:
    """Head hash after one more event."""
    hashed = before.encode() + b"\n" + event_id.encode() + b"\n" + doc
    return hashlib.sha256(hashed).hexdigest()[:32]


def chains(events: Iterable[tuple[str, bytes]], before: str = ZERO) -> list[str]:
    """Head hash after each event of a stream."""
    found = []
    for event_id, doc in events:
        before = chain(before, event_id, doc)
        found.append(before)
    return found


def digest(rows: Iterable[tuple[str, str, int]]) -> str:
    """Digest of rows given as kind, id, revision."""
    lines = [f"{kind}:{id_}:{rev}\n".encode() for _, _, kind, id_, rev in _as_bytes(rows)]
    return hashlib.sha256(b"".join(lines)).hexdigest()[:16]


def _as_bytes(
    rows: Iterable[tuple[str, str, int]],
) -> list[tuple[bytes, bytes, str, str, int]]:
    return sorted((kind.encode(), id_.encode(), kind, id_, rev) for kind, id_, rev in rows)


def canonical(value: object) -> bytes:
    """A second writer of canonical JSON, letter by letter (sync-events.md §1)."""
    if value is None:
        return b"null"
    if isinstance(value, bool):
        return b"true" if value else b"false"
    if isinstance(value, int):
        return str(value).encode()
    if isinstance(value, str):
        return b'"' + b"".join(_letter(one) for one in value) + b'"'
    if isinstance(value, Mapping):
        parts = [canonical(key) + b":" + canonical(value[key]) for key in sorted(value)]
        return b"{" + b",".join(parts) + b"}"
    assert isinstance(value, Sequence), "no float and nothing else stands in a fact"
    return b"[" + b",".join(canonical(one) for one in value) + b"]"


SHORT = {'"': b'\\"', "\\": b"\\\\", "\b": b"\\b", "\t": b"\\t", "\n": b"\\n", "\f": b"\\f",
         "\r": b"\\r"}  # fmt: skip


def _letter(one: str) -> bytes:
    if one in SHORT:
        return SHORT[one]
    return f"\\u{ord(one):04x}".encode() if ord(one) < 0x20 else one.encode()


def unique(facts: Iterable[Said]) -> list[Said]:
    """Each fact once."""
    return list({fact.id: fact for fact in facts}.values())


def living(facts: Iterable[Said]) -> set[str]:
    """Ids of the facts that count: those no undo of the right kind has killed (§5.1)."""
    known = {fact.id: fact for fact in facts}
    undos = [fact for fact in known.values() if fact.type in UNDO]
    dead = {undo.body["undo"] for undo in undos if kills(undo, known.get(undo.body["undo"]))}
    return set(known) - dead


def kills(undo: Said, target: Said | None) -> bool:
    """Whether this undo event takes this fact back."""
    if target is None or target.type in UNDO:
        return False
    right_kind = "stop.reopened" if target.type in RANK else "fact.voided"
    return undo.type == right_kind and undo.stamp > target.stamp and same_place(undo, target)


def same_place(one: Said, other: Said) -> bool:
    """Whether two facts name the same visit or the same run; two that name neither do as well."""
    places = {("run", one.run), ("visit", one.visit)} & {("run", other.run), ("visit", other.visit)}
    named = {place for place in places if place[1] is not None}
    nowhere = not any((one.run, one.visit, other.run, other.visit))
    return bool(named) or nowhere


def live(facts: Iterable[Said]) -> list[Said]:
    """The facts that count, oldest first."""
    known = unique(facts)
    ids = living(known)
    return ordered(fact for fact in known if fact.id in ids)


def ordered(facts: Iterable[Said]) -> list[Said]:
    """Oldest first, ties by id."""
    return sorted(facts, key=lambda fact: fact.stamp)
