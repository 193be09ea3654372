"""A phone whose database was damaged: the day goes on and nothing is deleted."""

import asyncio
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from random import Random

import pytest

from driver_app import actions
from driver_app.actions import Saved
from tests.helpers import record
from tests.helpers.device_rows import put_rows, road_rows
from tests.sim.real import books
from tests.sim.real.full_phone import phone_on

STOPS = 12
PAGE = 4_096
Spoil = Callable[[Path, Random], None]


def truncated(file: Path, chance: Random) -> None:
    with file.open("r+b") as whole:
        whole.truncate(chance.randrange(PAGE, file.stat().st_size))


def noise(file: Path, chance: Random) -> None:
    with file.open("r+b") as whole:
        for _ in range(3):
            whole.seek(chance.randrange(1, file.stat().st_size // PAGE) * PAGE)
            whole.write(chance.randbytes(PAGE))


def zeros(file: Path, chance: Random) -> None:
    with file.open("r+b") as whole:
        whole.seek(chance.randrange(0, file.stat().st_size // PAGE) * PAGE)
        whole.write(bytes(PAGE))


def text(file: Path, _chance: Random) -> None:
    file.write_text("Dear colleagues, " * 1_000)


def foreign(file: Path, _chance: Random) -> None:
    file.unlink()
    with closing(sqlite3.connect(file)) as other:
        other.execute("CREATE TABLE notes(id INTEGER PRIMARY KEY, text TEXT)")
        other.execute("PRAGMA user_version = 1")
        other.commit()


def newer(file: Path, _chance: Random) -> None:
    with closing(sqlite3.connect(file)) as same:
        same.execute("PRAGMA user_version = 999")


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A phone with facts that were never sent."""
    folder = tmp_path_factory.mktemp("whole") / "phone"
    asyncio.run(record.record(phone_on(folder), STOPS, 500, lambda _text: None))
    return folder


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("spoil", [truncated, noise, zeros, text, foreign, newer])
def test_a_spoilt_database_does_not_stop_the_day(
    spoil: Spoil, seed: int, whole: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "phone"
    shutil.copytree(whole, folder)
    before = books.read_phone(folder)
    spoil(folder / "driver.db", Random(seed))
    spoilt = (folder / "driver.db").stat().st_size

    saved = asyncio.run(_one_more(folder))

    after = books.read_phone(folder)
    aside = folder / "driver.db.aside-1"
    kept = {id_ for id_, doc in after.docs.items() if before.docs.get(id_) == doc}
    assert isinstance(saved, Saved)
    assert books.wrong_with_phone(after, [str(one) for one in saved.ids]) == []
    assert not aside.exists() or aside.stat().st_size == spoilt
    assert aside.exists() or len(kept) == STOPS
    assert spoil is not newer or len(kept) == STOPS


async def _one_more(folder: Path) -> object:
    """Start, have the run again as after the next exchange, and complete one more stop."""
    joined = phone_on(folder)
    await record.ready(joined, STOPS + 1)
    await joined.ctx.store.run(lambda db: put_rows(db, road_rows(["one more"])))
    await actions.refresh(joined.ctx, session=True)
    answer = await record.record_stop(joined, "one more", 500)
    await joined.end()
    return answer
