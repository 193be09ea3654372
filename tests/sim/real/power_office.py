"""Power cuts of the server: what was acknowledged is in its database, what was sealed is whole."""

import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID

from server.app import build_parts
from server.blobs.store import FolderBlobs
from server.core import db
from server.core.http import Parts
from server.core.settings import Settings
from server.sync import service
from server.sync.service import after_start
from shared.ids import Sha256, SiteId
from tests.helpers.builders import arrived, completed
from tests.server.sync.a_crew import Hand, a_crew
from tests.server.sync.a_device import photo_of, sha_of
from tests.sim.real import books
from tests.sim.real.disk import Op, in_memory, promised_before, states
from tests.sim.real.power import Cuts
from tests.sim.real.watch import Watch, watching

SITE = SiteId(UUID("01900000-0000-7000-8000-000000000001"))
ROUNDS = 7
STARTS_EVERY = 50
FACT, FILE = "FACT ", "FILE "
Blobs = Callable[[Path], FolderBlobs]


class UnflushedBlobs(FolderBlobs):
    """A careless store: pieces and names are never flushed."""

    def append(self, digest: Sha256, offset: int, chunk: bytes) -> int:
        with self._part(digest).open("ab") as file:
            file.write(chunk)
        return offset + len(chunk)

    def seal(self, digest: Sha256, size: int) -> None:
        assert self.offset(digest) == size, "whole"
        place = self._place(digest)
        place.parent.mkdir(exist_ok=True)
        os.replace(self._part(digest), place)  # noqa: PTH105  the diary hears this name


@contextmanager
def told_to(watch: Watch, *, careless: bool) -> Iterator[None]:
    """Let the server's connections tell the diary, and not flush if that is planted."""
    kept, prepare = db.SQLITE_CONNECT, db._prepare_sqlite

    def sloppy(connection: sqlite3.Connection, _record: object) -> None:
        prepare(connection, _record)
        connection.execute("PRAGMA synchronous = NORMAL")

    db.SQLITE_CONNECT = {**kept, "factory": watch.connection()}
    if careless:
        db._prepare_sqlite = sloppy
    try:
        yield
    finally:
        db.SQLITE_CONNECT, db._prepare_sqlite = kept, prepare


def diary_of_office(
    folder: Path, template: Path, *, careless: bool = False, blobs: Blobs = FolderBlobs
) -> list[Op]:
    """Two devices send facts and photos; every operation of the server with what it answered."""
    data = folder / "data"
    data.mkdir(parents=True)
    shutil.copy(template, data / "milkrun.db")
    with watching(folder) as watch, told_to(watch, careless=careless):
        watch.settled()
        parts = build_parts(Settings.read(data=watch.root / "data"))
        parts.blobs = blobs(watch.root / "data" / "blobs")
        circle, hands = a_crew(parts, SITE, 2)
        visit = circle.visits["bakery"]
        for turn in range(ROUNDS):
            hand = hands[turn % 2]
            photo = f"photo {turn} ".encode() * 900
            make = completed if turn % 3 else arrived
            event = make(at=turn, run=circle.run, visit=visit, blobs=[photo_of(photo)])
            hand.stream.record(event)
            hand.send()
            watch.mark(FACT + event.id)
            _upload(parts, hand, photo)
            watch.mark(FILE + sha_of(photo))
        parts.close()
        return watch.ops


def _upload(parts: Parts, hand: Hand, photo: bytes) -> None:
    sha, piece = sha_of(photo), len(photo) // 2 + 1
    at = service.progress(parts, hand.who, sha)
    while not at.complete:
        at = service.add(parts, hand.who, sha, at.offset, photo[at.offset : at.offset + piece])


def cut_office(ops: Sequence[Op], count: int, seed: int) -> Cuts:
    """Open the disks that cuts leave and look for every fact and file that was confirmed."""
    cuts = Cuts()
    for state in states(ops, count, seed):
        promised = sorted(promised_before(ops, state.cut))
        with in_memory() as folder:
            state.lay_out(folder)
            found = _broken(
                folder / "data", promised, start=cuts.states % STARTS_EVERY == STARTS_EVERY - 1
            )
        cuts.broken += [f"cut {state.cut}, {state.how}: {why}" for why in found]
        cuts.states += 1
        cuts.promises += len(promised)
    return cuts


def _broken(data: Path, promised: Sequence[str], *, start: bool) -> list[str]:
    settings = Settings.read(data=data)
    if start:
        parts = build_parts(settings)
        after_start(parts)
        parts.close()
    if (said := books.integrity(data / "milkrun.db")) != "ok":
        return [f"integrity: {said}"]
    office, store = books.read_office(settings), FolderBlobs(data / "blobs")
    wrong = [
        why
        for stream, places in office.places.items()
        for why in books.broken_chain(places, office.docs)
        if stream
    ]
    for one in promised:
        kind, name = one[: len(FACT)], one[len(FACT) :]
        if kind == FACT and name not in office.docs:
            wrong.append(f"acknowledged, not in the database: {name}")
        if kind == FILE and not (store.has(Sha256(name)) and store.is_whole(Sha256(name))):
            wrong.append(f"confirmed, not whole: {name[:8]}")
        if kind == FILE and not office.blobs.get(name, (0, False))[1]:
            wrong.append(f"confirmed, not marked: {name[:8]}")
    return wrong
