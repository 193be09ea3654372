"""Moves that are tried while hard rules are broken: take out and put back, or-opt, 2-opt.

They leave alone what is committed, locked, or put together by a person, and never move more
stops than the policy allows.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

from shared.insertion import Arc, cheapest_insertion
from shared.keeping import END_OF_RUN, HERE, Keeping, moved_stops
from shared.task import Policy
from shared.walk import CLEAN, Faults, Walker, rule_faults

BLOCK_MAX = 3
LOOK_EVERY = 16

Order = tuple[int, ...]
Key = tuple[Faults, int]


@dataclass(slots=True)
class Effort:
    """How many orders may still be looked at, and a word from the caller to stop earlier."""

    steps: int
    should_stop: Callable[[], bool]
    over: bool = False

    def spend(self) -> bool:
        """Take one step; False when there is none left."""
        self.steps -= 1
        if self.steps < 0 or (self.steps % LOOK_EVERY == 0 and self.should_stop()):
            self.over = True
        return not self.over


class Rearranging:
    """The search for one run: its standing order, its policy, what must not be parted."""

    def __init__(
        self,
        walker: Walker,
        standing: Order,
        policy: Policy,
        glued: frozenset[Arc],
        effort: Effort,
    ) -> None:
        self._walker = walker
        self._standing = standing
        self._keeping = Keeping(standing)
        self._policy = policy
        self._glued = glued
        self._effort = effort

    def cost(self, order: Order) -> int:
        """Travel, and what breaking up neighbours of the standing order costs."""
        keep = self._policy.keep_s
        return self._walker.travel(order) + (keep * self._keeping.broken(order) if keep else 0)

    def reinsert(self, order: Order, stops: Sequence[int]) -> Order:
        """Take out each stop whose windows changed and put it back where it is cheapest."""
        limit = self._limit(order)
        best = (self._faults(order), self.cost(order))
        for stop_id in stops:
            if best[0] == CLEAN or stop_id not in self._movable(order):
                continue
            tried = self._put_back(order, stop_id)
            key = (self._faults(tried), self.cost(tried))
            if key < best and self._moved(tried) <= limit:
                order, best = tried, key
        return order

    def improve(self, order: Order) -> Order:
        """First improvement until nothing hard is broken, nothing helps, or time is up."""
        limit = self._limit(order)
        key = (self._faults(order), self.cost(order))
        while key[0] != CLEAN and not self._effort.over:
            better = self._next_better(order, key, limit)
            if better is None:
                break
            order, key = better
        return order

    def drop(self, order: Order) -> Order:
        """Leave out stops, lowest priority first, while something hard is broken."""
        faults = self._faults(order)
        while faults != CLEAN and not self._effort.over:
            found = self._best_drop(order, faults)
            if found is None:
                break
            faults, order = found
        return order

    def _faults(self, order: Order) -> Faults:
        faults = self._walker.faults(order)
        assert faults is not None
        return faults

    def _moved(self, order: Order) -> int:
        return moved_stops(self._standing, order)

    def _limit(self, order: Order) -> int:
        """What a person moved by hand is theirs; the search may fill up to the limit."""
        limit = self._policy.max_moved_stops
        return len(self._standing) if limit is None else max(limit, self._moved(order))

    def _next_better(self, order: Order, key: Key, limit: int) -> tuple[Order, Key] | None:
        faults, cost = key
        for tried in self._moves(order):
            if not self._effort.spend():
                return None
            now = self._walker.faults(tried, faults)
            if now is None or now > faults:
                continue
            if now == faults and self.cost(tried) >= cost:
                continue
            if self._moved(tried) <= limit:
                return tried, (now, self.cost(tried))
        return None

    def _moves(self, order: Order) -> Iterator[Order]:
        """Putting back what is late first: it is what helps most often."""
        late = self._late(order)
        return chain(
            (self._put_back(order, stop_id) for stop_id in late if self._loose(order, stop_id)),
            self._blocks(order, late, self._behind),
            self._reversals(order, late),
            self._blocks(order, late, self._ahead),
        )

    def _late(self, order: Order) -> list[int]:
        """Stops served after their window or against the order; the last one when it is neither."""
        walker = self._walker
        strand, here, late = walker.begin()[0], walker.at.index, []
        for stop_id in order:
            after = walker.serve(strand, here, stop_id)
            if after.hard > strand.hard:
                late.append(stop_id)
            strand, here = after, walker.spots[stop_id].row
        wrong = rule_faults(walker.run, order) if walker.ruled else []
        late += [v.id for v in wrong if isinstance(v.id, int) and v.id not in late]
        return late or list(order[-1:])

    def _loose(self, order: Order, stop_id: int) -> bool:
        return stop_id in self._movable(order)

    def _movable(self, order: Order) -> set[int]:
        """Stops the search may take out: not committed, not locked, not put there by hand."""
        held = {stop_id for arc in self._glued for stop_id in arc}
        stops = self._walker.run.stops
        return {
            s
            for s in order
            if s not in held and not stops[s].locked and s not in self._walker.run.committed
        }

    def _span(self, order: Order, number: int) -> tuple[int, int]:
        """The places a stop may go to without passing a locked or committed one."""
        stops, committed = self._walker.run.stops, self._walker.run.committed
        fixed = [n for n, s in enumerate(order) if stops[s].locked or s in committed]
        before = [n + 1 for n in fixed if n < number]
        behind = [n for n in fixed if n >= number]
        return max(before, default=0), min(behind, default=len(order))

    def _put_back(self, order: Order, stop_id: int) -> Order:
        number = order.index(stop_id)
        rest = order[:number] + order[number + 1 :]
        low, high = self._span(order, number)
        return cheapest_insertion(
            self._walker,
            rest,
            stop_id,
            glued=self._glued,
            span=(low, high - 1),
            dearer=lambda tried: self._policy.keep_s * self._keeping.broken(tried),
        ).order

    def _blocks(
        self, order: Order, late: Sequence[int], places: Callable[[int, int, int], range]
    ) -> Iterator[Order]:
        """Or-opt: blocks from before a late stop go elsewhere, so that it is reached earlier."""
        for stop_id in late:
            number = order.index(stop_id)
            span = self._span(order, number)
            for first in range(number - 1, span[0] - 1, -1):
                for last in range(first + 1, min(first + BLOCK_MAX, number) + 1):
                    for place in places(number, *span):
                        if place < first or place > last:
                            yield from self._shifted(order, first, last, place)

    @staticmethod
    def _behind(number: int, _low: int, high: int) -> range:
        return range(number + 1, high + 1)

    @staticmethod
    def _ahead(number: int, low: int, _high: int) -> range:
        return range(low, number + 1)

    def _shifted(self, order: Order, first: int, last: int, place: int) -> Iterator[Order]:
        if not self._may_part(order, first, last, place):
            return
        block = order[first:last]
        if place > last:
            yield order[:first] + order[last:place] + block + order[place:]
        else:
            yield order[:place] + block + order[place:first] + order[last:]

    def _may_part(self, order: Order, first: int, last: int, place: int) -> bool:
        """Whether a block may leave, and may enter, without parting what belongs together."""
        ring = (HERE, *order, END_OF_RUN)
        cut = {(ring[n], ring[n + 1]) for n in (first, last, place)}
        return not (cut & self._glued)

    def _reversals(self, order: Order, late: Sequence[int]) -> Iterator[Order]:
        """2-opt: a stretch before or around a late stop is driven the other way round."""
        for stop_id in late:
            number = order.index(stop_id)
            low, high = self._span(order, number)
            for first in range(number - 1, low - 1, -1):
                for last in range(first + 2, high + 1):
                    if self._may_turn(order, first, last):
                        yield order[:first] + order[first:last][::-1] + order[last:]

    def _may_turn(self, order: Order, first: int, last: int) -> bool:
        ring = (HERE, *order, END_OF_RUN)
        cut = {(ring[n], ring[n + 1]) for n in range(first, last + 1)}
        return not (cut & self._glued)

    def _best_drop(self, order: Order, faults: Faults) -> tuple[Faults, Order] | None:
        """Of the lowest priority at which leaving one stop out helps, the one that helps most."""
        stops = self._walker.run.stops
        loose = self._movable(order)
        for priority in sorted({stops[s].priority for s in loose}):
            found = []
            for stop_id in sorted(s for s in loose if stops[s].priority == priority):
                rest = tuple(s for s in order if s != stop_id)
                found.append((self._faults(rest), self.cost(rest), stop_id, rest))
            best = min(found)
            if best[0] < faults:
                return best[0], best[3]
        return None
