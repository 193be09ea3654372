"""A database of another app, another version or a broken disk: set aside, no fact lost."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from driver_app.store import blobs, meta, outbox, schema
from driver_app.store.db import DATABASE, Store
from driver_app.store.outbox import NewBlob
from tests.driver_app.store.a_store import new_fact, places, put, reopened, scalar

pytestmark = pytest.mark.anyio
PHOTO = NewBlob("ab" * 32, 3, "image/jpeg", "photo")


def edit(folder: Path, *statements: str) -> None:
    """Change the file as no app of ours would."""
    with closing(sqlite3.connect(folder / DATABASE)) as db:
        for statement in statements:
            db.execute(statement)
        db.commit()


async def test_a_database_of_a_foreign_app_is_set_aside_and_the_day_goes_on(tmp_path: Path) -> None:
    edit(tmp_path, "CREATE TABLE song(title TEXT)", "INSERT INTO song VALUES('Yesterday')")

    again = await reopened(tmp_path)
    await put(again, new_fact())

    assert len(await places(again)) == 1
    with closing(sqlite3.connect(tmp_path / f"{DATABASE}.aside-1")) as db:
        assert db.execute("SELECT title FROM song").fetchone() == ("Yesterday",)
    await again.close()


async def test_a_file_whose_tables_are_gone_is_no_database_of_ours(store: Store) -> None:
    await put(store, new_fact())
    await store.close()
    edit(store.folder, "DROP TABLE stage")

    again = await reopened(store.folder)

    assert len(await places(again)) == 1
    assert (await again.read(meta.many))["counters"]["salvaged"] == 1
    await again.close()


async def test_a_newer_database_with_more_columns_gives_its_facts_and_sheets(store: Store) -> None:
    (event,) = await put(store, new_fact("bakery", PHOTO))
    await store.run(lambda db: db.execute("INSERT INTO draft VALUES('proof:1', 'run', '{}', 1, 5)"))
    await store.close()
    newer = len(schema.STEPS) + 1
    edit(
        store.folder,
        "ALTER TABLE draft ADD COLUMN mood TEXT",
        "ALTER TABLE blob ADD COLUMN place TEXT",
        f"PRAGMA user_version = {newer}",
    )

    again = await reopened(store.folder)

    assert [place.id for place in await places(again)] == [str(event)]
    assert await again.read(scalar("SELECT key FROM draft")) == "proof:1"
    assert await again.read(blobs.unsent) == (1, 3)
    await again.close()


async def test_photos_of_facts_are_expected_again_where_their_own_rows_were_lost(
    store: Store,
) -> None:
    await put(store, new_fact("bakery", PHOTO))
    await store.close()
    edit(store.folder, "DELETE FROM blob", "DELETE FROM outbox_blob", "DROP TABLE stage")

    again = await reopened(store.folder)

    assert await again.read(blobs.unsent) == (1, 3)
    assert await again.read(blobs.referred) == {PHOTO.sha}
    await again.close()


async def test_rows_that_make_no_sense_stay_in_the_file_that_was_set_aside(store: Store) -> None:
    first, second = await put(store, new_fact("bakery"), new_fact("dairy"))
    await store.close()
    edit(
        store.folder,
        f"UPDATE outbox SET doc = 'half a do' WHERE id = '{first}'",
        "INSERT INTO meta VALUES('hlc2', 'no json')",
        "UPDATE meta SET v = 'no json' WHERE k = 'url'",
        "DROP TABLE stage",
    )

    again = await reopened(store.folder)

    assert [place.id for place in await places(again)] == [str(second)]
    assert await again.read(lambda db: meta.get(db, "url")) == ""
    await again.close()


async def test_a_step_that_cannot_be_taken_drains_the_old_file_into_a_new_one(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = await put(store, new_fact("bakery"), new_fact("dairy"))
    await store.run(lambda db: meta.put_ui(db, "one", "same"))
    await store.run(lambda db: meta.put_ui(db, "two", "same"))
    await store.close()
    step = "CREATE UNIQUE INDEX one_value ON ui_state(v)"
    monkeypatch.setattr(schema, "STEPS", (*schema.STEPS, step))

    again = await reopened(store.folder)

    assert [place.id for place in await places(again)] == [str(event) for event in before]
    assert (store.folder / f"{DATABASE}.before-2").exists()
    assert (store.folder / f"{DATABASE}.aside-1").exists()
    assert await again.read(schema.version) == 2
    await again.close()


async def test_a_step_of_a_newer_app_keeps_a_copy_and_the_outbox(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    await put(store, new_fact("bakery", PHOTO))
    before = await places(store)
    await store.close()
    monkeypatch.setattr(schema, "STEPS", (*schema.STEPS, "ALTER TABLE ui_state ADD COLUMN x TEXT"))

    again = await reopened(store.folder)

    assert await places(again) == before
    assert not (store.folder / f"{DATABASE}.aside-1").exists()
    with closing(sqlite3.connect(store.folder / f"{DATABASE}.before-2")) as db:
        assert db.execute("SELECT count(*) FROM outbox").fetchone() == (1,)
        assert schema.version(db) == 1
    await again.close()


async def test_a_log_file_that_is_missing_makes_an_older_phone_not_a_broken_one(
    store: Store,
) -> None:
    await put(store, new_fact("bakery"))
    await store.run(lambda db: db.execute("SELECT 1").fetchone())
    await store.close()
    again = await reopened(store.folder)
    await put(again, new_fact("dairy"))
    kept = {p.name: p.read_bytes() for p in store.folder.iterdir() if p.is_file()}
    await again.close()
    for name, content in kept.items():
        (store.folder / name).write_bytes(content)
    (store.folder / f"{DATABASE}-wal").unlink()

    older = await reopened(store.folder)
    await put(older, new_fact("hotel"))

    found = await places(older)
    assert [place.seq for place in found] == [1, 2]
    assert await older.read(outbox.holed) is False
    await older.close()
