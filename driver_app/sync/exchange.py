"""One exchange with the office: what is asked, what the answer changes, what a refusal means."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from driver_app.sync.courier import Pace, older, reaction
from driver_app.sync.errors import Refused, SyncError
from driver_app.sync.ports import Applied, Ledger, Outgoing, ReadClocks, SyncApi
from shared.sync import API_VERSION, HEALTH_EVERY_S

RID_BYTES = 4

Verdict = Literal["done", "more", "failed", "pair_again", "retired", "stolen"]
Condition = Callable[[], Awaitable[Mapping[str, Any]]]
LOCKED: tuple[Verdict, ...] = ("pair_again", "retired", "stolen")


@dataclass
class Result:
    """How an exchange ended, and what has to be shown anew."""

    verdict: Verdict
    pace: Pace
    error: str = ""
    detail: str = ""
    swapped: bool = False
    site: bool = False
    runs: set[str] = field(default_factory=set)


async def no_condition() -> Mapping[str, Any]:
    """A device that knows nothing of its battery and network."""
    return {}


@dataclass
class Exchange:
    """Asks, applies, and reacts; remembers only when health was last told."""

    ledger: Ledger
    clock: ReadClocks
    noise: Callable[[int], bytes]
    app: str
    condition: Condition = no_condition
    """Battery and network, as far as known."""
    health_at_ms: int = -HEALTH_EVERY_S * 1000
    last_error: str = ""

    async def once(self, api: SyncApi, pace: Pace) -> Result:
        """One round trip; never raises for anything the network or the server does."""
        sent_at = self.clock()
        now_ms = self.ledger.est_now_ms(sent_at)
        out = await self.ledger.outgoing(now_ms, pace.events_max, pace.bytes_max, core=pace.core)
        body = await self._body(out, pace)
        try:
            receipt = await api.sync(body, plain=pace.plain)
        except SyncError as error:
            return await self._failed(error, pace)
        applied = await self.ledger.apply(receipt, out, sent_at, self.clock())
        if "health" in body:
            self.health_at_ms = sent_at[1]
        current = "too_old" if older(self.app, receipt.min_app) else "active"
        # A restored office knows less than before: it gets what it forgot without waiting.
        backlog = out.backlog or receipt.ack.seq < out.base_seq
        return await self._applied(applied, pace, current, backlog=backlog)

    async def _body(self, out: Outgoing, pace: Pace) -> dict[str, Any]:
        body: dict[str, Any] = {
            "v": API_VERSION,
            "app": self.app,
            "rid": self.noise(RID_BYTES).hex(),
            "stream": out.stream,
            "base": {"seq": out.base_seq, "chain": out.base_chain},
            "events": [{"seq": e.seq, "id": e.id, "doc": e.doc} for e in out.events],
            "clock": list(self.ledger.clocks(self.clock())),
        }
        if out.fork is not None:
            body["fork"] = out.fork
        if pace.core:
            return body
        body |= {"cursor": out.cursor, "unsent": out.unsent}
        if out.positions is not None:
            body["positions"] = out.positions
        if self.clock()[1] - self.health_at_ms >= HEALTH_EVERY_S * 1000:
            body["health"] = await self._health()
        return body

    async def _health(self) -> dict[str, Any]:
        counters = (await self.ledger.standing()).counters
        counted = {k: counters.get(k, 0) for k in ("digest_misses", "forks", "stalls", "salvaged")}
        return {
            "free_mb": self.ledger.free_mb(),
            "ballast": self.ledger.ballast(),
            "integrity": "ok",
            **counted,
            **await self.condition(),
            **({"last_error": self.last_error} if self.last_error else {}),
        }

    async def _applied(
        self, applied: Applied, pace: Pace, standing: str, *, backlog: bool
    ) -> Result:
        shown = Result(
            "done",
            pace.succeeded(),
            swapped=applied.swapped,
            site=applied.site,
            runs=applied.runs,
        )
        self.last_error = ""
        if applied.refused == "retired":
            await self.ledger.lock("retired")
            shown.verdict = "retired"
        elif applied.refused:
            await self.ledger.lock("too_old")
            shown.error = applied.refused
        elif applied.swapped:
            await self.ledger.lock(standing)
        if applied.forked or backlog or (applied.more and not applied.refused):
            shown.verdict = "more"
        return shown

    async def _failed(self, error: SyncError, pace: Pace) -> Result:
        now_ms = self.ledger.est_now_ms(self.clock())
        if not isinstance(error, Refused):
            self.last_error = type(error).__name__.lower()
            return Result("failed", pace.failed(), self.last_error)
        self.last_error = error.code
        await self.ledger.log(now_ms, "refused", f"{error.status} {error.code}")
        answer = Result(
            "failed", pace.refused(error.code, error.retry_after_s), error.code, error.detail
        )
        step = reaction(error.code)
        if step == "fork":
            await self.ledger.fork(now_ms, "stream_fork")
            answer.pace = pace.forked()
            answer.verdict = "more" if pace.forks == 0 else "failed"
        for locked in LOCKED:
            if step == locked:
                await self.ledger.lock(locked)
                answer.verdict = locked
        return answer
