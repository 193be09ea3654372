"""Kills the scripted day at its boundaries: the process forks there, the copy dies and recovers."""

import asyncio
import copy
import gc
import json
import os
import shutil
import threading
import time
import traceback
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from random import Random

from tests.sim.beginning import begin, beginning, new_world
from tests.sim.campaign import Outcome, outcome_of
from tests.sim.day import DAY_SEED, PARTS, Named, whole
from tests.sim.ending import drain, look
from tests.sim.faults import Arm, Fuse, Torn
from tests.sim.ground import chance, memory_folder
from tests.sim.life import Life
from tests.sim.line import Line
from tests.sim.office import Engines, Office
from tests.sim.small import no_screens, small_constants
from tests.sim.world import World

AT_ONCE = 2
RESULT = "result.json"
ODD = ("-shm",)
FOLDERS = count(1)  # several days of one process never share one


@dataclass
class Kills:
    """What came of killing the day."""

    boundaries: int = 0
    killed: int = 0
    cpu_s: float = 0.0
    wall_s: float = 0.0
    violations: list[str] = field(default_factory=list)


@dataclass
class _Forks:
    """The copies of this process that died somewhere and are looked at."""

    world: World
    found: Kills
    every: bool
    running: dict[int, Path] = field(default_factory=dict)
    part: str = ""
    seen: object = None
    one_by_one: threading.Lock = field(default_factory=threading.Lock)
    """Two threads of the day never fork at once."""

    def at(self, side: str, point: str, when: str, torn: Torn | None) -> None:
        """A boundary: unless the disks are as at the one before, somebody dies here."""
        with self.one_by_one:
            self._pass(side, point, when, torn)

    def _pass(self, side: str, point: str, when: str, torn: Torn | None) -> None:
        self.found.boundaries += 1
        state = _disks(self.world)
        if not self.every and torn is None and state == self.seen:
            return
        self.seen = state
        self.found.killed += 1
        while len(self.running) >= AT_ONCE:
            self.wait()
        name = f"{self.part}: {side} {when} {point}"
        folder = self.world.folder.parent / f"{self.world.folder.name}-kill-{next(FOLDERS)}"
        for what in ("server", "lives"):
            if (self.world.folder / what).exists():
                shutil.copytree(
                    self.world.folder / what, folder / what, ignore=shutil.ignore_patterns("*-shm")
                )
        pid = os.fork()
        if pid == 0:
            _die_and_recover(self.world, folder, name, torn)
        self.running[pid] = folder

    def wait(self) -> None:
        """Hear what became of one of them."""
        pid, _status, usage = os.wait4(-1, 0)
        folder = self.running.pop(pid, None)
        if folder is None:
            return
        self.found.cpu_s += usage.ru_utime + usage.ru_stime
        result = folder / RESULT
        told = json.loads(result.read_text()) if result.exists() else [f"{folder}: no answer"]
        self.found.violations += told
        shutil.rmtree(folder, ignore_errors=True)


def _disks(world: World) -> object:
    """What a dead process would leave, as far as sizes and times of files tell."""
    found = []
    roots = [world.office.folder, *(life.folder for life in world.lives)]
    for root in roots:
        for folder, _, names in os.walk(root):
            found += [_told(Path(folder) / name) for name in names if not name.endswith(ODD)]
    return found


def _told(path: Path) -> tuple[str, int, int]:
    try:
        about = path.stat()
    except FileNotFoundError:
        return (str(path), -1, -1)
    return (str(path), about.st_size, about.st_mtime_ns)


