"""The file `driver.db` and its two threads: one writes, one reads; every work is a transaction."""

import asyncio
import contextlib
import errno
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, TypeVar
from uuid import UUID

from driver_app.store import meta, outbox, salvage, schema
from driver_app.store.ballast import Ballast
from driver_app.store.files import DiskFiles, Files
from driver_app.store.timebase import Clocks, Timebase, kept_boot
from shared.ids import UUID7_RANDOM_BYTES, uuid7
from shared.sync import BALLAST

T = TypeVar("T")
Work = Callable[[sqlite3.Connection], T]
Connect = Callable[[Path], sqlite3.Connection]
Noise = Callable[[int], bytes]

BUSY_MS = 5_000
AUTOCHECKPOINT_PAGES = 200
DATABASE = "driver.db"


class StoreError(Exception):
    """Nothing was stored; what was there before still is."""


class DiskFull(StoreError):
    """There is no room left, not even after the ballast was thrown out."""


class DiskFailed(StoreError):
    """The disk or the file failed; the store was opened anew and the act may be tried again."""


class Lane(Protocol):
    """Where works run, one after the other."""

    async def call(self, work: Callable[[], T]) -> T:
        """Run a work and wait for it."""
        ...

    def close(self) -> None:
        """Wait for the work in hand and end."""
        ...


