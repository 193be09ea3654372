"""Stand-ins for every feature of the device: for demos, the browser, and tests."""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from uuid import UUID

from driver_app.device.ports import Net, Ok, Picked, Ports, Reading, Reason, Spot, Unavailable
from shared.ids import UUID7_RANDOM_BYTES, uuid7

Nothing = Ok[None] | Unavailable
Mood = Reason | None
"""None: works; a reason: is unavailable for it."""


@dataclass
class SteppedClock:
    """A clock that moves when told to."""

    wall_ms: int = 1_800_000_000_000
    mono_ms: int = 5_000_000
    boot: str = "5d0e7a42"

    def read(self) -> Reading:
        """Look at all clocks at once."""
        return Reading(self.boot, self.mono_ms, self.wall_ms)

    def step(self, ms: int) -> None:
        """Let time pass."""
        self.wall_ms += ms
        self.mono_ms += ms


@dataclass
class SeededIds:
    """Ids from a seed: the same seed gives the same ids."""

    seed: int = 1

    def __post_init__(self) -> None:
        self._random = Random(self.seed)

    def new(self, at_ms: int) -> UUID:
        """Make a UUIDv7 of that instant."""
        return uuid7(at_ms, self.noise(UUID7_RANDOM_BYTES))

    def noise(self, count: int) -> bytes:
        """Random bytes."""
        return self._random.randbytes(count)


@dataclass
class FakeFeature:
    """What all fakes share: a mood, and a list of what was asked."""

    mood: Mood = None
    hangs: bool = False
    asked: list[str] = field(default_factory=list)

    async def done(self, what: str) -> Nothing:
        """Answer in the mood of the moment."""
        self.asked.append(what)
        if self.hangs:
            await asyncio.Event().wait()
        return Ok(None) if self.mood is None else Unavailable(self.mood)


@dataclass
class FakeCamera(FakeFeature):
    """Takes the pictures it was given, one after the other, then from the front again."""

    pictures: list[bytes] = field(default_factory=list)
    taken: int = 0

    async def open(self) -> Nothing:
        """Open."""
        return await self.done("open")

    async def take(self) -> Ok[bytes] | Unavailable:
        """Take the next picture."""
        answer = await self.done("take")
        if isinstance(answer, Unavailable):
            return answer
        if not self.pictures:
            return Unavailable("absent")
        self.taken += 1
        return Ok(self.pictures[(self.taken - 1) % len(self.pictures)])

    async def close(self) -> Nothing:
        """Close."""
        return await self.done("close")


@dataclass
class FakeGallery(FakeFeature):
    """Picks one file."""

    picked: Picked | None = None

    async def pick(self) -> Ok[Picked] | Unavailable:
        """Pick the file."""
        answer = await self.done("pick")
        if isinstance(answer, Unavailable) or self.picked is None:
            return Unavailable(self.mood or "absent")
        return Ok(self.picked)


@dataclass
class FakeLocation(FakeFeature):
    """Gives the fixes it is told to give."""

    spot: Spot | None = None
    listener: Callable[[Spot], None] | None = None

    async def last(self, max_age_s: int) -> Ok[Spot] | Unavailable:
        """The last fix, whatever its age."""
        answer = await self.done(f"last {max_age_s}")
        if isinstance(answer, Unavailable) or self.spot is None:
            return Unavailable(self.mood or "absent")
        return Ok(self.spot)

    async def start(self, on_fix: Callable[[Spot], None]) -> Nothing:
        """Begin the stream."""
        answer = await self.done("start")
        if isinstance(answer, Ok):
            self.listener = on_fix
        return answer

    async def stop(self) -> Nothing:
        """End the stream."""
        self.listener = None
        return await self.done("stop")

    def give(self, spot: Spot) -> None:
        """A fix comes in."""
        self.spot = spot
        if self.listener is not None:
            self.listener(spot)


@dataclass
class MemorySecrets(FakeFeature):
    """A key store in memory."""

    kept: dict[str, str] = field(default_factory=dict)

    async def get(self, key: str) -> Ok[str | None] | Unavailable:
        """The value of a key."""
        answer = await self.done("get")
        return answer if isinstance(answer, Unavailable) else Ok(self.kept.get(key))

    async def set(self, key: str, value: str) -> Nothing:
        """Keep a value."""
        answer = await self.done("set")
        if isinstance(answer, Ok):
            self.kept[key] = value
        return answer

    async def delete(self, key: str) -> Nothing:
        """Forget a value."""
        self.kept.pop(key, None)
        return await self.done("delete")


@dataclass
class FakeConnectivity(FakeFeature):
    """Says which network there is."""

    net: Net = "wifi"
    listener: Callable[[Net], None] | None = None

    async def now(self) -> Ok[Net] | Unavailable:
        """The network of the moment."""
        answer = await self.done("now")
        return answer if isinstance(answer, Unavailable) else Ok(self.net)

    async def on_change(self, tell: Callable[[Net], None]) -> Nothing:
        """Tell when it changes."""
        self.listener = tell
        return await self.done("on_change")

    def change(self, net: Net) -> None:
        """The network changes."""
        self.net = net
        if self.listener is not None:
            self.listener(net)


class FakeFeedback(FakeFeature):
    """Remembers what the driver felt and heard."""

    async def wrong(self) -> Nothing:
        """Two vibrations."""
        return await FakeFeature.done(self, "wrong")

    async def alarm(self) -> Nothing:
        """An alarm."""
        return await FakeFeature.done(self, "alarm")

    async def announce(self, text: str) -> Nothing:
        """A sentence for a screen reader."""
        return await FakeFeature.done(self, f"announce {text}")

    async def done(self, what: str = "done") -> Nothing:
        """One vibration."""
        return await FakeFeature.done(self, what)


class FakeWakelock(FakeFeature):
    """Keeps the screen on."""

    async def hold(self) -> Nothing:
        """Hold."""
        return await self.done("hold")

    async def release(self) -> Nothing:
        """Release."""
        return await self.done("release")


class FakeMaps(FakeFeature):
    """Hands a place over."""

    async def navigate(self, lat: float, lon: float, label: str) -> Nothing:
        """Navigate."""
        return await self.done(f"navigate {lat} {lon} {label}")


class FakeShare(FakeFeature):
    """Gives a file away."""

    async def file(self, path: Path) -> Nothing:
        """Share."""
        return await self.done(f"file {path.name}")


@dataclass
class FakeBattery(FakeFeature):
    """A battery that is as full as it is told."""

    percent: int = 100

    async def level(self) -> Ok[int] | Unavailable:
        """How full."""
        answer = await self.done("level")
        return answer if isinstance(answer, Unavailable) else Ok(self.percent)


def fake_ports(
    *,
    seed: int = 1,
    clock: SteppedClock | None = None,
    mood: Mood = None,
    pictures: Iterable[bytes] = (),
) -> Ports:
    """All features as fakes, in one mood."""
    return Ports(
        clock=clock or SteppedClock(),
        ids=SeededIds(seed),
        camera=FakeCamera(mood, pictures=list(pictures)),
        gallery=FakeGallery(mood),
        location=FakeLocation(mood),
        secrets=MemorySecrets(mood),
        connectivity=FakeConnectivity(mood),
        feedback=FakeFeedback(mood),
        wakelock=FakeWakelock(mood),
        maps=FakeMaps(mood),
        share=FakeShare(mood),
        battery=FakeBattery(mood),
    )
