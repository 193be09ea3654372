"""The clock makes backups and drills when they are due, and people see how it stands."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI
from httpx import AsyncClient
from sqlalchemy import text

from server import app as composition
from server.app import backup_kit
from server.backup import queries, service
from server.backup.clockwork import back_up_if_due, drill_if_due
from server.backup.folders import found
from server.backup.rules import History
from server.core.http import Parts
from server.core.settings import Settings
from tests.helpers.clock import ManualClock
from tests.server.sync.a_device import Device

pytestmark = pytest.mark.anyio
ONLY_SQLITE = pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
NONE_YET = "There is no backup yet"
SAME_DISK = "The backup lies on the same disk as the data."


def history(parts: Parts) -> History:
    return parts.reads.run(lambda session: queries.history(session, 900))


@ONLY_SQLITE
async def test_a_backup_is_made_every_quarter_of_an_hour(parts: Parts, clock: ManualClock) -> None:
    kit, made = backup_kit(parts), []

    for _ in range(32):
        back_up_if_due(kit, clock.now())
        made.append(len(found(parts.settings.backups)))
        clock.pass_time(s=60)

    assert [made[0], made[14], made[15], made[29], made[30]] == [1, 1, 2, 2, 3]


@ONLY_SQLITE
async def test_a_drill_is_held_once_a_week(parts: Parts, clock: ManualClock) -> None:
    kit, drilled = backup_kit(parts), []

    for _ in range(17):
        back_up_if_due(kit, clock.now())
        drill_if_due(kit, clock.now())
        drilled.append(history(parts).drilled_ms)
        clock.pass_time(days=1)

    assert drilled[6] is None
    assert drilled[7] is not None
    assert drilled[13] == drilled[7]
    assert drilled[14] is not None
    assert drilled[14] - drilled[7] == 7 * 86_400_000
    assert not (parts.settings.data / ".drill").exists()


@ONLY_SQLITE
async def test_the_clock_survives_a_backup_that_fails(parts: Parts, clock: ManualClock) -> None:
    parts.settings.backups.write_text("a file where the folder should be")

    back_up_if_due(backup_kit(parts), clock.now())

    assert history(parts).failed_why


@ONLY_SQLITE
async def test_every_page_says_how_well_the_server_is_protected(
    board: AsyncClient, parts: Parts, van: Device
) -> None:
    del van
    before = (await board.get("/today")).text

    service.back_up(backup_kit(parts))
    after = (await board.get("/today")).text
    parts.writer.run(
        lambda s: s.execute(text("UPDATE backup_run SET why = 'the disk is full.'")).close()
    )
    failed = (await board.get("/today")).text

    assert NONE_YET in before
    assert NONE_YET not in after
    assert SAME_DISK in after
    assert "the disk is full." in failed
    assert SAME_DISK not in failed


@pytest.fixture
def far(settings: Settings) -> Iterator[Path]:
    """A folder on another file system: in memory, as every Linux has it, or on the disk."""
    here = settings.data.stat().st_dev
    others = (Path("/dev/shm"), Path.home(), Path(__file__).parent)
    other = next((one for one in others if one.stat().st_dev != here), None)
    assert other is not None, "two file systems"
    with tempfile.TemporaryDirectory(dir=other) as folder:
        yield Path(folder)


@ONLY_SQLITE
async def test_backups_on_another_disk_need_no_banner(
    board: AsyncClient, parts: Parts, van: Device, far: Path
) -> None:
    del van
    parts.settings = parts.settings.model_copy(update={"backup_dir": far})
    service.back_up(backup_kit(parts))

    told = (await board.get("/today")).text

    assert SAME_DISK not in told
    assert NONE_YET not in told


@ONLY_SQLITE
async def test_a_running_server_backs_itself_up_unless_told_not_to(app: FastAPI) -> None:
    parts: Parts = app.state.parts
    named = [timer.name for timer in composition._backups(parts)]
    parts.settings = parts.settings.model_copy(update={"durability": "none"})

    assert named == ["backup", "drill"]
    assert composition._backups(parts) == []
