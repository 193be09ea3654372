"""Scenes about what the office takes, keeps safe, tells and makes of facts."""

from contextlib import closing
from sqlite3 import connect
from uuid import UUID

from sqlmodel import Session

from driver_app import actions
from driver_app.actions.record import Act, record
from server.plant import queries as plant_queries
from server.plant import service as plant
from server.plant.wire import NewControlCycle
from shared.events import KanbanScanned, StopFailed, StopReopened
from shared.fact import Proof
from shared.ids import DeviceId
from tests.helpers.builders import id_of
from tests.sim import desk
from tests.sim.backups import nothing_between
from tests.sim.ground import SITE
from tests.sim.life import Life
from tests.sim.line import Letter, deliver
from tests.sim.office import DATABASE
from tests.sim.oracle.judging import Case
from tests.sim.oracle.means import wrong_plant
from tests.sim.planted.scene import (
    MINUTE_MS,
    Scene,
    a_stop,
    change,
    complete,
    complete_with_photo,
    give,
    on_the_way,
    put_back,
    restore,
    run_of,
    sent_and_forgotten,
    snapshot,
    tell,
)
from tests.sim.story import story
from tests.sim.world import World

STATION = "station 1"


async def _same_revision_twice(world: World) -> None:
    """The phone knows a revision of which the office has made another one since."""
    life, kept = world.lives[0], snapshot(world)
    change(world, desk.cancel)
    await world.round(life)
    put_back(world, kept)
    change(world, desk.edit, seed=2)


async def _moved(world: World) -> None:
    change(world, desk.move)
    await world.round(world.lives[0])


async def _done_after_all(world: World) -> None:
    life = world.lives[0]
    failed = StopFailed(reason="closed", proof=Proof(kind="failure", method="none"))
    await tell(world, life, a_stop(life), failed)
    world.pass_ms(MINUTE_MS)
    await complete(world, life)


async def _flipped(world: World) -> None:
    """One bit of a photo changes on the way."""
    life, parts = world.lives[0], list[Letter]()

    def first_part(letter: Letter) -> str:
        if letter.method == "PATCH":
            parts.append(letter)
        return "flipped" if parts == [letter] else ""

    await complete_with_photo(world, life)
    with on_the_way(life, first_part):
        await world.round(life)
    assert world.happened["flipped"] == 1


async def _retired(world: World) -> None:
    life = world.lives[0]
    await complete(world, life, 0)
    await world.round(life)
    world.office.lock(DeviceId(UUID(str(life.meta()["device_id"]))), "retired")
    await complete(world, life, 1)


async def _sent_while_copied(world: World) -> None:
    life, sent = world.lives[0], list[Letter]()

    def lose(letter: Letter) -> str:
        sent.append(letter)
        return "request lost"

    await complete(world, life)
    with on_the_way(life, lose):
        await world.round(life)

    def arrives() -> None:
        deliver(world.office, sent[0])

    _backed_up(world, arrives)


async def _copied_without_file(world: World) -> None:
    life = world.lives[0]
    await complete_with_photo(world, life)
    with on_the_way(life, lambda letter: "request lost" if "blobs" in letter.path else ""):
        await world.round(life)
    _backed_up(world)


def _backed_up(world: World, between: object = nothing_between) -> None:
    assert callable(between)
    for sentence in world.backups.uncovered(world.backups.make(between)):
        world.wrong("I14", sentence)


async def _undo_comes_first(world: World) -> None:
    """The office has forgotten the result that a second phone, which saw it, takes back."""
    first, second = world.lives
    give(world, second, "van")
    await world.round(second)
    world.backups.make()
    stop = a_stop(first)
    result = await complete(world, first)
    await world.round(first)
    world.pass_ms(MINUTE_MS)
    await world.round(second)
    await tell(world, second, stop, StopReopened(undo=str(result)))
    restore(world)
    await world.round(second)
    await world.round(first)


def _make_card(world: World) -> str:
    given = NewControlCycle.model_validate(
        {
            "part_no": "P-118",
            "name": "Brackets",
            "station_id": id_of(STATION),
            "supermarket_id": id_of("depot"),
            "pieces_per_box": 20,
            "demand_per_h": 80,
            "min_boxes": 2,
            "max_boxes": 5,
            "cards": 1,
            "lead_s": 1_200,
        }
    ).model_dump()
    now, boss = world.clock.now(), world.ground.boss

    def work(session: Session) -> str:
        cycle = plant.add_control_cycle(session, boss, given, now=now)
        (card,) = plant_queries.cards(session, SITE, cycle_ids=[cycle.id])
        return str(card.id)

    return world.office.run(work)


async def _scan(world: World, tablet: Life, card: str) -> None:
    body = KanbanScanned(card=card, how="scan", purpose="call", location=str(id_of(STATION)))
    act = Act([body], run=run_of(world, "tugger"))
    outcome = await world.guarded(tablet, lambda: record(tablet.ctx, act), "scan")
    assert isinstance(outcome, actions.Saved), outcome


async def _one_card_twice(world: World) -> None:
    first, second = world.lives[1:]
    give(world, first, "tugger")
    card = _make_card(world)
    for tablet in (first, second):
        await world.round(tablet)
    for tablet in (first, second):
        world.pass_ms(MINUTE_MS)
        await _scan(world, tablet, card)
    for tablet in (second, first):
        await world.round(tablet)
    _calls_are_of_the_facts(world)


def _calls_are_of_the_facts(world: World) -> None:
    told = story(world)
    with closing(connect(world.office.folder / DATABASE)) as db:
        found = db.execute("SELECT id, card_id FROM kanban_call").fetchall()
    assert found, "the card was scanned to call"
    told["server"]["calls"] = [{"id": str(UUID(id_)), "card": card} for id_, card in found]
    for invariant, sentence in wrong_plant(Case(told)):
        world.wrong(invariant, sentence)


async def _file_of_another_past(world: World) -> None:
    life = world.lives[0]
    await sent_and_forgotten(world, life)
    exported = await world.guarded(life, lambda: actions.export_outbox(life.ctx), "export")
    assert isinstance(exported, actions.Exported), exported
    world.office.take_file(exported.path)


SCENES = (
    Scene(
        "The office's machine goes back to its snapshot and makes a revision anew",
        ("13",),
        _same_revision_twice,
    ),
    Scene("A stop that failed is completed after all", ("28",), _done_after_all, seldom=False),
    Scene("A bit of a photo changes on the way", ("7",), _flipped, seldom=False),
    Scene("A visit moves to another run", ("15",), _moved, phones=2, seldom=False),
    Scene("A retired phone sends what it has recorded", ("20",), _retired),
    Scene("A fact arrives while the backup is made", ("25a",), _sent_while_copied),
    Scene("A backup is made before a photo is here", ("25b",), _copied_without_file),
    Scene("An undo arrives before its target", ("27",), _undo_comes_first, phones=2),
    Scene("Two tablets scan one card without network", ("30",), _one_card_twice, phones=3),
    Scene("A phone that went back hands in its outbox as a file", ("37",), _file_of_another_past),
)
