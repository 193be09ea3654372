"""From the tap to the disk of the device, beside the bare disk, one after the other."""

import os
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter
from uuid import UUID

from driver_app import actions
from driver_app.actions import Saved, Session
from driver_app.state import DraftView
from shared.ids import VisitId
from tests.bench import goals
from tests.bench.goals import Figure
from tests.helpers import figures
from tests.helpers.builders import text_id
from tests.helpers.photos import jpeg
from tests.helpers.record import names_of, ready, session

PHOTO = 200 * 1024
TIMES_FLOOR, FACT_MS = 2, 50
WARM_UP = 3
PAIRS_EACH = 20


class Floor:
    """Write, fsync, rename, and one FULL commit of a bare row."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._db = sqlite3.connect(folder / "bare.db", isolation_level=None)
        for pragma in ("journal_mode=WAL", "synchronous=FULL"):
            self._db.execute(f"PRAGMA {pragma}")
        self._db.execute("CREATE TABLE bare (doc TEXT)")

    def keep(self, name: str, content: bytes) -> float:
        """Milliseconds of a file and a row."""
        began = perf_counter()
        part = self._folder / f"{name}.part"
        with part.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        part.rename(self._folder / f"{name}.jpg")
        self._db.execute("INSERT INTO bare VALUES (?)", ("x" * 400,))
        return (perf_counter() - began) * 1_000

    def close(self) -> None:
        """Give it back."""
        self._db.close()


@dataclass
class Times:
    """Milliseconds of everything, taken in turn."""

    shots: list[float] = field(default_factory=list)
    taps: list[float] = field(default_factory=list)
    bare: list[float] = field(default_factory=list)
    plain: list[float] = field(default_factory=list)


async def measure(folder: Path, count: int) -> list[Figure]:
    """So many stops with a photo and as many without, on rounds as long as a driver's."""
    found = Times()
    (folder / "floor").mkdir()
    floor = Floor(folder / "floor")
    try:
        for number in range(0, count, PAIRS_EACH):
            pairs = min(PAIRS_EACH, count - number)
            await _device(folder / f"device-{number}", pairs, floor, found)
    finally:
        floor.close()
    return list(_told(found))


async def _device(folder: Path, pairs: int, floor: Floor, found: Times) -> None:
    """One device with one round; its first stops warm it up."""
    names = names_of(2 * (pairs + WARM_UP))
    joined = session(folder)
    await ready(joined, len(names))
    for at, (name, other) in enumerate(zip(names[::2], names[1::2], strict=True)):
        kept = found if at >= WARM_UP else Times()
        content = jpeg(f"{folder.name} {name}", PHOTO)
        draft = await _sheet(joined, name)
        kept.shots.append(await _attach(joined, draft, content))
        kept.taps.append(await _tap(joined, draft))
        kept.bare.append(floor.keep(f"{folder.name} {name}", content))
        kept.plain.append(await _tap(joined, await _sheet(joined, other)))
    await joined.end()


async def _sheet(joined: Session, name: str) -> DraftView:
    return await actions.open_draft(joined.ctx, VisitId(UUID(text_id(name))))


async def _attach(joined: Session, draft: DraftView, content: bytes) -> float:
    """Milliseconds until a photo is on the disk and in the sheet."""
    began = perf_counter()
    kept = await actions.attach(joined.ctx, draft, content, "photo")
    took = (perf_counter() - began) * 1_000
    assert not isinstance(kept, actions.Refused), kept
    return took


async def _tap(joined: Session, draft: DraftView) -> float:
    """Milliseconds from the tap to what "Saved" stands for."""
    began = perf_counter()
    saved = await actions.complete_stop(joined.ctx, draft.visit, draft, confirmed=True)
    took = (perf_counter() - began) * 1_000
    assert isinstance(saved, Saved), saved
    return took


def _told(found: Times) -> Iterator[Figure]:
    def at(values: list[float], percent: float) -> float:
        return figures.percentile(values, percent)

    shots, taps, bare, plain = found.shots, found.taps, found.bare, found.plain
    ratio = at(taps, 99) / at(bare, 99)
    count = f" (n {len(taps)})"
    name = "tap to saved, 200 KB photo in the sheet: p99 / bare p99"
    yield goals.at_most(name, ratio, TIMES_FLOOR, "x", count)
    yield goals.at_most("tap to saved without a photo: p99", at(plain, 99), FACT_MS, "ms", count)
    whole = [shot + tap for shot, tap in zip(shots, taps, strict=True)]
    for name, values in (
        ("tap to saved, photo in the sheet", taps),
        ("photo taken to the disk and the sheet", shots),
        ("both together", whole),
        ("bare write, fsync, rename, FULL commit", bare),
        ("tap to saved without a photo", plain),
    ):
        yield goals.beside(name, f"p50 {at(values, 50):.1f} ms, p99 {at(values, 99):.1f} ms")
