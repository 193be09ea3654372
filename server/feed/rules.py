"""How row versions come to be, and the cursor that says how far a device has read them."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

SITE = "site"
STOP = "stop"
CURSOR_FORMAT = "c1"
CURSOR_MAX = 400

Key = tuple[str, str]  # kind, id
Half = Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class FeedChange:
    """What a feature wants told: a whole row, or that it is gone."""

    kind: str
    id: str
    scope: str
    plan: Half
    fact: Half
    deleted: bool = False


@dataclass(frozen=True, slots=True)
class Version:
    """A row version as stored; plan and fact are JSON texts."""

    kind: str
    id: str
    scope: str
    plan: str | None = None
    fact: str | None = None
    deleted: bool = False


@dataclass(frozen=True, slots=True)
class Cursor:
    """How far a device has read: the head it was told, and its place while pages follow."""

    head: int
    nonce: str
    at: tuple[int, str, str, str] | None = None


def run_scope(run_id: object) -> str:
    """The scope of a run's rows."""
    return f"run:{run_id}"


def loop_scope(loop_id: object) -> str:
    """The scope of a loop's rows."""
    return f"loop:{loop_id}"


def device_scope(device_id: object) -> str:
    """The scope of one device."""
    return f"device:{device_id}"


def text_of(half: Half) -> str | None:
    """Write one half of a row the same way each time, so that equal rows are equal texts."""
    if half is None:
        return None
    return json.dumps(half, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def versions(
    changes: Iterable[FeedChange], stored: Mapping[Key, Sequence[Version]]
) -> list[Version]:
    """The row versions to write for these changes; what is told already is left out.

    A row that moves to another scope leaves a tombstone in the old one. The last of several
    changes to one row counts.
    """
    newest = {(change.kind, change.id): change for change in changes}
    found: dict[tuple[str, str, str], Version] = {}
    for key, change in newest.items():
        for version in _of_one(change, stored.get(key, ())):
            found[version.kind, version.id, version.scope] = version
    return [found[key] for key in sorted(found)]


def _of_one(change: FeedChange, stored: Sequence[Version]) -> list[Version]:
    live = [version for version in stored if not version.deleted]
    if change.deleted:
        return [_gone(version) for version in live]
    wanted = Version(
        change.kind, change.id, change.scope, text_of(change.plan), text_of(change.fact)
    )
    moved = [_tombstone(version) for version in live if version.scope != change.scope]
    return moved if wanted in live else [*moved, wanted]


def _tombstone(version: Version) -> Version:
    return Version(version.kind, version.id, version.scope, deleted=True)


def _gone(version: Version) -> Version:
    """A tombstone; but a stop with a fact stays, marked as off the plan (sync.md S10)."""
    if version.kind != STOP or not _has_fact(version):
        return _tombstone(version)
    plan = {**json.loads(version.plan or "{}"), "off_plan": True}
    return Version(version.kind, version.id, version.scope, text_of(plan), version.fact)


def _has_fact(version: Version) -> bool:
    return version.fact is not None and bool(json.loads(version.fact).get("n"))


def write_cursor(cursor: Cursor) -> str:
    """The text a device keeps and gives back unread."""
    start = f"{CURSOR_FORMAT}:{cursor.head}:{cursor.nonce}"
    if cursor.at is None:
        return f"{start}:*"
    rev, kind, id_, scope = cursor.at
    return f"{start}:{rev}:{kind}:{id_}:{scope}"


def read_cursor(text: str | None) -> Cursor | None:
    """The cursor of a text, None for anything we did not write."""
    parts = (text or "")[:CURSOR_MAX].split(":", 6)
    if len(parts) not in (4, 7) or parts[0] != CURSOR_FORMAT or not _small(parts[1]):
        return None
    head, nonce = int(parts[1]), parts[2]
    if len(parts) == 4:
        return Cursor(head, nonce) if parts[3] == "*" else None
    if not _small(parts[3]):
        return None
    return Cursor(head, nonce, (int(parts[3]), parts[4], parts[5], parts[6]))


def _small(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 18
