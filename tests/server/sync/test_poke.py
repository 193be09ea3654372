"""A device is woken when others changed something it has, and not otherwise (sync.md §8)."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest
from httpx import AsyncClient
from sqlmodel import Session

from server.core.bus import ProcessBus
from server.core.writer import AnyWriter, SnapshotReads
from server.feed import service as feed
from server.sync.poke import BEAT, Listener, Pace, pokes
from shared.ids import DeviceId, SiteId
from tests.helpers.builders import id_of
from tests.helpers.clock import MONDAY_NOON
from tests.server.feed.conftest import row

pytestmark = pytest.mark.anyio
VAN = DeviceId(id_of("van 4"))
FAST = Pace(min_s=0, recheck_s=0.01, heartbeat_s=60)


@dataclass
class Ear:
    """A device that listens; `allowed` is what the guard would say."""

    bus: ProcessBus
    reads: SnapshotReads
    writer: AnyWriter
    site: SiteId
    allowed: bool = True
    asked: int = 0
    quiet: asyncio.Event = field(default_factory=asyncio.Event)

    def listen(self, since: int = 0, pace: Pace = FAST) -> AsyncIterator[str]:
        return pokes(self.bus, self.reads, Listener(self.site, VAN, self.may), since, pace)

    async def may(self) -> bool:
        self.asked += 1
        if self.asked > 3:
            self.quiet.set()
        return self.allowed

    def publish(self, *names: str, scope: str = "run:a", by: DeviceId | None = None) -> int:
        def work(session: Session) -> int:
            if by is not None:
                feed.caused_by(session, by)
            changes = [row(name, scope) for name in names]
            return feed.publish(session, self.site, changes, MONDAY_NOON)

        revision = self.writer.run(work)
        self.bus.publish(self.site, revision)
        return revision


@pytest.fixture
def ear(writer: AnyWriter, reads: SnapshotReads, site: SiteId) -> Ear:
    """A device with the scope of run a."""
    writer.run(lambda s: feed.set_scopes(s, site, VAN, ["run:a"], MONDAY_NOON))
    return Ear(ProcessBus(), reads, writer, site)


async def first(stream: AsyncIterator[str]) -> str:
    """The next text that is no heartbeat."""
    async for text in stream:
        if text != BEAT:
            return text
    return ""


async def silent(ear: Ear, stream: AsyncIterator[str]) -> bool:
    """Whether nothing comes while the stream has looked several times."""
    ear.asked = 0
    ear.quiet.clear()
    waiting = asyncio.ensure_future(first(stream))
    looked = asyncio.ensure_future(ear.quiet.wait())
    await asyncio.wait({waiting, looked}, return_when=asyncio.FIRST_COMPLETED)
    came = waiting.done()
    for task in (waiting, looked):
        task.cancel()
    return not came


async def test_what_changed_before_the_stream_began_is_told_at_once(ear: Ear) -> None:
    since = ear.publish("1")
    newest = ear.publish("2")

    assert await first(ear.listen(since)) == f"event: rev\ndata: {newest}\n\n"


async def test_a_change_wakes_the_device(ear: Ear) -> None:
    stream = ear.listen(ear.publish("1"))
    assert await anext(stream) == BEAT
    waiting = asyncio.ensure_future(first(stream))
    await asyncio.sleep(0)

    newest = ear.publish("2")

    assert await waiting == f"event: rev\ndata: {newest}\n\n"


async def test_a_device_ahead_of_a_restored_server_is_woken(ear: Ear) -> None:
    newest = ear.publish("1", scope="run:b")

    assert await first(ear.listen(newest + 90)) == f"event: rev\ndata: {newest}\n\n"


async def test_a_change_elsewhere_wakes_nobody(ear: Ear) -> None:
    stream = ear.listen(ear.publish("1"))
    await anext(stream)

    ear.publish("2", scope="run:b")

    assert await silent(ear, stream)


async def test_a_device_is_not_woken_for_what_it_did_itself(ear: Ear) -> None:
    stream = ear.listen(ear.publish("1"))
    await anext(stream)

    ear.publish("2", by=VAN)

    assert await silent(ear, stream)


async def test_a_device_that_may_no_longer_listen_loses_its_stream(ear: Ear) -> None:
    stream = ear.listen(ear.publish("1"))
    await anext(stream)

    ear.allowed = False

    assert await first(stream) == ""


async def test_the_line_shows_that_it_is_alive(ear: Ear) -> None:
    stream = ear.listen(ear.publish("1"), Pace(min_s=0, recheck_s=0.01, heartbeat_s=0))

    assert [await anext(stream), await anext(stream)] == [BEAT, BEAT]


async def test_the_poke_is_for_devices(board: AsyncClient) -> None:
    assert (await board.get("/api/v1/poke")).status_code == 403
