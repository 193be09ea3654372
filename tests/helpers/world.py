"""One real server and some real phones in one process, with a network that can be told to fail."""

import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from uuid import UUID

import httpx
from fastapi import FastAPI

from driver_app import actions
from driver_app.actions import Ctx
from driver_app.actions.pairing import Door
from driver_app.device.fakes import FakeLocation, SteppedClock, fake_ports
from driver_app.device.ports import Ports
from driver_app.state import AppState, RunView, VisitView
from driver_app.store.db import HereLane
from driver_app.store.ledger import Standing
from driver_app.sync.http import HttpApi, PairingApi
from driver_app.sync.worker import Surroundings
from server.app import backup_kit, build_parts, create_app
from server.backup import restoring
from server.backup import service as backups
from server.backup.folders import Backup
from server.core.access import Principal, Role, system
from server.core.http import Parts
from server.core.passwords import Passwords
from server.core.settings import Settings
from server.migrations.steps import migrate
from server.people import devices, service
from server.sync.service import after_start
from shared.ids import RunId, SiteId, VehicleId, VisitId
from tests.helpers.builders import id_of
from tests.helpers.clock import ManualClock

ORIGIN = "http://127.0.0.1:8000"
SITE = SiteId(UUID("01900000-0000-7000-8000-000000000001"))
VAN = VehicleId(id_of("van"))


@dataclass
class Network(httpx.AsyncBaseTransport):
    """The way between one phone and the server; faults are told by the test."""

    app: FastAPI
    up: bool = True
    lose_answers: int = 0
    """So many answers get lost after the server has done its work."""
    cut_patch_after: int | None = None
    """Of the next file part only so many bytes arrive."""
    requests: list[str] = field(default_factory=list)
    portal: bool = False
    """A captive portal answers everything with 200."""
    instead: Callable[[httpx.Request], httpx.Response] | None = None
    """Somebody in between who answers in the server's place."""
    strip: str = ""
    """A header that gets lost on the way back."""
    loss: float = 0.0
    """So large a part of requests fails: on the way there, in the middle, or on the way back."""
    chance: Random = field(default_factory=lambda: Random(7))

    def __post_init__(self) -> None:
        self.lead_to(self.app)

    def lead_to(self, app: FastAPI) -> None:
        """Have this server at the other end."""
        self.app = app
        self.inner: httpx.AsyncBaseTransport = httpx.ASGITransport(
            self.app, client=("192.0.2.7", 1234)
        )

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if not self.up:
            raise httpx.ConnectError("no network", request=request)
        if self.instead is not None:
            return self.instead(request)
        if self.portal:
            return httpx.Response(200, html="<h1>Welcome to the hotel</h1>", request=request)
        self._lose(request)
        self.requests.append(f"{request.method} {request.url.path}")
        if request.method == "PATCH" and self.cut_patch_after is not None:
            return await self._cut(request)
        answer = await self.inner.handle_async_request(request)
        if self.lose_answers:
            self.lose_answers -= 1
            await answer.aclose()
            raise httpx.ReadTimeout("answer lost", request=request)
        if self.strip:
            answer.headers.pop(self.strip, None)
        return answer

    def _lose(self, request: httpx.Request) -> None:
        if self.chance.random() >= self.loss:
            return
        fate = self.chance.randrange(3)
        if fate == 0:
            raise httpx.ConnectError("lost on the way", request=request)
        if fate == 1 and request.method == "PATCH":
            self.cut_patch_after = self.chance.randrange(int(request.headers["content-length"]))
        else:
            self.lose_answers = 1

    async def _cut(self, request: httpx.Request) -> httpx.Response:
        """Only the first bytes arrive, then the connection is gone."""
        assert self.cut_patch_after is not None
        first = (await request.aread())[: self.cut_patch_after]
        self.cut_patch_after = None
        headers = {k: v for k, v in request.headers.items() if k.lower() != "content-length"}
        part = httpx.Request(request.method, request.url, headers=headers, content=first)
        answer = await self.inner.handle_async_request(part)
        await answer.aclose()
        raise httpx.ReadError("cut in the middle", request=request)


@dataclass
class Phone:
    """One device: real store, acts and sync; fake camera, clock and position."""

    folder: Path
    network: Network
    ports: Ports
    session: actions.Session

    @property
    def ctx(self) -> Ctx:
        """Its parts."""
        return self.session.ctx

    @property
    def state(self) -> AppState:
        """What its screens show."""
        return self.ctx.state

    @property
    def clock(self) -> SteppedClock:
        """Its clock."""
        assert isinstance(self.ports.clock, SteppedClock)
        return self.ports.clock

    @property
    def location(self) -> FakeLocation:
        """Its position."""
        assert isinstance(self.ports.location, FakeLocation)
        return self.ports.location

    async def sync(self) -> float:
        """One round of the worker; returns how long it would wait."""
        return await self.session.worker.round()

    async def standing(self) -> Standing:
        """Its own numbers."""
        return await self.session.ledger.standing()

    def run(self, run: str | RunId) -> RunView:
        """A run it shows."""
        return next(view for view in self.state.session.runs if str(view.id) == str(run))

    def visit(self, visit: str) -> VisitView:
        """A visit it shows."""
        found = self.state.session.visit(VisitId(UUID(visit)))
        assert found is not None, "the visit is on the phone"
        return found

    async def complete(self, visit: str, *photos: bytes, signed: bool = False) -> object:
        """Fill the sheet of a visit and complete it."""
        draft = await actions.open_draft(self.ctx, VisitId(UUID(visit)))
        for photo in photos:
            await actions.attach(self.ctx, draft, photo, "photo")
        if signed:
            draft.strokes = [[(10, 10), (500, 600)]]
            draft.signer = "M. Huber"
        return await actions.complete_stop(self.ctx, VisitId(UUID(visit)), draft, confirmed=True)

    async def reopen(self, visit: str) -> object:
        """Undo the result of a visit."""
        return await actions.reopen_stop(self.ctx, VisitId(UUID(visit)))

    async def close(self) -> None:
        """End it properly."""
        await self.session.end()


