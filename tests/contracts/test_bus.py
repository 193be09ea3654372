"""What the bus keeps: followers of a site hear that its revision has grown."""

from uuid import UUID

import anyio
import anyio.to_thread
import pytest

from server.core.bus import Bus, ProcessBus
from shared.ids import SiteId

pytestmark = pytest.mark.anyio
OTHER = SiteId(UUID(int=9))


@pytest.fixture
def bus() -> ProcessBus:
    return ProcessBus()


async def follow(bus: Bus, site: SiteId, heard: list[int], until: int) -> None:
    async for revision in bus.follow(site):
        heard.append(revision)
        if revision >= until:
            return


async def test_a_follower_hears_revisions_told_from_any_thread(
    bus: ProcessBus, site: SiteId
) -> None:
    heard: list[int] = []

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(follow, bus, site, heard, 7)
        await anyio.wait_all_tasks_blocked()
        await anyio.to_thread.run_sync(bus.publish, site, 7)

    assert heard == [7]


async def test_several_revisions_may_be_told_as_one_and_the_newest_is_never_lost(
    bus: ProcessBus, site: SiteId
) -> None:
    heard: list[int] = []

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(follow, bus, site, heard, 50)
        await anyio.wait_all_tasks_blocked()
        for revision in range(1, 51):
            bus.publish(site, revision)

    assert heard[-1] == 50
    assert heard == sorted(heard)


async def test_other_sites_are_not_heard(bus: ProcessBus, site: SiteId) -> None:
    heard: list[int] = []

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(follow, bus, site, heard, 3)
        await anyio.wait_all_tasks_blocked()
        bus.publish(OTHER, 99)
        bus.publish(site, 3)

    assert heard == [3]


async def test_a_follower_that_leaves_is_forgotten(bus: ProcessBus, site: SiteId) -> None:
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(follow, bus, site, [], 1)
        await anyio.wait_all_tasks_blocked()
        assert bus.followers() == 1
        tasks.cancel_scope.cancel()

    assert bus.followers() == 0
