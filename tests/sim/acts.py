"""What a driver does: one act of the app, chosen by dice from what the screen offers."""

import json
from collections.abc import Awaitable, Callable, Sequence
from random import Random
from typing import Literal
from uuid import UUID

from driver_app import actions
from driver_app.state import DraftView, RunView, VisitView
from driver_app.store import meta, outbox
from shared.chain import doc_bytes, next_chain
from shared.ids import EventId, VisitId, uuid7
from tests.helpers.photos import jpeg
from tests.sim.life import Life

Act = Callable[[Life, Random], Awaitable[object]]
KINDS = ("KLT-6429", "KLT-4314")
YEAR_2106_MS = 4_300_000_000_000
POISON_SHARE = 0.03


class NothingToDo(Exception):
    """The screen does not offer this act now."""


def a_run(life: Life, dice: Random) -> RunView:
    """A run on the screen."""
    runs = life.ctx.state.session.runs
    if not runs:
        raise NothingToDo
    return dice.choice(sorted(runs, key=lambda run: str(run.id)))


def a_visit(
    life: Life, dice: Random, fits: Callable[[VisitView], bool] = lambda _visit: True
) -> VisitView:
    """A visit on the screen."""
    run = a_run(life, dice)
    fitting = sorted((one for one in run.visits if fits(one)), key=lambda one: str(one.id))
    if not fitting:
        raise NothingToDo
    return dice.choice(fitting)


def _station(life: Life, visit: VisitView) -> bool:
    run = life.ctx.state.session.run(visit.run)
    return run is not None and run.tugger


async def _draft(life: Life, visit: VisitView, dice: Random) -> DraftView:
    draft = await actions.open_draft(life.ctx, visit.id)
    for line in visit.lines:
        draft.qty[str(line.id)] = dice.choice(
            (line.planned, line.planned, max(0, line.planned - 1))
        )
    return draft


async def _photos(life: Life, draft: DraftView, dice: Random) -> None:
    for _ in range(dice.choice((0, 0, 0, 1, 1, 2))):
        photo = jpeg(f"photo {dice.getrandbits(48)}", dice.choice((40, 700, 1_500, 4_000)))
        await actions.attach(life.ctx, draft, photo, "photo")
    if dice.random() < 0.25:
        draft.strokes = [[(dice.randrange(1000), 5), (500, dice.randrange(1000))]]
        draft.signer = "M. Huber"


async def complete(life: Life, dice: Random) -> object:
    """Complete a stop or serve a station."""
    visit = a_visit(life, dice, lambda one: one.state not in ("done", "partly"))
    if _station(life, visit):
        draft = await actions.open_draft(life.ctx, visit.id, "station")
        draft.taken = {dice.choice(KINDS): dice.randrange(4)}
        return await actions.station_done(life.ctx, visit.id, draft)
    draft = await _draft(life, visit, dice)
    await _photos(life, draft, dice)
    if dice.random() < 0.3:
        draft.taken = {dice.choice(KINDS): dice.randrange(1, 4)}
    return await actions.complete_stop(life.ctx, visit.id, draft, confirmed=True)


async def fail(life: Life, dice: Random) -> object:
    """Report that it could not be done."""
    visit = a_visit(life, dice, lambda one: not one.final)
    if _station(life, visit):
        return await actions.station_missed(life.ctx, visit.id, "blocked")
    draft = await actions.open_draft(life.ctx, visit.id, "problem")
    draft.reason = "closed"
    await _photos(life, draft, dice)
    return await actions.fail_stop(life.ctx, visit.id, draft, confirmed=True)


async def skip(life: Life, dice: Random) -> object:
    """Go on without a stop."""
    visit = a_visit(life, dice, lambda one: not one.final)
    return await actions.skip_stop(life.ctx, visit.id, "queue", return_later=True)


async def reopen(life: Life, dice: Random) -> object:
    """Undo a result."""
    visit = a_visit(life, dice, lambda one: one.result is not None)
    return await actions.reopen_stop(life.ctx, visit.id)


async def arrive(life: Life, dice: Random) -> object:
    """Reach a stop."""
    return await actions.arrive(life.ctx, a_visit(life, dice).id)


async def serve(life: Life, dice: Random) -> object:
    """Begin service."""
    return await actions.start_service(life.ctx, a_visit(life, dice).id)


async def leave(life: Life, dice: Random) -> object:
    """Leave a stop, or the depot."""
    run = a_run(life, dice)
    if run.start_visit is not None and dice.random() < 0.3:
        return await actions.depart(life.ctx, run.id)
    return await actions.leave_stop(life.ctx, a_visit(life, dice).id)


async def scan(life: Life, dice: Random) -> object:
    """Scan a load unit, known or not, perhaps for the second time."""
    visit = a_visit(life, dice)
    labels = [label for line in visit.lines for label in line.labels]
    label = dice.choice([*labels, f"X-{dice.randrange(3)}"])
    return await actions.scan_load(life.ctx, visit.id, label, "scan", anyway=True)


async def count(life: Life, dice: Random) -> object:
    """Count a line, perhaps after the result."""
    visit = a_visit(life, dice, lambda one: bool(one.lines))
    return await actions.count_line(life.ctx, dice.choice(visit.lines), dice.randrange(5))


async def empties(life: Life, dice: Random) -> object:
    """Take or give empties."""
    visit = a_visit(life, dice)
    direction: Literal["taken", "given"] = "taken" if dice.random() < 0.5 else "given"
    kind, qty = dice.choice(KINDS), dice.randrange(1, 5)
    return await actions.take_empties(life.ctx, visit.id, kind, direction, qty)


