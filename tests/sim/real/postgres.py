"""Two replicas on one PostgreSQL, six devices, shared visits, dispatchers: nothing is lost."""

import asyncio
import hashlib
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any
from uuid import UUID

import httpx
from fastapi import FastAPI
from sqlalchemy import create_engine, text
from sqlmodel import Session

from server.app import build_parts, create_app
from server.core.access import Principal, Role
from server.core.http import Parts
from server.core.settings import Settings
from server.feed import service as feed
from server.people import devices
from server.runs import queries as runs
from server.runs.service import plans
from server.runs.service.plans import PlanDraft, VisitEdit
from shared.chain import row_digest
from shared.events import Event
from shared.ids import DeviceId, PersonId, RunId, SiteId
from shared.refusals import Refusal
from shared.road_facts import StopReopened
from tests.helpers.builders import arrived, completed, fact, id_of
from tests.helpers.clock import ManualClock
from tests.helpers.databases import empty
from tests.server.conftest import stranger
from tests.server.sync.a_device import Circle, Device, found_site, open_circle, photo_of, sha_of
from tests.sim.real import books
from tests.sim.real.shares import Share
from tests.sim.real.wheel import postgres

SITE = SiteId(UUID("01900000-0000-7000-8000-000000000001"))
BOSS = Principal(
    kind="person",
    site_id=SITE,
    person_id=PersonId(id_of("sam")),
    roles=frozenset({Role.SUPERVISOR}),
    name="Sam",
)
PLACES = ("bakery", "dairy", "mill", "cafe")
DEVICES, READERS, DISPATCHERS = 6, 2, 2
BOTH, LOST, PHOTO = 0.3, 0.15, 0.15
TRIES = 5
REQUESTS_MIN, PATIENCE_S = 100, 40
LATER = (429, 503)
SOAK_S, GOAL_S = 60.0, 600


@dataclass
class Figures:
    """What a run saw."""

    requests: int = 0
    both: int = 0
    lost: int = 0
    later: int = 0
    edits: int = 0
    stale: int = 0
    facts: int = 0
    pulled: int = 0
    seconds: float = 0.0
    wrong: list[str] = field(default_factory=list)

    def line(self) -> str:
        """One line for a report."""
        return (
            f"{self.requests} requests ({self.both} to both replicas at once, {self.lost} answers "
            f"lost, {self.later} told to come later), {self.facts} facts, "
            f"{self.edits} edits ({self.stale} stale), {self.pulled} rows read, "
            f"{self.seconds:.0f} s, {len(self.wrong)} violations"
        )


@dataclass
class Hand:
    """One device with a connection to each replica."""

    device: Device
    doors: Sequence[httpx.AsyncClient]
    chance: Random
    figures: Figures
    recorded: list[Event] = field(default_factory=list)
    photos: dict[str, bytes] = field(default_factory=dict)
    resets: int = 0

    async def record(self, circle: Circle) -> None:
        """A few facts about visits that others are at as well."""
        for _ in range(self.chance.randint(1, 4)):
            visit = circle.visits[self.chance.choice(PLACES)]
            at = len(self.recorded) * 100 + self.chance.randint(0, 90)
            event = self._act(visit, at, {"run": circle.run, "visit": visit, "by": self.device.id})
            self.recorded.append(event)
            self.device.record(event)

    def _act(self, visit: str, at: int, about: dict[str, Any]) -> Event:
        mine = [one for one in self.recorded if one.envelope.visit == visit]
        results = [one for one in mine if one.envelope.type == "stop.completed"]
        if results and self.chance.random() < 0.3:
            return fact(StopReopened(undo=results[-1].id), at=at, **about)
        if self.chance.random() < 0.5:
            return arrived(at=at, **about)
        if self.chance.random() > PHOTO:
            return completed(at=at, **about)
        photo = self.chance.randbytes(self.chance.randint(50, 3_000))
        self.photos[sha_of(photo)] = photo
        return completed(at=at, **about, blobs=[photo_of(photo)])

    async def exchange(self) -> None:
        """One exchange with one replica, or the same request to both at once."""
        request = self.device.request()
        told = await self._sent("POST", "/api/v1/sync", json=request)
        if self.chance.random() < LOST:
            self.figures.lost += 1
        elif told is not None:
            self._take(told.json())

    def _take(self, told: dict[str, Any]) -> None:
        device = self.device
        device.acked = told["ack"]["seq"]
        if told["ack"]["chain"] != device.stream.chains[device.acked]:
            self.figures.wrong.append("an acknowledgement with another chain")
        pull = told["pull"]
        cold = device.cursor is None
        device._keep(pull)
        self.figures.pulled += len(pull["rows"])
        if pull["reset"] and not cold:
            self.figures.wrong.append("a device was sent back to the start")
        rows = [(kind, id_, row[1]) for (kind, id_), row in device.rows.items()]
        if pull["digest"] is not None and pull["digest"] != row_digest(rows):
            self.figures.wrong.append("a device missed a row")

    async def upload(self) -> None:
        """Send what is declared, in pieces, at the offset the server names."""
        for sha, photo in list(self.photos.items()):
            offset = await self._offset(sha)
            while offset is not None and offset < len(photo):
                offset = await self._patch(sha, offset, photo[offset : offset + 1_000])
            if offset is not None:
                del self.photos[sha]

    async def _offset(self, sha: str) -> int | None:
        told = await self._sent("HEAD", f"/api/v1/blobs/{sha}", fine=(200, 404))
        return None if told is None or told.status_code == 404 else _at(told)

    async def _patch(self, sha: str, offset: int, piece: bytes) -> int | None:
        headers = {
            "Content-Type": "application/offset+octet-stream",
            "Upload-Offset": str(offset),
        }
        path = f"/api/v1/blobs/{sha}"
        told = await self._sent("PATCH", path, fine=(204, 409), content=piece, headers=headers)
        return None if told is None else _at(told)

    async def _sent(
        self, method: str, path: str, *, fine: tuple[int, ...] = (200,), **given: Any
    ) -> httpx.Response | None:
        """The answer of one of the replicas asked; told to come later it asks again."""
        for _ in range(TRIES):
            doors = list(self.doors)
            if self.chance.random() >= BOTH:
                doors = [self.chance.choice(doors)]
            self.figures.requests += len(doors)
            self.figures.both += len(doors) > 1
            answers = await asyncio.gather(*(door.request(method, path, **given) for door in doors))
            good = [one for one in answers if one.status_code in fine]
            odd = [one for one in answers if one.status_code not in (*fine, *LATER)]
            self.figures.wrong += [f"{method} {one.status_code}: {one.text[:200]}" for one in odd]
            if good:
                return self.chance.choice(good)
            self.figures.later += 1
            await asyncio.sleep(0.02)
        self.figures.wrong.append(f"{method} {path[:14]} was refused {TRIES} times")
        return None


