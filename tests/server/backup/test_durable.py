"""`durable` never covers a place or a file that the newest verified backup lacks (I14)."""

import errno
import hashlib
import shutil
import sqlite3
import tempfile
import threading
from collections.abc import Iterator
from contextlib import closing, suppress
from itertools import count
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlmodel import Session

from server.app import backup_kit, build_parts
from server.backup import service
from server.backup.disk import Disk
from server.backup.folders import found
from server.backup.service import BackupFailed
from server.blobs import queries as blob_queries
from server.blobs import service as blobs
from server.core.http import Parts
from server.core.settings import Settings
from server.facts import queries
from server.facts import service as facts
from server.sync.service import files
from shared.ids import Sha256, StreamId
from tests.helpers.builders import arrived, completed, text_id
from tests.helpers.clock import ManualClock
from tests.helpers.databases import SITE
from tests.server.facts.a_stream import DEVICE, RECEIVED_MS, Stream

ONLY_SQLITE = pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
STEPS = (
    "fact",
    "photo",
    "photo",
    "arrives",
    "arrives",
    "unreadable",
    "lost",
    "damaged",
    "backup",
    "cut backup",
)
MEMORY = Path("/dev/shm")  # where nothing waits for a disk
NAMES = count(1)


class FullDisk(Disk):
    """Has room for so many operations; power is never cut here, so nothing waits for the disk."""

    def __init__(self, room: int) -> None:
        self.room = room

    def sync(self, path: Path) -> None:
        self.at("sync", path)

    def at(self, operation: str, path: Path) -> None:
        self.room -= 1
        if self.room < 0:
            raise OSError(errno.ENOSPC, f"no space for {operation} {path}")


class Office:
    """One stream of one device at a real server, with its files."""

    def __init__(self, parts: Parts) -> None:
        self.parts = parts
        self.stream = Stream(f"stream {next(NAMES)}")
        self.key = UUID(text_id(self.stream.name))
        self.waiting: list[bytes] = []
        self.here: list[bytes] = []

    def step(self, word: str, n: int) -> None:
        """Let one thing happen."""
        act = {
            "fact": self._fact, "photo": self._photo, "arrives": self._arrives,
            "unreadable": self._unreadable, "lost": self._lost, "damaged": self._damaged,
        }.get(word)  # fmt: skip
        if act is not None:
            act()
            return
        disk = FullDisk(n if word == "cut backup" else 10_000)
        with suppress(BackupFailed):
            service.back_up(backup_kit(self.parts, disk=disk))

    def _send(self) -> None:
        def work(session: Session) -> None:
            push = self.stream.push()
            answer = facts.append(session, SITE, DEVICE, push, received_ms=RECEIVED_MS)
            blobs.declare(session, SITE, answer.declared)

        self.parts.writer.run(work)

    def _fact(self) -> None:
        self.stream.record(arrived())
        self._send()

    def _photo(self) -> None:
        name = f"{self.stream.name} photo {len(self.stream.sent)}"
        content = name.encode()
        declared = [[sha_of(content), len(content), "image/jpeg", "photo"]]
        self.stream.record(completed(blobs=declared))
        self._send()
        self.waiting.append(content)

    def _arrives(self) -> None:
        if self.waiting:
            content = self.waiting.pop(0)
            blobs.add(files(self.parts), SITE, sha_of(content), 0, content)
            self.here.append(content)

    def _unreadable(self) -> None:
        if self.waiting:
            why = {str(sha_of(self.waiting.pop())): "the phone lost it"}
            self.parts.writer.run(lambda session: blobs.give_up(session, SITE, why))

    def _lost(self) -> None:
        if self.here:
            self.parts.blobs.path(sha_of(self.here.pop())).unlink(missing_ok=True)

    def _damaged(self) -> None:
        if self.here:
            path = self.parts.blobs.path(sha_of(self.here.pop()))
            if path.exists():
                path.unlink()
                path.write_bytes(b"something else")

    def durable(self) -> int:
        """What the device would be told."""
        told = self.parts.reads.run(lambda session: queries.stream(session, SITE, self.key))
        return told.durable if told is not None else 0


def sha_of(content: bytes) -> Sha256:
    return Sha256(hashlib.sha256(content).hexdigest())


