"""How much of the standing order an answer keeps: moved stops and broken neighbourhoods."""

from bisect import bisect_left
from collections.abc import Sequence
from itertools import pairwise

HERE = -1
END_OF_RUN = -2


def moved_stops(before: Sequence[int], after: Sequence[int]) -> int:
    """Standing stops that left their place: all of them minus the longest common subsequence."""
    rank = {stop_id: number for number, stop_id in enumerate(before)}
    tails: list[int] = []
    for stop_id in after:
        if stop_id in rank:
            number = rank[stop_id]
            place = bisect_left(tails, number)
            tails[place : place + 1] = [number]
    return len(before) - len(tails)


def moves_to(before: Sequence[int], after: Sequence[int]) -> list[tuple[int, int | None]]:
    """The fewest single moves from one order to another of the same stops: who comes behind whom.

    They are made one after the other; None stands for the first place.
    """
    rank = {stop_id: number for number, stop_id in enumerate(before)}
    ends: list[int] = []
    chains: list[list[int]] = []
    for stop_id in after:
        place = bisect_left(ends, rank[stop_id])
        chain = [*(chains[place - 1] if place else []), stop_id]
        ends[place : place + 1] = [rank[stop_id]]
        chains[place : place + 1] = [chain]
    stay = set(chains[-1]) if chains else set()
    pairs = zip((None, *after), after, strict=False)
    return [(stop_id, behind) for behind, stop_id in pairs if stop_id not in stay]


def broken_adjacencies(before: Sequence[int], after: Sequence[int]) -> int:
    """Neighbours of [vehicle, standing order, end] that are parted, inserted stops ignored."""
    return Keeping(before).broken(after)


class Keeping:
    """The neighbourhoods of one standing order, ready to be asked about many others."""

    def __init__(self, before: Sequence[int]) -> None:
        chain = (HERE, *before, END_OF_RUN)
        self._next = dict(pairwise(chain))

    def broken(self, after: Sequence[int]) -> int:
        follows, last, kept = self._next, HERE, 0
        for stop_id in after:
            if stop_id in follows:
                kept += follows[last] == stop_id
                last = stop_id
        kept += follows[last] == END_OF_RUN
        return len(follows) - kept
