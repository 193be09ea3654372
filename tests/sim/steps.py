"""The steps of a schedule: what may happen next, by weight, each from a seed of its own."""

import shutil
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from random import Random
from uuid import UUID

from driver_app import actions
from server.core.clock import to_ms
from server.people import devices
from shared.ids import DeviceId, VehicleId
from tests.helpers.builders import id_of
from tests.sim import acts, bodies, desk, holders
from tests.sim.backups import Files
from tests.sim.faults import Arm, Killed
from tests.sim.ground import SITE, VEHICLES
from tests.sim.life import Life
from tests.sim.line import deliver
from tests.sim.world import World, run_work

DAY_MS = 86_400_000
LIVES_MAX = 4
FACTS_KNOWN = 40
OUTAGE_ROUNDS, OUTAGE_WAIT_S = 16, 300
FORK_POINTS = (40, 130)


@dataclass(frozen=True)
class Step:
    """One step: what, and the seed of everything random in it."""

    kind: str
    seed: int


Deed = Callable[[World, Random], Awaitable[None]]


def a_life(world: World, dice: Random) -> Life:
    """Some device."""
    return dice.choice(world.lives)


async def record(world: World, dice: Random) -> None:
    """A driver records."""
    life = a_life(world, dice)
    world.arm(life, dice)
    if dice.random() < acts.POISON_SHARE:
        kind = acts.poison(life, dice, sorted(world.facts)[-FACTS_KNOWN:])
        world.happened[f"poison: {kind}"] += 1
        world.book_twins(life)
        world.book(life)
        return
    act = (acts if world.screens else bodies).choose(dice)
    outcome = await world.guarded(life, lambda: act(life, dice), act.__name__)
    if isinstance(outcome, actions.Saved):
        world.happened["recorded"] += len(outcome.ids)
        for id_ in outcome.ids:
            if str(id_) not in world.facts:
                world.wrong("I1", f"saved {id_} is not in the outbox")


async def exchange(world: World, dice: Random) -> None:
    """A round of a device's worker; pairs it first if it is not."""
    life = a_life(world, dice)
    world.arm(life, dice)
    assert life.session is not None, "every life runs between two steps"
    if life.session.worker.server is None:
        await world.pair(life)
    await world.round(life)


async def dispatch(world: World, dice: Random) -> None:
    """The office changes a plan."""
    world.arm(None, dice)
    run = dice.choice(sorted(world.ground.runs))
    deed = dice.choices([d for _, d in desk.DEEDS], [w for w, _ in desk.DEEDS])[0]
    now = world.clock.now()
    entry = run_work(world, lambda s: deed(s, dice, run, now), deed.__name__)
    if entry:
        world.happened[f"desk: {entry['op']}"] += 1
        world.did(entry, run)
    if dice.random() < 0.1:
        world.at_office(world.office.do_jobs, "jobs")


async def clock(world: World, dice: Random) -> None:
    """A device's clock jumps, or the device is started anew."""
    life = a_life(world, dice)
    if dice.random() < 0.4:
        life.clock.boot, life.clock.mono_ms = (
            f"{dice.getrandbits(32):08x}",
            dice.randrange(1, 90_000),
        )
        world.happened["reboot"] += 1
        await world.again(life)
    else:
        life.clock.wall_ms += dice.choice((-3_600_000, 3_600_000, -40 * DAY_MS, 40 * DAY_MS, 9_000))
        life.clock.wall_ms = max(life.clock.wall_ms, DAY_MS)
        world.happened["clock jump"] += 1


async def backup(world: World, dice: Random) -> None:
    """A backup is made; sometimes somebody writes while it is."""
    world.arm(None, dice)
    letters = world.letters if dice.random() < 0.4 else []

    def between() -> None:
        if letters:
            before = world.timed()
            try:
                deliver(world.office, letters.pop(dice.randrange(len(letters))))
            finally:  # the server may die of it after it was committed
                world.late |= world.timed() - before

    made = world.at_office(lambda: world.backups.make(between), "backup")
    if made is not None:
        world.happened["backup"] += 1
        for sentence in world.backups.uncovered(made):
            world.wrong("I14", sentence)


async def restore(world: World, dice: Random) -> None:
    """The office begins again from a backup."""
    made = world.backups.made
    if not made:
        return
    newest = dice.random() < 0.7 or len(made) == 1
    target = made[0] if newest else dice.choice(made[1:])
    before, files = world.on_server(), world.server_files()
    world.office.fuse.disarm()
    throw = dice.random()
    store: Files = "restored" if throw < 0.6 else "kept" if throw < 0.8 else "gone"
    world.backups.restore(target, files=store)
    world.restored(before, files, newest=newest)
    world.happened["restore"] += 1


