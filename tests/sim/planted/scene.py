"""A scene: a short life of phones and office, written by hand for a bug chance meets too seldom."""

import asyncio
import shutil
import sqlite3
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing, contextmanager, nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from random import Random
from uuid import UUID

from driver_app import actions
from driver_app.actions.record import Act, record
from driver_app.state import DraftView
from driver_app.sync import worker
from server.people import devices
from shared.events import StopCompleted
from shared.fact import Body
from shared.ids import DeviceId, EventId, RunId, VehicleId, VisitId
from tests.helpers.builders import id_of
from tests.helpers.photos import jpeg
from tests.sim import bodies, desk, holders
from tests.sim.backups import Files
from tests.sim.beginning import beginning, new_world
from tests.sim.bodies import Stop
from tests.sim.campaign import Outcome, outcome_of
from tests.sim.ground import chance
from tests.sim.life import Life
from tests.sim.line import Letter
from tests.sim.office import DATABASE
from tests.sim.planted.bug import Bug
from tests.sim.small import changed, no_screens, small_constants
from tests.sim.world import World, run_work

Play = Callable[[World], Awaitable[None]]
EXCHANGES_MAX = 8
"""Of one round: a device that never comes to rest shall not take a thousand each time."""
MINUTE_MS = 60_000


@dataclass(frozen=True)
class Scene:
    """What happens, whose bugs it shows, and with how many of the site's phones it begins."""

    says: str
    bugs: tuple[str, ...]
    play: Play
    phones: int = 1
    seed: int = 1
    seldom: bool = True
    """Schedules hardly meet it; if they do, the soak must find its bugs as well."""


def act(scene: Scene, bug: Bug | None = None) -> Outcome:
    """Play it to its end, with a bug or without, and let the oracle look."""
    beginning()  # what all scenes begin from is made before any bug is there
    with small_constants(), no_screens(), chance(scene.seed), bug() if bug else nullcontext():
        return asyncio.run(_acted(scene))


async def _acted(scene: Scene) -> Outcome:
    world = new_world(scene.seed, faulty=False)
    with changed(worker, "ROUND_EXCHANGES_MAX", EXCHANGES_MAX):
        return await outcome_of(world, partial(scene.play, world), scene.phones)


# what drivers do


def a_stop(life: Life, number: int = 0) -> Stop:
    """One of the places on the phone."""
    return [one for one in bodies.stops(life) if one.plan.get("kind") == "fixed"][number]


async def tell(world: World, life: Life, stop: Stop, *said: Body) -> list[EventId]:
    """Record about a stop; gives the ids."""
    act = Act(list(said), run=stop.run, visit=stop.id)
    outcome = await world.guarded(life, lambda: record(life.ctx, act), "tell")
    assert isinstance(outcome, actions.Saved), outcome
    return list(outcome.ids)


def done() -> Body:
    """A stop is completed."""
    return StopCompleted.model_validate({"proof": bodies.DELIVERY, "lines": []})


async def complete(world: World, life: Life, number: int = 0) -> EventId:
    """Complete a stop."""
    return (await tell(world, life, a_stop(life, number), done()))[0]


async def complete_with_photo(
    world: World, life: Life, name: str = "door", number: int = 0
) -> object:
    """Complete a stop with a photo of more than one part."""
    stop = a_stop(life, number)
    draft = DraftView(
        key=f"proof:{stop.id}", visit=VisitId(UUID(stop.id)), run=RunId(UUID(stop.run))
    )

    async def with_photo() -> object:
        await actions.attach(life.ctx, draft, jpeg(name, 1_600), "photo")
        act = Act([done()], run=stop.run, visit=stop.id, draft=draft)
        return await record(life.ctx, act)

    return await world.guarded(life, with_photo, "complete with photo")


# what happens to phones


@contextmanager
def on_the_way(life: Life, what: Callable[[Letter], str]) -> Iterator[None]:
    """Let this happen to every message of a phone."""
    with changed(life.line, "_trouble", what):
        yield


async def install(world: World, name: str, vehicle: str) -> Life:
    """A new app on an empty phone, paired, with its run."""
    life = world.new_life(name, vehicle)
    await life.start()
    await world.pair(life)
    await world.round(life)
    return life


async def go_back(world: World, life: Life, between: Callable[[], Awaitable[object]]) -> None:
    """Copy the phone, let something happen, and put it back to the copy."""
    copy = world.folder / "lives" / f"copy-{life.number}"
    life.copy_to(copy)
    kept = holders.on_devices([life])
    await between()
    life.die()
    world.destroyed(life, kept)
    shutil.rmtree(life.folder)
    shutil.copytree(copy, life.folder)
    life.screen.forget()
    await world.again(life)


async def sent_and_forgotten(world: World, life: Life) -> None:
    """A phone that has sent two facts goes back to the first and records other ones."""

    async def second() -> None:
        await complete(world, life, 1)
        await world.round(life)

    await complete(world, life, 0)
    await world.round(life)
    await go_back(world, life, second)
    await complete(world, life, 2)
    await complete(world, life, 3)


# what the office does


def give(world: World, life: Life, vehicle: str) -> None:
    """Let a device drive with another vehicle."""
    device = DeviceId(UUID(str(life.meta()["device_id"])))
    boss, jobs, now = world.ground.boss, world.office.parts.jobs, world.clock.now()
    said = {"vehicle_id": VehicleId(id_of(vehicle))}
    run_work(world, lambda s: devices.change(s, boss, device, said, jobs, now=now), "bind")
    world.at_office(world.office.do_jobs, "jobs")


def run_of(world: World, vehicle: str) -> str:
    """The run of a vehicle."""
    return next(run for run, name in world.ground.vehicles.items() if name == vehicle)


def change(world: World, deed: desk.Deed, vehicle: str = "van", seed: int = 1) -> None:
    """Let a dispatcher change a plan."""
    run, now = run_of(world, vehicle), world.clock.now()
    entry = run_work(world, lambda s: deed(s, Random(seed), run, now), deed.__name__)
    assert entry, "the plan can be changed so"
    world.did(entry, run)


def restore(world: World, *, files: Files = "kept") -> None:
    """Let the office begin again from its newest backup."""
    before, stored = world.on_server(), world.server_files()
    world.backups.restore(world.backups.made[0], files=files)
    world.restored(before, stored, newest=True)


def snapshot(world: World) -> Path:
    """The office's database as whoever keeps pictures of the whole machine has it."""
    path = world.folder / "snapshot.db"
    path.unlink(missing_ok=True)
    with closing(sqlite3.connect(world.office.folder / DATABASE)) as db:
        db.execute("VACUUM INTO ?", (str(path),))
    return path


def put_back(world: World, kept: Path) -> None:
    """The machine goes back to a picture: nobody tells the office, revisions come again."""
    before, stored = world.on_server(), world.server_files()
    world.office.die()
    for name in (DATABASE, f"{DATABASE}-wal", f"{DATABASE}-shm"):
        (world.office.folder / name).unlink(missing_ok=True)
    shutil.copy(kept, world.office.folder / DATABASE)
    world.office.start()
    world.restored(before, stored, newest=True)
