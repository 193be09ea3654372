"""Where the device is: the newest fix for facts, samples for the map, late fixes for bare facts."""

from dataclasses import dataclass, field
from math import hypot

from driver_app.device.ports import Reading, Spot
from driver_app.store.positions import Fixed
from shared.fact import Fix
from shared.geo import Point, distance_m
from shared.sync import POS_SAMPLE_M, POS_SAMPLE_S, POS_STANDING_S

FIX_MAX_AGE_S = 60
GEOTAG_WAIT_S = 30
MOVED_M = 5


@dataclass(frozen=True)
class Bare:
    """A fact saved without a position; one may still come for it."""

    event: str
    run: str | None
    visit: str
    until_mono_ms: int


@dataclass
class Track:
    """What the location stream said so far, in memory only."""

    newest: Spot | None = None
    following: bool = False
    sampled: Spot | None = None
    bare: list[Bare] = field(default_factory=list)

    def fix(self, seen: Reading) -> Fix | None:
        """The newest fix if it is young enough for a fact."""
        spot = self.newest
        if spot is None or seen.mono_ms - spot.at_mono_ms > FIX_MAX_AGE_S * 1000:
            return None
        return fix_of(spot, age_s=max(0, seen.mono_ms - spot.at_mono_ms) // 1000)

    def want(self, event: str, run: str | None, visit: str, seen: Reading) -> None:
        """Remember a bare fact for GEOTAG_WAIT_S."""
        self.bare.append(Bare(event, run, visit, seen.mono_ms + GEOTAG_WAIT_S * 1000))

    def waiting(self, seen: Reading) -> list[Bare]:
        """Bare facts that the fix of this instant is for; they are not asked for again."""
        found = [bare for bare in self.bare if bare.until_mono_ms >= seen.mono_ms]
        self.bare.clear()
        return found

    def due(self, spot: Spot) -> bool:
        """Whether a fix is worth keeping: every 15 s or 50 m moving, every 60 s standing."""
        last = self.sampled
        if last is None:
            return True
        seconds = (spot.at_mono_ms - last.at_mono_ms) / 1000
        moved_m = apart_m(spot, last)
        if moved_m >= POS_SAMPLE_M:
            return True
        return seconds >= (POS_SAMPLE_S if moved_m >= MOVED_M else POS_STANDING_S)


def apart_m(a: Spot, b: Spot) -> float:
    """Metres between two fixes."""
    if a.plan or b.plan:
        return hypot(a.x_m - b.x_m, a.y_m - b.y_m)
    return distance_m(Point(lat=a.lat, lon=a.lon), Point(lat=b.lat, lon=b.lon))


def fix_of(spot: Spot, *, age_s: int) -> Fix:
    """A fix as facts carry it."""
    mock = True if spot.mock else None
    if spot.plan:
        x_cm, y_cm = round(spot.x_m * 100), round(spot.y_m * 100)
        return Fix(plan=spot.plan, x_cm=x_cm, y_cm=y_cm, acc_m=spot.acc_m, age_s=age_s, mock=mock)
    lat_e7, lon_e7 = round(spot.lat * 1e7), round(spot.lon * 1e7)
    return Fix(lat_e7=lat_e7, lon_e7=lon_e7, acc_m=spot.acc_m, age_s=age_s, mock=mock)


def fixed_of(spot: Spot, run: str, at_ms: int) -> Fixed:
    """A fix as the position lane carries it."""
    if spot.plan:
        a, b = round(spot.x_m * 100), round(spot.y_m * 100)
        return Fixed(at_ms, run, a, b, spot.acc_m, spot.plan)
    return Fixed(at_ms, run, round(spot.lat * 1e7), round(spot.lon * 1e7), spot.acc_m)
