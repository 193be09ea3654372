"""Records what happens on a disk by the operations Python can see, SQLite's commits included.

Between two operations the folder is compared with what it was: the difference was written and not
flushed. A commit counts as flushed when the connection's own `synchronous` says so; that SQLite
keeps this word is what the trace of real system calls shows (`traced`).
"""

import os
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.sim.real.disk import Op, parent

BLOCK = 4_096
FULL = 2
REAL_FSYNC, REAL_REPLACE, REAL_UNLINK, REAL_MKDIR = os.fsync, os.replace, os.unlink, os.mkdir
WORTH_A_LOOK = ("commit", "pragma journal_mode", "pragma wal_checkpoint")


class Watch:
    """The diary of one folder."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.ops: list[Op] = []
        self._names: dict[str, tuple[int, int]] = {}
        self._content: dict[int, bytes] = {}
        self._folders: set[str] = set()
        self._nodes = 0
        self._lock = threading.RLock()

    def mark(self, text: str) -> None:
        """Something was promised here."""
        with self._lock:
            self.look()
            self.ops.append(Op("mark", text=text))

    def settled(self) -> None:
        """Everything that is here now has been flushed long ago."""
        self.look()
        self.ops += [Op("sync", node) for _, node in self._names.values()]
        self.ops += [Op("sync_folder", path=folder) for folder in ("", *self._folders)]
        self.ops.append(Op("begin"))

    def connection(self) -> type[sqlite3.Connection]:
        """A kind of connection that tells this diary of its commits."""
        watch = self

        class Watched(sqlite3.Connection):
            def execute(self, sql: str, *given: Any) -> sqlite3.Cursor:
                done = super().execute(sql, *given)
                if sql.lower().startswith(WORTH_A_LOOK):
                    watch.committed(self)
                return done

            def commit(self) -> None:
                super().commit()
                watch.committed(self)

            def close(self) -> None:
                main = watch.main_file(self)
                super().close()
                watch.closed(main)

        return Watched

    def main_file(self, db: sqlite3.Connection) -> str:
        """The file a connection works with, as the diary names it."""
        try:
            main = sqlite3.Connection.execute(db, "PRAGMA database_list").fetchone()[2]
        except sqlite3.Error:
            return ""
        return self.inside(main) or ""

    def committed(self, db: sqlite3.Connection) -> None:
        """A transaction of this connection has ended."""
        with self._lock:
            level = sqlite3.Connection.execute(db, "PRAGMA synchronous").fetchone()[0]
            name = self.main_file(db)
            self.look(skip=name)
            self._flush(f"{name}-wal", sure=level >= FULL)
            self._checkpointed(name)

    def closed(self, name: str) -> None:
        """The last connection writes the log into the file, flushes it and deletes the log."""
        with self._lock:
            if name:
                self._checkpointed(name)
            self.look()

    def _checkpointed(self, name: str) -> None:
        """Take down a checkpoint, if there was one: the log is flushed first, then the file."""
        if not (self.root / name).exists():
            return
        before = len(self.ops)
        self._look_at(name, self.root / name)
        if len(self.ops) > before:
            log = self._names.get(f"{name}-wal")
            if log is not None:
                self.ops.insert(before, Op("sync", log[1]))
            self._flush(name, sure=True)

    def _flush(self, name: str, *, sure: bool) -> None:
        if sure and name in self._names:
            self.ops.append(Op("sync", self._names[name][1]))
            self.ops.append(Op("sync_folder", path=parent(name)))

    def look(self, skip: str = "") -> None:
        """Take down what has changed since the last look."""
        with self._lock:
            found = dict(self._found())
            for name in [name for name in self._names if name not in found]:
                del self._names[name]
                self.ops.append(Op("gone", path=name))
            for name, path in found.items():
                if name != skip and not name.endswith("-shm"):
                    self._look_at(name, path)

    def _found(self) -> Iterator[tuple[str, Path]]:
        for folder, _, files in os.walk(self.root):
            above = Path(folder)
            inside = str(above.relative_to(self.root))
            if inside != "." and inside not in self._folders:
                self._folders.add(inside)
                self.ops.append(Op("folder", path=inside))
            for file in sorted(files):
                yield str((above / file).relative_to(self.root)), above / file

    def _look_at(self, name: str, path: Path) -> None:
        try:
            number, content = path.stat().st_ino, path.read_bytes()
        except FileNotFoundError:
            return
        known = self._names.get(name)
        if known is None or known[0] != number:
            self._nodes += 1
            known = (number, self._nodes)
            self._names[name] = known
            self.ops.append(Op("name", known[1], name))
        self._compare(known[1], content)

    def _compare(self, node: int, content: bytes) -> None:
        before = self._content.get(node, b"")
        if before == content:
            return
        if len(content) < len(before):
            self.ops.append(Op("cut", node, offset=len(content)))
        for start in range(0, len(content), BLOCK):
            piece = content[start : start + BLOCK]
            if before[start : start + BLOCK] != piece:
                self.ops.append(Op("write", node, offset=start, data=piece))
        self._content[node] = content

    def inside(self, path: str) -> str | None:
        """A path as the diary names it; None for the rest of the machine."""
        try:
            name = str(Path(path).relative_to(self.root))
        except ValueError:
            return None
        return "" if name == "." else name

    def fsync(self, handle: Any) -> None:
        """Flush, and take it down."""
        number = handle if isinstance(handle, int) else handle.fileno()
        name = self.inside(str(Path(f"/proc/self/fd/{number}").readlink()))
        self.look()
        REAL_FSYNC(handle)
        if name in self._names:
            self.ops.append(Op("sync", self._names[name][1]))
        elif name is not None:
            self.ops.append(Op("sync_folder", path=name))

    def replace(self, old: Any, new: Any, **more: Any) -> None:
        """Rename, and take it down."""
        self.look()
        REAL_REPLACE(old, new, **more)
        before, behind = self.inside(str(old)), self.inside(str(new))
        if before in self._names and behind is not None:
            self._names[behind] = self._names.pop(before)
            self.ops.append(Op("rename", self._names[behind][1], behind, before))

    def unlink(self, path: Any, **more: Any) -> None:
        """Delete, and take it down."""
        self.look()
        REAL_UNLINK(path, **more)
        self.look()

    def mkdir(self, path: Any, *given: Any, **more: Any) -> None:
        """Make a folder, and take it down."""
        REAL_MKDIR(path, *given, **more)
        self.look()


@contextmanager
def watching(root: Path) -> Iterator[Watch]:
    """Record everything that happens below this folder until the block ends."""
    root.mkdir(parents=True, exist_ok=True)
    watch = Watch(root.resolve())
    hooks: dict[str, Callable[..., None]] = {
        "fsync": watch.fsync,
        "replace": watch.replace,
        "unlink": watch.unlink,
        "mkdir": watch.mkdir,
    }
    before = {name: getattr(os, name) for name in hooks}
    try:
        for name, hook in hooks.items():
            setattr(os, name, hook)
        yield watch
    finally:
        for name, real in before.items():
            setattr(os, name, real)
