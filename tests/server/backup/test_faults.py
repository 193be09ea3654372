"""Whatever goes wrong while a backup is made: older ones stay, nothing becomes safe, it is said."""

import errno
import hashlib
import json
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from httpx import AsyncClient
from sqlalchemy import text

from server.app import backup_kit
from server.backup import queries, restoring, service
from server.backup.clockwork import back_up_if_due
from server.backup.disk import Disk
from server.backup.folders import Damaged, check_files, found, read
from server.backup.rules import RED, History
from server.backup.service import BackupFailed, Kit
from server.core.http import Parts
from server.core.settings import Settings
from tests.helpers.builders import arrived, completed
from tests.helpers.clock import ManualClock
from tests.server.blobs.pictures import picture
from tests.server.sync.a_device import Circle, Device, photo_of, sha_of
from tests.server.sync.test_files import patch

pytestmark = pytest.mark.anyio
PHOTO = picture(size=(300, 200))


class Killed(BaseException):
    """The process is gone."""


class FaultyDisk(Disk):
    """Counts the operations and lets one of them go wrong."""

    def __init__(self, fail_at: int | None = None, error: BaseException | None = None) -> None:
        self.count = 0
        self.operations: list[str] = []
        self._fail_at = fail_at
        self._error = error or OSError(errno.ENOSPC, "No space left on device")

    def at(self, operation: str, path: Path) -> None:
        self.operations.append(f"{operation} {path.name}")
        self.count += 1
        if self._fail_at is not None and self.count >= self._fail_at:
            raise self._error


@pytest.fixture
async def driven(van: Device, circle: Circle) -> Device:
    """The device has completed a stop with a photo, and all of it has arrived."""
    visit = circle.visits["bakery"]
    await van.record(completed(run=circle.run, visit=visit, blobs=[photo_of(PHOTO)])).exchange()
    await patch(van, PHOTO, 0)
    return van


async def durable_of(van: Device) -> int:
    told: int = (await van.exchange())["ack"]["durable"]
    return told


def history(kit: Kit) -> History:
    return kit.reads.run(lambda session: queries.history(session, 900))


@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
async def test_every_operation_may_fail_or_be_the_last_and_nothing_is_lost(
    driven: Device, circle: Circle, parts: Parts
) -> None:
    first = service.back_up(backup_kit(parts))
    driven.record(arrived(run=circle.run, visit=circle.visits["dairy"]))
    await driven.exchange()
    target = parts.settings.backups
    n, faults = 0, 1
    while faults:
        n, faults = n + 1, 0
        for error in (OSError(errno.ENOSPC, "full"), Killed()):
            with suppress(BackupFailed, Killed):
                faults += 1
                service.back_up(backup_kit(parts, disk=FaultyDisk(n, error)))
                faults -= 1
            # A backup that has its name is whole; `durable` is never ahead of the newest.
            whole = found(target)
            assert whole[0].number >= first.number
            for one in whole:
                check_files(one, Disk())
            assert await durable_of(driven) <= max(whole[0].durable.values())

    assert n > 15
    assert await durable_of(driven) == 2
    assert not list(target.glob(".partial-*"))
    assert not list((target / "blobs").glob(".new-*"))


async def test_a_full_disk_is_said_and_tried_again_later(
    driven: Device, parts: Parts, clock: ManualClock
) -> None:
    kit = backup_kit(parts, disk=FaultyDisk(3))

    back_up_if_due(kit, clock.now())
    why = history(kit).failed_why
    back_up_if_due(backup_kit(parts), clock.pass_time(s=60))
    early = await durable_of(driven)
    back_up_if_due(backup_kit(parts), clock.pass_time(s=900))

    assert why is not None
    assert "is full" in why
    assert (early, await durable_of(driven)) == (0, 1)
    assert history(kit).failed_why is None


async def test_a_failed_backup_makes_readiness_red_and_says_why(
    board: AsyncClient, parts: Parts, driven: Device
) -> None:
    del driven
    with pytest.raises(BackupFailed):
        service.back_up(backup_kit(parts, disk=FaultyDisk(1, OSError(errno.EROFS, "Read-only"))))

    health = parts.reads.run(
        lambda session: service.protection(session, parts.settings, parts.clock.ms())
    )
    answer = await board.get("/api/v1/ready")

    assert (health.light, health.reason) == (RED, "failed")
    assert answer.status_code == 503
    assert "cannot be written" in answer.json()["worries"]["backup"]


async def test_a_second_backup_at_the_same_time_is_refused(kit: Kit, driven: Device) -> None:
    del driven
    with kit.target().held(), pytest.raises(BackupFailed, match="is being made"):
        service.back_up(kit)


def flip(path: Path, at: int = 5_000) -> None:
    content = bytearray(path.read_bytes())
    content[min(at, len(content) - 1)] ^= 0xFF
    path.write_bytes(bytes(content))


