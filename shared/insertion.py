"""The cheapest place for one more stop, all others keeping their order."""

from collections.abc import Callable, Container, Iterable, Sequence
from dataclasses import dataclass, replace

from shared.keeping import END_OF_RUN, HERE
from shared.task import Window
from shared.walk import ALWAYS, CLEAN, Faults, Strand, Walker

Arc = tuple[int, int]
"""Two neighbours that a person put together; nothing comes between."""


@dataclass(frozen=True, slots=True)
class Inserted:
    """An order with the new stop in it, what it breaks, and what it adds."""

    order: tuple[int, ...]
    faults: Faults
    added: int


def cheapest_insertion(
    walker: Walker,
    order: Sequence[int],
    new: int,
    *,
    glued: Container[Arc] = (),
    span: tuple[int, int] | None = None,
    dearer: Callable[[tuple[int, ...]], int] | None = None,
) -> Inserted:
    """Fewest hard faults first, then least added travel, then the earliest place.

    The places are tried from the cheapest on, so the first one without a fault is the answer.
    `span` limits the places; `dearer` adds what an order costs beside its travel, which a new
    stop does not need.
    """
    places = _places(walker, order, new, glued, span or (0, len(order)))
    if dearer is not None:
        places = [(added + dearer(_with(order, new, p)), p) for added, p in places]
    places.sort()
    quick = _first_clean(walker, order, new, places)
    return quick if quick is not None else _least_bad(walker, order, new, places)


def _with(order: Sequence[int], new: int, place: int) -> tuple[int, ...]:
    return (*order[:place], new, *order[place:])


def _places(
    walker: Walker,
    order: Sequence[int],
    new: int,
    glued: Container[Arc],
    span: tuple[int, int],
) -> list[tuple[int, int]]:
    """Every open place with the travel it adds; the committed stop stays first."""
    row, drive = walker.spots[new].row, walker.drive
    chain = (HERE, *order, END_OF_RUN)
    rows = [walker.at.index, *(walker.spots[s].row for s in order), walker.run.end_index]
    first = 1 if order and order[0] in walker.run.committed else 0
    places = []
    for place in range(max(first, span[0]), span[1] + 1):
        if (chain[place], chain[place + 1]) not in glued:
            here, there = rows[place], rows[place + 1]
            places.append((drive(here, row) + drive(row, there) - drive(here, there), place))
    return places


def _first_clean(
    walker: Walker, order: Sequence[int], new: int, places: list[tuple[int, int]]
) -> Inserted | None:
    """With forward times and backward slack, one look per place tells whether it stays clean."""
    strands = _prefixes(walker, order, CLEAN)
    slack = _Slack.of(walker, order)
    for added, place in places:
        if place >= len(strands):
            continue
        here = walker.place(order[:place])
        if not slack.allows(walker.step(strands[place], here, new, place), new, place):
            continue
        tried = _with(order, new, place)
        if walker.faults(tried, CLEAN) == CLEAN:
            return Inserted(tried, CLEAN, added)
    return None


def _prefixes(
    walker: Walker, order: Sequence[int], worst: Faults | None = None
) -> list[tuple[Strand, ...]]:
    """The strands in front of every place, as far as they are no worse than this."""
    strands, here = walker.begin(), walker.at.index
    prefixes = [strands]
    for number, stop_id in enumerate(order):
        strands = walker.step(strands, here, stop_id, number)
        if worst is not None:
            strands = tuple(strand for strand in strands if strand.faults <= worst)
        if not strands:
            break
        here = walker.spots[stop_id].row
        prefixes.append(strands)
    return prefixes


