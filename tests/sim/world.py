"""The world of one schedule: an office, some lives of devices, the time, and the books about it."""

import asyncio
import hashlib
import json
import shutil
import sqlite3
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from pathlib import Path
from random import Random
from typing import Any, TypeVar
from uuid import UUID

from sqlmodel import Session

from driver_app import actions
from server.core.clock import to_ms
from shared.refusals import Refusal
from tests.helpers.clock import MONDAY_NOON, ManualClock
from tests.sim import holders
from tests.sim.acts import NothingToDo
from tests.sim.backups import Backups
from tests.sim.faults import Arm, Fuse, Killed, Kind
from tests.sim.ground import Ground, ground, memory_folder
from tests.sim.life import Life, new_ports
from tests.sim.line import Letter, Line
from tests.sim.office import DATABASE, Engines, Office
from tests.sim.oracle_screen import Told, waits_too_long, watch_pages

T = TypeVar("T")
DEVICE_KILL, DEVICE_TROUBLE = 0.06, 0.04
OFFICE_KILL, OFFICE_TROUBLE = 0.05, 0.03
DEVICE_POINTS, OFFICE_POINTS = 60, 90
TROUBLES: tuple[Kind, ...] = ("locked", "full", "io")


@dataclass
class Fact:
    """A fact as the books know it."""

    id: str
    doc: str
    device: str
    life: int
    true_ms: int
    excused: str | None = None
    twin: bool = False
    orphan: bool = False
    """The last device database that held it is gone: a restored office cannot get it again."""


@cache
def engines(folder: Path) -> Engines:
    """The engines of this process."""
    return Engines.at(folder)


