"""Power cuts of the device's store: in every disk a cut may leave, each promise is whole (I9)."""

import asyncio
import hashlib
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from driver_app.store import db as store_db
from driver_app.store.db import HereLane
from driver_app.store.files import DiskFiles
from tests.helpers import record
from tests.sim.real import books
from tests.sim.real.disk import Op, in_memory, promised_before, states
from tests.sim.real.watch import Watch, watching

SAVED = "SAVED "
STOPS = 6
PHOTO_BYTES = 9_000


@dataclass
class Cuts:
    """What was seen in the disks that cuts leave."""

    states: int = 0
    promises: int = 0
    broken: list[str] = field(default_factory=list)

    def line(self) -> str:
        """One line for a report."""
        return (
            f"{self.states} states, {self.promises} promises looked up, "
            f"{len(self.broken)} broken states"
        )


class UnflushedFiles(DiskFiles):
    """A careless writer (planted bug 35): the photo is renamed without being flushed."""

    def write(self, path: Path, content: bytes) -> None:
        path.write_bytes(content)


def sloppy(db: sqlite3.Connection) -> None:
    """A careless writer (planted bug 35): the commit is not flushed."""
    db.execute("PRAGMA synchronous = NORMAL")


def watched_connect(
    watch: Watch, spoil: Callable[[sqlite3.Connection], None] | None = None
) -> store_db.Connect:
    """The store's own `connect`, on connections that tell the diary."""

    def connect(path: Path) -> sqlite3.Connection:
        db = store_db.connect(path, factory=watch.connection())
        if spoil is not None:
            spoil(db)
        return db

    return connect


def diary_of_device(
    folder: Path,
    *,
    files: DiskFiles | None = None,
    spoil: Callable[[sqlite3.Connection], None] | None = None,
    stops: int = STOPS,
) -> list[Op]:
    """Record stops into a real store, in two lives, and give every operation with its promises."""
    with watching(folder) as watch:
        for upto in (stops // 2, stops):
            joined = record.session(
                watch.root / "phone",
                files=files,
                connect=watched_connect(watch, spoil),
                lane=lambda _name: HereLane(),
            )
            asyncio.run(record.record(joined, stops, PHOTO_BYTES, watch.mark, upto))
        return watch.ops


def cut_device(ops: Sequence[Op], count: int, seed: int) -> Cuts:
    """Open the disks that cuts leave with the real store and look for each promise."""
    cuts = Cuts()
    for state in states(ops, count, seed):
        promised = [one.removeprefix(SAVED) for one in promised_before(ops, state.cut)]
        with in_memory() as folder:
            state.lay_out(folder)
            found = broken(folder / "phone", promised)
        cuts.broken += [f"cut {state.cut}, {state.how}: {why}" for why in found]
        cuts.states += 1
        cuts.promises += len(promised)
    return cuts


def broken(folder: Path, promised: Sequence[str]) -> list[str]:
    """What of the promises is not there, or not whole, after the app was started again."""
    try:
        asyncio.run(_start_and_end(folder))
    except Exception as error:  # noqa: BLE001  whatever it is, the app does not start
        return [f"the app does not start: {type(error).__name__} {error}"]
    phone = books.read_phone(folder)
    wrong = books.wrong_with_phone(phone, promised)
    salvaged = list(folder.glob("*.aside-*"))
    wrong += ["the database was set aside"] if salvaged and promised else []
    return wrong + [f"file {sha[:8]} {why}" for sha, why in _bad_files(folder, phone)]


async def _start_and_end(folder: Path) -> None:
    joined = record.session(folder, lane=lambda _name: HereLane())
    await joined.start()
    await joined.end()


def _bad_files(folder: Path, phone: books.Phone) -> list[tuple[str, str]]:
    wrong = [(sha, _wrong_file(folder / "blobs" / sha, sha)) for sha, _, _ in phone.files]
    return [(sha, why) for sha, why in wrong if why]


def _wrong_file(place: Path, sha: str) -> str:
    if not place.is_file():
        return "is gone"
    return "" if hashlib.sha256(place.read_bytes()).hexdigest() == sha else "is torn"
