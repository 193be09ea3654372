"""Travel without roads: the way is longer than the line, and short ways are slow ways."""

from collections.abc import Sequence

import numpy as np
from geopy.distance import great_circle
from numpy.typing import NDArray

from shared.geo import EARTH_RADIUS_M, PlantPoint, Point, plant_distance_m
from shared.refusals import refuse

Place = Point | PlantPoint
Leg = tuple[int, int]
Floats = NDArray[np.float64]

DETOUR_FACTOR = 1.3
PLANT_SPEED_M_S = 1.5
TUGGER = "tugger"
# Up to this many metres of way, this fast (km/h), by profile; the last class has no end.
CLASSES_M = (2_000, 10_000, 50_000)
SPEEDS_KMH: dict[str, tuple[float, float, float, float]] = {
    "car": (28, 42, 65, 90),
    "van": (25, 38, 60, 80),
    "truck": (20, 32, 52, 68),
    "bike": (15, 17, 17, 17),
    "walk": (4.8, 4.8, 4.8, 4.8),
    "tugger": (5.4, 5.4, 5.4, 5.4),
}
DEFAULT_PROFILE = "van"


def speeds(profile: str) -> tuple[float, float, float, float]:
    """Speeds of a profile; a vehicle class nobody described drives like a van."""
    return SPEEDS_KMH.get(profile.lower(), SPEEDS_KMH[DEFAULT_PROFILE])


def speed_m_s(profile: str, way_m: float) -> float:
    """How fast a way of this length is driven."""
    of_class = sum(way_m > limit for limit in CLASSES_M)
    return speeds(profile)[of_class] / 3.6


def estimate(here: Place, there: Place, profile: str) -> Leg:
    """Seconds and metres between two places without any router, rounded up."""
    if isinstance(here, PlantPoint) and isinstance(there, PlantPoint):
        if here.plan != there.plan:
            raise refuse("travel_unavailable")
        metres = plant_distance_m(here, there)
        return _up(metres / PLANT_SPEED_M_S), _up(metres)
    if isinstance(here, PlantPoint) or isinstance(there, PlantPoint):
        raise refuse("travel_unavailable")
    way_m = great_circle((here.lat, here.lon), (there.lat, there.lon)).meters * DETOUR_FACTOR
    return _up(way_m / speed_m_s(profile, way_m)), _up(way_m)


def estimates(places: Sequence[Place], profile: str) -> tuple[list[list[int]], list[list[int]]]:
    """Seconds and metres between all of these places at once, rounded up."""
    where, plant = coordinates(places)
    metres = planar(where, where) if plant else ways(where, where)
    seconds = metres / PLANT_SPEED_M_S if plant else drive_times(profile, metres)
    return _whole(seconds), _whole(metres)


def _whole(cells: Floats) -> list[list[int]]:
    whole: list[list[int]] = np.ceil(cells).astype(np.int64).tolist()
    return whole


def coordinates(points: Sequence[Place]) -> tuple[Floats, bool]:
    """Radians on the earth or metres on one floor plan; both in one call has no answer."""
    plans = {point.plan for point in points if isinstance(point, PlantPoint)}
    earth = [(point.lat, point.lon) for point in points if isinstance(point, Point)]
    if len(plans) + bool(earth) > 1:
        raise refuse("travel_unavailable")
    if plans:
        flat = [(point.x_m, point.y_m) for point in points if isinstance(point, PlantPoint)]
        return np.array(flat, dtype=np.float64).reshape(-1, 2), True
    return np.radians(np.array(earth, dtype=np.float64).reshape(-1, 2)), False


def planar(these: Floats, those: Floats) -> Floats:
    """Straight lines on a floor plan."""
    apart = these[:, None, :] - those[None, :, :]
    metres: Floats = np.hypot(apart[..., 0], apart[..., 1])
    return metres


def ways(these: Floats, those: Floats) -> Floats:
    """Ways over land: haversine, then the detour."""
    apart = (these[:, None, :] - those[None, :, :]) / 2
    cosines = np.cos(these[:, 0])[:, None] * np.cos(those[:, 0])[None, :]
    half = np.sin(apart[..., 0]) ** 2 + cosines * np.sin(apart[..., 1]) ** 2
    metres: Floats = 2 * EARTH_RADIUS_M * np.arcsin(np.sqrt(np.clip(half, 0, 1)))
    return metres * DETOUR_FACTOR


def drive_times(profile: str, metres: Floats) -> Floats:
    """Seconds for ways of these lengths."""
    fast = np.array(speeds(profile)) / 3.6
    seconds: Floats = metres / fast[np.searchsorted(CLASSES_M, metres, side="left")]
    return seconds


def _up(value: float) -> int:
    return int(-(-value // 1))


def point_key(place: Place) -> str:
    """A place in the leg cache: five decimals on the earth, decimetres on a floor plan."""
    if isinstance(place, PlantPoint):
        return f"{place.plan}:{place.x_m:.1f},{place.y_m:.1f}"
    return f"{place.lat:.5f},{place.lon:.5f}"