def _at(told: httpx.Response) -> int:
    return int(told.headers["upload-offset"])


@dataclass
class Site:
    """Two replicas on one database, and the run everybody drives."""

    parts: Sequence[Parts]
    apps: Sequence[FastAPI]
    circle: Circle
    hands: Sequence[Hand]
    readers: Sequence[Hand]
    figures: Figures


@asynccontextmanager
async def two_replicas(url: str, folder: Path, seed: int) -> AsyncIterator[Site]:
    """Build everything on an empty, migrated database."""
    settings = Settings.read(data=folder, database_url=url)
    clock = ManualClock()
    parts = [build_parts(settings, clock) for _ in range(2)]
    apps = [create_app(settings, one, background=False) for one in parts]
    figures = Figures()
    async with AsyncExitStack() as stack:
        for app in apps:
            await stack.enter_async_context(app.router.lifespan_context(app))
        found_site(parts[0], BOSS, *PLACES)
        circle = open_circle(parts[0], BOSS, *PLACES, van=False)
        hands = [
            await _hand(apps, f"device {n}", Random(f"{seed}:{n}"), figures)
            for n in range(DEVICES + READERS)
        ]
        ids = [DeviceId(UUID(hand.device.id)) for hand in hands]
        scope = f"run:{circle.run}"
        parts[0].writer.run(lambda s: feed.set_devices(s, SITE, scope, ids, clock.now()))
        yield Site(parts, apps, circle, hands[:DEVICES], hands[DEVICES:], figures)


async def _hand(apps: Sequence[FastAPI], name: str, chance: Random, figures: Figures) -> Hand:
    parts: Parts = apps[0].state.parts
    code = parts.writer.run(
        lambda s: devices.issue_code(s, BOSS, name=name, vehicle_id=None, now=parts.clock.now())
    )
    doors = [stranger(app) for app in apps]
    made = (await doors[0].post("/api/v1/pair", json={"code": code.code, "name": name})).json()
    for door in doors:
        door.headers["Authorization"] = f"Bearer {made['token']}"
    device = Device(doors[0], made["device_id"], made["server_id"], parts)
    device.stream.name = f"stream of {made['device_id']}"
    return Hand(device, doors, chance, figures)


async def storm(site: Site, seconds: float, seed: int) -> None:
    """Everybody at once for so long; on a busy machine until something has happened."""
    until, figures = time.monotonic() + seconds, site.figures

    def goes_on() -> bool:
        left = until - time.monotonic()
        few = figures.requests < REQUESTS_MIN or not figures.edits
        return left > 0 or (few and left > -PATIENCE_S)

    await asyncio.gather(
        *(_drive(site, hand, goes_on) for hand in site.hands),
        *(_read(hand, goes_on) for hand in site.readers),
        *(_dispatch(site, Random(f"{seed}:desk {n}"), goes_on) for n in range(DISPATCHERS)),
    )


