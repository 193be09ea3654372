"""Composition root: builds the parts, hangs up the rooms' routes, runs the clocks. Read first."""

import importlib
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from datetime import datetime
from functools import partial
from typing import Any, Protocol
from uuid import UUID

import anyio
import anyio.to_thread
from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute
from starlette.routing import BaseRoute
from starlette.types import ASGIApp

from server.backup import clockwork
from server.backup import service as backup
from server.backup.disk import Disk
from server.backup.rules import RED, Health
from server.backup.wording import sentence
from server.blobs import service as blobs
from server.blobs.store import FolderBlobs
from server.core import api as core_api
from server.core import db, http, leader, once
from server.core.bus import Bus, ProcessBus
from server.core.clock import Clock, SystemClock, to_ms
from server.core.guard import Guard
from server.core.hosting import MISSING, Stop, prepare_data
from server.core.http import GatedRoute, Parts
from server.core.ids import new_id
from server.core.jobs import Handler, Job, Jobs, RowJobs, Runner
from server.core.leader import LEASE_RENEW_S, Leader
from server.core.logs import log
from server.core.settings import Settings
from server.core.writer import AnyWriter, SnapshotReads, open_writer
from server.dispatch import api as dispatch_api
from server.dispatch.plan_jobs import PlanJobs
from server.dispatch.service import gate, look_at_open_runs, look_job
from server.dispatch.service.looking import LOOK
from server.feed import api as feed_api
from server.feed import service as feed
from server.fleet import api as fleet_api
from server.imports import api as imports_api
from server.loops import api as loops_api
from server.migrations import steps
from server.people import api as people_api
from server.people.devices import BOUND
from server.people.door import Porter
from server.planner.pool import SolverPool
from server.plant import api as plant_api
from server.plant import service as plant
from server.proofs import api as proofs_api
from server.runs import api as runs_api
from server.runs.service import rescope
from server.schedule import api as schedule_api
from server.schedule import service as schedule
from server.schedule.alarm import Alarm, Timer
from server.sites import api as sites_api
from server.sites.queries import all_sites
from server.sync import api as sync_api
from server.sync import scrub, waiting
from server.sync.service import after_start, files
from server.travel.adapters.greatcircle import GreatCircle
from server.web import routes as pages
from shared.ids import SiteId

OPENAPI_URL = "/api/v1/openapi.json"
DRIVER_PATH = "/driver"
ETA_REFRESH_S = 60
ANDON_EVERY_S = 60
DAY_S = 86_400
ROUTERS: Sequence[APIRouter] = tuple(
    room.router
    for room in (
        core_api, people_api, fleet_api, sites_api, loops_api, runs_api, proofs_api, plant_api,
        sync_api, imports_api, feed_api, dispatch_api, schedule_api,
    )
)  # fmt: skip
Work = Callable[[Parts, Job, datetime], None]


def _materialise(parts: Parts, job: Job, now: datetime) -> None:
    schedule.handlers(parts.reads, parts.writer, gate)[job.kind](job, now)


# Which room's use case carries out which kind of job; only this table knows both.
JOBS: Mapping[str, Work] = {
    blobs.TIDY: lambda parts, job, _now: blobs.tidy(files(parts), job),
    schedule.MATERIALISE: _materialise,
    LOOK: lambda parts, job, now: look_job(parts.writer)(job, now),
    BOUND: lambda parts, job, now: parts.writer.run(lambda s: rescope(s, job.site_id, now)),
}


class Mount(Protocol):
    """What the factory of MILKRUN_DRIVER_APP gives: an ASGI app with a life of its own."""

    app: ASGIApp

    async def start(self) -> None:
        """Begin to live; a mounted app does not receive the lifespan."""
        ...

    async def stop(self) -> None:
        """End."""
        ...


class Unready(Stop):
    """The server cannot be built as told; the text is for the operator."""

    def __init__(self, sentence: str) -> None:
        super().__init__(MISSING, sentence)


def build_parts(settings: Settings, clock: Clock | None = None) -> Parts:
    """Build everything for one process; the database is at the newest step already."""
    writer = open_writer(db.write_engine(settings))
    reads = SnapshotReads(db.read_engine(settings))
    return parts_of(settings, writer, reads, clock or SystemClock())