async def scope(world: World, dice: Random) -> None:
    """A run or a device changes hands."""
    world.arm(None, dice)
    now, boss = world.clock.now(), world.ground.boss
    if dice.random() < 0.5:
        run = dice.choice(sorted(world.ground.runs))
        entry = run_work(world, lambda s: desk.assign(s, dice, run, now), "assign")
        world.did(entry or {}, run)
    else:
        device = str(a_life(world, dice).meta().get("device_id", ""))
        vehicle = VehicleId(id_of(dice.choice(VEHICLES)))
        if not device:
            return
        jobs = world.office.parts.jobs
        run_work(
            world,
            lambda s: devices.change(
                s, boss, DeviceId(UUID(device)), {"vehicle_id": vehicle}, jobs, now=now
            ),
            "bind",
        )
        world.at_office(world.office.do_jobs, "jobs")
    world.happened["scope change"] += 1


async def purge(world: World, dice: Random) -> None:
    """A device forgets what is safe and old, and nothing else (I10)."""
    life = max(world.lives, key=lambda one: len(one.outbox()))
    if dice.random() < 0.95:  # else there is seldom anything safe to forget
        await world.round(life)
        await backup(world, dice)
        await world.round(life)
        world.pass_ms(150_000)
    world.arm(life, dice)
    before = dict(life.read("SELECT seq, id FROM outbox"))
    open_files = {
        seq
        for (seq,) in life.read("SELECT seq FROM outbox_blob JOIN blob USING (sha) WHERE state = 0")
    }
    found = life.meta()
    limit = min(int(found.get(key, 0)) for key in ("durable", "acked", "view_seq"))
    now_ms = life.ctx.now_ms()
    assert life.session is not None, "every life runs between two steps"
    ledger = life.session.ledger
    await world.guarded(life, lambda: ledger.tidy(now_ms), "purge")
    gone = before.keys() - {seq for (seq,) in life.read("SELECT seq FROM outbox")}
    if gone:
        world.happened["purge"] += 1
    if gone and (max(gone) > limit or open_files & gone):
        world.wrong("I10", f"life {life.number} forgot places {sorted(gone)} above {limit}")


async def old_copy(world: World, dice: Random) -> None:
    """An old request arrives again."""
    if not world.letters:
        return
    letter = world.letters.pop(dice.randrange(len(world.letters)))
    before = world.timed()
    world.arm(None, dice)
    try:
        deliver(world.office, letter)
    except Killed:
        world.happened["office died of an old copy"] += 1
    world.settle()
    world.late |= world.timed() - before
    world.happened["old copy"] += 1


async def copy(world: World, dice: Random) -> None:
    """A phone is copied."""
    life = a_life(world, dice)
    target = world.folder / "lives" / f"copy-{life.number}"
    life.copy_to(target)
    life.copy = target
    world.happened["copied"] += 1


async def roll_back(world: World, dice: Random) -> None:
    """A phone goes back to its copy."""
    with_copy = [life for life in world.lives if life.copy is not None]
    if not with_copy:
        return
    life = dice.choice(with_copy)
    assert life.copy is not None, "chosen so"
    old = Life(0, life.copy, "", "", life.line, life.ports, life.fuse)
    kept = holders.on_devices([old])
    life.die()
    world.destroyed(life, kept)
    shutil.rmtree(life.folder)
    shutil.copytree(life.copy, life.folder)
    life.screen.forget()
    world.happened["rolled back"] += 1
    await world.again(life)
    await _talk_in_trouble(world, life, dice)


async def _talk_in_trouble(world: World, life: Life, dice: Random) -> None:
    """The next exchange begins a new stream, perhaps while the database is locked (C9)."""
    if dice.random() < 0.4 and world.faulty:
        life.fuse.arm(Arm("locked", dice.randrange(*FORK_POINTS), dice.random()))
        await world.round(life)


async def reinstall(world: World, dice: Random) -> None:
    """The app is removed and installed again: everything on the phone is gone."""
    life = a_life(world, dice)
    life.die()
    world.destroyed(life, set())
    world.lives.remove(life)
    shutil.rmtree(life.folder)
    fresh = world.new_life(life.name, life.vehicle)
    await fresh.start()
    world.happened["re-installed"] += 1
    await world.pair(fresh)