@dataclass
class World:
    """The server, who is in charge, and the phones."""

    folder: Path
    app: FastAPI
    parts: Parts
    clock: ManualClock
    boss: Principal
    stack: AsyncExitStack
    phones: list[Phone] = field(default_factory=list)

    def pass_time(self, s: float) -> None:
        """Let time pass, for the server and for all phones."""
        self.clock.pass_time(s=s)
        for phone in self.phones:
            phone.clock.step(int(s * 1000))

    def back_up(self) -> Backup:
        """The server's own backup, as its timer makes it."""
        return backups.back_up(backup_kit(self.parts))

    async def restore(self, backup: Backup, *, files: bool = True) -> None:
        """A new server from this backup takes the place of the old one, with or without files."""
        place = Settings.read(data=self.folder / f"server-{self.parts.clock.ms()}")
        restoring.restore(backup.path, place, backup_kit(self.parts).tools)
        if not files:
            shutil.rmtree(place.data / "blobs")
        parts = build_parts(place, self.clock)
        parts.passwords = self.parts.passwords
        after_start(parts)
        self.parts, self.app = parts, create_app(place, parts, background=False)
        await self.stack.enter_async_context(self.app.router.lifespan_context(self.app))
        for phone in self.phones:
            phone.network.lead_to(self.app)

    def code(self, name: str = "Van 4", vehicle: VehicleId | None = VAN) -> str:
        """A pairing code as the office gives it."""
        return self.parts.writer.run(
            lambda s: devices.issue_code(
                s, self.boss, name=name, vehicle_id=vehicle, now=self.clock.now()
            )
        ).code

    async def phone(
        self, name: str = "Van 4", *, paired: bool = True, signed_in: bool = True
    ) -> Phone:
        """A new phone, paired and in somebody's hands unless told otherwise."""
        number = len(self.phones) + 1
        phone = await self.start(self.folder / f"phone-{number}", seed=number)
        if paired:
            answer = await self.pair(phone, self.code(name), name)
            assert isinstance(answer, actions.Paired), answer
            await phone.sync()
        if signed_in:
            await actions.sign_in_unlisted(phone.ctx, "A. Kaya")
        return phone

    async def pair(self, phone: Phone, code: str, name: str = "Van 4") -> object:
        """Redeem a code on a phone."""
        return await actions.pair(
            phone.ctx, ORIGIN, code, name, knock=_knocking(lambda: phone.network)
        )

    async def start(self, folder: Path, *, seed: int, like: Phone | None = None) -> Phone:
        """Start the app on a folder; `like` gives clock and network of the phone it was before."""
        ports = (
            like.ports
            if like
            else fake_ports(seed=seed, clock=SteppedClock(wall_ms=self.clock.ms()))
        )
        network = like.network if like else Network(self.app)
        session = actions.join(
            folder,
            ports,
            app="0.1.0",
            make_api=lambda server: HttpApi(server, lambda: network),
            around=Surroundings(net="wifi", foreground=False),
            lane=lambda _name: HereLane(),
        )
        await session.start()
        phone = Phone(folder, network, ports, session)
        self.phones.append(phone)
        self.stack.push_async_callback(phone.close)
        return phone

    async def kill_and_reopen(self, phone: Phone) -> Phone:
        """Drop everything the process held, as SIGKILL does, and start on the same folder."""
        self.phones.remove(phone)
        for task in phone.ctx.tasks:
            task.cancel()
        return await self.start(phone.folder, seed=99, like=phone)


def _knocking(network: Callable[[], httpx.AsyncBaseTransport]) -> Callable[[str, str | None], Door]:
    return lambda url, ca_pem: PairingApi(url, ca_pem, network)


@asynccontextmanager
async def world(folder: Path, template: Path | None = None) -> AsyncIterator[World]:
    """Build the server on a fresh database (a copy of `template` if given) and run it."""
    data = folder / "server"
    data.mkdir(parents=True)
    settings = Settings.read(data=data)
    if template is not None:
        shutil.copy(template, data / "milkrun.db")
    else:
        migrate(settings)
    clock = ManualClock()
    parts = build_parts(settings, clock)
    parts.passwords = Passwords(memory_kib=64)
    boss = _boss(parts, clock)
    app = create_app(settings, parts, background=False)
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(app.router.lifespan_context(app))
        yield World(folder, app, parts, clock, boss, stack)


def _boss(parts: Parts, clock: ManualClock) -> Principal:
    hashed = parts.passwords.make("a long enough password")
    person_id = parts.writer.run(
        lambda s: service.create_person(
            s,
            system(SITE),
            name="Sam",
            grants=[service.Grant(Role.SUPERVISOR, None)],
            password_hash=hashed,
            now=clock.now(),
        )
    )
    return Principal(
        kind="person", site_id=SITE, person_id=person_id, roles=frozenset({Role.SUPERVISOR}),
        carrier_id=None, name="Sam",
    )  # fmt: skip
