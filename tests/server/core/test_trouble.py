"""A full disk takes away writing only, and only as long as it lasts."""

import shutil
import threading
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
from sqlmodel import Session, select

from server.core import db
from server.core.leader import Lease
from server.core.settings import Settings
from server.core.writer import SnapshotReads, SqliteWriter
from shared.ids import NIL
from shared.refusals import Refusal
from tests.helpers.clock import MONDAY_NOON


@pytest.fixture
def file(sqlite_template: Path, tmp_path: Path) -> Settings:
    shutil.copy(sqlite_template, tmp_path / "milkrun.db")
    return Settings.read(data=tmp_path)


@pytest.fixture
def sqlite_writer(file: Settings) -> Iterator[SqliteWriter]:
    writer = SqliteWriter(db.write_engine(file))
    yield writer
    writer.close()


def lease(name: str, size: int = 1) -> Lease:
    return Lease(site_id=NIL, name=name, holder="h" * size, epoch=1, ends_at=MONDAY_NOON)


def names(session: Session) -> list[str]:
    return sorted(session.exec(select(Lease.name)))


def test_a_full_disk_is_told_as_such_and_nothing_acknowledged_is_lost(
    sqlite_writer: SqliteWriter, file: Settings
) -> None:
    reads = SnapshotReads(db.read_engine(file))
    sqlite_writer.run(lambda session: session.add(lease("before")))
    # The file may not grow any further, which SQLite reports exactly as a full disk.
    sqlite_writer.run(
        lambda session: session.connection().exec_driver_sql("PRAGMA max_page_count=1")
    )

    with pytest.raises(Refusal) as refused:
        sqlite_writer.run(lambda session: session.add(lease("too much", 10_000_000)))

    assert (refused.value.code, refused.value.status) == ("server_full", 507)
    assert reads.run(names) == ["before"]
    reads.close()


def test_writing_goes_on_when_there_is_room_again(
    sqlite_writer: SqliteWriter, file: Settings
) -> None:
    reads = SnapshotReads(db.read_engine(file))
    sqlite_writer.run(
        lambda session: session.connection().exec_driver_sql("PRAGMA max_page_count=1")
    )
    with pytest.raises(Refusal):
        sqlite_writer.run(lambda session: session.add(lease("too much", 10_000_000)))

    sqlite_writer.run(
        lambda session: session.connection().exec_driver_sql("PRAGMA max_page_count=1000000")
    )
    sqlite_writer.run(lambda session: session.add(lease("after")))

    assert reads.run(names) == ["after"]
    reads.close()


def test_what_shares_the_commit_of_a_full_disk_is_written_or_refused_never_lost(
    sqlite_writer: SqliteWriter, file: Settings
) -> None:
    reads = SnapshotReads(db.read_engine(file))
    sqlite_writer.run(
        lambda session: session.connection().exec_driver_sql("PRAGMA max_page_count=1")
    )
    began, go = threading.Event(), threading.Event()
    told: dict[str, bool] = {}

    def wait(_session: Session) -> None:
        began.set()
        go.wait(10)

    def ask(name: str, work: Callable[[Session], object]) -> threading.Thread:
        def run() -> None:
            try:
                sqlite_writer.run(work)
                told[name] = True
            except Refusal:
                told[name] = False

        thread = threading.Thread(target=run)
        thread.start()
        return thread

    threads = [ask("gate", wait)]
    assert began.wait(10)
    for number, size in enumerate((1, 1, 10_000_000, 1, 1)):
        threads.append(ask(f"n{number}", partial(add, name=f"n{number}", size=size)))
        while sqlite_writer.depth() <= number:
            threading.Event().wait(0.001)
    go.set()
    for thread in threads:
        thread.join()

    written = reads.run(names)
    reads.close()
    assert {name for name, good in told.items() if good and name != "gate"} == set(written)
    assert told["n2"] is False


def add(session: Session, name: str, size: int) -> None:
    session.add(lease(name, size))


def test_a_closed_writer_says_try_again(file: Settings) -> None:
    writer = SqliteWriter(db.write_engine(file))
    writer.close()

    with pytest.raises(Refusal) as refused:
        writer.run(lambda session: session.add(lease("late")))

    assert refused.value.code == "busy"