def cut(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def foreign(path: Path) -> None:
    path.write_text(json.dumps({"format": "another program", "id": "1"}))


def other_step(path: Path) -> None:
    path.write_text(path.read_text().replace('"revision": "', '"revision": "9'))


def other_files(path: Path) -> None:
    path.write_text("ab" * 32 + "\n")


def bent_rows(path: Path) -> None:
    told = json.loads(path.read_text())
    told["tables"]["event"] += 1
    path.write_text(json.dumps(told))


SPOILT: dict[str, tuple[str, Callable[[Path], None]]] = {
    "a flipped bit": ("*.db", flip),
    "a cut file": ("*.db", cut),
    "a lost file": ("*.db", Path.unlink),
    "another program's": ("manifest.json", foreign),
    "no manifest": ("manifest.json", Path.unlink),
    "a cut manifest": ("manifest.json", cut),
    "at another step than said": ("manifest.json", other_step),
    "other rows than said": ("manifest.json", bent_rows),
    "another list of files": ("blobs.txt", other_files),
}


@pytest.mark.parametrize(
    ("settings", "spoilt"),
    [
        *(pytest.param("sqlite", name) for name in SPOILT),
        pytest.param("postgres", "a flipped bit", marks=pytest.mark.postgres),
        pytest.param("postgres", "other rows than said", marks=pytest.mark.postgres),
    ],
    indirect=["settings"],
)
async def test_what_is_no_whole_backup_is_refused_and_nothing_is_left(
    driven: Device, kit: Kit, empty_place: Settings, spoilt: str
) -> None:
    del driven
    backup = service.back_up(kit)
    pattern, spoil = SPOILT[spoilt]
    if not empty_place.sqlite:
        pattern = pattern.replace("*.db", "event.copy")
    spoil(next(backup.path.glob(pattern)))

    with pytest.raises(restoring.CannotRestore):
        restoring.restore(backup.path, empty_place, kit.tools)

    assert not empty_place.data.exists() or list(empty_place.data.iterdir()) == []


@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
async def test_the_backup_of_a_newer_version_is_refused(
    driven: Device, kit: Kit, empty_place: Settings
) -> None:
    del driven
    step = text("UPDATE alembic_version SET version_num = '9999'")
    kit.writer.run(lambda session: session.execute(step).close())
    backup = service.back_up(kit)

    with pytest.raises(restoring.CannotRestore, match="newer version"):
        restoring.restore(backup.path, empty_place, kit.tools)

    assert list(empty_place.data.iterdir()) == []


@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
async def test_a_restore_may_be_killed_anywhere_and_tried_again(
    driven: Device, parts: Parts, empty_place: Settings
) -> None:
    del driven
    backup = service.back_up(backup_kit(parts))
    n, killed = 0, True
    while killed:
        n += 1
        tools = backup_kit(parts, disk=FaultyDisk(n, Killed())).tools
        place = empty_place.model_copy(update={"data": empty_place.data / str(n)})
        try:
            restoring.restore(backup.path, place, tools)
            killed = False
        except Killed:
            # Nothing that a server would start on, or all of it.
            assert not (place.data / "milkrun.db").exists() or (place.data / "blobs").exists()

    assert n > 8


async def test_a_file_the_server_has_lost_is_not_safe_and_asked_for_again(
    driven: Device, parts: Parts
) -> None:
    place = parts.blobs.path(sha_of(PHOTO))
    flip(place, 20)

    service.back_up(backup_kit(parts))
    told = await driven.exchange()
    await patch(driven, PHOTO, 0)
    service.back_up(backup_kit(parts))

    assert (told["ack"]["durable"], told["need"]) == (0, [sha_of(PHOTO)])
    assert await durable_of(driven) == 1
    assert hashlib.sha256(place.read_bytes()).hexdigest() == sha_of(PHOTO)


async def test_a_drill_finds_a_damaged_backup(driven: Device, kit: Kit) -> None:
    del driven
    backup = service.back_up(kit)
    copied = kit.target().blob(sha_of(PHOTO))
    content = copied.read_bytes()
    copied.unlink()  # it may be a second name of the server's own file
    copied.write_bytes(content[:-1] + b"x")

    with pytest.raises(restoring.CannotRestore, match="lost or damaged"):
        restoring.drill(kit, seed=1)

    assert "lost or damaged" in str(history(kit).drill_why)
    with pytest.raises(Damaged):
        read(backup.path.parent)


async def test_a_drill_finds_a_result_that_is_not_what_the_facts_say(
    driven: Device, circle: Circle, kit: Kit
) -> None:
    del driven
    good = (service.back_up(kit), restoring.drill(kit, seed=1))[1]
    bend = text('UPDATE stop_visit SET fact = \'{"state": "failed"}\' WHERE fact IS NOT NULL')
    kit.writer.run(lambda session: session.execute(bend).close())
    service.back_up(kit)

    with pytest.raises(restoring.CannotRestore, match=circle.run):
        restoring.drill(kit, seed=1)

    assert good.runs == 1
