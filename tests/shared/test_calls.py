"""Cards and calls: one call per cycle, whoever scans, and the same for every order of arrival."""

from collections.abc import Sequence
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.calls import call_half, call_of, card_half, fold_call, fold_card, overlay_call
from shared.events import Event, KanbanFulfilled
from shared.road_facts import FactVoided, StopReopened
from tests.helpers.builders import fact, text_id
from tests.shared.a_card import CARD, fill, named, prepare, refuse, scan, served


def test_two_offline_scans_of_a_card_make_one_call() -> None:
    early, late = scan(1), scan(9)
    filled = fill(late, 20)

    [call] = fold_card(CARD, [filled, late, early]).calls

    assert (call.id, call.aliases) == (named(early), (named(late),))
    assert (call.opened and call.opened.event, call.closed and call.closed.event) == (
        early.id,
        filled.id,
    )
    assert (call.state, call.boxes, call.evidence) == ("fulfilled", 1, 1)


def test_a_late_earlier_scan_orphans_no_fulfilment() -> None:
    known, filled, again = scan(5), scan(7, "fulfil"), scan(9)
    before = fold_card(CARD, [known, filled, again])
    late = scan(2)

    after = fold_card(CARD, [known, filled, again, late])

    assert [call.id for call in before.calls] == [named(known), named(again)]
    assert [call.id for call in after.calls] == [named(late), named(again)]
    assert after.calls[0].aliases == (named(known),)


def test_the_first_of_two_fulfilments_counts_and_the_other_is_evidence() -> None:
    opened = scan(1)
    first, second = fill(opened, 5, by="ben"), served(6, opened)

    [call] = fold_card(CARD, [opened, second, first]).calls

    assert call.closed is not None
    assert call.closed.event == first.id
    assert (call.boxes, call.evidence, len(call.filled_by)) == (1, 1, 2)


def test_a_station_closes_exactly_the_calls_it_lists() -> None:
    other = text_id("other card")
    mine, theirs = scan(1), scan(2, card=other)
    done = served(5, mine)

    assert fold_card(CARD, [mine, theirs, done]).state == "full"
    assert fold_card(other, [mine, theirs, done]).state == "called"


def test_a_station_that_is_reopened_leaves_its_calls_open() -> None:
    opened = scan(1)
    done = served(5, opened)
    undone = fact(StopReopened(undo=done.id), at=6)

    assert fold_card(CARD, [undone, done, opened]).state == "called"


def test_a_voided_scan_opens_nothing_and_its_follower_does() -> None:
    wrong, right = scan(1), scan(5)
    voided = fact(FactVoided(undo=wrong.id), at=3)

    [call] = fold_card(CARD, [wrong, right, voided]).calls

    assert (call.id, call.evidence) == (named(right), 0)


def test_a_refused_call_stays_open_until_it_is_prepared_after_all() -> None:
    opened = scan(1)

    [refused] = fold_card(CARD, [opened, prepare(opened, 2), refuse(opened, 3)]).calls
    [prepared] = fold_card(CARD, [opened, refuse(opened, 3), prepare(opened, 4)]).calls

    assert (refused.state, refused.reason) == ("open", "no_stock")
    assert (prepared.state, prepared.reason) == ("prepared", "")


def test_a_short_fulfilment_says_so() -> None:
    opened = scan(1)

    [call] = fold_card(CARD, [opened, fill(opened, 3, short=2)]).calls

    assert (call.state, call.short) == ("short", 2)


def test_a_check_is_seen_and_opens_nothing() -> None:
    checked = scan(4, "check")

    fold = fold_card(CARD, [checked])

    assert (fold.state, fold.seen) == ("full", checked)


def test_a_call_of_the_office_is_fulfilled_by_its_id() -> None:
    call = text_id("call")

    fold = fold_call(call, [fact(KanbanFulfilled(call=call, qty=3), at=4)])

    assert (fold.state, fold.boxes) == ("fulfilled", 3)


def test_a_fact_that_names_no_call_is_passed_over() -> None:
    strange = fact(KanbanFulfilled(call=text_id("nothing"), qty=1), at=4)

    assert fold_card(CARD, [strange]).calls == ()


