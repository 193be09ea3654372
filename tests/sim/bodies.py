"""What a driver records when nobody looks at the screen: bodies chosen by dice, the real record."""

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from random import Random
from typing import Any
from uuid import UUID

from driver_app import actions
from driver_app.actions.record import Act, record
from driver_app.state import DraftView
from shared.events import (
    AndonAcknowledged,
    AndonCleared,
    AndonRaised,
    DriverSignedIn,
    EmptiesTaken,
    FactVoided,
    LoadCounted,
    LoadScanned,
    NoteAdded,
    PlanAcknowledged,
    ProofAdded,
    RunDeparted,
    RunFinished,
    RunMissed,
    RunReturned,
    RunStarted,
    StationDone,
    StationMissed,
    StopArrived,
    StopCompleted,
    StopDeparted,
    StopFailed,
    StopPartly,
    StopReopened,
    StopServiceStarted,
    StopSkipped,
)
from shared.fact import Body, Proof
from shared.ids import RunId, VisitId
from tests.helpers.photos import jpeg
from tests.sim.acts import KINDS, NothingToDo
from tests.sim.life import Life

RESULTS = (
    "stop.completed",
    "stop.partly",
    "stop.failed",
    "stop.skipped",
    "station.done",
    "station.missed",
)
PHOTO_SIZES = (40, 700, 1_500, 4_000)
DELIVERY = Proof(kind="delivery", method="none")


@dataclass(frozen=True)
class Stop:
    """A visit as its row says."""

    id: str
    run: str
    plan: dict[str, Any]
    fact: dict[str, Any]


def stops(life: Life) -> list[Stop]:
    """The visits on this device."""
    found = life.read("SELECT id, scope, plan, fact FROM ent WHERE kind = 'stop' ORDER BY id")
    return [
        Stop(id_, scope.partition(":")[2], json.loads(plan or "{}"), json.loads(fact or "{}"))
        for id_, scope, plan, fact in found
    ]


def a_stop(life: Life, dice: Random) -> Stop:
    """One of them, depots seldom."""
    found = [one for one in stops(life) if one.plan.get("kind") == "fixed" or dice.random() < 0.1]
    if not found:
        raise NothingToDo
    return dice.choice(found)


def lines_of(life: Life, visit: str) -> list[tuple[str, list[str]]]:
    """Load lines of a visit with their labels."""
    found = life.read(
        "SELECT id, plan FROM ent WHERE kind = 'load' AND plan LIKE ? ORDER BY id", f"%{visit}%"
    )
    return [(id_, json.loads(plan).get("labels", [])) for id_, plan in found]


async def _of_stop(life: Life, stop: Stop, *bodies: Body, draft: DraftView | None = None) -> object:
    return await record(life.ctx, Act(list(bodies), run=stop.run, visit=stop.id, draft=draft))


async def _sheet(life: Life, stop: Stop, dice: Random) -> DraftView | None:
    photos = dice.choice((0, 0, 0, 1, 1, 2))
    signed = dice.random() < 0.2
    if not photos and not signed:
        return None
    draft = DraftView(
        key=f"proof:{stop.id}", visit=VisitId(UUID(stop.id)), run=RunId(UUID(stop.run))
    )
    for _ in range(photos):
        photo = jpeg(f"photo {dice.getrandbits(48)}", dice.choice(PHOTO_SIZES))
        await actions.attach(life.ctx, draft, photo, "photo")
    if signed:
        draft.strokes = [[(dice.randrange(1000), 5), (500, dice.randrange(1000))]]
    return draft


def _empties(dice: Random) -> EmptiesTaken:
    direction = "taken" if dice.random() < 0.7 else "given"
    return EmptiesTaken(container_type=dice.choice(KINDS), dir=direction, qty=dice.randrange(1, 5))  # type: ignore[arg-type]


async def complete(life: Life, dice: Random) -> object:
    stop = a_stop(life, dice)
    if life.tugger:
        empties = [(dice.choice(KINDS), "taken", dice.randrange(4))]
        return await _of_stop(
            life, stop, StationDone.model_validate({"delivered": [], "empties": empties})
        )
    lines = [(line, dice.randrange(1, 5)) for line, _ in lines_of(life, stop.id)]
    body: Body = StopCompleted.model_validate({"proof": DELIVERY, "lines": lines})
    if dice.random() < 0.15:
        body = StopPartly.model_validate({"proof": DELIVERY, "lines": lines})
    more = [_empties(dice)] if dice.random() < 0.25 else []
    return await _of_stop(life, stop, body, *more, draft=await _sheet(life, stop, dice))


async def fail(life: Life, dice: Random) -> object:
    stop = a_stop(life, dice)
    if life.tugger:
        return await _of_stop(life, stop, StationMissed(reason="blocked"))
    body = StopFailed(reason="closed", proof=Proof(kind="failure", method="none"))
    return await _of_stop(life, stop, body, draft=await _sheet(life, stop, dice))


async def skip(life: Life, dice: Random) -> object:
    return await _of_stop(life, a_stop(life, dice), StopSkipped(reason="queue", return_later=True))


