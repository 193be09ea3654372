"""How every schedule begins: phones and tablet are paired and know their runs; made once."""

import asyncio
import shutil
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from pathlib import Path

from driver_app.device.fakes import MemorySecrets, SteppedClock
from tests.sim.ground import TEMPLATE_SEED, VEHICLES, Ground, chance, ground, memory_folder
from tests.sim.life import Life
from tests.sim.office import DATABASE
from tests.sim.small import no_screens, small_constants
from tests.sim.world import World


@dataclass(frozen=True)
class Phone:
    """A paired device as it lies in the template."""

    name: str
    vehicle: str
    folder: Path
    clock: SteppedClock
    secrets: dict[str, str]


@dataclass(frozen=True)
class Beginning:
    """The founded site with its paired devices, and when that was."""

    ground: Ground
    at: datetime
    phones: tuple[Phone, ...]


@cache
def beginning() -> Beginning:
    """Found, pair and fetch once per process."""
    with chance(TEMPLATE_SEED + 1), small_constants(), no_screens():
        return asyncio.run(_make(memory_folder() / "beginning"))


async def _make(folder: Path) -> Beginning:
    world = World(0, faulty=False, folder=folder)
    for number, vehicle in enumerate(VEHICLES):
        life = world.new_life(f"Phone {number + 1}", vehicle)
        await life.start()
        await world.pair(life)
        await world.round(life)
    world.close()
    phones = tuple(
        Phone(one.name, one.vehicle, one.folder, replace(one.clock), dict(_secrets(one).kept))
        for one in world.lives
    )
    founded = replace(ground(), database=world.office.folder / DATABASE)
    return Beginning(founded, world.clock.now(), phones)


def _secrets(life: Life) -> MemorySecrets:
    secrets = life.ports.secrets
    assert isinstance(secrets, MemorySecrets), "made so"
    return secrets


def new_world(
    seed: int, *, faulty: bool = True, screens: bool = False, folder: Path | None = None
) -> World:
    """The world of a schedule, its devices not started yet."""
    made = beginning()
    return World(
        seed, faulty=faulty, screens=screens, ground=made.ground, begins=made.at,
        folder=folder or memory_folder(),
    )  # fmt: skip


async def begin(world: World, count: int = len(VEHICLES)) -> None:
    """Start the devices from their template."""
    for phone in beginning().phones[:count]:
        life = world.new_life(phone.name, phone.vehicle)
        shutil.copytree(phone.folder, life.folder)
        clock = life.clock
        clock.wall_ms, clock.mono_ms, clock.boot = (
            phone.clock.wall_ms, phone.clock.mono_ms, phone.clock.boot,
        )  # fmt: skip
        _secrets(life).kept.update(phone.secrets)
        await life.start()
        await world.greet(life)
        world.book(life)
