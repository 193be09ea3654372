"""Stand-ins answer like the real thing: Ok or a reason, and never raise."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from driver_app.device.bounded import bounded
from driver_app.device.clock import SystemClock, SystemIds
from driver_app.device.fakes import (
    FakeCamera,
    FakeConnectivity,
    FakeGallery,
    FakeLocation,
    SeededIds,
    fake_ports,
)
from driver_app.device.ports import Net, Ok, Picked, Ports, Spot, Unavailable

pytestmark = pytest.mark.anyio
SPOT = Spot(0, 5, 48.1, 11.5)
Ask = Callable[[Ports], Awaitable[object]]
ASKS: dict[str, Ask] = {
    "camera.open": lambda p: p.camera.open(),
    "camera.take": lambda p: p.camera.take(),
    "camera.close": lambda p: p.camera.close(),
    "gallery.pick": lambda p: p.gallery.pick(),
    "location.last": lambda p: p.location.last(60),
    "location.start": lambda p: p.location.start(lambda _spot: None),
    "location.stop": lambda p: p.location.stop(),
    "secrets.get": lambda p: p.secrets.get("k"),
    "secrets.set": lambda p: p.secrets.set("k", "v"),
    "secrets.delete": lambda p: p.secrets.delete("k"),
    "connectivity.now": lambda p: p.connectivity.now(),
    "connectivity.on_change": lambda p: p.connectivity.on_change(lambda _net: None),
    "feedback.done": lambda p: p.feedback.done(),
    "feedback.wrong": lambda p: p.feedback.wrong(),
    "feedback.alarm": lambda p: p.feedback.alarm(),
    "feedback.announce": lambda p: p.feedback.announce("saved"),
    "wakelock.hold": lambda p: p.wakelock.hold(),
    "wakelock.release": lambda p: p.wakelock.release(),
    "maps.navigate": lambda p: p.maps.navigate(48.1, 11.5, "bakery"),
    "share.file": lambda p: p.share.file(Path("x.mro")),
    "battery.level": lambda p: p.battery.level(),
}


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.mark.parametrize("ask", ASKS.values(), ids=ASKS)
async def test_a_feature_in_good_mood_answers(ask: Ask) -> None:
    ports = fake_ports(pictures=[b"picture"])
    gallery, location = ports.gallery, ports.location
    assert isinstance(gallery, FakeGallery)
    assert isinstance(location, FakeLocation)
    gallery.picked, location.spot = Picked(b"picture", "p.jpg"), SPOT

    assert isinstance(await ask(ports), Ok)


@pytest.mark.parametrize("ask", ASKS.values(), ids=ASKS)
async def test_a_feature_that_is_denied_says_so(ask: Ask) -> None:
    assert await ask(fake_ports(mood="denied")) == Unavailable("denied")


async def test_a_camera_that_hangs_is_left_alone_in_time() -> None:
    camera = FakeCamera(hangs=True, pictures=[b"x"])

    assert await bounded("camera", camera.take(), 0.001) == Unavailable("timeout")


async def test_a_changed_network_is_told() -> None:
    heard: list[Net] = []
    connectivity = FakeConnectivity()
    await connectivity.on_change(heard.append)

    connectivity.change("none")

    assert heard == ["none"]
    assert await connectivity.now() == Ok("none")


async def test_fixes_come_only_while_the_stream_is_on() -> None:
    heard: list[Spot] = []
    location = FakeLocation()
    location.give(SPOT)
    await location.start(heard.append)
    location.give(SPOT)
    await location.stop()
    location.give(SPOT)

    assert heard == [SPOT]


def test_the_same_seed_gives_the_same_ids() -> None:
    assert SeededIds(3).new(1_000) == SeededIds(3).new(1_000)
    assert SeededIds(3).new(1_000) != SeededIds(4).new(1_000)


async def test_the_system_clock_runs_and_its_ids_are_its_own() -> None:
    clock, ids = SystemClock(), SystemIds()
    first = clock.read()
    await asyncio.sleep(0)
    second = clock.read()

    assert second.mono_ms >= first.mono_ms
    assert second.boot == first.boot
    assert ids.new(first.wall_ms) != ids.new(first.wall_ms)
