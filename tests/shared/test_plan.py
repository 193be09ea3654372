"""The ops that change a plan, as they travel and as they are kept."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from shared.plan import Insert, moved_after, read_ops, write_op
from tests.helpers.builders import id_of, text_id

A, B = text_id("a"), text_id("b")
EVERY_OP: list[dict[str, Any]] = [
    {"op": "insert", "location_id": A, "after": B, "windows": [[1, 2]], "service_s": 60},
    {"op": "cancel", "visit": A},
    {"op": "move", "visit": A, "after": None},
    {"op": "window", "visit": A, "windows": [[1, 2], [3, 4]]},
    {"op": "late", "delay_s": 600},
    {"op": "swap", "a": A, "b": B},
    {"op": "reverse", "from": A, "to": B},
    {"op": "lock", "visit": A, "as": "before", "before": B},
    {"op": "unlock", "visit": A},
    {"op": "assign", "vehicle_id": A},
    {"op": "contingency_on", "visit": A},
    {"op": "contingency_off", "visit": A},
    {"op": "note", "text": "gate code changed"},
    {"op": "accept_proposal", "proposal": A},
]


def test_every_op_reads_and_writes_the_same_words() -> None:
    assert [write_op(op) for op in read_ops(EVERY_OP)] == EVERY_OP


@pytest.mark.parametrize(
    "wrong",
    [
        {"op": "teleport", "visit": A},
        {"op": "cancel"},
        {"op": "cancel", "visit": A, "why": "x"},
        {"op": "insert"},
        {"op": "insert", "location_id": A, "order_id": B},
        {"op": "late", "delay_s": -1},
        {"op": "move", "visit": A},
    ],
)
def test_an_op_that_says_too_little_or_too_much_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        read_ops([wrong])


def test_an_insert_without_a_place_to_follow_differs_from_one_at_the_front() -> None:
    cheapest, front = read_ops(
        [{"op": "insert", "location_id": A}, {"op": "insert", "location_id": A, "after": None}]
    )

    assert isinstance(cheapest, Insert)
    assert isinstance(front, Insert)
    assert "after" not in cheapest.model_fields_set
    assert "after" in front.model_fields_set


@given(st.permutations(range(6)), st.integers(0, 5), st.integers(0, 5))
def test_moving_keeps_every_visit_and_puts_it_behind_its_neighbour(
    order: list[int], what: int, behind: int
) -> None:
    visits = [id_of(str(n)) for n in order]
    visit, after = id_of(str(what)), id_of(str(behind))

    found = moved_after(visits, visit, after if after != visit else None, 0)

    assert sorted(found) == sorted(visits)
    at = found.index(visit)
    assert at == 0 if after == visit else found[at - 1] == after
