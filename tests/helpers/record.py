"""Records stops into a real device store and prints each promise: `SAVED <event id>`.

`python -m tests.helpers.record --dir DIR --n N [--photo-bytes B]` uses the app's own acts; a line
appears exactly when the screen would say "Saved". Kill it, open the folder, compare.
"""

import argparse
import asyncio
import sqlite3
import sys
from dataclasses import replace
from pathlib import Path
from uuid import UUID

from driver_app import actions
from driver_app.actions import Saved, Session
from driver_app.device.clock import SystemClock, SystemIds
from driver_app.device.fakes import fake_ports
from driver_app.store import meta
from driver_app.store.rows import Row
from shared.ids import VisitId
from tests.helpers.builders import text_id
from tests.helpers.device_rows import put_rows, road_rows
from tests.helpers.photos import jpeg

DEVICE = text_id("device")


def session(folder: Path) -> Session:
    """A paired device that never reaches its server."""
    ports = replace(fake_ports(), clock=SystemClock(), ids=SystemIds())
    return actions.join(folder, ports, app="0.1.0")


def prepare(db: sqlite3.Connection, rows: list[Row]) -> None:
    """Make the store look as after pairing and the first exchange, once."""
    if meta.get(db, "device_id"):
        return
    meta.put(db, "device_id", DEVICE)
    meta.put_ui(db, "standing", "active")
    put_rows(db, rows)


async def record(folder: Path, count: int, photo_bytes: int) -> None:
    """Record `count` stops that are not yet recorded, each with a photo, and say so."""
    joined = session(folder)
    ctx = joined.ctx
    await joined.start()
    names = [f"stop {number}" for number in range(1, count + 1)]
    await ctx.store.run(lambda db: prepare(db, road_rows(names)))
    await actions.refresh(ctx, session=True)
    for name in names:
        visit = VisitId(UUID(text_id(name)))
        view = ctx.state.session.visit(visit)
        if view is None or view.final:
            continue
        draft = await actions.open_draft(ctx, visit)
        if photo_bytes:
            await actions.attach(ctx, draft, jpeg(name, photo_bytes), "photo")
        answer = await actions.complete_stop(ctx, visit, draft, confirmed=True)
        assert isinstance(answer, Saved), answer
        for event in answer.ids:
            sys.stdout.write(f"SAVED {event}\n")
        sys.stdout.flush()
    await joined.end()


def main() -> None:
    """Read the command line and record."""
    parser = argparse.ArgumentParser("python -m tests.helpers.record")
    parser.add_argument("--dir", required=True, type=Path)
    parser.add_argument("--n", required=True, type=int)
    parser.add_argument("--photo-bytes", type=int, default=0)
    given = parser.parse_args()
    asyncio.run(record(given.dir, given.n, given.photo_bytes))


if __name__ == "__main__":
    main()
