"""The one interface for travel times; nobody else knows a router."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from shared.geo import PlantPoint, Point

Capability = Literal["route", "match", "isochrone", "truck", "time_dependent"]
Place = Point | PlantPoint
Cells = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Profile:
    """What moves; its identity is part of every key of the leg cache."""

    name: str
    height_m: float | None = None
    width_m: float | None = None
    length_m: float | None = None
    weight_kg: float | None = None
    axle_load_kg: float | None = None
    hazmat: bool = False

    @property
    def key(self) -> str:
        """The profile as it stands in the cache."""
        limits = (self.height_m, self.width_m, self.length_m, self.weight_kg, self.axle_load_kg)
        if limits == (None,) * len(limits) and not self.hazmat:
            return self.name
        return ":".join([self.name, *(str(one or "") for one in limits), str(int(self.hazmat))])


@dataclass(frozen=True, slots=True)
class Matrix:
    """Seconds and metres from each place to each; unreachable is NaN, the diagonal 0."""

    seconds: Cells
    metres: Cells
    snap_m: Cells


@dataclass(frozen=True, slots=True)
class RowColumn:
    """Seconds and metres from one place to others and back; each array is (2, n): to, from."""

    seconds: Cells
    metres: Cells
    snap_m: Cells


@dataclass(frozen=True, slots=True)
class Route:
    """The way over several places: an encoded polyline (precision 6) and its legs."""

    geometry: str
    legs: tuple[tuple[float, float], ...]
    instructions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Fix:
    """One point of a recorded trace."""

    lat: float
    lon: float
    t_ms: int
    acc_m: float | None = None


@dataclass(frozen=True, slots=True)
class Matched:
    """A trace laid onto the roads."""

    geometry: str
    metres: float


@dataclass(frozen=True, slots=True)
class Area:
    """What can be reached within so many minutes."""

    minutes: int
    ring: tuple[Point, ...]


class TravelFault(Exception):
    """No travel times; never a partial answer."""


class Unsupported(TravelFault):
    """This adapter cannot do that at all; raised before any work."""

    def __init__(self, capability: Capability) -> None:
        super().__init__(capability)
        self.capability = capability


class RouterDown(TravelFault):
    """The router failed or took too long."""


class TravelTimes(Protocol):
    """Asks a router, or knows better; `source` and `graph_version` stand with every leg."""

    source: str
    graph_version: str
    max_matrix: int

    def capabilities(self) -> frozenset[Capability]:
        """What this adapter can do beyond a matrix."""
        ...

    def matrix(self, profile: Profile, points: Sequence[Place], at: datetime | None) -> Matrix:
        """From each place to each."""
        ...

    def row(self, profile: Profile, point: Place, others: Sequence[Place]) -> RowColumn:
        """From and to one place."""
        ...

    def route(
        self, profile: Profile, points: Sequence[Place], at: datetime | None, lang: str
    ) -> Route:
        """The way over the places, to be drawn."""
        ...

    def match(self, profile: Profile, trace: Sequence[Fix]) -> Matched:
        """The roads a trace followed."""
        ...

    def isochrone(self, profile: Profile, origin: Place, minutes: Sequence[int]) -> Sequence[Area]:
        """What can be reached in time."""
        ...
