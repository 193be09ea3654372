"""The ground a run drives on: its places and what lies between them, known or estimated."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any
from uuid import UUID

from sqlmodel import Session

from server.runs.queries import RunView
from server.sites import queries as sites
from server.travel import service as travel
from server.travel.rules import SPEEDS_KMH
from shared.geo import PlantPoint, Point
from shared.ids import SiteId

Leg = tuple[int, int]
Rows = list[list[int]]
Place = Point | PlantPoint
DEFAULT_PROFILE = "van"
PLANT = "internal"


@dataclass(frozen=True, slots=True)
class Ground:
    """Every place of a run with a number, seconds and metres between all of them."""

    numbers: dict[UUID, int]
    seconds: Rows
    metres: Rows

    def legs(self, places: Sequence[UUID]) -> list[Leg]:
        """The legs along these places; none lies between a place and itself."""
        at = [self.numbers[place] for place in places]
        return [
            (0, 0) if a == b else (self.seconds[a][b], self.metres[a][b]) for a, b in pairwise(at)
        ]


def ground_of(
    session: Session,
    site_id: SiteId,
    view: RunView,
    more: Sequence[UUID] = (),
    *,
    kind: str | None,
) -> Ground:
    """Legs of the plan first, then what the cache knows, then estimates; no router is asked.

    `kind` is that of the vehicle: it says how fast it is driven.
    """
    visited = {one.id: one.location_id for one in view.visits}
    circle = [
        view.run.start_location,
        *(visited[visit] for visit in view.order if visit in visited),
        view.run.end_location,
    ]
    every = list(dict.fromkeys([*circle, *(one.location_id for one in view.visits), *more]))
    numbers = {place: number for number, place in enumerate(every)}
    fresh = [one for one in every if one not in view.places]
    rows = {**view.places, **(sites.locations(session, site_id, fresh) if fresh else {})}
    points = [_point(rows[one]) if one in rows else None for one in every]
    route = [numbers[place] for place in circle]
    given = _given(route, [(leg[0], leg[1]) for leg in view.plan.legs])
    if view.run.kind == PLANT or not _one_surface(points):
        ring = _ring(route, given, len(every))
        return Ground(numbers, *_filled(session, site_id, points, ring))
    known = [point for point in points if point is not None]
    found = travel.matrix(session, site_id, known, profile_of(kind), given=given)
    return Ground(numbers, *found)


def profile_of(kind: str | None) -> str:
    """What drives, as far as its speed is known."""
    return kind if kind in SPEEDS_KMH else DEFAULT_PROFILE


def _point(row: Any) -> Place | None:
    """Where a place is; the whole row is read only where it is not on the earth."""
    if row.lat is not None and row.lon is not None:
        return Point(lat=row.lat, lon=row.lon)
    return sites.as_location(row).point()


def _given(route: Sequence[int], legs: Sequence[Leg]) -> dict[tuple[int, int], Leg]:
    """The plan's own legs by pair of places; the first of equal pairs counts."""
    found: dict[tuple[int, int], Leg] = {}
    for (a, b), leg in zip(pairwise(route), legs, strict=False):
        if a != b:
            found.setdefault((a, b), leg)
    return found


def _one_surface(points: Sequence[Place | None]) -> bool:
    """Whether all places lie on the earth, or all on one floor plan."""
    plans = {point.plan if isinstance(point, PlantPoint) else "" for point in points if point}
    return None not in points and len(plans) <= 1


def _ring(
    route: Sequence[int], given: dict[tuple[int, int], Leg], size: int
) -> dict[tuple[int, int], Leg]:
    """A train drives its circle one way: between two stations lies every leg of it in between."""
    found = dict(given)
    for first in range(len(route)):
        seconds = metres = 0
        for a, b in zip(route[first:], route[first + 1 :], strict=False):
            leg = given.get((a, b), (0, 0))
            seconds, metres = seconds + leg[0], metres + leg[1]
            if route[first] != b:
                found.setdefault((route[first], b), (seconds, metres))
    # Back to one behind: on to the end of the circle, and round again from its start.
    for a in range(size):
        for b in range(size):
            onward, again = found.get((a, route[-1])), found.get((route[0], b))
            if a != b and (a, b) not in found and onward and again:
                found[a, b] = (onward[0] + again[0], onward[1] + again[1])
    return found


def _filled(
    session: Session,
    site_id: SiteId,
    points: Sequence[Place | None],
    known: dict[tuple[int, int], Leg],
) -> tuple[Rows, Rows]:
    """Estimate what the circle does not tell; without coordinates the longest leg must do."""
    longest = max(known.values(), default=(0, 0))
    size = len(points)
    seconds = [[0] * size for _ in range(size)]
    metres = [[0] * size for _ in range(size)]
    for a, here in enumerate(points):
        for b, there in enumerate(points):
            leg = known.get((a, b))
            if leg is None and a != b:
                both = [one for one in (here, there) if one is not None]
                same = len(both) == 2 and _one_surface(both)
                leg = travel.legs(session, site_id, both, "tugger")[0] if same else longest
            seconds[a][b], metres[a][b] = leg or (0, 0)
    return seconds, metres