def _die_and_recover(world: World, folder: Path, name: str, torn: Torn | None) -> None:
    """In the copy: nothing of the old process is used again; then everything starts anew."""
    gc.disable()  # connections of the parent must never be closed here
    try:
        if torn is not None:
            path, content = torn
            (folder / path.relative_to(world.folder)).write_bytes(content)
        violations = asyncio.run(_recover(world, folder))  # the loop stayed with the parent
        told = [f"{name}: {invariant}: {sentence}" for invariant, sentence in violations]
    except BaseException:  # noqa: BLE001 - whatever it is, the parent must hear of it
        told = [f"{name}: crash: {traceback.format_exc(limit=-5)}"]
    (folder / RESULT).write_text(json.dumps(told))
    os._exit(0)


async def _recover(world: World, folder: Path) -> list[tuple[str, str]]:
    old = world.office.engines
    engines = Engines.at(folder / "server")
    engines.write._compiled_cache = old.write._compiled_cache
    engines.read._compiled_cache = old.read._compiled_cache
    again = copy.copy(world)
    again.folder, again.lives = folder, []
    again.office = Office(folder / "server", engines, world.ground, world.clock, starts=1)
    for life in world.lives:
        if (folder / "lives" / life.folder.name).exists():
            again.lives.append(_reborn(again, life, folder))
    again.office.start()
    for life in again.lives:
        await life.start()
        await again.greet(life)
        again.book(life)
    await drain(again)
    return look(again)


def _reborn(world: World, life: Life, folder: Path) -> Life:
    line = Line(lambda: world.office, Random(1), world.pass_ms, world.happened, [], faulty=False)
    again = copy.copy(life)
    again.folder = folder / "lives" / life.folder.name
    again.line, again.fuse, again.session, again._opened = line, Fuse("device"), None, []
    return again


def kill_everywhere(*, every: bool = False, parts: Sequence[Named] = PARTS) -> Kills:
    """Live the day once and die at each boundary that leaves other disks, or at every one."""
    beginning()
    begun, cpu, found = time.monotonic(), time.process_time(), Kills()
    with small_constants(), no_screens(), chance(DAY_SEED):
        asyncio.run(_live(found, parts, every=every))
    found.wall_s = time.monotonic() - begun
    found.cpu_s += time.process_time() - cpu
    return found


async def _live(found: Kills, parts: Sequence[Named], *, every: bool) -> None:
    world = new_world(DAY_SEED, faulty=False, folder=memory_folder() / "day")
    forks = _Forks(world, found, every)
    try:
        await begin(world)

        def watch(part: Named) -> None:
            forks.part = part.name
            _hang_up(world, forks.at)

        await whole(world, watch, parts)
        while forks.running:
            forks.wait()
        await drain(world)
        found.violations += [f"the day itself: {one}" for one in look(world)]
    finally:
        world.close()


def _hang_up(world: World, at: Callable[[str, str, str, Torn | None], None]) -> None:
    world.office.fuse.hook = lambda point, when, torn: at("server", point, when, torn)
    for life in world.lives:
        life.fuse.hook = lambda point, when, torn: at("device", point, when, torn)


def live_day(live: Callable[[World], Awaitable[None]]) -> Outcome:
    """The day without any kill."""
    beginning()
    with small_constants(), no_screens(), chance(DAY_SEED):
        world = new_world(DAY_SEED, faulty=False)
        return asyncio.run(outcome_of(world, lambda: live(world)))


def run_pair(seed: int) -> Outcome:
    """The same day, with one kill of a device and one of the server at points of the dice."""
    beginning()
    with small_constants(), no_screens(), chance(seed):
        return asyncio.run(_pair(seed))


async def _pair(seed: int) -> Outcome:
    dice, world = Random(seed), new_world(seed, faulty=False)
    due = {dice.randrange(20): "device", dice.randrange(20): "server"}
    parts = iter(range(1_000))

    def arm(_part: Named) -> None:
        side = due.get(next(parts))
        kill = Arm("kill", dice.randrange(1, 120), dice.random())
        if side == "server":
            world.office.fuse.arm(kill)
        elif side == "device":
            dice.choice(world.lives).fuse.arm(kill)

    return await outcome_of(world, lambda: whole(world, arm))
