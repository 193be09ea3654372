"""A scripted day that passes everything once: it is killed at each of its boundaries."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from random import Random
from typing import TypeVar
from uuid import UUID

from driver_app import actions
from driver_app.actions.record import Act, record
from driver_app.state import DraftView
from shared.events import StopArrived, StopCompleted
from shared.ids import RunId, VisitId
from tests.helpers.photos import jpeg
from tests.sim import bodies, desk, steps
from tests.sim.life import Life
from tests.sim.world import World, run_work

T = TypeVar("T")
Part = Callable[[World], Awaitable[None]]
DAY_SEED = 4_711


@dataclass(frozen=True)
class Named:
    """A part of the day with the name it is reported under."""

    name: str
    part: Part


async def _fetch(world: World, number: int) -> None:
    await world.round(world.lives[number])


async def _proof(world: World) -> None:
    """A completed stop with two photos and a signature."""
    life = world.lives[0]
    stop = next(one for one in bodies.stops(life) if one.plan.get("kind") == "fixed")
    draft = DraftView(
        key=f"proof:{stop.id}", visit=VisitId(UUID(stop.id)), run=RunId(UUID(stop.run))
    )

    async def act() -> object:
        await record(life.ctx, Act([StopArrived(source="manual")], run=stop.run, visit=stop.id))
        for name, size in (("door", 1_600), ("boxes", 4_000)):
            await actions.attach(life.ctx, draft, jpeg(name, size), "photo")
        draft.strokes = [[(10, 10), (500, 600)]]
        body = StopCompleted.model_validate({"proof": bodies.DELIVERY, "lines": []})
        return await record(life.ctx, Act([body], run=stop.run, visit=stop.id, draft=draft))

    await world.guarded(life, act, "proof")


async def _records(world: World, number: int, act: bodies.Recorded, seed: int) -> None:
    life: Life = world.lives[number]
    await world.guarded(life, lambda: act(life, Random(seed)), act.__name__)


async def _desk(world: World, number: int, deed: desk.Deed, seed: int) -> None:
    run, now = sorted(world.ground.runs)[number], world.clock.now()
    entry = run_work(world, lambda s: deed(s, Random(seed), run, now), deed.__name__)
    world.did(entry or {}, run)


async def _step(world: World, kind: str, seed: int) -> None:
    world.pass_ms(20 * 60_000)
    await steps.DEEDS[kind][1](world, First(seed))


class First(Random):
    """Dice that always choose the first: the day is about one device."""

    def choice(self, seq: Sequence[T]) -> T:  # type: ignore[override]
        """The first."""
        return seq[0]


def _parts() -> list[Named]:
    def named(name: str, part: Callable[..., Awaitable[None]], *given: object) -> Named:
        return Named(name, lambda world: part(world, *given))

    return [
        Named("proof", _proof),
        named("push", _fetch, 0),
        named("order", _desk, 0, desk.order, 1),
        named("scan", _records, 1, bodies.scan, 2),
        named("cancel", _desk, 1, desk.cancel, 3),
        named("add", _desk, 0, desk.add, 4),
        named("move", _desk, 0, desk.move, 5),
        named("pull", _fetch, 1),
        named("copy", _step, "copy", 6),
        named("station", _records, 2, bodies.complete, 7),
        named("andon", _records, 2, bodies.of_run, 8),
        named("plant", _fetch, 2),
        named("backup", _step, "backup", 9),
        named("safe", _fetch, 0),
        named("purge", _step, "purge", 10),
        named("reopen", _records, 0, bodies.reopen, 11),
        named("complete", _records, 1, bodies.complete, 12),
        named("scope", _step, "scope", 13),
        named("changed hands", _fetch, 1),
        named("restore", _step, "restore", 14),
        named("after restore", _fetch, 0),
        named("roll back", _step, "roll back", 15),
        named("after roll-back", _fetch, 1),
        named("re-pair", _step, "people", 1),
        named("undo", _desk, 0, desk.undo, 17),
        named("last", _fetch, 2),
    ]


PARTS = _parts()


async def whole(
    world: World,
    before: Callable[[Named], None] = lambda _part: None,
    parts: Sequence[Named] = PARTS,
) -> None:
    """Live the day; `before` is told each part as it begins."""
    for part in parts:
        before(part)
        await part.part(world)
        world.settle()
