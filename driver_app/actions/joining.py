"""Store, state, ports and worker of one session put together; each root adds what it shows."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from driver_app.actions.ctx import Ctx
from driver_app.actions.session import begin, hear
from driver_app.device.ports import Ports
from driver_app.state import AppState
from driver_app.store.db import Connect, Lane, Store, ThreadLane, connect
from driver_app.store.files import DiskFiles, Files
from driver_app.store.ledger import Ledger
from driver_app.sync.ports import PairedServer, SyncApi
from driver_app.sync.worker import News, Pause, Surroundings, Worker, wait_for_event

MakeLane = Callable[[str], Lane]


def api_over_http(server: PairedServer) -> SyncApi:
    """Talk to a server over HTTP."""
    from driver_app.sync.http import HttpApi  # noqa: PLC0415  httpx costs a start 100 ms

    return HttpApi(server)


@dataclass
class Session:
    """One session's parts, alive from `start` to `end`."""

    ctx: Ctx
    worker: Worker
    ledger: Ledger
    around: Surroundings = field(default_factory=Surroundings)

    async def start(self) -> None:
        """Open the store, show what is there, and know whom to talk to."""
        await self.worker.paired(await begin(self.ctx))

    async def end(self) -> None:
        """Let go of everything; nothing needs saving, it is in the store."""
        await self.ctx.end()
        await self.worker.paired(None)
        await self.ctx.store.close()


def join(
    folder: Path,
    ports: Ports,
    *,
    app: str,
    make_api: Callable[[PairedServer], SyncApi] = api_over_http,
    around: Surroundings | None = None,
    lane: MakeLane = ThreadLane,
    files: Files | None = None,
    connect: Connect = connect,
    pause: Pause = wait_for_event,
) -> Session:
    """Build a session on a folder; nothing is opened yet.

    The last four are the seams of a world with a virtual clock and faults at every step.
    """
    store = Store(
        folder,
        ports.ids.noise,
        files or DiskFiles(),
        connect,
        writer=lane("store-write"),
        reader=lane("store-read"),
    )
    ledger, around = Ledger(store), around or Surroundings()
    holder: list[Ctx] = []

    async def tell(news: News) -> None:
        await hear(holder[0], news)

    worker = Worker(
        ledger,
        make_api,
        ports.clock.read,
        noise=ports.ids.noise,
        app=app,
        tell=tell,
        around=around,
        pause=pause,
    )
    ctx = Ctx(store, AppState(), ports, worker.kick, worker.paired, worker.verify, app)
    holder.append(ctx)
    return Session(ctx, worker, ledger, around)
