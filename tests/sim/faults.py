"""What goes wrong inside a process: it dies, or its disk does, at a counted point."""

import errno
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from driver_app.store.files import DiskFiles

Kind = Literal["kill", "locked", "full", "io"]
TROUBLE = {
    "locked": ("database is locked", sqlite3.SQLITE_BUSY, errno.EBUSY),
    "full": ("database or disk is full", sqlite3.SQLITE_FULL, errno.ENOSPC),
    "io": ("disk I/O error", sqlite3.SQLITE_IOERR, errno.EIO),
}
POINT_WORDS = 4


Torn = tuple[Path, bytes]


class Killed(BaseException):
    """The process is gone at this point."""


@dataclass
class Arm:
    """One fault that waits: it fires when so many boundaries have been passed."""

    kind: Kind
    left: int
    share: float = 0.5
    """Of a write that is torn, this part arrives; of errors, below 0.5 SQLite rolls back itself."""


@dataclass
class Fuse:
    """Counts the boundaries of one process and lets the armed fault happen at its own."""

    side: str
    armed: Arm | None = None
    dead: bool = False
    quiet: bool = False
    """Nothing is counted and nothing fires: the harness itself is looking."""
    count: int = 0
    fired: Counter[str] = field(default_factory=Counter)
    points: set[str] = field(default_factory=set)
    hook: Callable[[str, str, "Torn | None"], None] | None = None
    """Called at every boundary, and within every write with what is written."""

    def arm(self, arm: Arm) -> None:
        """Let this happen next, unless something waits already."""
        if self.armed is None:
            self.armed = arm

    def disarm(self) -> None:
        """Nothing more happens."""
        self.armed = None

    def born(self) -> None:
        """The process is started again."""
        self.dead, self.armed = False, None

    def passes(self, point: str, when: str) -> None:
        """A boundary is passed: the process may die here."""
        if self.quiet:
            return
        if self.dead:
            raise Killed
        self.count += 1
        if self.hook is not None:
            self.hook(point, when, None)
        if self.armed is None:
            return
        self.armed.left -= 1
        if self.armed.left <= 0 and self.armed.kind == "kill":
            self.die(point, when)

    def die(self, point: str, when: str) -> None:
        """The process ends; nothing of it runs from here on."""
        self.points.add(f"{self.side} {when} {point}")
        self.fired["kill"] += 1
        self.armed, self.dead = None, True
        raise Killed

    def trouble(self, point: str) -> Arm | None:
        """The trouble due at this operation, if there is any."""
        armed = self.armed
        if armed is None or self.quiet or armed.kind == "kill" or armed.left > 0:
            return None
        self.armed = None
        self.fired[armed.kind] += 1
        self.points.add(f"{self.side} {armed.kind} {point}")
        return armed

    def torn(self) -> Arm | None:
        """The kill that is due within this very write, if one is."""
        armed = self.armed
        due = armed is not None and armed.kind == "kill" and armed.left == 1 and not self.quiet
        return armed if due else None

    @contextmanager
    def silent(self) -> Iterator[None]:
        """While the harness looks nothing is counted."""
        before, self.quiet = self.quiet, True
        try:
            yield
        finally:
            self.quiet = before


def point_of(sql: str) -> str:
    """A statement by its first words."""
    return _POINTS.get(sql) or _POINTS.setdefault(sql, " ".join(sql.split()[:POINT_WORDS]))


_POINTS: dict[str, str] = {}


def sqlite_trouble(arm: Arm, db: sqlite3.Connection) -> sqlite3.OperationalError:
    """The error SQLite would raise; a full or failing disk may end the transaction by itself."""
    text, code, _ = TROUBLE[arm.kind]
    if arm.kind != "locked" and arm.share < 0.5 and db.in_transaction:
        sqlite3.Connection.rollback(db)
    error = sqlite3.OperationalError(text)
    error.sqlite_errorcode = code
    return error


