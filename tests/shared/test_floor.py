"""Stock, Andons and handovers: the same for every order of arrival."""

from itertools import permutations

import pytest

from shared.events import (
    AndonAcknowledged,
    AndonCleared,
    AndonRaised,
    Event,
    HandoverAcknowledged,
    HandoverWritten,
    StationMissed,
    StockCounted,
)
from shared.floor import (
    Delivery,
    andon_level,
    fold_andon,
    fold_handover,
    fold_stock,
    missed_andon,
    on_hand,
    pieces_left,
)
from shared.road_facts import FactVoided, StopReopened
from tests.helpers.builders import fact, text_id

ANDON = text_id("andon")
RAISED = fact(AndonRaised(andon=ANDON, category="path", severity=2), at=1)
SEEN = [fact(AndonAcknowledged(andon=ANDON), at=at, by=by) for at, by in ((4, "ben"), (6, "kaya"))]
CLEARED = fact(AndonCleared(andon=ANDON, cause="moved"), at=8)
STEPS_S = (0, 180, 600)


def test_the_first_word_of_each_kind_counts_in_any_order() -> None:
    voided = fact(FactVoided(undo=SEEN[0].id), at=7)
    story = [RAISED, *SEEN, CLEARED, voided]

    for order in permutations(story):
        fold = fold_andon(ANDON, [*order, order[-1]])
        assert (fold.raised, fold.acknowledged, fold.cleared) == (RAISED, SEEN[1], CLEARED)
        assert fold.withdrawn is None


@pytest.mark.parametrize(
    ("origin", "undo"),
    [
        (RAISED, fact(FactVoided(undo=RAISED.id), at=9)),
        ((missed := fact(StationMissed(reason="blocked"), at=2)),
         fact(StopReopened(undo=missed.id), at=9)),
    ],
    ids=["voided", "reopened"],
)  # fmt: skip
def test_what_is_taken_back_withdraws_its_andon(origin: Event, undo: Event) -> None:
    andon = ANDON if origin is RAISED else missed_andon(origin.id)

    for order in permutations([origin, undo]):
        fold = fold_andon(andon, order)
        assert (fold.raised, fold.withdrawn) == (origin, undo)


def test_an_andon_nobody_raised_yet_is_only_half_told() -> None:
    fold = fold_andon(ANDON, SEEN)

    assert (fold.raised, fold.acknowledged) == (None, SEEN[0])


@pytest.mark.parametrize(
    ("elapsed_s", "level"), [(-5, 1), (0, 1), (179, 1), (180, 2), (599, 2), (600, 3), (9_999, 3)]
)
def test_an_andon_climbs_one_level_per_step(elapsed_s: int, level: int) -> None:
    assert andon_level(1_000, 1_000 + elapsed_s * 1000, STEPS_S) == level


def test_a_handover_is_taken_over_once() -> None:
    written = fact(HandoverWritten(open=[], text="one rack stuck", counts={"done": 3}), at=1)
    first, second = (
        fact(HandoverAcknowledged(handover=written.id), at=at, by=by)
        for at, by in ((3, "ben"), (5, "kaya"))
    )
    other = fact(HandoverAcknowledged(handover=text_id("another")), at=2)

    for order in permutations([written, first, second, other]):
        fold = fold_handover(written.id, order)
        assert (fold.written, fold.acknowledged) == (written, first)


def count(at: int, qty: int) -> Event:
    return fact(StockCounted(location=text_id("station 4"), item="P-118", qty=qty), at=at)


def test_the_newest_living_count_stands() -> None:
    old, new, wrong = count(1, 4), count(5, 2), count(7, 90)
    story = [old, new, wrong, fact(FactVoided(undo=wrong.id), at=8)]

    for order in permutations(story):
        assert fold_stock(order) == new


def test_what_came_after_the_count_is_added_and_nothing_before() -> None:
    came = [Delivery(3, "a", 2), Delivery(9, "b", 1), Delivery(5, "b", 1)]

    assert on_hand(4, (5, "a"), came) == 6


def test_consumption_never_goes_below_zero() -> None:
    assert pieces_left(2, 48, 80, 0) == 96
    assert pieces_left(2, 48, 80, 3600) == 16
    assert pieces_left(2, 48, 80, 7200) == 0
