"""Vehicles without people drive what is dispatched, as a driver would."""

import asyncio
import io
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from driver_app import actions, autopilot
from driver_app.autopilot import Crew, Order, Vehicle, between, read_order
from driver_app.device.fakes import FakeLocation, MemorySecrets, SteppedClock, fake_ports
from driver_app.device.ports import Spot
from driver_app.store.db import HereLane
from driver_app.sync.http import HttpApi, PairingApi
from driver_app.sync.worker import Surroundings
from server.core.settings import Settings
from server.migrations.steps import migrate
from tests.flows.a_day import begin, change_plan, facts_at_the_office, on_the_road
from tests.flows.a_round import open_round
from tests.helpers.photos import jpeg
from tests.helpers.world import ORIGIN, Network, Phone, World, world

pytestmark = pytest.mark.anyio
CREW = Crew("Van 4", "CODE", "A. Kaya", "2468")


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated database to copy."""
    folder = tmp_path_factory.mktemp("template")
    migrate(Settings.read(data=folder))
    return folder / "milkrun.db"


@pytest.fixture
async def the_world(tmp_path: Path, template: Path) -> AsyncIterator[World]:
    """One server, no phones yet."""
    async with world(tmp_path, template) as made:
        yield made


def vehicle(made: World, phone: Phone, *, seed: int = 1) -> Vehicle:
    """The phone as a vehicle; time passes only while it waits."""
    order = Order(ORIGIN, phone.folder, [jpeg()], 60, seed, early_s=86_400, tell_saved=True)

    async def pause(seconds: float) -> None:
        made.pass_time(seconds)
        await asyncio.sleep(0)

    return Vehicle(CREW, order, phone.session, phone.location, Random(seed), pause)


async def drive(made: Vehicle, phone: Phone, run: str) -> None:
    """Let it drive until the run is over, then send everything."""
    for _ in range(200):
        due = made._due()
        if due is None or phone.run(run).finished_ms is not None:
            break
        await made._drive(due)
    await phone.sync()


async def test_a_dispatched_run_is_driven_to_its_end(
    the_world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    circle, phone = await on_the_road(the_world, "bakery", "dairy")

    await drive(vehicle(the_world, phone, seed=3), phone, circle.run)

    outcomes = facts_at_the_office(the_world, circle)
    assert set(outcomes.values()) <= {"done", "failed"}
    assert phone.run(circle.run).state == "completed"
    assert capsys.readouterr().out.count("SAVED ") >= 8


async def test_a_round_of_a_tugger_is_driven_to_its_end(the_world: World) -> None:
    circle = open_round(the_world)
    phone = await the_world.phone("Tugger 2")
    await phone.sync()

    await drive(vehicle(the_world, phone), phone, circle.run)

    assert set(facts_at_the_office(the_world, circle).values()) == {"done"}


async def test_a_changed_plan_is_acknowledged_and_driven(the_world: World) -> None:
    circle, phone = await on_the_road(the_world, "bakery", "dairy", "hotel")
    change_plan(the_world, circle, ["hotel", "bakery"], cancel="dairy")
    await phone.sync()

    await drive(vehicle(the_world, phone, seed=3), phone, circle.run)

    assert phone.run(circle.run).acked_version == 2
    assert facts_at_the_office(the_world, circle)["dairy"] == "none"


async def test_a_run_is_driven_on_after_a_kill(the_world: World) -> None:
    circle, phone = await on_the_road(the_world, "bakery", "dairy")
    made = vehicle(the_world, phone, seed=3)
    run = phone.run(circle.run)
    await actions.start_run(phone.ctx, run.id)
    await made._serve(run, run.visits[0])

    again = await the_world.kill_and_reopen(phone)
    await drive(vehicle(the_world, again, seed=3), again, circle.run)

    assert again.run(circle.run).state == "completed"


async def test_a_crew_pairs_signs_in_and_drives_until_it_is_stopped(the_world: World) -> None:
    circle = begin(the_world, "bakery")
    network = Network(the_world.app)
    ports = replace(
        fake_ports(clock=SteppedClock(wall_ms=the_world.clock.ms())),
        secrets=MemorySecrets("absent"),
    )
    session = actions.join(
        the_world.folder / "van",
        ports,
        app="0.1.0",
        make_api=lambda server: HttpApi(server, lambda: network),
        around=Surroundings(foreground=False),
        lane=lambda _name: HereLane(),
    )
    crew = replace(CREW, code=the_world.code())
    order = Order(ORIGIN, the_world.folder, [jpeg()], 60, 3, early_s=86_400)
    location = ports.location
    assert isinstance(location, FakeLocation)

    async def pause(seconds: float) -> None:
        the_world.pass_time(seconds)
        ports.clock.step(int(seconds * 1000))  # type: ignore[attr-defined]
        await asyncio.sleep(0.001)

    made = Vehicle(
        crew, order, session, location, Random(3), pause,
        lambda url, ca_pem: PairingApi(url, ca_pem, lambda: network),
    )  # fmt: skip
    task = asyncio.create_task(made.work())
    for _ in range(5_000):
        await asyncio.sleep(0.002)
        if any(run.finished_ms for run in session.ctx.state.session.runs):
            break
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)

    assert session.ctx.state.session.driver_name == "A. Kaya"
    assert session.ctx.state.session.runs[0].finished_ms
    assert circle.run == str(session.ctx.state.session.runs[0].id)


def test_the_way_is_a_straight_line() -> None:
    start, end = Spot(0, 5, 48.0, 11.0), Spot(0, 5, 49.0, 12.0)

    half = between(start, end, 0.5)

    assert (half.lat, half.lon) == (48.5, 11.5)
    assert between(None, end, 0.1) == end


async def test_it_ends_when_it_is_told(tmp_path: Path) -> None:
    done = asyncio.Event()
    done.set()
    order = read_order(["--url", "http://127.0.0.1:1", "--data", str(tmp_path), "--speed", "60"])

    await autopilot.drive_all([CREW], order, done)

    assert (tmp_path / "van-4").name == "van-4"
    assert (order.speed, order.photos) == (60, [])


def test_photos_are_read_from_the_folder(tmp_path: Path) -> None:
    (tmp_path / "one.jpg").write_bytes(jpeg("one"))
    (tmp_path / "note.txt").write_text("no photo")

    order = read_order(["--url", "u", "--data", ".", "--photos", str(tmp_path)])

    assert order.photos == [jpeg("one")]
    assert io.BytesIO(order.photos[0]).read(2) == b"\xff\xd8"
