"""One recording, and every statement and file operation of it failing in turn: nothing is lied."""

import asyncio
import shutil
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from uuid import UUID

from driver_app import actions
from driver_app.actions import Saved, Session
from driver_app.store import db as store_db
from driver_app.store.db import HereLane, StoreError
from shared.ids import VisitId
from tests.helpers import record
from tests.helpers.builders import text_id
from tests.sim.faults import Arm, FaultyFiles, Fuse, Kind, connection_of
from tests.sim.real import books
from tests.sim.real.disk import in_memory
from tests.sim.real.power import broken


class LateFiles(FaultyFiles):
    """The bytes are written, and then the flush fails."""

    def write(self, path: Path, content: bytes) -> None:
        path.write_bytes(content)
        self._before("flush file")


KINDS: Sequence[tuple[Kind, float]] = (("io", 0.9), ("io", 0.1), ("full", 0.9), ("full", 0.1))
"""What fails, and whether SQLite has ended the transaction by itself (share below a half)."""
FIRST, SECOND = record.names_of(2)
PHOTO_BYTES = 3_000
SHOWN = (StoreError, sqlite3.Error, OSError)
"""What an act may raise: the button that ran it says so (`widgets.press.survive`)."""


@dataclass
class Swept:
    """What the sweep saw."""

    operations: int = 0
    faults: int = 0
    shown: int = 0
    absorbed: int = 0
    wrong: list[str] = field(default_factory=list)

    def line(self) -> str:
        """One line for a report."""
        return (
            f"{self.operations} operations, {self.faults} faults, {self.shown} shown, "
            f"{self.absorbed} absorbed, {len(self.wrong)} violations"
        )


def sweep(kinds: Sequence[tuple[Kind, float]] = KINDS, every: int = 1) -> Swept:
    """Fail each operation of one recording in each way; `every`: only each so many-th."""
    swept = Swept()
    with in_memory() as folder:
        template = folder / "template"
        asyncio.run(_first_stop(template))
        swept.operations = asyncio.run(_count(template, folder / "counted"))
        for kind, share in kinds:
            for at in range(1, swept.operations + 1, every):
                root = folder / "tried"
                shutil.copytree(template, root)
                arm = Arm(kind, at, share)
                wrong, promised = asyncio.run(_try(root, arm, swept))
                wrong += broken(root, promised) + _once(root)
                swept.wrong += [f"{kind} at {at}: {why}" for why in wrong]
                shutil.rmtree(root)
    return swept


def _session(folder: Path, fuse: Fuse) -> Session:
    connect = partial(store_db.connect, factory=connection_of(fuse, []))
    return record.session(
        folder, files=LateFiles(fuse), connect=connect, lane=lambda _name: HereLane()
    )


async def _first_stop(folder: Path) -> None:
    joined = _session(folder, Fuse("device", quiet=True))
    await record.record(joined, 2, PHOTO_BYTES, lambda _text: None, upto=1)


async def _count(template: Path, folder: Path) -> int:
    shutil.copytree(template, folder)
    fuse = Fuse("device")
    joined = await _begun(folder, fuse)
    assert isinstance(await record.record_stop(joined, SECOND, PHOTO_BYTES), Saved)
    count = fuse.count
    await joined.end()
    return count


async def _begun(folder: Path, fuse: Fuse) -> Session:
    joined = _session(folder, fuse)
    with fuse.silent():
        await joined.start()
    fuse.count = 0
    return joined


async def _try(folder: Path, arm: Arm, swept: Swept) -> tuple[list[str], list[str]]:
    """The fault, then a second try without one; what is wrong, and what was promised."""
    fuse = Fuse("device")
    joined = await _begun(folder, fuse)
    fuse.arm(arm)
    try:
        answer = await record.record_stop(joined, SECOND, PHOTO_BYTES)
    except SHOWN as error:
        answer = error
    fuse.disarm()
    swept.faults += bool(fuse.fired)
    swept.shown += not isinstance(answer, Saved)
    swept.absorbed += bool(fuse.fired) and isinstance(answer, Saved)
    promised = [str(one) for one in answer.ids] if isinstance(answer, Saved) else []
    wrong = [] if promised else await _form_kept(joined, answer)
    if not promised:
        again = await record.record_stop(joined, SECOND, PHOTO_BYTES)
        if isinstance(again, Saved):
            promised = [str(one) for one in again.ids]
        elif again is not None:
            wrong.append(f"the second try: {again}")
    await joined.end()
    return [f"{why} ({sorted(fuse.points)}, {answer!r})" for why in wrong], promised


async def _form_kept(joined: Session, answer: object) -> list[str]:
    """A sheet that was filled before the disk failed still says the same."""
    visit = VisitId(UUID(text_id(SECOND)))
    view = joined.ctx.state.session.visit(visit)
    if view is None:
        return ["the stop is gone from the screen"]
    if isinstance(answer, actions.NotSaved) and answer.why in ("full", "store"):
        draft = await actions.open_draft(joined.ctx, visit)
        return [] if len(draft.files) == 1 else ["the photo is gone from the sheet"]
    return []


def _once(folder: Path) -> list[str]:
    """Each stop has one completion with its two files, however often it was tried."""
    phone = books.read_phone(folder)
    wrong = []
    for name in (FIRST, SECOND):
        visit = text_id(name).encode()
        count = sum(1 for doc in phone.docs.values() if visit in doc and b"completed" in doc)
        if count != 1:
            wrong.append(f"{name} was completed {count} times")
    if len(phone.files) != 4:
        wrong.append(f"{len(phone.files)} files instead of 4")
    return wrong
