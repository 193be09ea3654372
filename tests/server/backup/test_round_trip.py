"""A backup is verified, moves `durable`, and gives back the same server."""

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

import pytest
from sqlalchemy import text

from server.app import build_parts
from server.backup import copies, restoring, service
from server.backup.service import Kit
from server.blobs import queries as blob_queries
from server.core.http import Parts
from server.core.settings import Settings
from server.feed import queries as feed
from server.sync.service import after_start
from shared.ids import DeviceId
from tests.helpers.builders import arrived, completed
from tests.helpers.clock import ManualClock
from tests.helpers.databases import SITE
from tests.server.blobs.pictures import picture
from tests.server.sync.a_device import Circle, Device, photo_of, sha_of
from tests.server.sync.test_files import patch

pytestmark = pytest.mark.anyio
PHOTO = picture(size=(300, 200))


@contextmanager
def served(settings: Settings, clock: ManualClock) -> Iterator[Parts]:
    """The parts of a restored server, as a start makes them."""
    parts = build_parts(settings, clock)
    try:
        after_start(parts)
        yield parts
    finally:
        parts.close()


async def told_durable(van: Device) -> int:
    told: int = (await van.exchange())["ack"]["durable"]
    return told


async def test_nothing_is_durable_before_a_backup_and_everything_after_it(
    van: Device, circle: Circle, kit: Kit
) -> None:
    van.record(arrived(run=circle.run, visit=circle.visits["bakery"]))
    before = await told_durable(van)

    service.back_up(kit)

    assert (before, await told_durable(van)) == (0, 1)


async def test_what_came_after_the_snapshot_is_not_durable(
    van: Device, circle: Circle, kit: Kit
) -> None:
    await van.record(arrived(run=circle.run, visit=circle.visits["bakery"])).exchange()
    service.back_up(kit)
    van.record(arrived(run=circle.run, visit=circle.visits["dairy"]))

    told = (await van.exchange())["ack"]

    assert (told["seq"], told["durable"]) == (2, 1)


async def test_a_fact_waits_for_its_photo_and_so_do_those_behind_it(
    van: Device, circle: Circle, kit: Kit
) -> None:
    bakery, dairy = circle.visits["bakery"], circle.visits["dairy"]
    van.record(
        arrived(run=circle.run, visit=bakery),
        completed(run=circle.run, visit=bakery, blobs=[photo_of(PHOTO)]),
        arrived(run=circle.run, visit=dairy),
    )
    await van.exchange()
    service.back_up(kit)
    without = await told_durable(van)
    await patch(van, PHOTO, 0)

    service.back_up(kit)

    assert (without, await told_durable(van)) == (1, 3)


async def test_a_file_its_device_cannot_read_holds_nothing_up(
    van: Device, circle: Circle, kit: Kit, parts: Parts
) -> None:
    await van.record(
        completed(run=circle.run, visit=circle.visits["bakery"], blobs=[photo_of(PHOTO)])
    ).exchange()
    statement = text("UPDATE blob SET look = 'unreadable'")
    parts.writer.run(lambda session: session.execute(statement).close())

    service.back_up(kit)

    assert await told_durable(van) == 1


async def test_a_restored_server_knows_what_the_backup_held(
    van: Device, circle: Circle, kit: Kit, empty_place: Settings, clock: ManualClock
) -> None:
    bakery = circle.visits["bakery"]
    await van.record(completed(run=circle.run, visit=bakery, blobs=[photo_of(PHOTO)])).exchange()
    await patch(van, PHOTO, 0)
    before = kit.reads.run(copies.figures)
    backup = service.back_up(kit)

    restored = restoring.restore(backup.path, empty_place, kit.tools)

    assert restored.missing == ()
    with served(empty_place, clock) as parts:
        after = parts.reads.run(copies.figures)
        assert after.heads == before.heads
        assert {t: n for t, n in after.tables.items() if n != before.tables[t]} == {
            "backup_run": 1, "feed_rev": 1,
        }  # fmt: skip
        with parts.blobs.read(sha_of(PHOTO)) as file:
            assert file.read() == PHOTO
        assert [one.done for one in parts.reads.run(blob_queries.standing)] == [True]
        assert parts.server_id == kit.server_id


async def test_every_old_cursor_is_refused_by_a_restored_server(
    van: Device, circle: Circle, kit: Kit, empty_place: Settings, clock: ManualClock
) -> None:
    assert circle.visits, "the device has a run on its screen"
    site, device = SITE, DeviceId(UUID(van.id))
    known = kit.reads.run(lambda s: feed.pull(s, site, device, van.cursor))
    restoring.restore(service.back_up(kit).path, empty_place, kit.tools)

    with served(empty_place, clock) as parts:
        page = parts.reads.run(lambda s: feed.pull(s, site, device, van.cursor))

    assert (known.reset, page.reset) == (False, True)
    assert page.head > known.head + 1_000