def parts_of(settings: Settings, writer: AnyWriter, reads: SnapshotReads, clock: Clock) -> Parts:
    """Build the parts around a database that is open already."""
    bus, jobs = _bus(settings), RowJobs(clock)
    writer.committed = _Teller(bus, jobs)
    fresh, now = new_id(clock.now()), clock.now()
    return Parts(
        settings=settings,
        writer=writer,
        reads=reads,
        clock=clock,
        bus=bus,
        jobs=jobs,
        leader=Leader(writer, clock, fresh),
        blobs=FolderBlobs(settings.data / "blobs"),
        travel=GreatCircle(),
        solver=SolverPool(),
        plans=PlanJobs(clock),
        server_id=writer.run(lambda session: leader.identity(session, fresh, now)),
    )


def _bus(settings: Settings) -> Bus:
    if settings.sqlite:
        return ProcessBus()
    from server.core.bus_postgres import PostgresBus  # noqa: PLC0415 - the library is an extra

    return PostgresBus(settings.url)


def backup_kit(
    parts: Parts,
    *,
    disk: Disk | None = None,
    fresh: Callable[[datetime], UUID] = new_id,
) -> backup.Kit:
    """What a backup of this server needs; tests bring their own disk and ids."""
    tools = backup.Tools(parts.clock, steps.bring, disk or Disk(), fresh)
    return backup.Kit(
        parts.settings, parts.reads, parts.writer, parts.blobs, parts.server_id, tools
    )


@contextmanager
def backup_desk() -> Iterator[backup.Kit]:
    """Open the database and the files of the settings for a verb beside the server."""
    settings = Settings.read()
    prepare_data(settings)
    steps.migrate(settings)
    parts = build_parts(settings)
    try:
        yield backup_kit(parts)
    finally:
        parts.close()


class _Teller:
    """Tells bus and job runner what a commit has brought."""

    def __init__(self, bus: Bus, jobs: Jobs) -> None:
        self._bus = bus
        self._jobs = jobs

    def __call__(self, revisions: Mapping[SiteId, int], *, jobs: bool) -> None:
        for site_id, revision in revisions.items():
            self._bus.publish(site_id, revision)
        if jobs:
            self._jobs.wake()


def create_app(
    settings: Settings, parts: Parts | None = None, *, background: bool = True
) -> FastAPI:
    """Build the server. With `background` off nothing happens but answers, for tests."""
    parts = parts or build_parts(settings)
    app = FastAPI(
        title="Milk Run",
        version="1",
        openapi_url=OPENAPI_URL,
        docs_url=None,
        redoc_url=None,
        lifespan=lambda app: _lifespan(app, background=background),
        redirect_slashes=False,
    )
    app.state.parts = parts
    parts.checks["migration"] = lambda: parts.reads.run(_newest)
    if settings.durability == "backup":
        parts.checks["backup"] = lambda: _protection(parts).light != RED
        parts.worries["backup"] = lambda: sentence(_protection(parts))
    http.handle_errors(app)
    for router in ROUTERS:
        # As they stand: to include a router builds each of its routes anew for this app.
        app.router.routes.extend(router.routes)
    pages.hang_up(app)
    check_access(app)
    app.add_middleware(Guard, parts=lambda: app.state.parts, door=Porter(parts.clock))
    app.state.driver = _mount_driver(app, settings) if background else None
    return app


def _newest(session: Any) -> bool:
    return steps.current(session.connection()) == steps.head()


def _protection(parts: Parts) -> Health:
    return parts.reads.run(
        lambda session: backup.protection(session, parts.settings, parts.clock.ms())
    )


def handlers(parts: Parts) -> Mapping[str, Handler]:
    """Every kind of job with the parts its room needs."""

    def bound(work: Work) -> Handler:
        return lambda job, now: work(parts, job, now)

    return {kind: bound(work) for kind, work in JOBS.items()}


def routes_of(routes: Sequence[BaseRoute]) -> Iterator[BaseRoute]:
    """Every route, those of included routers too."""
    for route in routes:
        included = getattr(route, "original_router", None)
        if included is None:
            yield route
        else:
            yield from routes_of(included.routes)


def check_access(app: FastAPI) -> None:
    """Refuse to start with a route that passes the gate by or does not say who may use it."""
    for route in routes_of(app.routes):
        if isinstance(route, APIRoute) and not (
            isinstance(route, GatedRoute) and http.X_ACCESS in (route.openapi_extra or {})
        ):
            raise Unready(f"The route {route.path} does not say who may use it.")


@asynccontextmanager
async def _lifespan(app: FastAPI, *, background: bool) -> AsyncIterator[None]:
    parts: Parts = app.state.parts
    async with AsyncExitStack() as stack:
        stack.callback(parts.close)
        if background:
            await stack.enter_async_context(_clocks(parts))
            mount: Mount | None = app.state.driver
            if mount is not None:
                await mount.start()
                stack.push_async_callback(mount.stop)
        yield


