"""A device reads every row once, page by page, and starts anew when it must (S7 to S9)."""

from datetime import timedelta

import pytest
from sqlmodel import Session

from server.core.writer import AnyWriter, SnapshotReads
from server.feed import queries, service
from server.feed.queries import Page
from shared.chain import row_digest
from shared.ids import SiteId
from tests.helpers.clock import MONDAY_NOON
from tests.server.feed.conftest import OTHER, VAN, Give, Publish, Pull, gone, row


def ids(page: Page) -> list[str]:
    return [one.id for one in page.rows]


def test_an_empty_site_has_nothing_and_says_so_for_good(pull: Pull) -> None:
    first = pull()

    again = pull(first.cursor)

    assert (first.rows, first.head, again.reset) == ([], 0, False)


def test_a_device_gets_the_rows_of_its_scopes_alone(
    publish: Publish, give: Give, pull: Pull
) -> None:
    publish(row("1"), row("2", "run:a"), row("3", "run:b"), row("4", f"device:{VAN}"))
    give("run:a")

    page = pull()

    assert sorted(ids(page)) == ["1", "2", "4"]
    assert page.scopes == sorted(["site", "run:a", f"device:{VAN}"])


def test_the_next_pull_brings_only_what_is_new(publish: Publish, pull: Pull) -> None:
    publish(row("1"))
    first = pull()
    publish(row("2"))

    second = pull(first.cursor)

    assert (ids(second), second.reset) == (["2"], False)


def test_an_equal_row_published_again_is_not_told_again(publish: Publish, pull: Pull) -> None:
    publish(row("1", no=1))
    first = pull()
    publish(row("1", no=1))

    assert pull(first.cursor).rows == []


def test_pages_follow_each_other_without_gap_or_double(publish: Publish, pull: Pull) -> None:
    for n in range(3):
        publish(*(row(f"{n}{k}") for k in range(3)))
    cursor, seen, more = None, [], True
    while more:
        page = pull(cursor, page_rows=2)
        cursor, more = page.cursor, page.more
        seen += ids(page)

    assert seen == sorted(seen)
    assert len(seen) == 9


def test_a_row_changed_between_two_pages_comes_with_its_last_version(
    publish: Publish, pull: Pull
) -> None:
    publish(row("1", no=1), row("2", no=1), row("3", no=1))
    first = pull(page_rows=2)
    publish(row("1", no=2))

    second = pull(first.cursor, page_rows=2)

    assert ids(second) == ["3", "1"]
    assert second.digest == row_digest([("stop", "1", 2), ("stop", "2", 1), ("stop", "3", 1)])


def test_the_digest_comes_with_the_last_page_only(publish: Publish, pull: Pull) -> None:
    publish(row("1"), row("2"))

    assert pull(page_rows=1).digest is None
    assert pull().digest == row_digest([("stop", "1", 1), ("stop", "2", 1)])


def test_a_cursor_of_another_life_of_the_server_starts_from_zero(
    publish: Publish, pull: Pull
) -> None:
    """After a restore the same revision means other rows; the nonce tells them apart."""
    publish(row("1"))
    cursor = pull().cursor
    nonce = cursor.split(":")[2]

    page = pull(cursor.replace(nonce, "deadbeef"))

    assert (page.reset, ids(page)) == (True, ["1"])


def test_a_cursor_from_beyond_the_head_starts_from_zero(publish: Publish, pull: Pull) -> None:
    publish(row("1"))

    assert pull("c1:99:deadbeef:*").reset


def test_no_cursor_starts_from_zero_without_tombstones(publish: Publish, pull: Pull) -> None:
    publish(row("1"), row("2"))
    publish(gone("1"))

    page = pull(None)

    assert (page.reset, ids(page)) == (True, ["2"])


def test_a_deleted_row_is_told_as_a_tombstone(publish: Publish, pull: Pull) -> None:
    publish(row("1"))
    first = pull()
    publish(gone("1"))

    [told] = pull(first.cursor).rows

    assert (told.id, told.deleted, told.plan) == ("1", True, None)


