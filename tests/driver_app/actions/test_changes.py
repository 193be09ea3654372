"""What a newer plan did, in as few lines as possible."""

from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from driver_app.actions.changes import diff_of, snapshot
from driver_app.state import VisitView
from shared.ids import RunId, VisitId
from tests.helpers.builders import text_id
from tests.helpers.device_rows import RUN

RUN_ID = RunId(UUID(RUN))


def visits(names: str, **arrivals: int) -> list[VisitView]:
    """Visits named by letters, ten minutes apart unless told otherwise."""
    made = []
    for number, name in enumerate(names, 1):
        view = VisitView(VisitId(UUID(text_id(name))), RUN_ID, no=number, name=name)
        view.planned_arrival_ms = arrivals.get(name, 600_000 * number)
        made.append(view)
    return made


def plan(names: str, version: int) -> dict[str, object]:
    return {"plan_version": version, "order": [text_id(name) for name in names]}


def diff(old: str, new: str) -> list[tuple[str, str]]:
    """Kinds and names of the differences, times left out."""
    seen = snapshot(plan(old, 1), visits(old))
    found = diff_of(seen, plan(new, 2), visits(new), acked=1)
    return [(line.kind, line.name) for line in found if line.kind != "time"]


def test_nothing_is_told_for_the_plan_that_was_understood() -> None:
    seen = snapshot(plan("abc", 1), visits("abc"))

    assert diff_of(seen, plan("cba", 1), visits("cba"), acked=0) == ()
    assert diff_of(seen, plan("cba", 2), visits("cba"), acked=2) == ()


def test_one_stop_that_moved_is_one_line() -> None:
    assert diff("abcde", "eabcd") == [("up", "e")]
    assert diff("abcde", "bcdea") == [("down", "a")]


def test_an_inserted_stop_moves_nobody() -> None:
    assert diff("abc", "axbc") == [("added", "x")]


def test_a_removed_stop_is_named() -> None:
    assert diff("abc", "ac") == [("removed", "b")]


def test_another_time_is_told_from_a_minute_on() -> None:
    seen = snapshot(plan("ab", 1), visits("ab"))
    later = visits("ab", b=1_200_000 + 60_000, a=600_000 + 59_000)

    found = diff_of(seen, plan("ab", 2), later, acked=1)

    assert [(line.kind, line.name, line.new_ms - line.old_ms) for line in found] == [
        ("time", "b", 60_000)
    ]


@given(st.permutations("abcdefg"))
def test_whoever_is_not_named_stayed_in_order(new: list[str]) -> None:
    moved = {name for _, name in diff("abcdefg", "".join(new))}

    stayed = [name for name in new if name not in moved]
    assert stayed == sorted(stayed)