def around(fuse: Fuse, db: sqlite3.Connection, sql: str, work: Callable[[], Any]) -> Any:
    """Carry out a statement with its two boundaries and the trouble that is due."""
    if fuse.quiet:
        return work()
    point = point_of(sql)
    fuse.passes(point, "before")
    if fuse.armed is not None and (arm := fuse.trouble(point)) is not None:
        raise sqlite_trouble(arm, db)
    done = work()
    fuse.passes(point, "after")
    return done


class Cursor(sqlite3.Cursor):
    """A cursor whose statements are boundaries."""

    def execute(self, sql: str, parameters: Any = (), /) -> "Cursor":
        db: Connection = self.connection  # type: ignore[assignment]
        run = super().execute
        around(db.fuse, db, sql, lambda: run(sql, parameters))
        return self

    def executemany(self, sql: str, parameters: Iterable[Any], /) -> "Cursor":
        db: Connection = self.connection  # type: ignore[assignment]
        run = super().executemany
        around(db.fuse, db, sql, lambda: run(sql, parameters))
        return self


class Connection(sqlite3.Connection):
    """A connection whose statements are boundaries of the process that owns it."""

    fuse: Fuse = Fuse("nobody", quiet=True)
    gone = False
    """Its process is dead: whoever still holds it can do nothing any more."""

    def close(self) -> None:
        """Let go of the file; cursors in old frames would keep it open, and its lock."""
        if not self.gone and self.in_transaction:
            sqlite3.Connection.rollback(self)
        self.gone = True
        super().close()

    def cursor(self, factory: Any = Cursor) -> Any:
        return super().cursor(factory)

    def execute(self, sql: str, parameters: Any = (), /) -> sqlite3.Cursor:
        run = super().execute
        found: sqlite3.Cursor = around(self.fuse, self, sql, lambda: run(sql, parameters))
        return found

    def executemany(self, sql: str, parameters: Iterable[Any], /) -> sqlite3.Cursor:
        run = super().executemany
        found: sqlite3.Cursor = around(self.fuse, self, sql, lambda: run(sql, parameters))
        return found

    def commit(self) -> None:
        around(self.fuse, self, "COMMIT", super().commit)

    def rollback(self) -> None:
        if self.fuse.dead:
            raise Killed
        if not self.gone:
            super().rollback()


def connection_of(fuse: Fuse, opened: list[Connection]) -> type[Connection]:
    """The class of the connections of one process, which are remembered in `opened`."""

    class Owned(Connection):
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            self.fuse = fuse
            opened.append(self)

    return Owned


class FaultyFiles(DiskFiles):
    """The disk of a device, whose every operation is a boundary."""

    def __init__(self, fuse: Fuse) -> None:
        self._fuse = fuse

    def _before(self, point: str) -> None:
        self._fuse.passes(point, "before")
        if (arm := self._fuse.trouble(point)) is not None:
            raise OSError(TROUBLE[arm.kind][2], TROUBLE[arm.kind][0])

    def _after(self, point: str) -> None:
        self._fuse.passes(point, "after")

    def write(self, path: Path, content: bytes) -> None:
        self._before("write file")
        if self._fuse.hook is not None:
            self._fuse.hook("write file", "inside", (path, content[: len(content) // 2]))
        if (arm := self._fuse.torn()) is not None:
            path.write_bytes(content[: int(len(content) * arm.share)])
            self._fuse.die("write file", "inside")
        path.write_bytes(content)  # the disk of the simulator is memory: nothing to flush
        self._after("write file")

    def rename(self, old: Path, new: Path) -> None:
        self._before("rename")
        super().rename(old, new)
        self._after("rename")

    def sync_folder(self, path: Path) -> None:  # noqa: ARG002 - memory
        self._before("sync folder")
        self._after("sync folder")

    def remove(self, path: Path) -> None:
        self._before("remove")
        super().remove(path)
        self._after("remove")

    def read(self, path: Path, offset: int = 0, count: int = -1) -> bytes:
        self._before("read")
        return super().read(path, offset, count)

    def free_bytes(self, path: Path) -> int:  # noqa: ARG002 - as much as anybody wants
        return 1 << 40
