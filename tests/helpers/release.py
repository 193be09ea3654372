"""Leaves what a released version leaves behind: `python -m tests.helpers.release VERSION`.

Into `tests/data/releases/VERSION/` go a server as it was before a driver's day, everything the
app and the server said to each other that day, and the app's folder in the middle of it, with a
full outbox. A later version must take over each of the three (sync.md §13).

`server.sql.gz`    dump of the server's database before the day
`driver.db.gz`     the app's database when half of the day is sent and half is not
`blobs/`           the photos and signatures the app then still had
`device.json`      token, addresses and clocks of the device at that moment
`exchanges.jsonl.gz`  requests and answers, in order; `part` is `before` or `after` that moment
"""

import argparse
import asyncio
import gzip
import json
import shutil
import sqlite3
import tempfile
from contextlib import closing
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx

from driver_app import actions
from driver_app.store.db import DATABASE
from shared.ids import RunId, VisitId
from tests.flows.a_day import begin
from tests.helpers.photos import jpeg
from tests.helpers.world import Phone, World, world
from tests.server.sync.a_device import Circle

RELEASES = Path(__file__).parents[1] / "data" / "releases"
NAMES = ("bakery", "dairy", "school", "hotel", "kiosk", "butcher")
TOLD = ("upload-offset", "upload-length", "upload-complete", "upload-declared", "repr-digest")
PHOTO_BYTES = 900
BEFORE, AFTER = "before", "after"


@dataclass
class Said:
    """One request of the app and the server's answer."""

    part: str
    method: str
    path: str
    offset: str | None
    request: dict[str, Any] | None
    status: int
    headers: dict[str, str]
    answer: dict[str, Any] | None


@dataclass
class Ear(httpx.AsyncBaseTransport):
    """Writes down what passes."""

    inner: httpx.AsyncBaseTransport
    said: list[Said] = field(default_factory=list)
    part: str = BEFORE

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Pass a request on and keep it with its answer."""
        body = await request.aread()
        answer = await self.inner.handle_async_request(request)
        content = await answer.aread()
        told = {key: value for key, value in answer.headers.items() if key in TOLD}
        self.said.append(
            Said(
                self.part,
                request.method,
                request.url.path,
                request.headers.get("upload-offset"),
                _json(body, packed=request.headers.get("content-encoding") == "gzip"),
                answer.status_code,
                told,
                _json(content),
            )
        )
        return answer


def _json(content: bytes, *, packed: bool = False) -> dict[str, Any] | None:
    """A body that is a JSON object; None for bytes of files and for nothing."""
    try:
        value = json.loads(gzip.decompress(content) if packed else content)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def dumped(database: Path) -> bytes:
    """A database as the statements that make it again."""
    with closing(sqlite3.connect(database)) as db:
        return "\n".join(db.iterdump()).encode()


def undumped(content: bytes, database: Path) -> None:
    """Make the database again."""
    with closing(sqlite3.connect(database)) as db:
        db.executescript(content.decode())


async def half_a_day(made: World, phone: Phone, circle: Circle) -> None:
    """Three stops that are sent, with photos, a signature, scans, an undo and a break."""
    run = RunId(UUID(circle.run))
    await actions.start_run(phone.ctx, run)
    for name in NAMES[:3]:
        made.pass_time(600)
        visit = VisitId(UUID(circle.visits[name]))
        await actions.arrive(phone.ctx, visit)
        await actions.scan_load(phone.ctx, visit, f"P-{name}", "scan", anyway=True)
        await phone.complete(str(visit), jpeg(name, PHOTO_BYTES), signed=True)
        await phone.sync()
    await phone.reopen(circle.visits["school"])
    await actions.start_break(phone.ctx, run)
    await phone.sync()


async def other_half(made: World, phone: Phone, circle: Circle) -> None:
    """Three stops in a dead zone: recorded, and not sent."""
    phone.network.up = False
    await actions.end_break(phone.ctx, RunId(UUID(circle.run)))
    for name in NAMES[3:]:
        made.pass_time(600)
        await phone.complete(circle.visits[name], jpeg(name, PHOTO_BYTES), signed=True)
    failed = VisitId(UUID(circle.visits["school"]))
    draft = await actions.open_draft(phone.ctx, failed)
    draft.reason = "nobody_there"
    await actions.fail_stop(phone.ctx, failed, draft, confirmed=True)
    await phone.sync()
    phone.network.up = True


def keep_device(made: World, phone: Phone, token: str, target: Path) -> None:
    """The app's folder as it is now, and what lies outside of it."""
    copy = target / "driver.db"
    with closing(sqlite3.connect(phone.folder / DATABASE)) as db:
        db.execute("VACUUM INTO ?", (str(copy),))
    (target / "driver.db.gz").write_bytes(gzip.compress(copy.read_bytes(), 9, mtime=0))
    copy.unlink()
    shutil.copytree(phone.folder / "blobs", target / "blobs")
    boot, mono_ms, wall_ms = phone.clock.read()
    about = {"token": token, "boot": boot, "mono_ms": mono_ms, "wall_ms": wall_ms}
    about |= {"server_ms": made.clock.ms()}
    (target / "device.json").write_text(json.dumps(about) + "\n")


async def leave(target: Path, folder: Path) -> None:
    """Live the day and keep it."""
    async with world(folder) as made:
        circle = begin(made, *NAMES)
        phone = await made.phone()
        await phone.sync()
        database = made.parts.settings.data / "milkrun.db"
        (target / "server.sql.gz").write_bytes(gzip.compress(dumped(database), 9, mtime=0))
        ear = Ear(phone.network.inner)
        phone.network.inner = ear
        await half_a_day(made, phone, circle)
        await other_half(made, phone, circle)
        token = await actions.pairing.read_token(phone.ctx)
        keep_device(made, phone, str(token), target)
        ear.part = AFTER
        for _ in range(3):
            await phone.sync()
        lines = "".join(json.dumps(asdict(one)) + "\n" for one in ear.said).encode()
        (target / "exchanges.jsonl.gz").write_bytes(gzip.compress(lines, 9, mtime=0))


def main() -> None:
    """Read the command line and leave the files."""
    parser = argparse.ArgumentParser("python -m tests.helpers.release")
    parser.add_argument("version")
    target = RELEASES / parser.parse_args().version
    if target.exists():
        shutil.rmtree(target)
    target.mkdir(parents=True)
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(leave(target, Path(folder)))


if __name__ == "__main__":
    main()
