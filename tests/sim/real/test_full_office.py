"""A full, a read-only and a damaged disk under the server."""

import errno
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from random import Random

import pytest

from server import cli
from server.blobs import store
from server.blobs.store import FolderBlobs
from server.core.hosting import MISSING
from shared.ids import Sha256
from tests.server.sync.a_device import sha_of
from tests.sim.real.full_office import DISK, PHOTO, crowded, more_facts
from tests.sim.real.small_disk import NoMount, SmallDisk, small_disk

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(180)]


@pytest.fixture
def disk() -> Iterator[SmallDisk]:
    """A real disk of eight megabytes."""
    try:
        with small_disk(DISK) as made:
            yield made
    except NoMount as error:
        pytest.skip(f"no small disk here: {error}")


async def test_a_full_server_refuses_writes_serves_reads_and_heals(
    disk: SmallDisk, sqlite_template: Path
) -> None:
    async with crowded(disk.path, sqlite_template) as crowd:
        more_facts(crowd, 40)
        before = crowd.van.acked
        disk.fill()
        full = await crowd.send()
        read = await crowd.reads()
        ready = await crowd.ready()
        disk.clear()
        told = await crowd.van.exchange()

        assert (full.status_code, full.json()["code"]) == (507, "server_full")
        assert before == 1
        assert read == [200, 200, 200]
        assert ready == 503
        assert told["ack"]["seq"] == len(crowd.van.stream.sent)
        assert await crowd.ready() == 200


async def test_a_photo_that_does_not_fit_goes_on_where_it_stopped(
    disk: SmallDisk, sqlite_template: Path
) -> None:
    async with crowded(disk.path, sqlite_template) as crowd:
        more_facts(crowd, 1)
        await crowd.van.exchange()
        disk.fill(leave=30_000)
        full = await crowd.patch(0)
        disk.clear()

        assert (full.status_code, full.json()["code"]) == (507, "server_full")
        assert await crowd.upload() == "?1"
        with crowd.world.parts.blobs.read(Sha256(sha_of(PHOTO))) as file:
            assert file.read() == PHOTO


async def test_a_read_only_store_of_files_says_come_later(
    disk: SmallDisk, tmp_path: Path, sqlite_template: Path
) -> None:
    async with crowded(tmp_path, sqlite_template) as crowd:
        more_facts(crowd, 1)
        await crowd.van.exchange()
        crowd.world.parts.blobs = FolderBlobs(disk.path / "blobs")
        disk.read_only()
        refused = await crowd.patch(0)
        disk.read_only(on=False)

        assert (refused.status_code, refused.json()["code"]) == (503, "busy")
        assert await crowd.upload() == "?1"


async def test_a_file_renamed_before_the_disk_failed_is_flushed_before_it_counts(
    tmp_path: Path, sqlite_template: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    flushed: list[Path] = []

    def fails_once(folder: Path) -> None:
        flushed.append(folder)
        if len(flushed) == 1:
            raise OSError(errno.EIO, "the disk failed")

    async with crowded(tmp_path, sqlite_template) as crowd:
        more_facts(crowd, 1)
        await crowd.van.exchange()
        monkeypatch.setattr(store, "_sync_folder", fails_once)
        with pytest.raises(AssertionError, match="internal"):
            await crowd.upload()

        assert await crowd.upload() == "?1"
        assert flushed[1].name == sha_of(PHOTO)[:2]


def test_a_server_on_a_read_only_disk_names_the_folder(
    disk: SmallDisk, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MILKRUN_DATA", str(disk.path / "data"))
    disk.read_only()

    code = cli.run(["serve", "--port", "0"])

    assert code == MISSING
    assert str(disk.path / "data") in capsys.readouterr().err


def damaged(path: Path, how: str) -> None:
    """Spoil a database file in one of the ways a disk or a person may."""
    whole, chance = path.read_bytes(), Random(how)
    if how == "truncated":
        path.write_bytes(whole[: len(whole) // 2 + 100])
    elif how == "cut to nothing but a header":
        path.write_bytes(whole[:100])
    elif how == "noise":
        path.write_bytes(whole[:4_096] + chance.randbytes(60_000) + whole[64_096:])
    elif how == "foreign":
        path.unlink()
        with closing(sqlite3.connect(path)) as other:
            other.execute("CREATE TABLE alembic_version(version_num TEXT)")
            other.execute("INSERT INTO alembic_version VALUES('of another program')")
            other.commit()
    elif how == "text":
        path.write_text("Dear colleagues, " * 1_000)


WAYS = ("truncated", "cut to nothing but a header", "noise", "foreign", "text")


@pytest.mark.parametrize("how", WAYS)
def test_a_damaged_database_is_refused_in_a_sentence_and_left_alone(
    how: str,
    tmp_path: Path,
    sqlite_template: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("MILKRUN_DATA", str(tmp_path))
    file = tmp_path / "milkrun.db"
    file.write_bytes(sqlite_template.read_bytes())
    damaged(file, how)
    before = file.read_bytes()

    code = cli.run(["migrate"])
    said = capsys.readouterr()

    assert code == MISSING
    assert "database" in said.err
    assert said.err.count("\n") == 1
    assert left_alone(file, before)


def left_alone(file: Path, before: bytes) -> bool:
    """Whether a file says what it said; SQLite marks a whole one in its header as it opens it."""
    after = file.read_bytes()
    return after[:18] + after[20:24] == before[:18] + before[20:24] and len(after) == len(before)
