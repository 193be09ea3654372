"""What a power cut may leave of a disk: every write not yet flushed is there, gone or torn."""

import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from random import Random
from typing import Literal

SECTOR = 512
MEMORY = Path("/dev/shm")
Kind = Literal[
    "write", "cut", "name", "rename", "gone", "folder", "sync", "sync_folder", "mark", "begin"
]


@dataclass(frozen=True)
class Op:
    """One operation on the disk, or a mark of what was promised at this point.

    Before `begin` is what lay there long ago.
    A file is its `node`; names are entries of folders and change by operations of their own.
    """

    kind: Kind
    node: int = 0
    path: str = ""
    old: str = ""
    offset: int = 0
    data: bytes = b""
    text: str = ""


@dataclass(frozen=True)
class State:
    """A disk after a cut behind `cut` operations: files by path, and folders."""

    cut: int
    how: str
    files: dict[str, bytes]
    folders: frozenset[str]

    def lay_out(self, root: Path) -> None:
        """Write it into a folder."""
        root.mkdir(parents=True, exist_ok=True)
        for folder in sorted(self.folders):
            (root / folder).mkdir(exist_ok=True)
        for path, content in self.files.items():
            (root / path).write_bytes(content)


def pending(ops: Sequence[Op], cut: int) -> list[int]:
    """Operations before the cut that no flush before the cut covers."""
    nodes: set[int] = set()
    folders: set[str] = set()
    found = []
    for place in range(cut - 1, -1, -1):
        op = ops[place]
        if op.kind == "sync":
            nodes.add(op.node)
        elif op.kind == "sync_folder":
            folders.add(op.path)
        elif op.kind in ("write", "cut"):
            if op.node not in nodes:
                found.append(place)
        elif op.kind not in ("mark", "begin") and parent(op.path) not in folders:
            found.append(place)
    return found[::-1]


def parent(path: str) -> str:
    """The folder of a path; empty for the root itself."""
    above = str(PurePosixPath(path).parent)
    return "" if above == "." else above


def after(ops: Sequence[Op], cut: int, how: str = "all") -> State:
    """The disk when these operations, and no other, have reached it."""
    nodes: dict[int, bytearray] = {}
    names: dict[str, int] = {}
    folders: set[str] = set()
    for op in ops:
        if op.kind == "write":
            _write(nodes.setdefault(op.node, bytearray()), op)
        elif op.kind == "cut":
            _cut(nodes.setdefault(op.node, bytearray()), op.offset)
        elif op.kind in ("name", "rename"):
            names[op.path] = op.node
            if op.kind == "rename" and names.get(op.old) == op.node:
                del names[op.old]
        elif op.kind == "gone":
            names.pop(op.path, None)
        elif op.kind == "folder":
            folders.add(op.path)
    there = frozenset(one for one in folders if all(up in folders for up in _above(one)))
    files = {
        path: bytes(nodes.get(node, b""))
        for path, node in names.items()
        if all(up in there for up in _above(path))
    }
    return State(cut, how, files, there)


def _above(path: str) -> list[str]:
    return [str(up) for up in PurePosixPath(path).parents if str(up) != "."]


def _write(content: bytearray, op: Op) -> None:
    if len(content) < op.offset:
        content.extend(bytes(op.offset - len(content)))
    content[op.offset : op.offset + len(op.data)] = op.data


def _cut(content: bytearray, size: int) -> None:
    del content[size:]
    content.extend(bytes(size - len(content)))


def states(ops: Sequence[Op], count: int, seed: int) -> Iterator[State]:
    """Different disks a cut may leave: first the harshest behind each promise, then others."""
    chance = Random(seed)
    seen: set[int] = set()
    first = max((place + 1 for place, op in enumerate(ops) if op.kind == "begin"), default=0)
    cuts = [place + 1 for place, op in enumerate(ops) if op.kind == "mark"]
    plan = [(cut, "none") for cut in cuts]
    plan += [
        (cut, how) for cut in range(first, len(ops) + 1) for how in ("none", "some", "torn", "all")
    ]
    rest = plan[len(cuts) :]
    chance.shuffle(rest)
    for cut, how in (*plan[: len(cuts)], *rest):
        if len(seen) >= count:
            return
        state = one_state(ops, cut, how, chance)
        key = hash((frozenset(state.files.items()), state.folders, promised_before(ops, cut)))
        if key not in seen:
            seen.add(key)
            yield state


def promised_before(ops: Sequence[Op], cut: int) -> frozenset[str]:
    """What had been promised when the power went."""
    return frozenset(op.text for op in ops[:cut] if op.kind == "mark")


def one_state(ops: Sequence[Op], cut: int, how: str, chance: Random) -> State:
    """`none`, `some` or `all` of what was not flushed is there; `torn`: some, in sectors."""
    open_ = set(pending(ops, cut))
    kept = []
    for place, op in enumerate(ops[:cut]):
        if place not in open_ or how == "all":
            kept.append(op)
        elif how != "none" and chance.random() < 0.5:
            kept += _torn(op, chance) if how == "torn" else [op]
    return after(kept, cut, how)


def _torn(op: Op, chance: Random) -> list[Op]:
    if op.kind != "write":
        return [op]
    pieces = [
        replace(op, offset=op.offset + start, data=op.data[start : start + SECTOR])
        for start in range(0, len(op.data), SECTOR)
    ]
    return [piece for piece in pieces if chance.random() < 0.5]


@contextmanager
def in_memory() -> Iterator[Path]:
    """A folder where flushing costs nothing, for disks that are only looked at once."""
    where = MEMORY if os.access(MEMORY, os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="milkrun-", dir=where) as folder:
        yield Path(folder)
