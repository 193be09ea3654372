"""Scenes about what a phone keeps, forgets and believes."""

import shutil

from tests.sim import desk
from tests.sim.faults import Arm, Fuse, Torn
from tests.sim.line import Letter
from tests.sim.planted.scene import (
    MINUTE_MS,
    Scene,
    a_stop,
    change,
    complete,
    complete_with_photo,
    done,
    install,
    on_the_way,
    put_back,
    restore,
    sent_and_forgotten,
    snapshot,
    tell,
)
from tests.sim.world import World

FIRST_FILE = "SELECT sha FROM outbox_blob ORDER BY seq"


async def _dies_while_recording(world: World) -> None:
    life = world.lives[0]
    fuse, seen = life.fuse, []

    def once_recorded(point: str, when: str, _torn: Torn | None) -> None:
        if point.startswith("INSERT INTO outbox VALUES"):
            seen.append(point)
        if seen and (point, when) == ("COMMIT", "after"):
            fuse.hook = None
            fuse.arm(Arm("kill", 1))

    fuse.hook = once_recorded
    await complete_with_photo(world, life)
    assert world.happened["kill"] == 1


async def _files_are_gone(world: World) -> None:
    life = world.lives[0]
    await complete_with_photo(world, life)
    await world.round(life)
    world.backups.make()
    restore(world, files="gone")


async def _office_forgets(world: World) -> None:
    life = world.lives[0]
    await complete(world, life, 0)
    await world.round(life)
    world.backups.make()
    await complete(world, life, 1)
    await world.round(life)
    restore(world)
    await complete(world, life, 2)


async def _other_stream(world: World) -> None:
    await sent_and_forgotten(world, world.lives[0])
    await world.round(world.lives[0])


def _locked_in_the_fork(fuse: Fuse) -> None:
    def at(point: str, when: str, _torn: Torn | None) -> None:
        if (point, when) == ("DELETE FROM outbox", "before"):
            fuse.hook = None
            fuse.arm(Arm("locked", 1))

    fuse.hook = at


async def _locked(world: World) -> None:
    life = world.lives[0]
    await sent_and_forgotten(world, life)
    _locked_in_the_fork(life.fuse)
    await world.round(life)
    assert world.happened["locked"] == 1


async def _portal(world: World) -> None:
    life = world.lives[0]
    await complete(world, life)
    world.pass_ms(5 * MINUTE_MS)
    with on_the_way(life, lambda _letter: "portal"):
        await world.round(life)
    assert world.happened["portal"]


async def _rotten(world: World) -> None:
    """Two photos wait; the one that goes first is damaged."""
    life = world.lives[0]
    await complete_with_photo(world, life, "door", 0)
    await complete_with_photo(world, life, "gate", 1)
    (first, *_) = [row[0] for row in life.read(FIRST_FILE)]
    path = life.folder / "blobs" / first
    path.write_bytes(path.read_bytes()[:-1] + b"?")
    world.lost_blobs.add(first)


async def _old_answers(world: World) -> None:
    """The phone must fetch everything anew; a cache gives an old page as the last one."""
    life = world.lives[0]
    change(world, desk.edit)
    await world.round(life)
    kept, asked = life.line.old_answers[-1], [0]
    picture = snapshot(world)
    change(world, desk.cancel)
    await world.round(life)
    put_back(world, picture)
    change(world, desk.order)

    def every_second(_letter: Letter) -> str:
        asked[0] += 1
        life.line.old_answers = [kept]
        return "" if asked[0] % 2 else "cached"

    with on_the_way(life, every_second):
        await world.round(life)
    assert world.happened["cached"]


async def _installed_again(world: World) -> None:
    life = await install(world, "Phone", "van")
    stop = a_stop(life, 1)
    await complete(world, life, 0)
    await world.round(life)
    life.die()
    world.destroyed(life, set())
    world.lives.remove(life)
    shutil.rmtree(life.folder)
    fresh = await install(world, "Phone", "van")
    await tell(world, fresh, stop, done())


SCENES = (
    Scene("A phone dies when its fact is on the disk", ("9",), _dies_while_recording),
    Scene("The office comes back from its backup without its files", ("11",), _files_are_gone),
    Scene("The office forgets a fact that it had confirmed", ("12",), _office_forgets),
    Scene("A phone goes back to its copy and goes on differently", ("17b",), _other_stream),
    Scene("The phone's database is locked while a new stream begins", ("18",), _locked),
    Scene("A captive portal answers 200 while facts wait", ("22",), _portal),
    Scene("A photo is damaged while it waits", ("32",), _rotten, seldom=False),
    Scene("A cache gives old answers while a plan is fetched anew", ("23",), _old_answers),
    Scene("The app is removed and installed again", ("26",), _installed_again, phones=0),
)
