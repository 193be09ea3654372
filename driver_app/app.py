"""The composition root: opens the store, shows the first screen, starts the worker."""

import asyncio
import contextlib
import logging
import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import flet as ft

from driver_app import theme
from driver_app.actions import join
from driver_app.actions.joining import api_over_http
from driver_app.actions.refresh import tick as tick_runs
from driver_app.device.flet_camera import FletCamera
from driver_app.device.flet_ports import flet_ports
from driver_app.device.ports import Net, Ports
from driver_app.i18n import speak
from driver_app.screens.changes import changes
from driver_app.screens.desk import DESK, Desk, Gate, Look, Stage
from driver_app.screens.doors import elsewhere, locked
from driver_app.screens.end import end
from driver_app.screens.pairing import pairing
from driver_app.screens.problem import problem, run_problem
from driver_app.screens.proof import proof
from driver_app.screens.run import run_screen
from driver_app.screens.runs import runs
from driver_app.screens.settings import settings
from driver_app.screens.sign_in import sign_in
from driver_app.screens.stop import stop
from driver_app.screens.sync_centre import sync_centre
from driver_app.state import SessionView, tick
from driver_app.store import meta
from driver_app.store.db import StoreError
from driver_app.sync.ports import PairedServer, SyncApi
from driver_app.widgets.press import TROUBLE, Act

APP = "0.1.0"
SLOW_S = 10
RUNS_S = 30
log = logging.getLogger("driver_app")

MakePorts = Callable[[ft.Page], Ports]
MakeApi = Callable[[PairedServer], SyncApi]
DataDir = Callable[[ft.Page], Awaitable[Path]]
Main = Callable[[ft.Page], Awaitable[None]]


def make_main(ports: MakePorts, api: MakeApi, data_dir: DataDir, *, server_hint: str = "") -> Main:
    """Everything of one session is made in here; nothing is shared between sessions."""

    async def main(page: ft.Page) -> None:
        session = Showing(page, ports(page), api, await data_dir(page), server_hint=server_hint)
        await session.start()

    return main


def phone_main() -> Main:
    """The app of a phone or tablet: features of the client, a folder of its own."""
    return make_main(flet_ports, api_over_http, phone_folder)


async def phone_folder(_page: ft.Page) -> Path:
    """Where the store lies: as told, else where the client keeps app data, else at home."""
    told = os.environ.get("MILKRUN_DRIVER_DATA") or os.environ.get("FLET_APP_STORAGE_DATA")
    return Path(told) if told else await asyncio.to_thread(Path.home) / ".milkrun"