def held_by(target: Path, stream: UUID) -> int:
    """How far the newest backup holds a stream with its files, told by plain SQL and digests."""
    newest = next(iter(found(target)), None)
    if newest is None:
        return 0
    reached = 0
    with closing(sqlite3.connect(newest.path / "milkrun.db")) as copy:
        places = copy.execute(
            "SELECT seq, event_id FROM stream_pos WHERE stream_id = ? ORDER BY seq", (stream.hex,)
        ).fetchall()
        for seq, event in places:
            declared = copy.execute(
                "SELECT b.sha, b.done, b.look FROM event_blob e JOIN blob b USING (site_id, sha)"
                " WHERE e.event_id = ?",
                (event,),
            )
            if seq != reached + 1 or not all(_settled(target, *row) for row in declared):
                break
            reached = seq
    return reached


def _settled(target: Path, sha: str, done: int, look: str | None) -> bool:
    if not done:
        return look == "unreadable"
    place = target / "blobs" / sha[:2] / sha
    return place.exists() and hashlib.sha256(place.read_bytes()).hexdigest() == sha


@pytest.fixture
def quick(sqlite_template: Path, clock: ManualClock) -> Iterator[Parts]:
    """A server whose files lie in memory, if the machine has such a place."""
    with tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as folder:
        shutil.copy(sqlite_template, Path(folder) / "milkrun.db")
        parts = build_parts(Settings.read(data=Path(folder)), clock)
        yield parts
        parts.close()


@pytest.mark.timeout(120)
@settings(
    max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
@given(steps=st.lists(st.tuples(st.sampled_from(STEPS), st.integers(0, 20)), max_size=8))
def test_durable_never_covers_what_the_newest_backup_lacks(
    quick: Parts, steps: list[tuple[str, int]]
) -> None:
    office = Office(quick)
    for word, n in [*steps, ("backup", 0)]:
        office.step(word, n)
        assert office.durable() <= held_by(quick.settings.backups, office.key)

    assert office.durable() == held_by(quick.settings.backups, office.key)


def test_a_backup_while_facts_arrive_is_a_prefix_of_what_was_acknowledged(parts: Parts) -> None:
    """Each backup holds at least what was acknowledged before it, at most what was after it."""
    office, stop = Office(parts), threading.Event()

    def device() -> None:
        while not stop.is_set():
            office.step("fact", 0)

    sending = threading.Thread(target=device)
    sending.start()
    try:
        for _ in range(4 if parts.settings.sqlite else 1):
            before = _taken(office)
            backup = service.back_up(backup_kit(parts))
            after = _taken(office)
            held = {stream: place for _, stream, place, _, _ in backup.manifest.streams}
            assert before <= held.get(str(office.key), 0) <= after
            assert backup.durable.get((SITE, StreamId(office.key)), 0) == held.get(
                str(office.key), 0
            )
    finally:
        stop.set()
        sending.join()

    chains = {stream: (place, chain) for _, stream, place, chain, _ in backup.manifest.streams}
    place, chain = chains[str(office.key)]
    assert place > 0
    assert chain == office.stream.chains[place]


def _taken(office: Office) -> int:
    told = office.parts.reads.run(lambda session: queries.stream(session, SITE, office.key))
    return told.recv if told is not None else 0


@ONLY_SQLITE
def test_a_hole_in_a_stream_ends_what_is_safe(parts: Parts) -> None:
    office = Office(parts)
    for _ in range(4):
        office.step("fact", 0)
    parts.writer.run(_tear)

    service.back_up(backup_kit(parts))

    assert office.durable() == 2


def _tear(session: Session) -> None:
    session.execute(text("DROP TRIGGER stream_pos_no_delete")).close()
    session.execute(text("DELETE FROM stream_pos WHERE seq = 3")).close()


@ONLY_SQLITE
def test_a_copy_somewhere_else_makes_nothing_safe(parts: Parts, tmp_path: Path) -> None:
    office = Office(parts)
    office.step("fact", 0)

    service.back_up(backup_kit(parts), tmp_path / "stick")

    assert office.durable() == 0


@ONLY_SQLITE
def test_the_first_backup_that_holds_a_file_is_remembered(parts: Parts) -> None:
    office = Office(parts)
    office.step("photo", 0)
    office.step("arrives", 0)
    first = service.back_up(backup_kit(parts))

    service.back_up(backup_kit(parts))

    kept = parts.reads.run(blob_queries.standing)
    assert [one.backed_up for one in kept] == [first.id]