async def clone(world: World, dice: Random) -> None:
    """Two phones go on from one copy."""
    if len(world.lives) >= LIVES_MAX:
        return
    life = a_life(world, dice)
    folder = world.folder / "lives" / f"clone-{world.made_lives + 1}"
    life.copy_to(folder)
    fresh = world.new_life(f"{life.name} again", life.vehicle, folder, life)
    await world.again(fresh)
    world.happened["cloned"] += 1


async def people(world: World, dice: Random) -> None:
    """A device is taken away, or paired again."""
    life = a_life(world, dice)
    device = str(life.meta().get("device_id", ""))
    throw = dice.random()
    if throw < 0.45 or not device:
        world.arm(life, dice)
        answer = await world.pair(life)
        world.happened[
            "paired again" if isinstance(answer, actions.Paired) else "re-pairing cut"
        ] += 1
        return
    state = "retired" if throw < 0.8 else "stolen"
    world.at_office(lambda: world.office.lock(DeviceId(UUID(device)), state), state)
    world.happened[state] += 1
    if state == "retired":
        await world.guarded(life, lambda: bodies.choose(dice)(life, dice), "retired")
        await world.round(life)
        now = world.clock.now()
        run_work(world, lambda s: desk.decide(s, dice, "", now), "decide")


async def carry(world: World, dice: Random) -> None:
    """The outbox goes to the office as a file."""
    life = a_life(world, dice)
    world.arm(life, dice)
    exported = await world.guarded(life, lambda: actions.export_outbox(life.ctx), "export")
    if isinstance(exported, actions.Exported):
        for _ in range(dice.choice((1, 2))):
            world.at_office(lambda: world.office.take_file(exported.path), "import")
        world.happened["import"] += 1


async def upgrade(world: World, dice: Random) -> None:
    """Another version of the app starts on the same folder."""
    await world.again(a_life(world, dice))
    world.happened["upgrade"] += 1


async def outage(world: World, dice: Random) -> None:
    """A device is out of reach for long and tries for ever, at its own pace (I12)."""
    life = a_life(world, dice)
    life.line.up = False
    for _ in range(OUTAGE_ROUNDS):
        wait_s = await world.round(life)
        world.pass_ms(int(min(wait_s or 0, OUTAGE_WAIT_S) * 1000))
    life.line.up = True
    world.happened["outage"] += 1


async def rot(world: World, dice: Random) -> None:
    """A file that waits on a phone is damaged; the others must not wait for it (I16)."""
    life = a_life(world, dice)
    waiting = [row[0] for row in life.read("SELECT sha FROM blob WHERE state = 0 ORDER BY sha")]
    files = [path for sha in waiting if (path := life.folder / "blobs" / sha).exists()]
    if not files:
        return
    path = dice.choice(files)
    content = bytearray(path.read_bytes())
    if content and dice.random() < 0.7:
        content[dice.randrange(len(content))] ^= 1
        path.write_bytes(bytes(content))
    else:
        path.unlink()
    world.lost_blobs.add(path.name)
    world.happened["file rotten"] += 1


async def pause(world: World, dice: Random) -> None:
    """Nothing happens for up to six hours."""
    world.pass_ms(dice.randrange(60_000, 6 * 3_600_000))
    world.at_office(world.office.do_jobs, "jobs")


DEEDS: dict[str, tuple[float, Deed]] = {
    "record": (36, record),
    "exchange": (30, exchange),
    "dispatch": (12, dispatch),
    "clock": (3, clock),
    "backup": (3, backup),
    "restore": (2, restore),
    "scope": (2, scope),
    "purge": (5, purge),
    "old copy": (3, old_copy),
    "copy": (2, copy),
    "roll back": (1, roll_back),
    "reinstall": (0.5, reinstall),
    "clone": (0.25, clone),
    "people": (1.5, people),
    "carry": (0.25, carry),
    "upgrade": (0.2, upgrade),
    "pause": (0.3, pause),
    "outage": (0.3, outage),
    "rot": (1, rot),
}


def drawn(seed: int, count: int) -> list[Step]:
    """The steps of a schedule."""
    dice = Random(seed ^ 0x5EED)
    kinds = dice.choices(list(DEEDS), [weight for weight, _ in DEEDS.values()], k=count)
    return [Step(kind, dice.getrandbits(48)) for kind in kinds]


async def take(world: World, step: Step) -> None:
    """Carry out one step."""
    dice = Random(step.seed)
    world.pass_ms(dice.choice((0, 900, 7_000, 60_000)))
    await DEEDS[step.kind][1](world, dice)
    world.mark(step.kind, world.clock.ms(), len(world.facts), world.head())


__all__ = ["DEEDS", "SITE", "Step", "drawn", "take", "to_ms"]
