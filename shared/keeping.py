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