class ThreadLane:
    """A thread of its own, so that the screen never waits for the disk."""

    def __init__(self, name: str) -> None:
        self._pool = ThreadPoolExecutor(1, thread_name_prefix=name)

    async def call(self, work: Callable[[], T]) -> T:
        """Run a work in the thread; a caller that goes away does not undo it."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, work)

    def close(self) -> None:
        """Wait for the work in hand and end the thread."""
        self._pool.shutdown(wait=True)


class HereLane:
    """No thread: works run where they are called, for worlds with a virtual clock."""

    async def call(self, work: Callable[[], T]) -> T:
        """Run a work."""
        return work()

    def close(self) -> None:
        """Nothing to end."""


def connect(
    path: Path, factory: type[sqlite3.Connection] = sqlite3.Connection
) -> sqlite3.Connection:
    """Open a connection the way the store needs it: every commit on the disk."""
    db = sqlite3.connect(path, isolation_level=None, check_same_thread=False, factory=factory)
    try:
        db.execute(f"PRAGMA busy_timeout = {BUSY_MS}")
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = FULL")
        db.execute(f"PRAGMA wal_autocheckpoint = {AUTOCHECKPOINT_PAGES}")
    except sqlite3.Error:
        db.close()
        raise
    return db


@dataclass
class Store:
    """Everything one device keeps, in one folder."""

    folder: Path
    noise: Noise
    files: Files = field(default_factory=DiskFiles)
    connect: Connect = connect
    writer: Lane = field(default_factory=lambda: ThreadLane("store-write"))
    reader: Lane = field(default_factory=lambda: ThreadLane("store-read"))
    timebase: Timebase = field(default_factory=Timebase)
    hidden_boot: str = ""
    full: bool = False
    """The last photo or fact did not fit; cleared when room is found again."""
    _write_db: sqlite3.Connection | None = None
    _read_db: sqlite3.Connection | None = None

    @property
    def blobs(self) -> Path:
        """Folder of the files that facts declare."""
        return self.folder / "blobs"

    @property
    def drafts(self) -> Path:
        """Folder of the files of half-filled sheets."""
        return self.folder / "drafts"

    @property
    def ballast(self) -> Ballast:
        """Room kept for a full disk."""
        return Ballast(self.files, self.folder)

    async def open(self, clocks: Clocks) -> None:
        """Open or make the store; a damaged or newer file is set aside, its facts are saved."""
        await self.writer.call(lambda: self._open_somehow(clocks))

    async def run(self, work: Work[T]) -> T:
        """Write: one transaction on the writer's thread, on the disk when this returns."""
        return await self.writer.call(lambda: self._write(work))

    async def read(self, work: Work[T]) -> T:
        """Read one snapshot on the reader's thread; DiskFailed if that cannot be."""
        return await self.reader.call(lambda: self._read(work))

    async def on_disk(self, work: Callable[[], T]) -> T:
        """Do something with files, in the writer's order; DiskFull and DiskFailed as for `run`."""
        return await self.writer.call(lambda: self._guard(work))

    async def keep_photo(self, work: Callable[[], T], size: int) -> T:
        """The same for a photo of `size` bytes, which never gets the room kept for facts."""
        return await self.writer.call(lambda: self._photo(work, size))

    async def close(self) -> None:
        """Finish the work in hand and close the files."""
        await self.reader.call(self._close_reader)
        await self.writer.call(self._close_writer)
        self.reader.close()
        self.writer.close()

    def clocks(self, seen: Clocks) -> Clocks:
        """The clocks with a boot id, made up where the system hides its own."""
        return (seen[0] or self.hidden_boot, seen[1], seen[2])

    def est_now_ms(self, seen: Clocks) -> int:
        """The office's time as well as this device knows it."""
        return self.timebase.est_now_ms(self.clocks(seen))

    def _open_somehow(self, clocks: Clocks) -> None:
        """Open; on a disk so full that not even this works, in the room of the ballast."""
        try:
            self._open(clocks)
        except (sqlite3.OperationalError, OSError, StoreError):
            self._close_writer()
            if not self.ballast.present():
                raise
            self.ballast.drop()
            self.full = True
            self._open(clocks)

    def _open(self, clocks: Clocks) -> None:
        for folder in (self.folder, self.blobs, self.drafts):
            self.files.folder(folder)
        path = self.folder / DATABASE
        saved = salvage.set_aside_if_unfit(path, self.files, self.connect)
        self._write_db = self.connect(path)
        try:
            schema.migrate(self._write_db)
        except sqlite3.DatabaseError as error:
            if not salvage.hopeless(error):
                raise
            self._write_db.close()
            saved = salvage.set_aside(path, self.files, self.connect)
            self._write_db = self.connect(path)
            schema.migrate(self._write_db)
        self._write(lambda db: self._begin(db, clocks, saved))

    def _begin(self, db: sqlite3.Connection, clocks: Clocks, saved: salvage.Saved | None) -> None:
        if saved is not None:
            salvage.restore(db, saved)
            outbox.fork(db, self._new_stream(clocks), "salvaged")
        if not meta.get(db, "stream"):
            meta.put(db, "stream", str(self._new_stream(clocks)))
        boot, *rest = kept_boot(meta.get(db, "boot"), clocks, self.noise(4).hex())
        meta.put(db, "boot", [boot, *rest])
        self.hidden_boot = boot
        self.timebase = meta.timebase(db)

    def _new_stream(self, clocks: Clocks) -> UUID:
        return uuid7(max(0, clocks[2]), self.noise(UUID7_RANDOM_BYTES))

    def _write(self, work: Work[T]) -> T:
        db = self._write_db
        assert db is not None, "open() comes first"
        return self._guard(lambda: _transaction(db, "BEGIN IMMEDIATE", work))

    def _read(self, work: Work[T]) -> T:
        """Read on a fresh connection once more when the first one fails: most often it was that."""
        try:
            return self._read_once(work)
        except sqlite3.OperationalError:
            self._close_reader()
        try:
            return self._read_once(work)
        except sqlite3.OperationalError as error:
            self._close_reader()
            raise DiskFailed(str(error)) from error

    def _read_once(self, work: Work[T]) -> T:
        if self._read_db is None:
            self._read_db = self.connect(self.folder / DATABASE)
        return _transaction(self._read_db, "BEGIN", work)

    def _guard(self, work: Callable[[], T]) -> T:
        """Throw out the ballast and try once more when the disk is full."""
        try:
            return work()
        except (sqlite3.OperationalError, OSError) as error:
            if not _is_full(error):
                raise self._failed(error) from error
        self.ballast.drop()
        self._shrink_log()
        try:
            return work()
        except (sqlite3.OperationalError, OSError) as error:
            if _is_full(error):
                self.full = True
                raise DiskFull from error
            raise self._failed(error) from error

    def _photo(self, work: Callable[[], T], size: int) -> T:
        kept = self.ballast.present()
        if not kept and self.files.free_bytes(self.folder) < size + BALLAST:
            self.full = True
            raise DiskFull
        try:
            result = work()
        except OSError as error:
            if not _is_full(error):
                raise self._failed(error) from error
            self.full = True
            raise DiskFull from error
        self.full = False
        return result

    def _failed(self, error: Exception) -> StoreError:
        """After a failed flush nothing in the connection's cache may be trusted: open it anew."""
        if isinstance(error, sqlite3.OperationalError) and self._write_db is not None:
            self._write_db.close()
            self._write_db = self.connect(self.folder / DATABASE)
        return DiskFailed(str(error))

    def _shrink_log(self) -> None:
        if self._write_db is None or self._write_db.in_transaction:
            return
        # Without any room the file cannot take in its log; then the log stays as it is.
        with contextlib.suppress(sqlite3.OperationalError):
            self._write_db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def _close_reader(self) -> None:
        if self._read_db is not None:
            self._read_db.close()
            self._read_db = None

    def _close_writer(self) -> None:
        if self._write_db is not None:
            self._write_db.close()
            self._write_db = None


def _transaction(db: sqlite3.Connection, begin: str, work: Work[T]) -> T:
    """Run a work in one transaction; whatever it raises undoes all of it (C9)."""
    db.execute(begin)
    try:
        result = work(db)
        db.execute("COMMIT")
    except BaseException:
        if db.in_transaction:
            db.execute("ROLLBACK")
        raise
    return result


def _is_full(error: Exception) -> bool:
    if isinstance(error, sqlite3.OperationalError):
        return error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_FULL
    return isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)
