"""A server whose disk is full: writes are refused as such, reads go on, and it heals by itself."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from httpx import AsyncClient, Response

from server.core.access import Principal
from server.core.http import COOKIE
from server.people import service
from tests.helpers.builders import arrived, completed
from tests.helpers.world import World, world
from tests.server.conftest import stranger
from tests.server.sync.a_device import (
    Circle,
    Device,
    found_site,
    open_circle,
    pair_device,
    photo_of,
    sha_of,
)

DISK = 8 * 1024 * 1024
PHOTO = b"\xff\xd8 a photo " * 20_000


@dataclass
class Crowded:
    """A server on a small disk, a device with facts, and a browser."""

    world: World
    circle: Circle
    van: Device
    board: AsyncClient

    async def send(self) -> Response:
        """One exchange, whatever comes of it."""
        return await self.van.post()

    async def reads(self) -> list[int]:
        """What reading answers: the run, the health, the board's list of runs."""
        paths = (f"/api/v1/runs/{self.circle.run}", "/api/v1/health", "/api/v1/devices")
        return [(await self.board.get(path)).status_code for path in paths]

    async def ready(self) -> int:
        """What readiness says."""
        return (await self.board.get("/api/v1/ready")).status_code

    async def patch(self, offset: int) -> Response:
        """The next piece of the photo."""
        headers = {
            "Content-Type": "application/offset+octet-stream",
            "Upload-Offset": str(offset),
        }
        piece = PHOTO[offset : offset + 100_000]
        return await self.van.client.patch(
            f"/api/v1/blobs/{sha_of(PHOTO)}", content=piece, headers=headers
        )

    async def upload(self) -> str:
        """Send the photo to its end; what the last answer says of being complete."""
        head = await self.van.client.head(f"/api/v1/blobs/{sha_of(PHOTO)}")
        told = head
        while told.headers["upload-complete"] != "?1":
            told = await self.patch(int(told.headers["upload-offset"]))
            assert told.status_code == 204, told.text
        return str(told.headers["upload-complete"])


@asynccontextmanager
async def crowded(disk: Path, template: Path) -> AsyncIterator[Crowded]:
    """Build the server on the small disk, with a run and a device that drives it."""
    async with world(disk / "milkrun", template) as made:
        found_site(made.parts, made.boss, "bakery")
        circle = open_circle(made.parts, made.boss, "bakery")
        van = await pair_device(made.app, made.boss)
        await van.record(arrived(run=circle.run, visit=circle.visits["bakery"])).exchange()
        board = _signed_in(made, made.boss)
        yield Crowded(made, circle, van, board)


def _signed_in(made: World, who: Principal) -> AsyncClient:
    assert who.person_id is not None
    person, now = who.person_id, made.clock.now()
    cookie = made.parts.writer.run(lambda s: service.open_session(s, who.site_id, person, now=now))
    client = stranger(made.app)
    client.cookies.set(COOKIE, cookie)
    client.headers["Sec-Fetch-Site"] = "same-origin"
    return client


def more_facts(crowd: Crowded, count: int) -> None:
    """Facts with long texts, which need room."""
    for number in range(count):
        visit = crowd.circle.visits["bakery"]
        blobs = [photo_of(PHOTO)] if number == 0 else []
        crowd.van.record(completed(at=number, run=crowd.circle.run, visit=visit, blobs=blobs))