class Showing:
    """One driver in front of one client: state, store, worker, and their end."""

    def __init__(
        self,
        page: ft.Page,
        ports: Ports,
        api: MakeApi,
        folder: Path,
        *,
        server_hint: str = "",
        take_over: Act | None = None,
    ) -> None:
        self.page = page
        self._ports = ports
        self._speech = speak("en")
        self._joined = join(folder, ports, app=APP, make_api=api)
        self.ctx, self._store = self._joined.ctx, self._joined.ctx.store
        self._worker = self._joined.worker
        self.desk = self._make_desk(server_hint, take_over)
        # Observables hold their listeners weakly: the session keeps this one alive.
        self._listener = self._session_changed
        self._tasks: set[asyncio.Task[None]] = set()
        self._before_sync = "/runs"
        self._kept_route = ""
        self._awake = False
        self._ended = False

    async def start(self) -> None:
        """Read the rows of the first screen, show it, then talk to the office."""
        await self._joined.start()
        await self._recall()
        self._tick()
        self.ctx.state.session.subscribe(self._listener)
        self._session_changed(self.ctx.state.session, None)
        page = self.page
        page.title = "Milk Run"
        page.session.store.set(TROUBLE, self._troubled)
        page.on_resize = self._resized
        page.on_app_lifecycle_state_change = self._lifecycle
        page.on_close = self._closed
        theme.apply(page, self.desk.look.mode, self.desk.look.scale)
        page.render_views(root, self.desk.gate, self.desk.look, self.desk)
        await self._ports.connectivity.on_change(self._net_changed)
        self._spawn(self._work())
        self._spawn(self._beat())

    async def stop(self) -> None:
        """Cancel the worker and close the store; everything is on the disk already."""
        if self._ended:
            return
        self._ended = True
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        with contextlib.suppress(StoreError):
            await self._joined.end()

    def _make_desk(self, server_hint: str, take_over: Act | None) -> Desk:
        camera = self._ports.camera
        return Desk(
            ctx=self.ctx,
            speech=self._speech,
            go=self._go,
            send_now=lambda: self._worker.kick(urgent=True),
            settle=self._settle,
            look=Look(width=self.page.width or 412, height=self.page.height or 915),
            before_sync=lambda: self._before_sync,
            server_hint=server_hint,
            take_over=take_over,
            camera_view=camera.view if isinstance(camera, FletCamera) else None,
        )

    def _go(self, route: str) -> None:
        if route == "/sync":
            self._before_sync = self.page.route or "/runs"
        self.desk.notice.why = ""
        self.page.navigate(route)
        self._spawn(self._keep_route(route))

    def _session_changed(self, session: SessionView, field: str | None) -> None:
        del field
        self.desk.gate.stage = stage_of(session)

    async def _recall(self) -> None:
        """The look the driver chose, and the screen that was open."""
        kept, route = await self._store.read(
            lambda db: (meta.ui(db, "look") or {}, str(meta.ui(db, "route") or ""))
        )
        look, session = self.desk.look, self.ctx.state.session
        look.mode = theme.Mode(kept.get("mode", look.mode))
        look.scale = float(kept.get("scale", look.scale))
        look.lang = str(kept.get("lang") or session.lang or self._system_lang())
        self._speech.change(look.lang)
        if (self.page.route or "/") == "/" and living(route, session):
            self.page.route = route
            self.page.navigate(route)

    def _system_lang(self) -> str:
        configured = self.page.locale_configuration
        locale = configured.current_locale if configured is not None else None
        return locale.language_code if locale is not None and locale.language_code else "en"

    async def _settle(self, look: Look) -> None:
        self._speech.change(look.lang)
        theme.apply(self.page, look.mode, look.scale)
        self.page.update()
        kept = {"mode": str(look.mode), "scale": look.scale, "lang": look.lang}
        await self._store.run(lambda db: meta.put_ui(db, "look", kept))

    def _troubled(self) -> None:
        self.desk.notice.why = "trouble"

    def _resized(self, event: ft.PageResizeEvent) -> None:
        self.desk.look.width, self.desk.look.height = event.width, event.height

    def _net_changed(self, net: Net) -> None:
        self._worker.around.net = net
        if net != "none":
            self._worker.kick(urgent=True)

    def _lifecycle(self, event: ft.AppLifecycleStateChangeEvent) -> None:
        shown = event.state in (ft.AppLifecycleState.SHOW, ft.AppLifecycleState.RESUME)
        hidden = event.state in (ft.AppLifecycleState.HIDE, ft.AppLifecycleState.PAUSE)
        if not shown and not hidden:
            return
        self._worker.around.foreground = shown
        if shown or self.ctx.state.sync.unsent:
            self._worker.kick(urgent=True)

    async def _closed(self, _event: object) -> None:
        await self.stop()

    async def _work(self) -> None:
        await asyncio.to_thread(_import_http)
        await self._worker.run()

    async def _beat(self) -> None:
        """Once a second: countdowns; now and then: ages, expected times, the route on the disk."""
        while True:
            await asyncio.sleep(1)
            if not self._worker.around.foreground:
                continue
            try:
                await self._count()
            except StoreError:
                log.warning("beat: the store did not answer")

    async def _count(self) -> None:
        # A component that raised ends Flet's drawing task for good; it is begun again.
        session: Any = self.page.session  # untyped in Flet
        session.start_updates_scheduler()
        beat = self.desk.beat
        beat.n += 1
        self._tick()
        if beat.n % SLOW_S == 0:
            self.desk.slow.n += 1
        if beat.n % RUNS_S == 0:
            await tick_runs(self.ctx)
        await self._keep_route(self.page.route or "/")
        await self._stay_awake()

    def _tick(self) -> None:
        now_ms = self.ctx.now_ms()
        for run in self.ctx.state.session.runs:
            if run.takt is not None:
                tick(run.takt, now_ms)

    async def _keep_route(self, route: str) -> None:
        """Remember the screen at once: the app may be killed before the next beat."""
        if route != self._kept_route and self.desk.gate.stage == "work":
            self._kept_route = route
            await self._store.run(lambda db: meta.put_ui(db, "route", route))

    async def _stay_awake(self) -> None:
        """The screen stays on while a tugger drives."""
        wanted = any(run.open and run.tugger for run in self.ctx.state.session.runs)
        if wanted != self._awake:
            self._awake = wanted
            lock = self._ports.wakelock
            await (lock.hold() if wanted else lock.release())

    def _spawn(self, work: Awaitable[None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: "asyncio.Task[None]") -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("session task failed", exc_info=error)


def _import_http() -> None:
    """Loading httpx costs a start 100 ms; it comes in beside the first screen."""
    import driver_app.sync.http  # noqa: F401, PLC0415


def stage_of(session: SessionView) -> Stage:
    """Which door a session stands at."""
    if session.standing == "new":
        return "pair"
    if session.standing == "stolen":
        return "locked"
    return "work" if session.signed_in else "sign_in"


def living(route: str, session: SessionView) -> bool:
    """Whether a kept route still leads to something on this device."""
    if not route.startswith("/runs/"):
        return route in ("/runs", "/sync", "/settings")
    return session.signed_in and any(str(run.id) in route for run in session.runs)


def routes() -> list[ft.Route]:
    """Every screen and where it lives; a child stands above its parent, so that back works."""
    of_stop = [
        ft.Route(path="proof", component=proof),
        ft.Route(path="problem", component=problem),
    ]
    of_run = [
        ft.Route(path="stops/:visit", component=stop, children=of_stop),
        ft.Route(path="changes", component=changes),
        ft.Route(path="end", component=end),
        ft.Route(path="problem", component=run_problem),
    ]
    of_runs = [ft.Route(path=":run", component=run_screen, children=of_run)]
    return [
        ft.Route(index=True, component=runs),
        ft.Route(path="runs", component=runs, children=of_runs),
        ft.Route(path="pair", component=pairing),
        ft.Route(path="sign-in", component=runs),
        ft.Route(path="sync", component=sync_centre),
        ft.Route(path="settings", component=settings),
    ]


@ft.component
def router() -> list[ft.View]:
    """The screens of somebody who is paired and signed in."""
    found: Any = ft.Router(routes(), not_found=runs, manage_views=True)
    return found  # type: ignore[no-any-return]


@ft.component
def root(gate: Gate, look: Look, desk: Desk) -> list[ft.View]:
    """The door that is open now; a changed look draws everything again."""
    del look
    doors = {"pair": pairing, "sign_in": sign_in, "locked": locked}
    if gate.stage == "elsewhere" and desk.take_over is not None:
        return [elsewhere(desk.take_over)]
    shown = doors.get(gate.stage)
    views: list[ft.View] = DESK(desk, lambda: router() if shown is None else [shown()])
    return views