OPENER, SECOND = scan(1), scan(2, by="ben")
STORIES: dict[str, list[Event]] = {
    "two tablets call and fill": [
        OPENER, SECOND, prepare(SECOND, 3), fill(OPENER, 5), fill(SECOND, 6, by="ben"), scan(9),
    ],
    "refused, undone, served": [
        OPENER, refuse(OPENER, 2), (first := served(4, OPENER)),
        fact(StopReopened(undo=first.id), at=5), served(7, OPENER), scan(8, "fulfil"),
    ],
    "a scan too many": [
        (wrong := scan(1)), fact(FactVoided(undo=wrong.id), at=2), scan(3), scan(4, "return"),
        scan(5, "fulfil"), scan(6),
    ],
}  # fmt: skip


@pytest.mark.parametrize("story", STORIES.values(), ids=STORIES)
def test_every_order_of_arrival_folds_alike(story: list[Event]) -> None:
    whole = fold_card(CARD, story)

    for order in permutations(story):
        assert fold_card(CARD, [*order, order[0]]) == whole


PLACES = st.permutations(range(6))


@given(PLACES, st.lists(st.integers(0, 5), max_size=6))
def test_duplicates_change_nothing(order: Sequence[int], again: Sequence[int]) -> None:
    story = STORIES["two tablets call and fill"]

    arrived = [story[n] for n in (*order, *again)]

    assert fold_card(CARD, arrived) == fold_card(CARD, story)


@pytest.mark.parametrize("story", STORIES.values(), ids=STORIES)
def test_what_a_row_tells_of_a_call_is_what_the_fold_says(story: list[Event]) -> None:
    for call in fold_card(CARD, story).calls:
        told = call_of(call.id, CARD, call_half(call))

        assert (told.state, told.names, told.boxes) == (call.state, call.names, call.boxes)
        assert (told.opened, told.closed, told.filled_by) == (
            call.opened,
            call.closed,
            call.filled_by,
        )


def shown_cases() -> list[tuple[list[Event], int]]:
    """Every cut of a story behind its first call, unless the device undoes what it has not seen."""
    undos = (FactVoided, StopReopened)
    return [
        (story, cut)
        for story in STORIES.values()
        for cut in range(1, len(story) + 1)
        if fold_card(CARD, story[:cut]).calls
        and not any(isinstance(fact.body, undos) for fact in story[cut:])
    ]


@pytest.mark.parametrize(("story", "cut"), shown_cases())
def test_own_facts_over_the_offices_row_show_what_the_office_will_fold(
    story: list[Event], cut: int
) -> None:
    """The office knows the first facts, the device adds the later ones."""
    expected = fold_card(CARD, story).calls[-1]
    last = fold_card(CARD, story[:cut]).calls[-1]

    shown = overlay_call(call_of(last.id, CARD, call_half(last)), story[cut:])[-1]

    assert (shown.id, shown.state, shown.names) == (expected.id, expected.state, expected.names)


def test_an_own_earlier_scan_gives_the_open_call_its_id() -> None:
    late, own = scan(9), scan(2)
    [received] = fold_card(CARD, [late]).calls

    [shown] = overlay_call(received, [own])

    assert (shown.id, shown.aliases) == (named(own), (named(late),))


def test_an_own_scan_from_before_the_call_was_filled_opens_no_second_one() -> None:
    opened = scan(2)
    [received] = fold_card(CARD, [opened, fill(opened, 8)]).calls

    [shown] = overlay_call(received, [scan(5)])

    assert (shown.state, shown.id) == ("fulfilled", named(opened))


def test_an_undo_of_a_result_not_in_hand_is_shown_as_checking() -> None:
    opened = scan(1)
    done = served(5, opened)
    [received] = fold_card(CARD, [opened, done]).calls
    told = call_of(received.id, CARD, call_half(received))

    [shown] = overlay_call(told, [fact(StopReopened(undo=done.id), at=9)])

    assert (shown.state, shown.checking) == ("open", True)


def test_the_row_of_a_card_says_its_state_and_its_call() -> None:
    opened = scan(1)

    half = card_half(fold_card(CARD, [opened, prepare(opened, 2)]))

    assert half["state"] == "picking"
    assert half["call"] == named(opened)
    assert card_half(fold_card(CARD, [])) == {}
