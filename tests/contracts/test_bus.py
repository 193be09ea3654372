"""What the bus keeps: followers of a site hear that its revision has grown."""

from collections.abc import Iterator
from uuid import UUID

import anyio
import anyio.to_thread
import pytest

from server.core.bus import Bus, ProcessBus
from server.core.bus_postgres import PostgresBus
from shared.ids import SiteId
from tests.helpers.databases import DATABASES

pytestmark = pytest.mark.anyio
AnyBus = ProcessBus | PostgresBus
OTHER = SiteId(UUID(int=9))


@pytest.fixture(params=DATABASES)
def bus(request: pytest.FixtureRequest) -> Iterator[ProcessBus | PostgresBus]:
    """The bus within a process, and the one between processes."""
    if request.param == "sqlite":
        yield ProcessBus()
        return
    between = PostgresBus(request.getfixturevalue("postgres_database"))
    assert between.listening.wait(10)
    yield between
    between.close()


async def follow(bus: Bus, site: SiteId, heard: list[int], until: int) -> None:
    async for revision in bus.follow(site):
        heard.append(revision)
        if revision >= until:
            return


async def test_a_follower_hears_revisions_told_from_any_thread(bus: AnyBus, site: SiteId) -> None:
    heard: list[int] = []

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(follow, bus, site, heard, 7)
        await anyio.wait_all_tasks_blocked()
        await anyio.to_thread.run_sync(bus.publish, site, 7)

    assert heard == [7]


async def test_several_revisions_may_be_told_as_one_and_the_newest_is_never_lost(
    bus: AnyBus, site: SiteId
) -> None:
    heard: list[int] = []

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(follow, bus, site, heard, 50)
        await anyio.wait_all_tasks_blocked()
        for revision in range(1, 51):
            bus.publish(site, revision)

    assert heard[-1] == 50
    assert heard == sorted(heard)


async def test_other_sites_are_not_heard(bus: AnyBus, site: SiteId) -> None:
    heard: list[int] = []

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(follow, bus, site, heard, 3)
        await anyio.wait_all_tasks_blocked()
        bus.publish(OTHER, 99)
        bus.publish(site, 3)

    assert heard == [3]


async def test_a_follower_that_leaves_is_forgotten(bus: AnyBus, site: SiteId) -> None:
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(follow, bus, site, [], 1)
        await anyio.wait_all_tasks_blocked()
        assert bus.followers() == 1
        tasks.cancel_scope.cancel()

    assert bus.followers() == 0


@pytest.mark.postgres
async def test_another_process_of_the_database_hears_too(
    postgres_database: str, site: SiteId
) -> None:
    here, there = PostgresBus(postgres_database), PostgresBus(postgres_database)
    heard: list[int] = []
    for one in (here, there):
        assert await anyio.to_thread.run_sync(one.listening.wait, 10)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(follow, there, site, heard, 4)
        await anyio.wait_all_tasks_blocked()
        await anyio.to_thread.run_sync(here.publish, site, 4)

    assert heard == [4]
    for one in (here, there):
        await anyio.to_thread.run_sync(one.close)
