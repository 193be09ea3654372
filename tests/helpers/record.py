"""Records stops into a real device store and prints each promise: `SAVED <event id>`.

`python -m tests.helpers.record --dir DIR --n N [--photo-bytes B]` uses the app's own acts; a line
appears exactly when the screen would say "Saved". Kill it, open the folder, compare.
"""

import argparse
import asyncio
import sqlite3
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

from driver_app import actions
from driver_app.actions import Outcome, Saved, Session
from driver_app.device.clock import SystemClock, SystemIds
from driver_app.device.fakes import fake_ports
from driver_app.state import DraftView
from driver_app.store import meta
from driver_app.store.rows import Row
from shared.ids import VisitId
from tests.helpers.builders import text_id
from tests.helpers.device_rows import put_rows, road_rows
from tests.helpers.photos import jpeg

DEVICE = text_id("device")
Told = Callable[[str], None]


def session(folder: Path, **seams: Any) -> Session:
    """A paired device that never reaches its server; `seams` go to the session as they are."""
    ports = replace(fake_ports(), clock=SystemClock(), ids=SystemIds())
    return actions.join(folder, ports, app="0.1.0", **seams)


def prepare(db: sqlite3.Connection, rows: list[Row]) -> None:
    """Make the store look as after pairing and the first exchange, once."""
    if meta.get(db, "device_id"):
        return
    meta.put(db, "device_id", DEVICE)
    meta.put_ui(db, "standing", "active")
    put_rows(db, rows)


def names_of(count: int) -> list[str]:
    """The stops of the run, by name."""
    return [f"stop {number}" for number in range(1, count + 1)]


async def ready(joined: Session, count: int) -> None:
    """Open the store and see that the run is on it."""
    await joined.start()
    await joined.ctx.store.run(lambda db: prepare(db, road_rows(names_of(count))))
    await actions.refresh(joined.ctx, session=True)


async def filled(
    joined: Session, name: str, photo_bytes: int
) -> DraftView | actions.Refused | None:
    """The sheet of a stop with a photo and a signature; None if the stop was done before."""
    visit = VisitId(UUID(text_id(name)))
    view = joined.ctx.state.session.visit(visit)
    if view is None or view.final:
        return None
    draft = await actions.open_draft(joined.ctx, visit)
    if photo_bytes and not draft.files:
        kept = await actions.attach(joined.ctx, draft, jpeg(name, photo_bytes), "photo")
        if isinstance(kept, actions.Refused):
            return kept
    if photo_bytes:
        draft.strokes, draft.signer = [[(1, 2), (3, sum(name.encode()))]], name
    return draft


async def hand_over(joined: Session, draft: DraftView) -> object:
    """Complete the stop of a sheet."""
    return await actions.complete_stop(joined.ctx, draft.visit, draft, confirmed=True)


async def record_stop(joined: Session, name: str, photo_bytes: int) -> object:
    """Complete a stop with a photo and a signature; None if that was done before."""
    draft = await filled(joined, name, photo_bytes)
    return await hand_over(joined, draft) if isinstance(draft, DraftView) else draft


async def record(
    joined: Session, count: int, photo_bytes: int, told: Told, upto: int | None = None
) -> None:
    """Record `count` stops that are not yet recorded, each with a photo, and say so.

    `upto`: leave it at the first so many for now.
    """
    await ready(joined, count)
    for name in names_of(count)[:upto]:
        answer = await record_stop(joined, name, photo_bytes)
        if answer is not None:
            tell(answer, told)
    await joined.end()


def tell(answer: Outcome | object, told: Told) -> None:
    """Say what the screen says; anything but "Saved" is a failure of the recorder."""
    assert isinstance(answer, Saved), answer
    for event in answer.ids:
        told(f"SAVED {event}")


def print_line(text: str) -> None:
    """One line, at once."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def main() -> None:
    """Read the command line and record."""
    parser = argparse.ArgumentParser("python -m tests.helpers.record")
    parser.add_argument("--dir", required=True, type=Path)
    parser.add_argument("--n", required=True, type=int)
    parser.add_argument("--photo-bytes", type=int, default=0)
    given = parser.parse_args()
    asyncio.run(record(session(given.dir), given.n, given.photo_bytes, print_line))


if __name__ == "__main__":
    main()
