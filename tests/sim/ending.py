"""The end of a schedule: faults stop, everything drains, and the invariants are looked at."""

from typing import Any

from driver_app import actions
from tests.sim.life import Life
from tests.sim.oracle import judge
from tests.sim.oracle_screen import blocked_files
from tests.sim.story import Story, story
from tests.sim.world import World

ROUNDS_MAX = 60
WAIT_MAX_S = 3_600
LOCKED = ("retired", "stolen", "pair_again")


async def drain(world: World) -> None:
    """Let faults stop and every device come to rest (I6, I12)."""
    world.faulty = False
    world.office.fuse.disarm()
    world.letters.clear()
    for life in world.lives:
        life.line.faulty, life.line.up = False, True
        life.fuse.disarm()
    world.settle()
    for life in world.lives:
        await _wake(world, life)
    for _ in range(ROUNDS_MAX):
        rest = [await _round(world, life) for life in world.lives]
        # What a later one sent may have changed what an earlier one shows.
        if all(rest) and not any(_unrest(world, life) for life in world.lives):
            return
    for life in world.lives:
        if why := _unrest(world, life):
            if _stays_retired(world, life):
                world.wrong("I1", f"what the retired life {life.number} has does not arrive: {why}")
            world.wrong("I6", f"life {life.number} is not at rest after {ROUNDS_MAX} rounds: {why}")


async def _wake(world: World, life: Life) -> None:
    """What has lost its pairing is paired again; the phone would ask for it."""
    assert life.session is not None, "every life runs between two steps"
    standing = dict(life.read("SELECT k, v FROM ui_state WHERE k = 'standing'")).get("standing", "")
    if _stays_retired(world, life):
        return
    if life.session.worker.server is None or standing.strip('"') in LOCKED or _revoked(world, life):
        answer = await world.pair(life)
        if not isinstance(answer, actions.Paired):
            world.wrong("I6", f"life {life.number} cannot be paired: {answer}")


def _stays_retired(world: World, life: Life) -> bool:
    """Some retired devices are not paired again: what they have must arrive all the same."""
    assert life.session is not None, "every life runs between two steps"
    paired = life.session.worker.server is not None
    return (life.number + world.seed) % 2 == 0 and paired and _state(world, life) == "retired"


def _revoked(world: World, life: Life) -> bool:
    return _state(world, life) != "active"


def _state(world: World, life: Life) -> str:
    """How the office sees a device."""
    device = str(life.meta().get("device_id", "")).replace("-", "")
    found = world.office.look(
        lambda s: (
            s.connection()
            .exec_driver_sql("SELECT state FROM device WHERE id = ?", (device,))
            .first()
        )
    )
    return "unknown" if found is None else str(found[0])


async def _round(world: World, life: Life) -> bool:
    """One round; whether the device is at rest after it."""
    assert life.session is not None, "every life runs between two steps"
    wait_s = await world.guarded(life, life.session.worker.round, "draining")
    if _standing(life) in LOCKED and not _stays_retired(world, life):
        # Who is locked out is paired again and sends at once: a clone may lock the other out.
        await _wake(world, life)
        wait_s = await world.guarded(life, life.session.worker.round, "draining")
    if wait_s is None or not 0 <= wait_s <= WAIT_MAX_S:
        world.wrong("I12", f"life {life.number} would wait {wait_s} s")
        wait_s = 300
    world.pass_ms(int(min(wait_s, 300) * 1000) + 1_000)
    return not _unrest(world, life)


def _standing(life: Life) -> str:
    """How the device believes the office sees it."""
    found = dict(life.read("SELECT k, v FROM ui_state WHERE k = 'standing'"))
    return str(found.get("standing", "")).strip('"')


def _unrest(world: World, life: Life) -> str:
    """What keeps a device from rest; empty if nothing does."""
    found = life.meta()
    (head,) = life.read("SELECT coalesce(max(seq), 0) FROM outbox")[0]
    if head > int(found.get("acked", 0)):
        return f"acked {found.get('acked')} of {head}"
    (files,) = life.read("SELECT count(*) FROM blob WHERE state = 0")[0]
    if files:
        return f"{files} files open"
    if _stays_retired(world, life):
        return ""
    if int(found.get("view_rev", 0)) != world.head() or found.get("stage_cursor"):
        return f"shows revision {found.get('view_rev')} of {world.head()}"
    return ""


def look(world: World) -> list[tuple[str, str]]:
    """All violations of a schedule that has drained."""
    told = story(world)
    for life in world.lives:
        if not _stays_retired(world, life):
            _same_rows(world, life, told)
        for sha in blocked_files(life):
            world.wrong("I16", f"life {life.number}: file {sha[:8]} waits behind a broken one")
    _cannot_be_excused(world, told)
    for life in world.lives:
        world.happened["fork"] += int(life.meta().get("counters", {}).get("forks", 0))
    world.happened["held"] += sum(1 for one in told["server"]["events"] if one["status"] == "held")
    world.happened["released"] += world.released()
    found = [*world.violations, *judge(told)]
    crashes = world.office.crashes
    if crashes and not sum(world.office.fuse.fired.values()):
        found += [("crash", text) for text in crashes[:3]]
    return found


def _same_rows(world: World, life: Life, told: Story) -> None:
    """I4: what the device shows is what the server has in its scopes, field by field."""
    mine = next(one for one in told["devices"] if one["life"] == life.number)
    scopes = set(told["server"]["scopes"].get(mine["device"], ()))
    theirs = {
        (kind, id_): (scope, rev, plan, fact)
        for kind, id_, scope, rev, deleted, plan, fact in told["server"]["rows"]
        if scope in scopes and not deleted
    }
    ours = {
        (kind, id_): (scope, rev, plan, fact) for kind, id_, scope, rev, plan, fact in mine["rows"]
    }
    if set(mine["scopes"]) != scopes:
        world.wrong(
            "I4", f"life {life.number} has scopes {mine['scopes']}, server {sorted(scopes)}"
        )
    for key in sorted(theirs.keys() ^ ours.keys())[:3]:
        where = "server" if key in theirs else "device"
        world.wrong("I4", f"life {life.number}: {key} is only on the {where}")
    for key in sorted(theirs.keys() & ours.keys()):
        if _plain(theirs[key]) != _plain(ours[key]):
            world.wrong(
                "I4", f"life {life.number}: {key} differs: {theirs[key]} / {ours[key]}"[:600]
            )
            break


def _plain(row: tuple[Any, ...]) -> tuple[Any, ...]:
    return row


def _cannot_be_excused(world: World, told: Story) -> None:
    """A fact that a living device still holds must be on the server, whatever the books excuse."""
    server = told["server"]
    there = {(one["id"], one["doc"]) for one in server["events"]}
    there |= {(one["event"], one["doc"]) for one in server["conflicts"]}
    for device in told["devices"]:
        for _seq, id_, doc, _chain in device["outbox"]:
            if (id_, doc) not in there:
                world.wrong("I1", f"{id_} is on life {device['life']} and not at the office")
                return