async def reopen(life: Life, dice: Random) -> object:
    stop = a_stop(life, dice)
    marks = ", ".join("?" * len(RESULTS))
    own = life.read(
        "SELECT id FROM outbox WHERE json_valid(doc) AND json_extract(doc, '$.visit') = ? "
        f"AND json_extract(doc, '$.type') IN ({marks}) ORDER BY seq",
        stop.id, *RESULTS,
    )  # fmt: skip
    known = [row[0] for row in own] + ([stop.fact["result"]] if stop.fact.get("result") else [])
    if not known:
        raise NothingToDo
    undone = dice.choice(known)
    return await _of_stop(life, stop, StopReopened(undo=undone))


async def void(life: Life, dice: Random) -> object:
    stop = a_stop(life, dice)
    own = life.read(
        "SELECT id FROM outbox WHERE json_valid(doc) AND json_extract(doc, '$.visit') = ? "
        "AND json_extract(doc, '$.type') IN ('load.scanned', 'load.counted', 'note.added', "
        "'empties.taken', 'stop.arrived') ORDER BY seq",
        stop.id,
    )
    if not own:
        raise NothingToDo
    return await _of_stop(life, stop, FactVoided(undo=dice.choice(own)[0]))


async def way(life: Life, dice: Random) -> object:
    bodies = (StopArrived(source="manual"), StopServiceStarted(), StopDeparted())
    return await _of_stop(life, a_stop(life, dice), dice.choice(bodies))


async def scan(life: Life, dice: Random) -> object:
    stop = a_stop(life, dice)
    known = [(line, label) for line, labels in lines_of(life, stop.id) for label in labels]
    line, label = dice.choice([*known, (None, f"X-{dice.randrange(3)}")])
    body = LoadScanned(label=label, how="scan", line=line, dir="unload", qty=dice.choice((1, 1, 2)))
    # Scanned twice, as happens; it counts once.
    return await _of_stop(life, stop, *[body] * dice.choice((1, 1, 2)))


async def count(life: Life, dice: Random) -> object:
    stop = a_stop(life, dice)
    lines = lines_of(life, stop.id)
    if not lines:
        raise NothingToDo
    line = dice.choice(lines)[0]
    return await _of_stop(life, stop, LoadCounted(line=line, dir="unload", qty=dice.randrange(6)))


async def empties(life: Life, dice: Random) -> object:
    return await _of_stop(life, a_stop(life, dice), _empties(dice))


async def note(life: Life, dice: Random) -> object:
    text = "Tür 3\nlinks ⚠ " * dice.choice((1, 1, 30))
    return await _of_stop(life, a_stop(life, dice), NoteAdded(text=text, about="visit"))


async def of_run(life: Life, dice: Random) -> object:
    runs = life.read("SELECT id, plan FROM ent WHERE kind = 'run' ORDER BY id")
    if not runs:
        raise NothingToDo
    run, plan = dice.choice(runs)
    version = json.loads(plan).get("plan_version", 1)
    bodies: list[Body] = [
        RunStarted(), RunFinished(), PlanAcknowledged(plan_version=version, plan_rev=0),
        NoteAdded(text="of the run", about="run"),
    ]  # fmt: skip
    if life.tugger:
        andon = str(life.ports.ids.new(life.ctx.now_ms()))
        raised = [
            row[0] for row in life.read("SELECT id FROM ent WHERE kind = 'andon' ORDER BY id")
        ]
        bodies += [RunDeparted(), RunMissed(reason="no_driver"), RunReturned()]
        bodies += [AndonRaised(andon=andon, category="material", severity=2)]
        bodies += [AndonAcknowledged(andon=one) for one in raised]
        bodies += [AndonCleared(andon=one) for one in raised]
    return await record(life.ctx, Act([dice.choice(bodies)], run=run))


async def sign_in(life: Life, dice: Random) -> object:
    name = dice.choice(("A. Kaya", "B. Huber"))
    return await record(life.ctx, Act([DriverSignedIn(method="unlisted", name=name)]))


async def proof(life: Life, dice: Random) -> object:
    stop = a_stop(life, dice)
    if not stop.fact.get("result"):
        raise NothingToDo
    draft = DraftView(
        key=f"problem:{stop.id}", visit=VisitId(UUID(stop.id)), run=RunId(UUID(stop.run))
    )
    await actions.attach(life.ctx, draft, jpeg(f"more {dice.getrandbits(48)}", 900), "photo")
    return await _of_stop(life, stop, ProofAdded(result=stop.fact["result"]), draft=draft)


Recorded = Callable[[Life, Random], Awaitable[object]]
BODIES: list[tuple[int, Recorded]] = [
    (24, complete), (6, fail), (5, skip), (8, reopen), (18, way), (12, scan), (6, count),
    (6, empties), (4, note), (4, void), (7, of_run), (2, sign_in), (4, proof),
]  # fmt: skip


def choose(dice: Random) -> Recorded:
    """An act by its weight."""
    return dice.choices([act for _, act in BODIES], [weight for weight, _ in BODIES])[0]
