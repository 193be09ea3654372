"""The same place told twice: listed for a person, never merged by us."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise, product
from uuid import UUID

from server.imports.columns import plain
from server.imports.locations import Place
from shared.geo import Point, distance_m

NEAR_M = 100
ON_ONE_SPOT_M = 3
PAIRS_MAX = 1_000
METRES_PER_DEGREE = 111_195
WIDENED = 6  # 1 / cos(80 degrees), rounded up
_AROUND = sorted(product((-1, 0, 1), repeat=2), key=lambda step: step != (0, 0))


@dataclass(frozen=True)
class Told:
    """A place with where it was told: a row of the file, or a stored Location."""

    at: int | UUID
    place: Place


@dataclass(frozen=True)
class Double:
    """Two tellings that look like one place, and why: the code of a sentence."""

    row: int
    other: int | UUID
    why: str
    name: str
    other_name: str
    apart_m: int | None


def find_doubles(rows: Sequence[Told], known: Sequence[Told] = ()) -> list[Double]:
    """Pairs with the same name nearby, the same address, or the same spot; strongest reason only.

    Two stored places are not reported, and a row is not compared with the Location it changes
    (the caller leaves that one out of `known`).
    """
    found: dict[tuple[int | UUID, int | UUID], Double] = {}
    for why, pair in _candidates([*rows, *known]):
        earlier, later = pair
        if isinstance(later.at, UUID):
            if isinstance(earlier.at, UUID):
                continue
            earlier, later = later, earlier
        assert isinstance(later.at, int), "one of them is a row"
        found.setdefault((later.at, earlier.at), _double(later.at, later, earlier, why))
        if len(found) >= PAIRS_MAX:
            break
    return sorted(found.values(), key=lambda one: (one.row, str(one.other)))


def _double(row: int, later: Told, earlier: Told, why: str) -> Double:
    a, b = later.place.point, earlier.place.point
    apart_m = round(distance_m(a, b)) if a and b else None
    return Double(row, earlier.at, why, later.place.name, earlier.place.name, apart_m)


def _candidates(told: Sequence[Told]) -> Iterator[tuple[str, tuple[Told, Told]]]:
    yield from _named_alike_nearby(told)
    yield from _on_one_spot(told)
    yield from _at_one_address(told)


def _named_alike_nearby(told: Sequence[Told]) -> Iterator[tuple[str, tuple[Told, Told]]]:
    for a, b in _neighbours([one for one in told if one.place.point], NEAR_M, by_name=True):
        yield "double_name", (a, b)


def _on_one_spot(told: Sequence[Told]) -> Iterator[tuple[str, tuple[Told, Told]]]:
    for a, b in _neighbours([one for one in told if one.place.point], ON_ONE_SPOT_M):
        yield "double_spot", (a, b)


def _at_one_address(told: Sequence[Told]) -> Iterator[tuple[str, tuple[Told, Told]]]:
    """The same street and number; a town alone is not an address."""
    groups: dict[str, list[Told]] = defaultdict(list)
    for one in told:
        line = one.place.address or ""
        street = line.partition(",")[0]
        if any(letter.isdigit() for letter in street) and street != line:
            groups[plain(line)].append(one)
    for group in groups.values():
        yield from (("double_address", pair) for pair in _pairs(group))


def _pairs(group: Sequence[Told]) -> Iterator[tuple[Told, Told]]:
    """Each with the one before it, so that n tellings of one place give n - 1 pairs."""
    yield from pairwise(group)


def _neighbours(
    told: Sequence[Told], within_m: float, *, by_name: bool = False
) -> Iterator[tuple[Told, Told]]:
    """Pairs at most so far apart, found over a grid; with `by_name` only of one name.

    One of several tellings stands on the grid for all of them, which bounds the search.
    """
    grid: dict[tuple[str, int, int], list[Told]] = defaultdict(list)
    for one in told:
        point = one.place.point
        assert point is not None, "the caller leaves out places without coordinates"
        name = plain(one.place.name) if by_name else ""
        y, x = _cell(point, within_m)
        near = (o for dy, dx in _AROUND for o in grid[name, y + dy, x + dx])
        match = next((o for o in near if _apart(o, point) <= within_m), None)
        if match is None:
            grid[name, y, x].append(one)
        else:
            yield match, one


def _apart(one: Told, point: Point) -> float:
    assert one.place.point is not None, "on the grid"
    return distance_m(one.place.point, point)


def _cell(point: Point, size_m: float) -> tuple[int, int]:
    """Cells are at least `size_m` wide as far north as people deliver."""
    degrees = size_m / METRES_PER_DEGREE
    return int(point.lat // degrees), int(point.lon // (degrees * WIDENED))
