"""Reading may fail as well: once is healed, twice is told, and what was saved stays saved."""

import sqlite3
from functools import partial
from pathlib import Path

import pytest

from driver_app.actions import Saved, Session
from driver_app.state import DraftView
from driver_app.store import db as store_db
from driver_app.store.db import DiskFailed, HereLane
from tests.driver_app.store.a_store import scalar
from tests.helpers import record

pytestmark = pytest.mark.anyio
READ_BEGINS = "BEGIN"


class BrokenReads(sqlite3.Connection):
    """So many of the next snapshots cannot be read."""

    left = 0

    def execute(self, sql: str, parameters: object = (), /) -> sqlite3.Cursor:
        if sql == READ_BEGINS and BrokenReads.left:
            BrokenReads.left -= 1
            raise sqlite3.OperationalError("disk I/O error")
        return super().execute(sql, parameters)  # type: ignore[arg-type]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    BrokenReads.left = 0
    return tmp_path / "phone"


def session(folder: Path) -> Session:
    connect = partial(store_db.connect, factory=BrokenReads)
    return record.session(folder, connect=connect, lane=lambda _name: HereLane())


async def test_a_read_that_fails_once_is_read_again(folder: Path) -> None:
    joined = session(folder)
    await joined.start()
    BrokenReads.left = 1

    assert await joined.ctx.store.read(scalar("SELECT 1")) == 1
    await joined.end()


async def test_a_read_that_fails_twice_is_told(folder: Path) -> None:
    joined = session(folder)
    await joined.start()
    BrokenReads.left = 2

    with pytest.raises(DiskFailed):
        await joined.ctx.store.read(scalar("SELECT 1"))
    assert await joined.ctx.store.read(scalar("SELECT 1")) == 1
    await joined.end()


async def test_what_is_saved_is_told_even_if_the_screen_cannot_be_read(folder: Path) -> None:
    joined = session(folder)
    await record.ready(joined, 1)
    draft = await record.filled(joined, "stop 1", 100)
    assert isinstance(draft, DraftView)
    BrokenReads.left = 2

    answer = await record.hand_over(joined, draft)

    assert isinstance(answer, Saved)
    assert BrokenReads.left == 0
    await joined.end()
