"""The file itself: flushed, set aside when damaged, alive when the disk is full."""

import errno
import sqlite3
from pathlib import Path

import pytest

from driver_app.device.fakes import SeededIds
from driver_app.store import ballast, meta, schema
from driver_app.store.db import DATABASE, DiskFull, HereLane, Store, ThreadLane
from driver_app.store.files import DiskFiles
from driver_app.store.outbox import NewBlob
from shared.sync import BALLAST
from tests.driver_app.store.a_store import CLOCKS, new_fact, places, put, reopened, scalar

pytestmark = pytest.mark.anyio


async def test_every_commit_is_on_the_disk(store: Store) -> None:
    assert await store.read(scalar("PRAGMA journal_mode")) == "wal"
    assert await store.read(scalar("PRAGMA synchronous")) == 2


async def test_facts_survive_a_kill(store: Store) -> None:
    await put(store, new_fact())

    again = await reopened(store.folder)

    assert len(await places(again)) == 1
    await again.close()


async def test_works_run_on_threads_of_their_own(tmp_path: Path) -> None:
    store = Store(tmp_path, SeededIds(1).noise, writer=ThreadLane("w"), reader=ThreadLane("r"))
    await store.open(CLOCKS)

    await put(store, new_fact())

    assert len(await places(store)) == 1
    await store.close()


async def test_a_stream_keeps_its_name_over_a_restart(store: Store) -> None:
    again = await reopened(store.folder)

    first = await store.read(lambda db: meta.get(db, "stream"))
    assert await again.read(lambda db: meta.get(db, "stream")) == first
    await again.close()


async def test_a_newer_database_is_set_aside_and_its_facts_are_saved(store: Store) -> None:
    photo = NewBlob("ab" * 32, 3, "image/jpeg", "photo")
    (event,) = await put(store, new_fact("bakery", photo))
    await store.run(lambda db: db.execute(f"PRAGMA user_version = {len(schema.STEPS) + 1}"))
    await store.close()

    again = await reopened(store.folder)

    assert [place.id for place in await places(again)] == [str(event)]
    assert await again.read(scalar("SELECT count(*) FROM blob")) == 1
    assert (store.folder / f"{DATABASE}.aside-1").exists()
    whole = await again.read(meta.many)
    assert whole["counters"] == {"salvaged": 1, "forks": 1}
    assert whole["fork"]["reason"] == "salvaged"
    await again.close()


async def test_a_damaged_database_is_set_aside_and_never_deleted(store: Store) -> None:
    await put(store, *[new_fact(f"stop {n}") for n in range(200)])
    await store.close()
    path = store.folder / DATABASE
    content = bytearray(path.read_bytes())
    content[-20_000:-12_000] = b"\xff" * 8_000
    path.write_bytes(content)

    again = await reopened(store.folder)

    assert (store.folder / f"{DATABASE}.aside-1").exists()
    assert 0 < len(await places(again)) <= 200
    await again.close()


async def test_a_file_that_is_no_database_does_not_stop_the_day(tmp_path: Path) -> None:
    (tmp_path / DATABASE).write_bytes(b"this is not a database at all" * 100)

    again = await reopened(tmp_path)

    await put(again, new_fact())
    assert len(await places(again)) == 1
    await again.close()


async def test_a_locked_database_is_not_taken_for_a_damaged_one(tmp_path: Path) -> None:
    def locked(_path: Path) -> sqlite3.Connection:
        error = sqlite3.OperationalError("database is locked")
        error.sqlite_errorcode = sqlite3.SQLITE_BUSY
        raise error

    (tmp_path / DATABASE).write_bytes(b"")
    store = Store(tmp_path, SeededIds(1).noise, connect=locked, writer=ThreadLane("w"))

    with pytest.raises(sqlite3.OperationalError):
        await store.open(CLOCKS)

    assert (tmp_path / DATABASE).exists()
    await store.close()


async def test_the_ballast_makes_room_for_a_fact_on_a_full_disk(store: Store) -> None:
    store.ballast.rebuild(1_000)
    tries = []

    def work(db: sqlite3.Connection) -> int:
        tries.append(db)
        if len(tries) == 1:
            error = sqlite3.OperationalError("database or disk is full")
            error.sqlite_errorcode = sqlite3.SQLITE_FULL
            raise error
        return 7

    assert await store.run(work) == 7
    assert not store.ballast.present()


async def test_a_disk_that_stays_full_is_told_and_breaks_nothing(store: Store) -> None:
    def full() -> None:
        raise OSError(errno.ENOSPC, "no space")

    with pytest.raises(DiskFull):
        await store.on_disk(full)

    assert store.full
    await put(store, new_fact())


async def test_a_photo_never_gets_the_room_kept_for_facts(tmp_path: Path) -> None:
    class Nearly(DiskFiles):
        def free_bytes(self, path: Path) -> int:
            del path
            return BALLAST

    store = Store(tmp_path, SeededIds(1).noise, Nearly(), writer=HereLane(), reader=HereLane())
    await store.open(CLOCKS)

    with pytest.raises(DiskFull):
        await store.keep_photo(lambda: None, 1)

    told = store.full
    await put(store, new_fact())
    assert await store.keep_photo(lambda: 7, 0) == 7
    assert (told, store.full) == (True, False)
    await store.close()


async def test_a_photo_that_does_not_fit_leaves_the_ballast_alone(store: Store) -> None:
    def full() -> None:
        raise OSError(errno.ENOSPC, "no space")

    store.ballast.rebuild(1_000)

    with pytest.raises(DiskFull):
        await store.keep_photo(full, 1)

    assert store.ballast.present()


async def test_the_ballast_comes_back_only_with_enough_room(tmp_path: Path) -> None:
    class Small(DiskFiles):
        def free_bytes(self, path: Path) -> int:
            del path
            return ballast.REBUILD_FREE

    assert not ballast.Ballast(Small(), tmp_path).rebuild(1_000)
    assert ballast.Ballast(DiskFiles(), tmp_path).rebuild(1_000)


async def test_a_hidden_boot_id_is_kept_while_the_clocks_keep_their_distance(
    tmp_path: Path,
) -> None:
    _, mono, wall = CLOCKS
    store = Store(tmp_path, SeededIds(1).noise)
    await store.open(("", mono, wall))
    first = store.hidden_boot
    await store.close()
    same = Store(tmp_path, SeededIds(2).noise)
    await same.open(("", mono + 9_000, wall + 9_100))
    await same.close()
    rebooted = Store(tmp_path, SeededIds(3).noise)

    await rebooted.open(("", 100, wall + 60_000))

    assert same.hidden_boot == first
    assert rebooted.hidden_boot != first
    await rebooted.close()
