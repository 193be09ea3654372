"""Places on the earth and on a floor plan, and how far apart they are."""

from math import asin, cos, hypot, radians, sin, sqrt
from typing import Annotated

from pydantic import Field

from shared.gate import Frozen

EARTH_RADIUS_M = 6_371_008.8


class Point(Frozen):
    """A place on the earth, WGS84 degrees."""

    lat: Annotated[float, Field(ge=-90, le=90, allow_inf_nan=False)]
    lon: Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False)]


class PlantPoint(Frozen):
    """A place on a floor plan, metres from its origin."""

    plan: str
    x_m: Annotated[float, Field(ge=-100_000, le=100_000, allow_inf_nan=False)]
    y_m: Annotated[float, Field(ge=-100_000, le=100_000, allow_inf_nan=False)]


def distance_m(a: Point, b: Point) -> float:
    """Great-circle distance in metres (haversine, mean earth radius of IUGG)."""
    half_lat = radians(b.lat - a.lat) / 2
    half_lon = radians(b.lon - a.lon) / 2
    h = sin(half_lat) ** 2 + cos(radians(a.lat)) * cos(radians(b.lat)) * sin(half_lon) ** 2
    return 2 * EARTH_RADIUS_M * asin(min(1.0, sqrt(h)))


def plant_distance_m(a: PlantPoint, b: PlantPoint) -> float:
    """Straight distance in metres between two places of one floor plan."""
    assert a.plan == b.plan, "one floor plan"
    return hypot(a.x_m - b.x_m, a.y_m - b.y_m)
