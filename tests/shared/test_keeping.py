"""What counts as moved and what as broken, against definitions a child would write."""

from itertools import combinations, pairwise

from hypothesis import given
from hypothesis import strategies as st

from shared.keeping import broken_adjacencies, moved_stops, moves_to

ORDERS = st.integers(0, 7).flatmap(
    lambda n: st.tuples(st.just(tuple(range(n))), st.permutations([*range(n), 50, 51]))
)


@given(ORDERS)
def test_moved_stops_are_those_outside_the_longest_common_subsequence(
    orders: tuple[tuple[int, ...], list[int]],
) -> None:
    before, after = orders
    standing = [s for s in after if s in before]
    longest = max(
        n
        for n in range(len(before) + 1)
        for kept in combinations(standing, n)
        if list(kept) == sorted(kept)
    )

    assert moved_stops(before, after) == len(before) - longest


@given(ORDERS)
def test_broken_adjacencies_are_neighbours_that_are_parted_without_the_inserted(
    orders: tuple[tuple[int, ...], list[int]],
) -> None:
    before, after = orders
    old = ["here", *before, "end"]
    new = ["here", *(s for s in after if s in before), "end"]
    now = set(pairwise(new))

    assert broken_adjacencies(before, after) == sum(pair not in now for pair in pairwise(old))


@given(st.permutations(range(7)))
def test_single_moves_lead_from_one_order_to_another(after: list[int]) -> None:
    order = list(range(7))
    moves = moves_to(order, after)

    for stop_id, behind in moves:
        order.remove(stop_id)
        order.insert(0 if behind is None else order.index(behind) + 1, stop_id)

    assert order == after
    assert len(moves) == moved_stops(range(7), after)
