"""A real server, killed in the middle of a photo: the upload goes on and nothing is lost."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from httpx import AsyncClient
from sqlmodel import Session

from server.app import build_parts
from server.blobs.store import FolderBlobs
from server.core.access import system
from server.core.http import Parts
from server.core.settings import Settings
from server.migrations.steps import migrate
from server.people import devices
from server.sites.service import create_site
from shared.ids import Sha256, SiteId
from shared.site import Site
from tests.helpers.builders import completed
from tests.helpers.processes import Process, free_port, server_process
from tests.server.blobs.pictures import picture
from tests.server.sync.a_device import Device, photo_of, sha_of

pytestmark = pytest.mark.anyio
PHOTO = picture(size=(300, 200))
HALF = len(PHOTO) // 2
URL = f"/api/v1/blobs/{sha_of(PHOTO)}"
TYPE = "application/offset+octet-stream"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def server(data: Path) -> Iterator[Process]:
    """A server in a process of its own, on a database of its own."""
    port = free_port()
    server = server_process(data, port, MILKRUN_DRIVER_APP="", MILKRUN_DURABILITY="none")
    yield server
    server.kill()


def new_parts(data: Path) -> Parts:
    """Everything of a server, on a fresh database in this folder."""
    data.mkdir()
    settings = Settings.read(data=data)
    migrate(settings)
    return build_parts(settings)


async def paired(data: Path, site: SiteId, server: Process) -> Device:
    """Found the site, start the server and pair a device with it."""
    parts = new_parts(data)
    now = parts.clock.now()

    def found(session: Session) -> str:
        create_site(session, site, Site(name="Munich"), now=now)
        return devices.issue_code(session, system(site), name="Van 4", now=now).code

    code = parts.writer.run(found)
    parts.close()
    server.start()
    client = AsyncClient(base_url=server.alive_at.removesuffix("/api/v1/time"))
    made = (await client.post("/api/v1/pair", json={"code": code, "name": "Van 4"})).json()
    client.headers["Authorization"] = f"Bearer {made['token']}"
    return Device(client, made["device_id"], made["server_id"], parts)


async def send(van: Device, offset: int, content: bytes | AsyncIterator[bytes]) -> str:
    headers = {"Content-Type": TYPE, "Upload-Offset": str(offset)}
    answer = await van.client.patch(URL, content=content, headers=headers)
    return answer.headers["upload-complete"]


@pytest.mark.timeout(120)
async def test_a_server_killed_in_the_middle_of_a_photo_goes_on_with_it(
    data: Path, site: SiteId, server: Process
) -> None:
    van = await paired(data, site, server)
    await van.record(completed(blobs=[photo_of(PHOTO)])).exchange()
    under_way = asyncio.Event()

    async def first_half() -> AsyncIterator[bytes]:
        yield PHOTO[:HALF]
        under_way.set()
        await asyncio.Event().wait()  # the rest never comes

    upload = asyncio.create_task(send(van, 0, first_half()))
    await under_way.wait()
    server.kill()
    upload.cancel()
    server.start()

    stands = int((await van.client.head(URL)).headers["upload-offset"])
    complete = await send(van, stands, PHOTO[stands:])
    again = await van.exchange()
    await van.client.aclose()

    assert (stands <= HALF, complete) == (True, "?1")
    assert (again["ack"]["seq"], again["need"]) == (1, [])
    with FolderBlobs(data / "blobs").read(Sha256(sha_of(PHOTO))) as file:
        assert file.read() == PHOTO
    assert "Traceback" not in server.text()