@dataclass(frozen=True, slots=True)
class _Slack:
    """The latest arrivals that keep the rest of an order clean, at each stop and at the end.

    Upper bounds: setups are left out, for they depend on the neighbour.
    """

    walker: Walker
    rows: list[int]
    rested: list[int]
    waiting: list[int]
    """The same while the break is still to come."""

    @staticmethod
    def of(walker: Walker, order: Sequence[int]) -> "_Slack":
        window = walker.run.end_window
        latest = ALWAYS if window is None else window[1] + walker.run.max_overtime_s
        pending = latest if walker.rest is None else -ALWAYS
        rows, rested, waiting = [walker.run.end_index], [latest], [pending]
        for stop_id in reversed(order):
            spot = walker.spots[stop_id]
            drive = walker.drive(spot.row, rows[-1])
            windows = spot.windows or ((spot.open_s, spot.close_s),)
            leave = _latest_leave(walker, drive, latest, pending)
            latest = _last_arrival(windows, latest - drive - spot.service_s)
            pending = _last_arrival(windows, leave - spot.service_s)
            rows.append(spot.row)
            rested.append(latest)
            waiting.append(pending)
        return _Slack(walker, rows[::-1], rested[::-1], waiting[::-1])

    def allows(self, strands: Iterable[Strand], new: int, place: int) -> bool:
        """Whether some strand that has just served the new stop can stay clean to the end."""
        drive = self.walker.drive(self.walker.spots[new].row, self.rows[place])
        latest = self.rested[place]
        leave = _latest_leave(self.walker, drive, latest, self.waiting[place])
        return any(
            not strand.hard and strand.time_s <= (leave if strand.rest is None else latest - drive)
            for strand in strands
        )


def _latest_leave(walker: Walker, drive: int, rested: int, waiting: int) -> int:
    """The latest moment to set out on a leg with the break still to come: now, there or later."""
    if walker.rest is None:
        return rested - drive
    pause = walker.rest
    start_by = rested - pause.service_s
    here = _last_arrival(pause.windows, start_by - drive)
    there = _last_arrival(pause.windows, start_by) - drive
    return max(here, there, waiting - drive)


def _last_arrival(windows: Sequence[Window], start_by: int) -> int:
    """The latest moment to turn up and still start by then."""
    latest = -ALWAYS
    for opens, closes in windows:
        if start_by >= opens:
            latest = max(latest, min(closes, start_by))
    return latest


def _least_bad(
    walker: Walker, order: Sequence[int], new: int, places: list[tuple[int, int]]
) -> Inserted:
    """No place is clean: walk on from each, and leave off where it cannot become the best."""
    prefixes = _prefixes(walker, order)
    hope = _Hope.of(walker, order, new)
    hopeful = min((hope.least[place], added, place) for added, place in places)
    best: tuple[Faults, int, int] | None = None
    for added, place in [hopeful[1:], *places]:
        if best is not None and (hope.least[place], added, place) >= best:
            continue
        tried, tail = _with(order, new, place), hope.tail(place)
        here, worst = walker.place(order[:place]), best[0] if best is not None else None
        strands = prefixes[place]
        strands = walker.pass_through(strands, here, tried[place:], worst, leg=place, tail=tail)
        if not strands:
            continue
        end = walker.finish(strands, walker.place(tried), len(tried))
        if worst is not None and end.faults > worst:
            continue
        faults = walker.and_rules(tried, end)
        if best is None or (faults, added, place) < best:
            best = (faults, added, place)
    assert best is not None, "there is always the last place"
    return Inserted(_with(order, new, best[2]), best[0], best[1])


@dataclass(frozen=True, slots=True)
class _Hope:
    """The fewest faults a place can lead to: what is late anyway, were there no break.

    A stop put in makes nobody earlier, unless the way round is quicker than the direct one; then
    only what lies before it counts.
    """

    least: list[Faults]
    behind: list[Faults]
    quicker: set[int]

    @staticmethod
    def of(walker: Walker, order: Sequence[int], new: int) -> "_Hope":
        relaxed = replace(walker, rest=None)
        ahead = [strands[0] for strands in _prefixes(relaxed, order)]
        rows = [walker.at.index, *(walker.spots[s].row for s in order), walker.run.end_index]
        end = ahead[-1]
        behind = [(end.hard - s.hard, end.late_s - s.late_s) for s in ahead]
        least, quicker = [], set()
        for place, strand in enumerate(ahead):
            after = relaxed.serve(strand, rows[place], new)
            hard, late = behind[place]
            via, direct = (after, walker.spots[new].row), (strand, rows[place])
            if place < len(order) and relaxed.sooner(via, direct, order[place]):
                quicker.add(place)
                hard, late = CLEAN
            least.append((after.hard + hard, after.late_s + late))
        return _Hope(least, behind, quicker)

    def tail(self, place: int) -> Sequence[Faults]:
        """What is late after the new stop, and after each of the stops behind it."""
        return () if place in self.quicker else self.behind[place:]