async def note(life: Life, dice: Random) -> object:
    """Write a note; some are long."""
    text = "Tür 3\nlinks ⚠ " * dice.choice((1, 1, 30))
    return await actions.add_note(life.ctx, a_visit(life, dice).id, text)


async def void(life: Life, dice: Random) -> object:
    """Void a fact of one's own."""
    visit = a_visit(life, dice)
    own = life.read(
        "SELECT id FROM outbox WHERE json_valid(doc) AND json_extract(doc, '$.visit') = ? "
        "AND json_extract(doc, '$.type') IN ('load.scanned', 'load.counted', 'note.added', "
        "'empties.taken', 'stop.arrived') ORDER BY seq",
        str(visit.id),
    )
    if not own:
        raise NothingToDo
    return await actions.void_fact(life.ctx, EventId(dice.choice(own)[0]), visit.id)


async def start(life: Life, dice: Random) -> object:
    """Start or finish a run, acknowledge its plan, or tell of trouble."""
    run = a_run(life, dice)
    choice = dice.randrange(6)
    if choice == 0:
        return await actions.start_run(life.ctx, run.id)
    if choice == 1:
        return await actions.finish_run(life.ctx, run.id)
    if choice == 2:
        return await actions.disrupt(life.ctx, run.id, "delay", delay_s=600)
    if choice == 3:
        return await actions.start_break(life.ctx, run.id)
    if choice == 4 and run.tugger:
        return await actions.raise_andon(life.ctx, run.id, "material", text="no boxes")
    return await actions.acknowledge_plan(life.ctx, run.id)


async def sign_in(life: Life, dice: Random) -> object:
    """Somebody else takes the phone."""
    return await actions.sign_in_unlisted(life.ctx, dice.choice(("A. Kaya", "B. Huber")))


async def proof(life: Life, dice: Random) -> object:
    """Add a photo to a result."""
    visit = a_visit(life, dice, lambda one: one.result is not None)
    draft = await actions.open_draft(life.ctx, visit.id, "problem")
    await actions.attach(life.ctx, draft, jpeg(f"more {dice.getrandbits(48)}", 900), "photo")
    return await actions.add_proof(life.ctx, visit.id, draft)


ACTS: list[tuple[int, Act]] = [
    (24, complete), (6, fail), (5, skip), (8, reopen), (10, arrive), (3, serve), (6, leave),
    (12, scan), (6, count), (6, empties), (4, note), (4, void), (6, start), (2, sign_in),
    (4, proof),
]  # fmt: skip


def choose(dice: Random) -> Act:
    """An act by its weight."""
    return dice.choices([act for _, act in ACTS], [weight for weight, _ in ACTS])[0]


def poison(life: Life, dice: Random, foreign: Sequence[str]) -> str:
    """A row in the outbox that no form of ours would write; says which kind."""
    kind = dice.choice(("unknown type", "bad body", "not JSON", "id used twice", "64 KiB", "2106"))
    seen = life.ctx.store.clocks(life.clock.read())
    now_ms = life.ctx.now_ms()
    new = str(uuid7(now_ms, dice.randbytes(10)))
    taken = dice.choice(foreign) if foreign else new
    run = dice.choice([str(one.id) for one in life.ctx.state.session.runs] or [""])

    def write(db: meta.Db) -> None:
        event_id = taken if kind == "id used twice" and not _there(db, taken) else new
        hlc = max(int(meta.get(db, "hlc")) + 1, now_ms)
        meta.put(db, "hlc", hlc)
        doc = _doc(kind, life, hlc, seen, run=run, dice=dice)
        seq, chain = outbox.head(db)
        after = next_chain(chain, event_id, doc_bytes(doc))
        db.execute("INSERT INTO outbox VALUES(?, ?, ?, ?)", (seq + 1, event_id, doc, after))

    db = life.ctx.store._write_db
    assert db is not None, "the store is open"
    with life.fuse.silent():
        db.execute("BEGIN IMMEDIATE")
        write(db)
        db.execute("COMMIT")
    return kind


def _there(db: meta.Db, event_id: str) -> bool:
    return db.execute("SELECT 1 FROM outbox WHERE id = ?", (event_id,)).fetchone() is not None


def _doc(
    kind: str, life: Life, hlc: int, seen: tuple[str, int, int], *, run: str, dice: Random
) -> str:
    whole = {
        "body": {"source": "manual"},
        "by": f"device:{life.ctx.state.session.device_id}",
        "clk": list(seen),
        "hlc": hlc,
        "plan_rev": 0,
        "type": "stop.arrived",
        "v": 1,
    }
    if run:
        whole["run"] = run
    if kind == "not JSON":
        return '{"body":{"half": ' + "ü" * dice.randrange(9)
    if kind == "unknown type":
        whole["type"] = "stop.teleported"
    elif kind == "bad body":
        whole["body"] = {"source": 7}
    elif kind == "64 KiB":
        whole["type"], whole["body"] = "stop.teleported", {"text": "x" * 64_900}
    elif kind == "2106":
        whole |= {"type": "note.added", "body": {"text": "from the future", "about": "run"}}
        whole["clk"] = [seen[0], seen[1], YEAR_2106_MS]
    else:
        whole |= {
            "type": "note.added",
            "body": {"text": f"twin {dice.getrandbits(32)}", "about": "run"},
        }
    return json.dumps(whole, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


__all__ = ["ACTS", "POISON_SHARE", "UUID", "NothingToDo", "VisitId", "choose", "poison"]
