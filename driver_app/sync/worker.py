"""The one task that talks to the office, for as long as the session lives."""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from driver_app.sync.blobs import BlobLane
from driver_app.sync.courier import Pace, chunk_bytes, stalled, timer_s
from driver_app.sync.errors import Refused, SyncError
from driver_app.sync.exchange import Exchange, Result
from driver_app.sync.ports import Ledger, PairedServer, ReadClocks, SyncApi
from driver_app.sync.verify import Checked, verify
from driver_app.sync.watch import Watched
from shared.sync import DEBOUNCE_S

log = logging.getLogger("driver_app.sync")

TIDY_EVERY_S = 3_600
ROUND_EXCHANGES_MAX = 1_000

Pause = Callable[[asyncio.Event, float], Awaitable[None]]
Tell = Callable[["News"], Awaitable[None]]


@dataclass
class News:
    """What the screens must hear after a round, or at its start."""

    sending: bool = False
    error: str = ""
    detail: str = ""
    next_try_ms: int | None = None
    swapped: bool = False
    site: bool = False
    runs: set[str] = field(default_factory=set)


@dataclass
class Surroundings:
    """What the composition root tells the worker about the device, kept up to date by it."""

    net: str = "unknown"
    battery_pct: int = 100
    foreground: bool = True


async def wait_for_event(event: asyncio.Event, limit_s: float) -> None:
    """Wait until the event is set, at most so long."""
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(event.wait(), limit_s)


async def tell_nobody(_news: News) -> None:
    """No screens."""


