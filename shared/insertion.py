"""The cheapest place for one more stop, all others keeping their order."""

from collections.abc import Callable, Container, Sequence
from dataclasses import dataclass

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
    if walker.rest is not None:
        return None
    leaves = _leaves(walker, order)
    slack = latest_arrivals(walker, order)
    rows = [walker.at.index, *(walker.spots[s].row for s in order), walker.run.end_index]
    spot, drive = walker.spots[new], walker.drive
    for added, place in places:
        if place >= len(leaves):
            continue
        arrive = leaves[place] + drive(rows[place], spot.row)
        # A lower bound is enough: several windows and setups can only make it later.
        leave = max(arrive, spot.open_s) + spot.service_s
        if arrive > spot.close_s or leave + drive(spot.row, rows[place + 1]) > slack[place]:
            continue
        tried = _with(order, new, place)
        if walker.faults(tried, CLEAN) == CLEAN:
            return Inserted(tried, CLEAN, added)
    return None


def _leaves(walker: Walker, order: Sequence[int]) -> list[int]:
    """When the vehicle leaves the start and each stop, as far as it is never late."""
    strand = walker.begin()[0]
    here, leaves = walker.at.index, [strand.time_s]
    for stop_id in order:
        strand = walker.serve(strand, here, stop_id)
        if strand.hard:
            break
        here = walker.spots[stop_id].row
        leaves.append(strand.time_s)
    return leaves


def latest_arrivals(walker: Walker, order: Sequence[int]) -> list[int]:
    """The latest arrival at each stop, and at the end, that keeps everything after it clean.

    Setup is taken from the neighbours in this order, as an inserted stop may change it the final
    look is always a full walk.
    """
    window = walker.run.end_window
    latest = ALWAYS if window is None else window[1] + walker.run.max_overtime_s
    row = walker.run.end_index
    slack = [latest]
    for stop_id in reversed(order):
        spot = walker.spots[stop_id]
        start_by = latest - walker.drive(spot.row, row) - spot.service_s
        windows = spot.windows or ((spot.open_s, spot.close_s),)
        latest = _last_arrival(windows, start_by)
        row = spot.row
        slack.append(latest)
    slack.reverse()
    return slack


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
    """No place is clean, or a break makes it hard to say: walk on from each place in turn."""
    prefixes = _prefixes(walker, order)
    best: Inserted | None = None
    for added, place in places:
        worst = best.faults if best is not None else None
        tried = _with(order, new, place)
        here = walker.place(order[:place])
        strands = walker.pass_through(prefixes[place], here, tried[place:], worst, leg=place)
        if not strands:
            continue
        end = walker.finish(strands, walker.place(tried), len(tried))
        faults = walker.and_rules(tried, end)
        if best is None or faults < best.faults:
            best = Inserted(tried, faults, added)
        if best.faults == CLEAN:
            break
    assert best is not None, "there is always the last place"
    return best


def _prefixes(walker: Walker, order: Sequence[int]) -> list[tuple[Strand, ...]]:
    """The strands on arrival in front of every place."""
    strands, here = walker.begin(), walker.at.index
    prefixes = [strands]
    for number, stop_id in enumerate(order):
        strands = walker.pass_through(strands, here, (stop_id,), None, leg=number)
        here = walker.spots[stop_id].row
        prefixes.append(strands)
    return prefixes
