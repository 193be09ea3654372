"""Travel times from the great circle and a detour factor: always there, knows no roads."""
# ruff: noqa: ARG002 - the arguments are the port's; without roads most say nothing

from collections.abc import Sequence
from datetime import datetime

import numpy as np

from server.travel.ports import (
    Area,
    Capability,
    Cells,
    Fix,
    Matched,
    Matrix,
    Place,
    Profile,
    Route,
    RowColumn,
    Unsupported,
)
from server.travel.rules import PLANT_SPEED_M_S, Floats, coordinates, drive_times, planar, ways


class GreatCircle:
    """The default adapter; asymmetric like all of them, though here both ways are equal."""

    source = "greatcircle"
    graph_version = "greatcircle-1"
    max_matrix = 2_000

    def capabilities(self) -> frozenset[Capability]:
        """Nothing beyond a matrix."""
        return frozenset()

    def matrix(self, profile: Profile, points: Sequence[Place], at: datetime | None) -> Matrix:
        """From each place to each; the time of day makes no difference."""
        where, plant = coordinates(points)
        metres = planar(where, where) if plant else ways(where, where)
        return _timed(profile, metres, plant=plant, snaps=len(points))

    def row(self, profile: Profile, point: Place, others: Sequence[Place]) -> RowColumn:
        """From and to one place."""
        where, plant = coordinates([point, *others])
        one, rest = where[:1], where[1:]
        metres = planar(one, rest) if plant else ways(one, rest)
        made = _timed(profile, np.repeat(metres, 2, axis=0), plant=plant, snaps=len(others))
        return RowColumn(made.seconds, made.metres, made.snap_m)

    def route(
        self, profile: Profile, points: Sequence[Place], at: datetime | None, lang: str
    ) -> Route:
        """No roads, no route."""
        raise Unsupported("route")

    def match(self, profile: Profile, trace: Sequence[Fix]) -> Matched:
        """No roads to lay a trace onto."""
        raise Unsupported("match")

    def isochrone(self, profile: Profile, origin: Place, minutes: Sequence[int]) -> Sequence[Area]:
        """No roads to spread along."""
        raise Unsupported("isochrone")


def _timed(profile: Profile, metres: Floats, *, plant: bool, snaps: int) -> Matrix:
    seconds = metres / PLANT_SPEED_M_S if plant else drive_times(profile.name, metres)
    zero: Cells = np.zeros(snaps, dtype=np.float32)
    return Matrix(seconds.astype(np.float32), metres.astype(np.float32), zero)