def test_a_moved_row_leaves_the_device_that_lost_it(
    publish: Publish, give: Give, pull: Pull
) -> None:
    publish(row("1", "run:a"))
    give("run:a", to=VAN)
    give("run:b", to=OTHER)
    mine, theirs = pull(device=VAN), pull(device=OTHER)

    publish(row("1", "run:b"))

    [left] = pull(mine.cursor, device=VAN).rows
    [came] = pull(theirs.cursor, device=OTHER).rows
    assert (left.scope, left.deleted) == ("run:a", True)
    assert (came.scope, came.deleted) == ("run:b", False)


def test_a_new_scope_brings_its_old_rows(publish: Publish, give: Give, pull: Pull) -> None:
    publish(row("1", "run:a"))
    first = pull()

    give("run:a")

    assert ids(pull(first.cursor)) == ["1"]


def test_a_lost_scope_is_gone_from_scopes_and_digest(
    publish: Publish, give: Give, pull: Pull
) -> None:
    publish(row("1", "run:a"))
    give("run:a")
    first = pull()

    give()

    page = pull(first.cursor)
    assert "run:a" not in page.scopes
    assert page.digest == row_digest([])


def test_facts_about_a_lost_scope_still_belong_to_the_device(
    publish: Publish, give: Give, reads: SnapshotReads, site: SiteId
) -> None:
    publish(row("1", "run:a"), row("2", "run:b"))
    give("run:a")
    give()

    keys = {("stop", "1"), ("stop", "2")}
    told = reads.run(lambda s: queries.told_to(s, site, VAN, keys))

    assert told == {("stop", "1")}


def test_a_device_is_woken_by_what_others_changed_in_its_scopes(
    publish: Publish, give: Give, reads: SnapshotReads, site: SiteId
) -> None:
    give("run:a")
    start = publish(row("1", "run:b"))

    def woken() -> bool:
        return reads.run(lambda s: queries.touched(s, site, VAN, above=start))

    assert not woken()
    publish(row("2", "run:a"), by=VAN)
    assert not woken()
    publish(row("2", "run:a", no=2))
    assert woken()


def test_a_device_is_woken_when_its_scopes_change(
    publish: Publish, give: Give, reads: SnapshotReads, site: SiteId
) -> None:
    give("run:a")
    start = publish(row("1", "run:b"))

    give()

    assert reads.run(lambda s: queries.touched(s, site, VAN, above=start))


def test_one_transaction_takes_one_revision(writer: AnyWriter, site: SiteId) -> None:
    def work(session: Session) -> tuple[int, int]:
        first = service.lock(session, site, MONDAY_NOON)
        return first, service.publish(session, site, [row("1")], MONDAY_NOON)

    assert writer.run(work) == (1, 1)


def test_an_undone_work_takes_no_revision(
    writer: AnyWriter, publish: Publish, site: SiteId
) -> None:
    def work(session: Session) -> None:
        service.lock(session, site, MONDAY_NOON)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        writer.run(work)

    assert publish(row("1")) == 1


def test_old_tombstones_are_forgotten_and_old_cursors_refused(
    publish: Publish, pull: Pull, writer: AnyWriter, reads: SnapshotReads, site: SiteId
) -> None:
    publish(row("1"), row("2"))
    old = pull()
    publish(gone("1"))
    later = MONDAY_NOON + timedelta(days=61)

    writer.run(lambda s: service.tidy(s, site, later))

    page = pull(old.cursor)
    assert (page.reset, ids(page)) == (True, ["2"])
    assert [one.id for one in reads.run(lambda s: queries.rows_above(s, site, 0))] == ["2"]


def test_pages_read_rows_of_kinds_above_a_revision(
    publish: Publish, reads: SnapshotReads, site: SiteId
) -> None:
    start = publish(row("1", "run:a"))
    publish(row("2", "run:b"), row("3", "run:b", kind="run"))

    found = reads.run(lambda s: queries.rows_above(s, site, start, kinds={"run"}))

    assert [(one.kind, one.id) for one in found] == [("run", "3")]