class Worker:
    """Exchanges facts and rows, then files; retries for ever; is woken by kicks and pokes."""

    def __init__(
        self,
        ledger: Ledger,
        make_api: Callable[[PairedServer], SyncApi],
        clock: ReadClocks,
        *,
        noise: Callable[[int], bytes],
        app: str,
        tell: Tell = tell_nobody,
        around: Surroundings | None = None,
        pause: Pause = wait_for_event,
    ) -> None:
        self.around = around or Surroundings()
        self.pace = Pace()
        self.server: PairedServer | None = None
        self._ledger = ledger
        self._make_api = make_api
        self._clock = clock
        self._noise = noise
        self._tell = tell
        self._pause = pause
        self._exchange = Exchange(ledger, clock, noise, app, self._condition)
        self._api: Watched | None = None
        self._wake = asyncio.Event()
        self._urgent = True
        self._fresh = False
        self._lock = asyncio.Lock()
        self._finished_mono_ms = clock()[1]
        self._stalled = False
        self._tidied_mono_ms: int | None = None

    def kick(self, urgent: bool = False) -> None:  # noqa: FBT001, FBT002  the port's shape
        """A fact was saved; urgent: the driver asks, the network is back, or it is an andon."""
        if urgent:
            self._urgent = True
            self.pace = self.pace.hopeful()
        self._fresh = True
        self._wake.set()

    async def paired(self, server: PairedServer | None) -> None:
        """Talk to this server from now on; None: to nobody."""
        async with self._lock:
            await self._drop_api()
            self.server = server
            self.pace = Pace()
        self.kick(urgent=True)

    async def verify(self) -> Checked | None:
        """Send everything, then ask for each file; None when the office cannot be reached."""
        await self.round()
        if self.server is None or self.pace.failures:
            return None
        async with self._lock:
            try:
                return await verify(self._ledger, self._open_api())
            except SyncError:
                return None

    async def run(self) -> None:
        """Live until cancelled."""
        poke = asyncio.create_task(self._follow_pokes())
        try:
            while True:
                wait_s = await self._survive(self.round())
                await self._rest(wait_s)
        finally:
            poke.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await poke
            await self._drop_api()

    async def round(self) -> float:
        """Facts and rows until nothing is left, then files; returns seconds until the next."""
        self._wake.clear()
        self._urgent = self._fresh = False
        if self.server is None:
            return timer_s(open_run=False, plant=False, battery_pct=100)
        async with self._lock:
            await self._watch()
            await self._tell(News(sending=True))
            result = await self._facts()
            if result.verdict in ("done", "retired"):
                result = await self._files(result)
            result.site |= await self._tidy()
        wait_s = await self._wait_s(result)
        next_try = self._ledger.est_now_ms(self._clock()) + int(wait_s * 1000)
        await self._tell(
            News(
                error=result.error,
                detail=result.detail,
                next_try_ms=next_try,
                swapped=result.swapped,
                site=result.site,
                runs=result.runs,
            )
        )
        return wait_s

    async def _facts(self) -> Result:
        """Exchange until the office has everything and we have all rows."""
        shown = Result("done", self.pace)
        for _ in range(ROUND_EXCHANGES_MAX):
            result = await self._exchange.once(self._open_api(), self.pace)
            self.pace = result.pace
            result.runs |= shown.runs
            result.swapped |= shown.swapped
            result.site |= shown.site
            shown = result
            if result.verdict != "failed":
                self._finished_mono_ms = self._clock()[1]
                self._stalled = False
            if result.verdict != "more":
                break
        return shown

    async def _files(self, result: Result) -> Result:
        lane = BlobLane(
            self._ledger,
            self._clock,
            lambda: chunk_bytes(self.around.net),
            lambda: self._fresh,
        )
        try:
            await lane.drain(self._open_api())
        except Refused as error:
            self.pace = self.pace.refused(error.code, error.retry_after_s)
            result.verdict, result.error, result.detail = "failed", error.code, error.detail
        except SyncError as error:
            self.pace = self.pace.failed()
            result.verdict, result.error = "failed", type(error).__name__.lower()
        # A broken file was recorded as a fact, or facts came in between: they go soon.
        self._fresh = self._fresh or (await self._ledger.standing()).unsent > 0
        return result

    async def _wait_s(self, result: Result) -> float:
        if result.verdict == "failed":
            return self.pace.wait_s(self._jitter())
        standing = await self._ledger.standing()
        return timer_s(
            open_run=standing.open_run, plant=standing.plant, battery_pct=self.around.battery_pct
        )

    async def _rest(self, wait_s: float) -> None:
        """Sleep until the next try, a poke or a kick; facts gather for a moment first.

        While the server does not answer, a new fact alone shortens nothing.
        """
        deadline = self._clock()[1] + int(wait_s * 1000)
        while not self._urgent:
            if self._fresh and self.pace.failures == 0:
                deadline = min(deadline, self._clock()[1] + DEBOUNCE_S * 1000)
                self._fresh = False
            if (left := deadline - self._clock()[1]) <= 0:
                return
            self._wake.clear()
            await self._pause(self._wake, left / 1000)

    async def _watch(self) -> None:
        """Nothing finished for too long although the network is there: begin with a new client."""
        if self._api is not None and self._api.stuck:
            await self._renew()
            return
        standing = await self._ledger.standing()
        silent_ms = self._clock()[1] - self._finished_mono_ms
        online = self.around.net != "none"
        if stalled(unsent=standing.unsent, online=online, silent_ms=silent_ms):
            await self._renew()

    async def _renew(self) -> None:
        """Begin with a new client; one silence, however long, counts as one stall."""
        await self._drop_api()
        if not self._stalled:
            await self._ledger.count("stalls")
        self._stalled = True
        self._finished_mono_ms = self._clock()[1]

    async def _tidy(self) -> bool:
        """Tidy now and then; True if rows on the screen are gone."""
        now = self._clock()[1]
        if self._tidied_mono_ms is not None and now - self._tidied_mono_ms <= TIDY_EVERY_S * 1000:
            return False
        self._tidied_mono_ms = now
        return await self._ledger.tidy(self._ledger.est_now_ms(self._clock()))

    async def _condition(self) -> Mapping[str, Any]:
        return {"battery_pct": self.around.battery_pct, "net": self.around.net}

    def _open_api(self) -> SyncApi:
        if self._api is None:
            assert self.server is not None, "paired() comes first"
            self._api = Watched(self._make_api(self.server))
        return self._api

    async def _drop_api(self) -> None:
        if self._api is not None:
            api, self._api = self._api, None
            await api.close()

    async def _survive(self, round_: Awaitable[float]) -> float:
        """A round that breaks is logged with its subject and tried again: nothing may end this."""
        try:
            return await round_
        except Exception:
            log.exception("sync round failed")
            self.pace = self.pace.failed()
            return self.pace.wait_s(1.0)

    async def _follow_pokes(self) -> None:
        """Hear revisions while the app is in the foreground; a lost one costs one period."""
        failures = 0
        while True:
            if self.server is not None and self.around.foreground:
                failures = 0 if await self._hear() else failures + 1
            # Full jitter here as well: a server that comes back is not met by all at once.
            await self._pause(asyncio.Event(), 1 + Pace(failures=failures).wait_s(self._jitter()))

    def _jitter(self) -> float:
        return int.from_bytes(self._noise(4), "big") / 2**32

    async def _hear(self) -> bool:
        heard = False
        try:
            standing = await self._ledger.standing()
            async for revision in self._open_api().poke(standing.view_rev):
                heard = True
                if revision > (await self._ledger.standing()).view_rev:
                    self._urgent = True
                    self._wake.set()
        except SyncError:
            return heard
        except Exception:
            log.exception("poke failed")
        return heard
