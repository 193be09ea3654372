"""The device's features as the app asks for them: every answer is Ok or Unavailable."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, Literal, NamedTuple, Protocol, TypeVar
from uuid import UUID

T = TypeVar("T")
Reason = Literal["denied", "absent", "timeout", "busy", "failed"]
Net = Literal["wifi", "cell", "none", "unknown"]

CAMERA_OPEN_S = 5.0
CAMERA_TAKE_S = 10.0
LOCATION_S = 3.0
SECRETS_S = 2.0
CONNECTIVITY_S = 1.0
FEEDBACK_S = 0.5
WAKELOCK_S = 1.0
MAPS_S = 3.0
BATTERY_S = 1.0
PERSON_S = 600.0
"""Limit where a person decides how long it takes: picking, sharing."""


@dataclass(frozen=True)
class Ok(Generic[T]):
    """The feature answered."""

    value: T


@dataclass(frozen=True)
class Unavailable:
    """The feature did not answer; the act goes on without it."""

    reason: Reason


class Reading(NamedTuple):
    """One look at the device's clocks: boot id, running clock, wall clock."""

    boot: str
    mono_ms: int
    wall_ms: int


class Spot(NamedTuple):
    """A position as the device measured it; on the road lat/lon, in a plant metres of a plan."""

    at_mono_ms: int
    acc_m: int
    lat: float = 0.0
    lon: float = 0.0
    speed_m_s: float = 0.0
    mock: bool = False
    plan: str = ""
    x_m: float = 0.0
    y_m: float = 0.0


class Picked(NamedTuple):
    """A file chosen from the gallery."""

    data: bytes
    name: str


class Clock(Protocol):
    """The only place that reads the time."""

    def read(self) -> Reading:
        """Look at all clocks at once."""
        ...


class Ids(Protocol):
    """Where new ids come from."""

    def new(self, at_ms: int) -> UUID:
        """Make a UUIDv7 of that instant."""
        ...

    def noise(self, count: int) -> bytes:
        """Random bytes."""
        ...


class Camera(Protocol):
    """Takes photos as JPEG bytes."""

    async def open(self) -> Ok[None] | Unavailable: ...
    async def take(self) -> Ok[bytes] | Unavailable: ...
    async def close(self) -> Ok[None] | Unavailable: ...


class Gallery(Protocol):
    """Picks a picture that exists already."""

    async def pick(self) -> Ok[Picked] | Unavailable: ...


class Location(Protocol):
    """Where the device is, while a run is open."""

    async def last(self, max_age_s: int) -> Ok[Spot] | Unavailable: ...
    async def start(self, on_fix: Callable[[Spot], None]) -> Ok[None] | Unavailable: ...
    async def stop(self) -> Ok[None] | Unavailable: ...


class SecureStore(Protocol):
    """Keeps the device token."""

    async def get(self, key: str) -> Ok[str | None] | Unavailable: ...
    async def set(self, key: str, value: str) -> Ok[None] | Unavailable: ...
    async def delete(self, key: str) -> Ok[None] | Unavailable: ...


class Connectivity(Protocol):
    """Which network there is; `unknown` means: try, HTTP decides."""

    async def now(self) -> Ok[Net] | Unavailable: ...
    async def on_change(self, tell: Callable[[Net], None]) -> Ok[None] | Unavailable: ...


class Feedback(Protocol):
    """Sight is the screen's; this is vibration, sound and announcement."""

    async def done(self) -> Ok[None] | Unavailable: ...
    async def wrong(self) -> Ok[None] | Unavailable: ...
    async def alarm(self) -> Ok[None] | Unavailable: ...
    async def announce(self, text: str) -> Ok[None] | Unavailable: ...


class Wakelock(Protocol):
    """Keeps the screen on."""

    async def hold(self) -> Ok[None] | Unavailable: ...
    async def release(self) -> Ok[None] | Unavailable: ...


class Maps(Protocol):
    """Hands a place over to a navigation app."""

    async def navigate(self, lat: float, lon: float, label: str) -> Ok[None] | Unavailable: ...


class Share(Protocol):
    """Gives a file away."""

    async def file(self, path: Path) -> Ok[None] | Unavailable: ...


class Battery(Protocol):
    """How full the battery is, in percent."""

    async def level(self) -> Ok[int] | Unavailable: ...


@dataclass(frozen=True)
class Ports:
    """All features of one session; kept alive as long as the session."""

    clock: Clock
    ids: Ids
    camera: Camera
    gallery: Gallery
    location: Location
    secrets: SecureStore
    connectivity: Connectivity
    feedback: Feedback
    wakelock: Wakelock
    maps: Maps
    share: Share
    battery: Battery
