"""How a vehicle walks an order, prepared once per run so that hundreds of orders cost little.

A fault total is `(how many hard rules are broken, by how many seconds)`; smaller is better.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate, repeat
from typing import NamedTuple

from shared.task import Amount, RunView, Start, TaskBreak, TaskStop, Violation, Window

Faults = tuple[int, int]
CLEAN: Faults = (0, 0)
ALWAYS = 1 << 60
RANKS = {"first": 0, "any": 1, "last": 2}


class _Spot(NamedTuple):
    """A stop as the walk needs it; `windows` only where there are several."""

    row: int
    service_s: int
    setup_s: int
    open_s: int
    close_s: int
    windows: tuple[Window, ...] | None


class Strand(NamedTuple):
    """One way to have come this far: its faults, the time, and where the break was taken."""

    hard: int
    late_s: int
    time_s: int
    rest: tuple[int, bool] | None
    """The leg of the break, and whether it was taken before driving it."""

    @property
    def faults(self) -> Faults:
        return self.hard, self.late_s


def spot(stop: TaskStop) -> _Spot:
    """Sorted windows, or one that is always open."""
    windows = tuple(sorted(stop.windows)) or ((-ALWAYS, ALWAYS),)
    several = windows if len(windows) > 1 else None
    opens, closes = windows[0][0], max(last for _, last in windows)
    return _Spot(stop.index, stop.service_s, stop.setup_s, opens, closes, several)


def opening(windows: Iterable[Window], arrive_s: int) -> int | None:
    """When the first window that is not over yet lets somebody in; None when all are over."""
    for opens, closes in windows:
        if arrive_s <= closes:
            return max(arrive_s, opens)
    return None


@dataclass(frozen=True, slots=True)
class Walker:
    """One run and one start, ready to be walked in any order."""

    run: RunView
    at: Start
    spots: dict[int, _Spot]
    rest: TaskBreak | None
    nets: tuple[dict[int, int], ...]
    """Per dimension what each stop adds to the load, all told."""
    ruled: bool
    """Whether any rule speaks of the order itself: positions, pairs, befores, locks."""

    def drive(self, here: int, there: int) -> int:
        return 0 if here == there else self.run.durations[here][there]

    def begin(self) -> tuple[Strand, ...]:
        return (Strand(0, 0, self.at.available_s, None),)

    def serve(self, strand: Strand, here: int, stop_id: int) -> Strand:
        """The same strand after the next stop, break aside."""
        index, service, setup, opens, closes, windows = self.spots[stop_id]
        count, late, time, rest = strand
        if index != here:
            time += self.run.durations[here][index]
            service += setup
        if time > closes:
            count += 1
            late += time - closes
        elif time < opens:
            time = opens
        elif windows is not None:
            time = opening(windows, time) or time
        return Strand(count, late, time + service, rest)

    def pass_through(
        self,
        strands: tuple[Strand, ...],
        here: int,
        order: Sequence[int],
        worst: Faults | None = None,
        *,
        leg: int = 0,
        tail: Sequence[Faults] = (),
    ) -> tuple[Strand, ...]:
        """Walk on through these stops; empty when every way is worse than `worst`.

        `tail` says for each stop how much will surely be broken after it.
        """
        for offset, stop_id in enumerate(order):
            if self._settled(strands):
                rest, more = order[offset:], tail[offset:] or repeat(CLEAN)
                ways = (self._straight(strand, here, rest, worst, more) for strand in strands)
                return tuple(way for way in ways if way is not None)
            strands = self.step(strands, here, stop_id, leg + offset)
            if worst is not None:
                more_hard, more_late = tail[offset] if tail else CLEAN
                strands = tuple(
                    s for s in strands if (s.hard + more_hard, s.late_s + more_late) <= worst
                )
            if not strands:
                return ()
            here = self.spots[stop_id].row
        return strands

    def step(
        self, strands: tuple[Strand, ...], here: int, stop_id: int, leg: int
    ) -> tuple[Strand, ...]:
        """Serve one stop on every strand; long before the break opens there is only one."""
        if self.rest is None or (len(strands) == 1 and strands[0].rest is None):
            alone = self.serve(strands[0], here, stop_id)
            if self.rest is None or alone.time_s <= self.rest.windows[0][0]:
                return (alone,)
        strands = self.with_rest(strands, here, self.spots[stop_id].row, leg)
        return _best(self.serve(strand, here, stop_id) for strand in strands)

    def sooner(self, via: tuple[Strand, int], direct: tuple[Strand, int], stop_id: int) -> bool:
        """Whether one way to a stop is anywhere ahead of another, on arrival or when leaving."""
        row = self.spots[stop_id].row
        arrives = [strand.time_s + self.drive(here, row) for strand, here in (via, direct)]
        leaves = [self.serve(strand, here, stop_id).time_s for strand, here in (via, direct)]
        return arrives[0] < arrives[1] or leaves[0] < leaves[1]

    def _settled(self, strands: tuple[Strand, ...]) -> bool:
        """Whether nobody can take the break any more: taken on every strand, or over."""
        rest, first = self.rest, strands[0]
        return rest is None or first.rest is not None or first.time_s > rest.windows[-1][1]

    def _straight(
        self,
        strand: Strand,
        here: int,
        order: Sequence[int],
        worst: Faults | None,
        tail: Iterable[Faults],
    ) -> Strand | None:
        """The hot loop: no break to place, so there is one strand."""
        hard, late, time, rest = strand
        rows, spots = self.run.durations, self.spots
        for stop_id, (more_hard, more_late) in zip(order, tail, strict=False):
            row, service, setup, opens, closes, windows = spots[stop_id]
            if row != here:
                time += rows[here][row]
                service += setup
                here = row
            if time > closes:
                hard += 1
                late += time - closes
                if worst is not None and (hard + more_hard, late + more_late) > worst:
                    return None
            elif time < opens:
                time = opens
            elif windows is not None:
                time = opening(windows, time) or time
            time += service
        return Strand(hard, late, time, rest)

    def with_rest(
        self, strands: tuple[Strand, ...], here: int, there: int, leg: int
    ) -> tuple[Strand, ...]:
        """Add the ways that take the break on this leg: before driving it, or after."""
        rest = self.rest
        if rest is None or strands[0].rest is not None:
            return strands
        count, late, time, _ = strands[0]
        drive = self.drive(here, there)
        ways = []
        for first in (True, False):
            start = opening(rest.windows, time if first else time + drive)
            if start is not None:
                # The drive itself is added by `serve`, so a break after it is told in advance.
                leave = start + rest.service_s - (0 if first else drive)
                ways.append(Strand(count, late, leave, (leg, first)))
        if not ways:
            return strands
        return (strands[0], min(ways, key=lambda way: way.time_s), *strands[1:])

    def finish(self, strands: tuple[Strand, ...], here: int, leg: int) -> Strand:
        """The best strand at the end of the run; a break never taken is a fault."""
        strands = self.with_rest(strands, here, self.run.end_index, leg)
        return min((self._ended(strand, here) for strand in strands), key=lambda s: s[:3])

    def _ended(self, strand: Strand, here: int) -> Strand:
        count, late, time, rest = strand
        time += self.drive(here, self.run.end_index)
        over = self.past_end(time)
        if over > 0:
            count, late = count + 1, late + over
        if self.rest is not None and rest is None:
            count += 1
        return Strand(count, late, time, rest)

    def past_end(self, arrive_s: int) -> int:
        """Seconds beyond the last moment the run may end, overtime included."""
        if self.run.end_window is None:
            return 0
        return max(0, arrive_s - self.run.end_window[1] - self.run.max_overtime_s)

    def place(self, order: Sequence[int]) -> int:
        """Where the vehicle stands after these stops."""
        return self.spots[order[-1]].row if order else self.at.index

    def timed(self, order: Sequence[int], worst: Faults | None = None) -> Strand | None:
        """The whole order in time; None when it is worse than `worst` on the way."""
        strands = self.pass_through(self.begin(), self.at.index, order, worst)
        if not strands:
            return None
        return self.finish(strands, self.place(order), len(order))

    def faults(self, order: Sequence[int], worst: Faults | None = None) -> Faults | None:
        """All hard faults of an order; None as soon as it is certainly worse than `worst`."""
        end = self.timed(order, worst)
        if end is None or (worst is not None and end.faults > worst):
            return None
        return self.and_rules(order, end)

    def and_rules(self, order: Sequence[int], end: Strand) -> Faults:
        """The faults of a timed order together with those of its loads, rest and rules."""
        count = end.hard + self.load_faults(order) + self.rest_faults(order, end)
        if self.ruled:
            count += len(rule_faults(self.run, order))
        return count, end.late_s

    def travel(self, order: Sequence[int]) -> int:
        """Seconds of driving, to the end."""
        rows, here, total = self.run.durations, self.at.index, 0
        spots = self.spots
        for stop_id in order:
            index = spots[stop_id].row
            if index != here:
                total += rows[here][index]
                here = index
        return total + self.drive(here, self.run.end_index)

    def loads(self, order: Sequence[int]) -> list[Amount]:
        """What is on board at the start and after each stop."""
        load = self.at.load
        loads = [load]
        stops = self.run.stops
        for stop_id in order:
            load = after_stop(load, stops[stop_id])
            loads.append(load)
        return loads

    def load_faults(self, order: Sequence[int]) -> int:
        """Stops after which there is more on board than fits, or less than nothing."""
        for have, room, net in zip(self.at.load, self.run.capacity, self.nets, strict=False):
            levels = list(accumulate(map(net.__getitem__, order), initial=have))[1:]
            if levels and (min(levels) < 0 or max(levels) > room):
                return self._count_loads(order)
        return 0

    def _count_loads(self, order: Sequence[int]) -> int:
        faults = 0
        for load in self.loads(order)[1:]:
            faults += min(load) < 0
            faults += exceeds(load, self.run.capacity)
        return faults

    def rest_faults(self, order: Sequence[int], end: Strand) -> int:
        """One when the break falls where more is on board than it allows."""
        if self.rest is None or self.rest.max_load is None or end.rest is None:
            return 0
        return int(exceeds(self.loads(order)[end.rest[0]], self.rest.max_load))


def prepare(run: RunView, at: Start) -> Walker:
    """Read the stops once; a break already taken no longer counts."""
    rest = run.rest if run.rest is not None and not run.rest.taken else None
    stops = run.stops.values()
    spoken = any(s.locked or s.before or s.position != "any" for s in stops)
    spots = {stop.id: spot(stop) for stop in stops}
    nets = tuple(
        {stop.id: _part(stop.pickup, n) - _part(stop.delivery, n) for stop in stops}
        for n in range(len(at.load))
    )
    return Walker(run, at, spots, rest, nets, ruled=spoken or bool(run.pairs))


def _part(amount: Amount, dimension: int) -> int:
    return amount[dimension] if amount else 0


def after_stop(load: Amount, stop: TaskStop) -> Amount:
    """Unload, then load."""
    if stop.delivery:
        load = tuple(have - less for have, less in zip(load, stop.delivery, strict=True))
    if stop.pickup:
        load = tuple(have + more for have, more in zip(load, stop.pickup, strict=True))
    return load


def exceeds(load: Amount, limit: Amount) -> bool:
    return any(have > room for have, room in zip(load, limit, strict=False))


def rule_faults(run: RunView, order: Sequence[int]) -> list[Violation]:
    """What an order breaks by being this order: pairs, befores, first and last, locked places."""
    place = {stop_id: number for number, stop_id in enumerate(order)}
    late_pairs = [
        Violation("precedence", drop)
        for pick, drop in run.pairs
        if drop in place and place.get(pick, len(order)) > place[drop]
    ]
    return [*late_pairs, *_disordered(run, order, place), *_unlocked(run, order)]


def _disordered(run: RunView, order: Sequence[int], place: dict[int, int]) -> list[Violation]:
    found = []
    free = [stop_id for stop_id in order if stop_id not in run.committed]
    ranks = [RANKS[run.stops[stop_id].position] for stop_id in free]
    highest, lowest = -1, [3] * (len(ranks) + 1)
    for number in reversed(range(len(ranks))):
        lowest[number] = min(ranks[number], lowest[number + 1])
    for number, stop_id in enumerate(free):
        rank = ranks[number]
        wrong = (rank == 0 and highest > 0) or (rank == 2 and lowest[number + 1] < 2)
        behind = any(place.get(b, len(order)) < place[stop_id] for b in run.stops[stop_id].before)
        if wrong or behind:
            found.append(Violation("order", stop_id))
        highest = max(highest, rank)
    return found


def _unlocked(run: RunView, order: Sequence[int]) -> list[Violation]:
    """Locked stops that no longer stand where they stood, inserted and cancelled stops aside."""
    if not any(run.stops[stop_id].locked for stop_id in order):
        return []
    here, stood = set(order), set(run.standing)
    before = [stop_id for stop_id in run.standing if stop_id in here]
    now = [stop_id for stop_id in order if stop_id in stood]
    return [
        Violation("locked", a)
        for a, b in zip(before, now, strict=True)
        if a != b and run.stops[a].locked
    ]


def _best(strands: Iterable[Strand]) -> tuple[Strand, ...]:
    """The strand without break first, then those with it that no other beats in every way."""
    waiting: list[Strand] = []
    rested: list[Strand] = []
    for strand in strands:
        (waiting if strand.rest is None else rested).append(strand)
    rested.sort(key=lambda s: s[:3])
    kept: list[Strand] = []
    for strand in rested:
        if not kept or strand.time_s < kept[-1].time_s:
            kept.append(strand)
    return (*waiting, *kept)