async def _drive(site: Site, hand: Hand, goes_on: Callable[[], bool]) -> None:
    while goes_on():
        await hand.record(site.circle)
        await hand.exchange()
        if hand.chance.random() < 0.3:
            await hand.upload()


async def _read(hand: Hand, goes_on: Callable[[], bool]) -> None:
    while goes_on():
        await hand.exchange()
        await asyncio.sleep(0.01)


async def _dispatch(site: Site, chance: Random, goes_on: Callable[[], bool]) -> None:
    while goes_on():
        parts = chance.choice(list(site.parts))
        done = await asyncio.to_thread(_edit, parts, site.circle, chance)
        site.figures.edits += done
        site.figures.stale += not done
        await asyncio.sleep(chance.random() * 0.1)


def _edit(parts: Parts, circle: Circle, chance: Random) -> bool:
    """The dispatcher puts the stops in another order, cancels one or takes it back."""

    def write(session: Session) -> None:
        run_id = RunId(UUID(circle.run))
        version = runs.load(session, SITE, run_id).run.plan_version
        ids = [UUID(one) for one in circle.visits.values()]
        chance.shuffle(ids)
        state = chance.choice(["planned", "cancelled"])
        draft = PlanDraft(
            order=ids,
            legs=[(chance.randint(300, 900), 5_000)] * (len(ids) + 1),
            edits={chance.choice(ids): VisitEdit(plan_state=state)},
        )
        plans.write_plan(
            session, SITE, run_id, draft, expected_version=version, by="Office",
            reason="customer", now=parts.clock.now(),
        )  # fmt: skip

    try:
        parts.writer.run(write)
    except Refusal as error:
        if error.code != "plan_version":
            raise
        return False
    return True


async def settle(site: Site) -> None:
    """The storm is over: everything drains."""
    for hand in (*site.hands, *site.readers):
        for _ in range(60):
            await hand.exchange()
            await hand.upload()
            if hand.device.acked == len(hand.device.stream.sent) and not hand.photos:
                break
    lost = Random(0)
    for hand in (*site.hands, *site.readers):
        hand.chance = lost
        before = None
        while before != hand.device.cursor:  # until an answer arrives and brings nothing more
            before = hand.device.cursor
            await hand.exchange()


def compare(site: Site, settings: Settings) -> None:
    """I1 to I5 at the end, and every fact half folded anew."""
    office = books.read_office(settings)
    recorded = {one.id: one.doc.encode() for hand in site.hands for one in hand.device.stream.sent}
    figures = site.figures
    figures.facts = len(office.docs)
    figures.wrong += books.wrong_at_office(office, recorded)
    for hand in (*site.hands, *site.readers):
        if hand.device.acked != len(hand.device.stream.sent) or hand.photos:
            figures.wrong.append("a device does not drain")
        rows = {
            key: (row[0], row[1], row[2], row[3] or {}) for key, row in hand.device.rows.items()
        }
        phone = books.Phone(hand.device.id, {}, [], (0, ""), 0, rows, [], 0, "ok")
        figures.wrong += books.rows_that_differ(office, phone)
    for sha, (_, done) in office.blobs.items():
        place = settings.data / "blobs" / sha[:2] / sha
        whole = place.is_file() and hashlib.sha256(place.read_bytes()).hexdigest() == sha
        if not done or not whole:
            figures.wrong.append(f"file {sha[:8]} did not arrive")


def deadlocks(url: str) -> int:
    """How many deadlocks this database has seen so far."""
    engine = create_engine(url)
    with engine.connect() as connection:
        name = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
        count = connection.execute(text(name)).scalar_one()
    engine.dispose()
    return int(count)


async def concurrency(url: str, folder: Path, seconds: float, seed: int) -> Figures:
    """The whole proof on an empty, migrated database."""
    began, before = time.monotonic(), deadlocks(url)
    async with two_replicas(url, folder, seed) as site:
        await storm(site, seconds, seed)
        await settle(site)
        compare(site, site.parts[0].settings)
        if (seen := deadlocks(url) - before) > 0:
            site.figures.wrong.append(f"{seen} deadlocks")
        site.figures.seconds = time.monotonic() - began
        kinds = Counter(site.figures.wrong)
        site.figures.wrong = [f"{why} (x{count})" for why, count in kinds.items()]
        return site.figures


def soak(minutes: float, seed: int) -> Share:
    """Storms of a minute each on one database after the other."""
    until, turn = time.monotonic() + minutes * 60, 0
    share = Share("PostgreSQL, two replicas", 0, GOAL_S, "seconds")
    with postgres() as url:
        while not turn or time.monotonic() < until:
            empty(url)
            with tempfile.TemporaryDirectory(prefix="milkrun-") as folder:
                figures = asyncio.run(concurrency(url, Path(folder), SOAK_S, seed + turn))
            share.done += round(SOAK_S)
            share.violations += [f"seed {seed + turn}: {why}" for why in figures.wrong]
            share.lines.append(f"seed {seed + turn}: {figures.line()}")
            turn += 1
    return share