@dataclass
class World:
    """Everything of one schedule."""

    seed: int
    faulty: bool = True
    screens: bool = False
    folder: Path = field(default_factory=memory_folder)
    ground: Ground = field(default_factory=ground)
    lives: list[Life] = field(default_factory=list)
    facts: dict[str, Fact] = field(default_factory=dict)
    twins: list[Fact] = field(default_factory=list)
    plan: list[dict[str, Any]] = field(default_factory=list)
    visits: dict[str, str] = field(default_factory=dict)
    letters: list[Letter] = field(default_factory=list)
    happened: Counter[str] = field(default_factory=Counter)
    points: set[str] = field(default_factory=set)
    violations: list[tuple[str, str]] = field(default_factory=list)
    lost_blobs: set[str] = field(default_factory=set)
    late: set[str] = field(default_factory=set)
    """Facts whose instant the server took from a copy that came much later, as far as is known."""
    told: Told = field(default_factory=Told)
    made_lives: int = 0
    begins: datetime = MONDAY_NOON
    _trace: Any = field(default_factory=hashlib.sha256)

    def __post_init__(self) -> None:
        """Found the office."""
        self.dice = Random(self.seed)
        self.clock = ManualClock(self.begins)
        self.visits = dict(self.ground.visits)
        self.office = Office(
            self.folder / "server", engines(self.folder / "server"), self.ground, self.clock
        )
        self.office.fuse.fired.clear()
        self.office.fuse.points.clear()
        self.office.fuse.count = 0
        self.office.fuse.hook = None
        shutil.rmtree(self.folder / "lives", ignore_errors=True)
        self.office.found()
        self.backups = Backups(self.office)

    # time and chance

    def pass_ms(self, ms: int) -> None:
        """Let time pass for everybody."""
        self.clock.pass_time(s=ms / 1000)
        for life in self.lives:
            life.clock.step(ms)

    def mark(self, *words: object) -> None:
        """Add to the trace, by which two runs of one seed are compared."""
        self._trace.update(repr(words).encode())

    @property
    def trace(self) -> str:
        """Digest of everything marked."""
        return str(self._trace.hexdigest())

    def wrong(self, invariant: str, sentence: str) -> None:
        """Note a violation."""
        if len(self.violations) < 20:
            self.violations.append((invariant, sentence))

    def arm(self, life: Life | None, dice: Random) -> None:
        """Let faults wait in office and device, by their rates."""
        if not self.faulty:
            return
        pairs = [(self.office.fuse, OFFICE_KILL, OFFICE_TROUBLE, OFFICE_POINTS)]
        if life is not None:
            pairs.append((life.fuse, DEVICE_KILL, DEVICE_TROUBLE, DEVICE_POINTS))
        for fuse, kill, trouble, points in pairs:
            throw, left, share = dice.random(), dice.randrange(1, points), dice.random()
            if throw < kill:
                fuse.arm(Arm("kill", left, share))
            elif throw < kill + trouble:
                fuse.arm(Arm(dice.choice(TROUBLES), left, share))

    # lives

    def new_life(
        self, name: str, vehicle: str, folder: Path | None = None, like: Life | None = None
    ) -> Life:
        """A device database; `like` gives the key store of the phone it was copied from."""
        self.made_lives += 1
        number = self.made_lives
        dice = Random(self.dice.getrandbits(64))
        line = Line(
            lambda: self.office, Random(dice.getrandbits(64)), self.pass_ms, self.happened,
            self.letters, faulty=self.faulty,
        )  # fmt: skip
        ports = new_ports(dice.getrandbits(32), to_ms(self.clock.now()), dice)
        if like is not None:
            ports.secrets.kept.update(like.ports.secrets.kept)  # type: ignore[attr-defined]
        folder = folder or self.folder / "lives" / str(number)
        life = Life(number, folder, name, vehicle, line, ports, Fuse("device"))
        life.fuse.points, life.fuse.fired = self.points, self.happened
        self.lives.append(life)
        return life

    async def guarded(self, life: Life, act: Callable[[], Awaitable[T]], what: str) -> T | None:
        """Let a device do something; it may die, or its disk may fail."""
        before = dict(self.happened)
        try:
            answer = await act()
            await asyncio.sleep(0)
        except Killed:
            answer = None
        except NothingToDo:
            answer = None
        except Exception as error:  # noqa: BLE001 - what is not a fault of ours is a finding
            if self._trouble_since(before):
                self.happened["work given up"] += 1
            else:
                self.wrong("crash", f"{what}: {type(error).__name__}: {error}")
            answer = None
        if life.fuse.dead:
            await self.again(life)
        self.settle()
        self.book(life)
        return answer

    def _trouble_since(self, before: dict[str, int]) -> bool:
        return any(self.happened[key] != before.get(key, 0) for key in ("kill", *TROUBLES))

    async def again(self, life: Life) -> None:
        """The app of a device is started again."""
        await life.again()
        await self.greet(life)

    async def greet(self, life: Life) -> None:
        """What every start is followed by: the screens' own memory, where nobody looks."""
        if not self.screens:
            life.ctx.state.session.device_id = str(life.meta().get("device_id", ""))
        watch_pages(life, self.wrong, lambda: self.look_at(life))

    def settle(self) -> None:
        """An office that died is there again; nobody may be left inside a transaction (C9)."""
        if self.office.fuse.dead:
            self.office.restart()
        owners = [("office", self.office.engines.opened)]
        owners += [(f"life {life.number}", life._opened) for life in self.lives]
        for owner, opened in owners:
            for one in opened:
                if not one.gone and one.in_transaction:
                    self.wrong("I6", f"{owner}: a connection was left inside a transaction")
                    sqlite3.Connection.rollback(one)

    def at_office(self, work: Callable[[], T], what: str) -> T | None:
        """Somebody at the office does something; it may be refused, or the server may die."""
        fired = sum(self.office.fuse.fired.values())
        try:
            return work()
        except Refusal as refusal:
            self.happened[f"office refused: {refusal.code}"] += 1
        except Killed:
            self.happened["office act killed"] += 1
        except Exception as error:  # noqa: BLE001 - what is not a fault of ours is a finding
            if sum(self.office.fuse.fired.values()) == fired:
                self.wrong("crash", f"{what}: {type(error).__name__}: {error}")
        finally:
            self.settle()
        return None

    async def pair(self, life: Life) -> object:
        """Pair a device with a fresh code."""
        code = self.at_office(lambda: self.office.code(life.name, life.vehicle), "code")
        if code is None:
            return None
        answer = await self.guarded(life, lambda: life.pair(code), "pair")
        await self.greet(life)
        return answer

    async def round(self, life: Life) -> float | None:
        """One round of the worker, and what may be said after it (I11, I12, I16)."""
        assert life.session is not None, "every life runs between two steps"
        life.line.troubled = False
        before, base = self._disturbed(), life.base()
        waiting = holders.unsent(life)
        paired = bool(life.session.worker.server)
        self.happened["exchange"] += 1
        self.look_at(life)
        wait_s = await self.guarded(life, life.session.worker.round, "exchange")
        self.look_at(life)
        self.happened["purge"] += life.base() > base
        if wait_s is not None and waits_too_long(wait_s):
            self.wrong("I12", f"life {life.number} would wait {wait_s} s")
        clean = not life.line.troubled and self._disturbed() == before and paired
        clean = clean and life.session.worker.pace.failures == 0 and life.fuse.armed is None
        # What the round itself recorded, of a broken file, goes with the next one.
        if clean and (late := waiting & holders.unsent(life)):
            self.wrong("I16", f"life {life.number}: {len(late)} facts unsent after a clean round")
        return wait_s

    def look_at(self, life: Life) -> None:
        """Look at the screen: an own result stays, nothing counts twice (I11)."""
        for fact, sentence in life.screen.look(life, self.told):
            if fact in self.facts and self.facts[fact].excused is not None:
                continue
            if not fact or fact not in self.dismissed():
                self.wrong("I11", f"life {life.number}: {sentence}")

    def dismissed(self) -> set[str]:
        """Facts that do not count, as everybody at the office sees: decided so, or an id twice."""
        with closing(sqlite3.connect(self.office.folder / DATABASE)) as db:
            rows = db.execute(
                "SELECT event_id FROM event_state WHERE status = 'dismissed' "
                "UNION SELECT event_id FROM event_conflict"
            )
            return {str(UUID(_hex(row[0]))) for row in rows}

    def _disturbed(self) -> tuple[int, int]:
        return sum(self.office.fuse.fired.values()), sum(
            self.happened[k] for k in ("kill", *TROUBLES)
        )

    # books

    def book(self, life: Life) -> None:
        """Write down what a device database holds that the books do not know yet."""
        held = [row[0] for row in life.read("SELECT id FROM outbox ORDER BY seq")]
        fresh = [id_ for id_ in held if id_ not in self.facts]
        if not fresh:
            return
        device = str(life.meta().get("device_id", ""))
        docs = life.outbox()
        for id_ in fresh:
            self.facts[id_] = Fact(id_, docs[id_], device, life.number, self.clock.ms())
            self.told.add(docs[id_])

    def book_twins(self, life: Life) -> None:
        """Write down a fact that uses the id of another one for other bytes."""
        for id_, doc in life.outbox().items():
            known = self.facts.get(id_)
            if known is not None and doc != known.doc and all(doc != one.doc for one in self.twins):
                device = str(life.meta().get("device_id", ""))
                known.twin = True
                self.twins.append(Fact(id_, doc, device, life.number, self.clock.ms(), twin=True))
                self.told.add(doc)

    def on_server(self) -> set[str]:
        """Ids of the events the server has."""
        with closing(sqlite3.connect(self.office.folder / DATABASE)) as db:
            return {str(UUID(_hex(row[0]))) for row in db.execute("SELECT id FROM event")}

    def timed(self) -> set[str]:
        """Ids of the events whose instant the server holds for certain."""
        asked = "SELECT event_id FROM event_state WHERE NOT uncertain"
        with closing(sqlite3.connect(self.office.folder / DATABASE)) as db:
            return {str(UUID(_hex(row[0]))) for row in db.execute(asked)}

    def destroyed(self, life: Life, kept: set[holders.Held]) -> None:
        """A device database is gone; facts that were nowhere else are excused."""
        others = holders.on_devices(one for one in self.lives if one is not life)
        there = holders.at_the_office(self.office.folder / DATABASE)
        gone = holders.on_devices([life]) - kept - others
        for fact in [*self.facts.values(), *self.twins]:
            body = holders.in_bytes(fact.id, fact.doc)
            if body in gone:
                fact.orphan = True
                fact.excused = fact.excused if body in there else "destroyed"
        files = {path.name for path in (life.folder / "blobs").glob("*")}
        self.lost_blobs |= {sha for sha in files if not self._somewhere(sha, life)}

    def _somewhere(self, sha: str, but: Life | None = None) -> bool:
        if (self.office.folder / "blobs" / sha[:2] / sha).exists():
            return True
        return any((one.folder / "blobs" / sha).exists() for one in self.lives if one is not but)

    def restored(self, before: set[str], files_before: set[str], *, newest: bool) -> None:
        """The server forgot its newest time; who holds a fact must bring it again."""
        self.late &= self.timed()
        there = holders.at_the_office(self.office.folder / DATABASE)
        found = there | holders.on_devices(self.lives)
        for fact in [*self.facts.values(), *self.twins]:
            if fact.id not in before or holders.in_bytes(fact.id, fact.doc) in found:
                continue
            if fact.orphan:
                fact.excused = "restored"
            elif not newest:
                fact.excused = "purged"
        self.lost_blobs |= {sha for sha in files_before if not self._somewhere(sha)}

    def server_files(self) -> set[str]:
        """Digests of the sealed files of the server."""
        return {
            path.name
            for path in (self.office.folder / "blobs").glob("??/*")
            if len(path.name) == 64
        }

    def did(self, entry: dict[str, Any], run: str) -> None:
        """Write down what a dispatcher did."""
        if entry:
            self.plan.append({**entry, "run": run, "rev": self.head()})
            self.happened["moved visit"] += entry["op"] == "move"
            if entry["op"] == "add":
                self.visits[entry["visit"]] = run

    def released(self) -> int:
        """How many facts were held once and count now."""
        with closing(sqlite3.connect(self.office.folder / DATABASE)) as db:
            row = db.execute(
                "SELECT count(*) FROM event_state WHERE changed_by IS NOT NULL AND status = 'ok'"
            ).fetchone()
        return int(row[0])

    def head(self) -> int:
        """The newest revision of the site."""
        with closing(sqlite3.connect(self.office.folder / DATABASE)) as db:
            row = db.execute("SELECT rev FROM feed_site").fetchone()
        return int(row[0]) if row else 0

    def close(self) -> None:
        """End everything."""
        for life in self.lives:
            life.die()
        self.office.die()


def _hex(value: Any) -> str:
    return value.hex() if isinstance(value, bytes) else str(value)


def run_work(world: World, work: Callable[[Session], T], what: str) -> T | None:
    """A work at the office."""
    return world.at_office(lambda: world.office.run(work), what)


__all__ = ["Fact", "World", "actions", "json", "run_work"]