def _estimates(parts: Parts) -> Timer:
    """Look ahead on every open run, even while nothing happens on it."""
    return Timer(
        "estimates",
        ETA_REFRESH_S,
        lambda now: look_at_open_runs(parts.reads, parts.writer, now),
    )


def _andons(parts: Parts) -> Timer:
    """Let Andons climb while nobody has seen them, each at the second it is due."""
    return Timer(
        "andons",
        ANDON_EVERY_S,
        lambda now: plant.climb_everywhere(parts.reads, parts.writer, now),
        lambda now: plant.next_climb(parts.reads, now),
    )


def _tidying(parts: Parts) -> Timer:
    """Forget old tombstones, revisions and keys of requests once a day."""

    def tidy(now: datetime) -> None:
        for site_id in parts.reads.run(all_sites):
            parts.writer.run(partial(once.forget, site_id=site_id, now_ms=to_ms(now)))
            parts.writer.run(partial(feed.tidy, site_id=site_id, now=now))

    return Timer("tidy", DAY_S, tidy)


def _watching(parts: Parts) -> list[Timer]:
    """Judge waiting facts again as soon as the plan moved on; compare everything every night."""
    return [
        Timer("waiting", waiting.LOOK_EVERY_S, waiting.Waiting(parts).look),
        Timer("scrub", scrub.LOOK_EVERY_S, partial(scrub.scrub_if_due, parts)),
    ]


def _backups(parts: Parts) -> list[Timer]:
    """Make the server's own backups and try one out every week."""
    if parts.settings.durability == "none":
        return []
    kit = backup_kit(parts)
    return [
        Timer("backup", clockwork.LOOK_EVERY_S, partial(clockwork.back_up_if_due, kit)),
        Timer("drill", clockwork.LOOK_EVERY_S, partial(clockwork.drill_if_due, kit)),
    ]


@asynccontextmanager
async def _clocks(parts: Parts) -> AsyncIterator[None]:
    """Keep the lease, run the jobs; ends both before the parts are closed."""
    assert isinstance(parts.jobs, RowJobs), "jobs of this process are rows"
    runner = Runner(parts.jobs, parts.writer, parts.clock, handlers(parts))
    timers = [
        *schedule.timers(parts.reads, parts.writer, gate),
        _estimates(parts),
        _andons(parts),
        _tidying(parts),
    ]
    timers += [*_backups(parts), *_watching(parts)]
    alarm = Alarm(parts.leader, parts.clock, timers)
    await anyio.to_thread.run_sync(parts.leader.renew)
    await anyio.to_thread.run_sync(after_start, parts)
    runner.start()
    alarm.start()
    parts.solver.start()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(_lead, parts)
        try:
            yield
        finally:
            tasks.cancel_scope.cancel()
            with anyio.CancelScope(shield=True):
                await anyio.to_thread.run_sync(alarm.stop)
                await anyio.to_thread.run_sync(runner.stop)
                with suppress(Exception):
                    await anyio.to_thread.run_sync(parts.leader.release)


async def _lead(parts: Parts) -> None:
    """Renew the lease for ever; trouble with the database costs a turn, not the clock."""
    while True:
        try:
            await anyio.to_thread.run_sync(parts.leader.renew)
        except Exception as error:  # noqa: BLE001 - the clock must survive
            log.error("lease", exc_info=error)
        await anyio.sleep(LEASE_RENEW_S)


def _mount_driver(app: FastAPI, settings: Settings) -> Mount | None:
    """Load the driver app by name and hang it up below /driver/, after all routes."""
    if not settings.driver_app:
        return None
    module, _, name = settings.driver_app.partition(":")
    try:
        factory = getattr(importlib.import_module(module), name)
    except ModuleNotFoundError:
        log.warning("no driver app", reason=settings.driver_app)
        return None
    except (ImportError, AttributeError) as error:
        raise Unready(f"MILKRUN_DRIVER_APP: {settings.driver_app} cannot be loaded.") from error
    mount: Mount = factory(settings.loopback, settings.data / "driver")
    if not all(hasattr(mount, part) for part in ("app", "start", "stop")):
        raise Unready(f"MILKRUN_DRIVER_APP: {settings.driver_app} is not a driver app.")
    app.mount(DRIVER_PATH, mount.app)
    return mount
