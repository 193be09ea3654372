"""Full and read-only disks on both sides, on a real small disk where one can be mounted."""

import asyncio
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from driver_app.actions import Session
from tests.helpers import record
from tests.sim.real import full_phone, power
from tests.sim.real.full_phone import DISK, PAGE, QuotaFiles, phone_on, quota_connect
from tests.sim.real.small_disk import NoMount, SmallDisk, small_disk

pytestmark = pytest.mark.timeout(180)


@pytest.fixture
def disk() -> Iterator[SmallDisk]:
    """A real disk of two megabytes."""
    try:
        with small_disk(DISK) as made:
            yield made
    except NoMount as error:
        pytest.skip(f"no small disk here: {error}")


def test_four_hundred_acts_on_a_full_phone_lose_photos_but_no_fact(tmp_path: Path) -> None:
    with ExitStack() as stack:
        try:
            folder = stack.enter_context(small_disk(DISK)).path / "phone"
            joined = phone_on(folder)
        except NoMount:
            folder = tmp_path / "phone"
            files = QuotaFiles(tmp_path, DISK)
            joined = phone_on(folder, files=files, connect=quota_connect(DISK // PAGE))
        filled = asyncio.run(_filled(joined))

        assert full_phone.look_again(folder, filled) == []
    assert filled.photos >= 10
    assert filled.without >= 50
    assert filled.unsaved == 0
    assert filled.said_full
    assert filled.readable


async def _filled(joined: Session) -> full_phone.Filled:
    filled = await full_phone.fill(joined)
    await joined.end()
    return filled


def test_a_phone_without_one_free_byte_starts_and_says_what_it_cannot_do(disk: SmallDisk) -> None:
    assert asyncio.run(full_phone.on_the_brim(disk, disk.path / "phone")) == []


def test_a_read_only_phone_says_so_and_loses_nothing(disk: SmallDisk) -> None:
    folder, promised = disk.path / "phone", list[str]()
    asyncio.run(record.record(phone_on(folder), 2, 0, promised.append))
    disk.read_only()

    with pytest.raises(full_phone.UNUSABLE):
        asyncio.run(phone_on(folder).start())
    disk.read_only(on=False)

    assert len(promised) == 2
    assert power.broken(folder, [one.removeprefix(power.SAVED) for one in promised]) == []
