"""A phone whose disk is full: facts are saved without photo and it says so; nothing is lost."""

import asyncio
import errno
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

from driver_app import actions
from driver_app.actions import NotSaved, Saved, Session
from driver_app.state import DraftView
from driver_app.store import ballast
from driver_app.store import db as store_db
from driver_app.store.db import HereLane, StoreError
from driver_app.store.files import DiskFiles, keep
from shared.ids import VisitId
from tests.helpers import record
from tests.helpers.builders import text_id
from tests.helpers.photos import jpeg
from tests.sim.real.power import broken
from tests.sim.real.small_disk import SmallDisk

DISK = 2 * 1024 * 1024
RECORDS = 400
STOPS = 10
PHOTO_BYTES = 12_000
BALLAST = 512 * 1024
PAGE = 4_096
UNUSABLE = (StoreError, sqlite3.Error, OSError)
"""What the start raises where nothing can be written."""


@dataclass
class Filled:
    """What happened while the disk ran full."""

    photos: int = 0
    without: int = 0
    unsaved: int = 0
    said_full: bool = False
    readable: bool = False
    promised: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    def line(self) -> str:
        """One line for a report."""
        return (
            f"{self.photos} facts with photo, {self.without} without, {self.unsaved} refused, "
            f"{len(self.wrong)} violations"
        )


class QuotaFiles(DiskFiles):
    """Where nothing can be mounted: a folder that takes only so many bytes of files."""

    def __init__(self, root: Path, quota: int) -> None:
        self._root, self._quota = root, quota

    def write(self, path: Path, content: bytes) -> None:
        used = sum(file.stat().st_size for file in self._root.rglob("*") if file.is_file())
        if used + len(content) > self._quota:
            raise OSError(errno.ENOSPC, "no space left")
        super().write(path, content)

    def free_bytes(self, path: Path) -> int:
        del path
        return 0


def quota_connect(pages: int) -> Callable[[Path], sqlite3.Connection]:
    """The store's connections, on a database that may not grow beyond so many pages."""

    def connect(path: Path) -> sqlite3.Connection:
        db = store_db.connect(path)
        db.execute(f"PRAGMA max_page_count = {pages}").fetchone()
        return db

    return connect


async def fill(joined: Session, records: int = RECORDS) -> Filled:
    """Record with a photo each, whatever the disk says; the ballast lies there from the start."""
    filled = Filled()
    await record.ready(joined, STOPS)
    store = joined.ctx.store
    keep(store.files, store.folder, ballast.NAME, bytes(BALLAST))
    for number in range(records):
        await _one(joined, number, filled)
    filled.said_full = joined.ctx.state.session.storage_full
    filled.readable = len(joined.ctx.state.session.runs[0].visits) >= STOPS
    return filled


async def _one(joined: Session, number: int, filled: Filled) -> None:
    """Complete a stop, or undo the last completion so that there is a stop to complete."""
    ctx = joined.ctx
    visit = VisitId(UUID(text_id(f"stop {1 + number // 2 % STOPS}")))
    if number % 2:
        _told(await actions.reopen_stop(ctx, visit), filled)
        return
    draft = await actions.open_draft(ctx, visit)
    draft.note = f"note {number}"
    kept = await actions.attach(ctx, draft, jpeg(f"photo {number}", PHOTO_BYTES), "photo")
    refused = isinstance(kept, actions.Refused)
    if refused and not ctx.state.session.storage_full:
        filled.wrong.append(f"{number}: no photo, and nobody says why: {kept}")
    answer = await actions.complete_stop(ctx, visit, draft, confirmed=True)
    _told(answer, filled)
    if isinstance(answer, Saved):
        filled.without += refused
        filled.photos += not refused
    elif draft.note != f"note {number}":
        filled.wrong.append(f"{number}: the form is not kept")


def _told(answer: object, filled: Filled) -> None:
    if isinstance(answer, Saved):
        filled.promised += [str(one) for one in answer.ids]
    elif isinstance(answer, NotSaved):
        filled.unsaved += 1
    else:
        filled.wrong.append(f"neither saved nor refused: {answer}")


async def on_the_brim(disk: SmallDisk, folder: Path) -> list[str]:
    """Not one byte is left when the app starts: the ballast makes it run, facts are saved.

    When the ballast is used up as well, the next act is refused, the form stays, and the run can
    be read; with room again everything goes on.
    """
    joined = phone_on(folder)
    await record.ready(joined, STOPS)
    keep(joined.ctx.store.files, folder, ballast.NAME, bytes(BALLAST // 2))
    promised = await _saved(joined, "stop 1")
    await joined.end()
    disk.fill()
    joined = phone_on(folder)
    await joined.start()
    wrong = [] if joined.ctx.store.full else ["nobody says that the disk is full"]
    promised += await _saved(joined, "stop 2")
    disk.fill()
    sheet = await record.filled(joined, "stop 3", 0)
    assert isinstance(sheet, DraftView)
    sheet.note = "x" * 2_000
    answer = await record.hand_over(joined, sheet)
    while isinstance(answer, Saved):  # the log has some room of its own
        promised += [str(one) for one in answer.ids]
        disk.fill()
        answer = await actions.add_note(joined.ctx, sheet.visit, "x" * 2_000)
    wrong += [] if answer == NotSaved("full") else [f"full to the brim: {answer}"]
    wrong += [] if len(joined.ctx.state.session.runs[0].visits) else ["the run cannot be read"]
    disk.clear()
    promised += await _saved(joined, "stop 4")
    await joined.end()
    return wrong + await asyncio.to_thread(broken, folder, promised)


async def _saved(joined: Session, name: str) -> list[str]:
    answer = await record.record_stop(joined, name, 0)
    assert isinstance(answer, Saved), answer
    return [str(one) for one in answer.ids]


def phone_on(folder: Path, **seams: Any) -> Session:
    """A phone whose store works in this thread."""
    return record.session(folder, lane=lambda _name: HereLane(), **seams)


def look_again(folder: Path, filled: Filled) -> list[str]:
    """Start anew on the same disk, full as it is: every promise is there and whole."""
    return filled.wrong + broken(folder, filled.promised)
