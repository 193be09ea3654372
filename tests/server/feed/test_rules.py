"""Row versions and cursors, without a database."""

import pytest

from server.feed import rules
from server.feed.rules import Cursor, FeedChange, Version

PLAN = {"no": 1}


def stop(scope: str = "run:a", *, fact: dict[str, object] | None = None) -> FeedChange:
    return FeedChange("stop", "1", scope, PLAN, fact)


def stored(scope: str = "run:a", *, fact: str | None = None, deleted: bool = False) -> Version:
    return Version("stop", "1", scope, rules.text_of(PLAN), fact, deleted=deleted)


def test_a_new_row_is_written() -> None:
    assert rules.versions([stop()], {}) == [stored()]


def test_an_equal_row_is_left_alone() -> None:
    assert rules.versions([stop()], {("stop", "1"): [stored()]}) == []


def test_a_row_that_moves_leaves_a_tombstone_in_its_old_scope() -> None:
    found = rules.versions([stop("run:b")], {("stop", "1"): [stored("run:a")]})

    assert found == [Version("stop", "1", "run:a", deleted=True), stored("run:b")]


def test_a_row_that_comes_back_to_life_is_written_again() -> None:
    gone = Version("stop", "1", "run:a", deleted=True)

    assert rules.versions([stop()], {("stop", "1"): [gone]}) == [stored()]


def test_a_deleted_row_becomes_a_tombstone() -> None:
    gone = FeedChange("stop", "1", "run:a", None, None, deleted=True)

    found = rules.versions([gone], {("stop", "1"): [stored()]})

    assert found == [Version("stop", "1", "run:a", deleted=True)]


def test_a_deleted_stop_with_a_fact_stays_marked_as_off_the_plan() -> None:
    gone = FeedChange("stop", "1", "run:a", None, None, deleted=True)
    fact = '{"n":1,"state":"done"}'

    found = rules.versions([gone], {("stop", "1"): [stored(fact=fact)]})

    assert found == [Version("stop", "1", "run:a", '{"no":1,"off_plan":true}', fact)]


def test_the_last_of_several_changes_to_a_row_counts() -> None:
    found = rules.versions([stop("run:a"), stop("run:b")], {})

    assert found == [stored("run:b")]


@pytest.mark.parametrize(
    "cursor",
    [
        Cursor(813, "c0ffee12"),
        Cursor(813, "c0ffee12", (7, "stop", "01a3", "run:01a3:x")),
    ],
)
def test_a_cursor_reads_back_what_it_wrote(cursor: Cursor) -> None:
    assert rules.read_cursor(rules.write_cursor(cursor)) == cursor


def test_the_text_of_a_cursor_is_the_one_of_the_protocol() -> None:
    assert rules.write_cursor(Cursor(813, "c0ffee12")) == "c1:813:c0ffee12:*"


@pytest.mark.parametrize(
    "text",
    [None, "", "*", "c1:813:c0ffee12", "c1:813:c0ffee12:x", "c2:1:a:*", "c1:-1:a:*", "c1:٣:a:*",
     "c1:1:a:b:stop:1:site", "c1:" + "9" * 30 + ":a:*"],
)  # fmt: skip
def test_any_other_text_is_no_cursor(text: str | None) -> None:
    assert rules.read_cursor(text) is None
