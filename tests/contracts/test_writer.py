"""What every writer and every snapshot keeps, on both databases."""

import threading
from uuid import UUID

import pytest
from sqlmodel import Session, col, select

from server.core import db
from server.core.leader import Lease
from server.core.writer import AnyWriter, SnapshotReads
from shared.ids import SiteId
from tests.helpers.clock import MONDAY_NOON

NIL_SITE = SiteId(UUID(int=7))


def lease(name: str) -> Lease:
    return Lease(site_id=NIL_SITE, name=name, holder="h", epoch=1, ends_at=MONDAY_NOON)


def names(session: Session) -> list[str]:
    return sorted(session.exec(select(Lease.name)))


def test_a_work_is_there_for_readers_once_it_has_returned(
    writer: AnyWriter, reads: SnapshotReads
) -> None:
    writer.run(lambda session: session.add(lease("a")))

    assert reads.run(names) == ["a"]


def test_a_failing_work_leaves_nothing_and_its_neighbours_stay(
    writer: AnyWriter, reads: SnapshotReads
) -> None:
    def fail(session: Session) -> None:
        session.add(lease("lost"))
        session.flush()
        raise LookupError("on purpose")

    writer.run(lambda session: session.add(lease("kept")))
    with pytest.raises(LookupError):
        writer.run(fail)
    writer.run(lambda session: session.add(lease("later")))

    assert reads.run(names) == ["kept", "later"]


def test_many_threads_write_and_every_work_counts_once(
    writer: AnyWriter, reads: SnapshotReads
) -> None:
    def count(session: Session) -> None:
        row = session.get(Lease, (NIL_SITE, "counter"), with_for_update=True)
        assert row is not None
        row.epoch += 1

    writer.run(lambda session: session.add(lease("counter")))
    threads = [
        threading.Thread(target=lambda: [writer.run(count) for _ in range(10)]) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert reads.run(lambda session: session.exec(select(Lease.epoch)).one()) == 81


def test_insert_if_absent_tells_what_was_new(writer: AnyWriter) -> None:
    def insert(session: Session) -> list[str]:
        statement = db.insert_if_absent(Lease, [lease("a"), lease("b")])
        return list(session.scalars(statement.returning(col(Lease.name))))

    writer.run(lambda session: session.add(lease("a")))

    assert writer.run(insert) == ["b"]
    assert writer.run(insert) == []


def test_a_snapshot_does_not_see_what_is_written_meanwhile(
    writer: AnyWriter, reads: SnapshotReads
) -> None:
    def look_twice(session: Session) -> tuple[list[str], list[str]]:
        first = names(session)
        writer.run(lambda other: other.add(lease("meanwhile")))
        return first, names(session)

    assert reads.run(look_twice) == ([], [])


def test_what_a_work_announces_is_told_after_the_commit_only(
    writer: AnyWriter, reads: SnapshotReads
) -> None:
    told: list[tuple[int, list[str]]] = []

    def listen(revisions: object, *, jobs: bool) -> None:  # noqa: ARG001
        told.extend((rev, reads.run(names)) for rev in dict(revisions).values())  # type: ignore[call-overload]

    def work(session: Session) -> None:
        session.add(lease("a"))
        db.announce(session, NIL_SITE, 7)

    writer.committed = listen
    writer.run(work)

    assert told == [(7, ["a"])]
