"""When the worker talks, and that nothing ends it."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from driver_app.device.fakes import SeededIds, SteppedClock
from driver_app.store.db import HereLane, Store
from driver_app.store.ledger import Ledger
from driver_app.sync.errors import Refused, Unreachable
from driver_app.sync.ports import BlobAnswer, PairedServer
from driver_app.sync.worker import Surroundings, Worker
from shared.receipt import Receipt
from tests.driver_app.store.a_store import new_fact, put

pytestmark = pytest.mark.anyio
SERVER = PairedServer("https://a.example", "srv", "mrd_x")


@dataclass
class DeadServer:
    """A server that does not answer, or answers with refusals; counts who came."""

    error: Exception = field(default_factory=lambda: Unreachable("nobody"))
    syncs: list[Mapping[str, Any]] = field(default_factory=list)
    pokes: list[int] = field(default_factory=list)
    closed: int = 0

    async def sync(self, body: Mapping[str, Any], *, plain: bool = False) -> Receipt:
        del plain
        self.syncs.append(body)
        raise self.error

    async def blob_offset(self, sha: str) -> BlobAnswer:
        raise NotImplementedError(sha)

    async def blob_confirmed(self, sha: str) -> bool:
        raise NotImplementedError(sha)

    async def blob_patch(self, sha: str, offset: int, chunk: bytes) -> BlobAnswer:
        raise NotImplementedError(sha, offset, chunk)

    async def poke(self, since: int) -> AsyncIterator[int]:
        for revision in self.pokes:
            if revision > since:
                yield revision
        raise Unreachable("the stream ended")

    async def close(self) -> None:
        self.closed += 1


@dataclass
class Bench:
    """A worker on a real store, a clock that moves while it rests, a server that is away."""

    store: Store
    clock: SteppedClock
    server: DeadServer
    worker: Worker
    rests: list[float] = field(default_factory=list)


async def bench(folder: Path, server: DeadServer) -> Bench:
    clock = SteppedClock()
    store = Store(folder, SeededIds(1).noise, writer=HereLane(), reader=HereLane())
    await store.open(clock.read())
    rests: list[float] = []

    async def pause(event: asyncio.Event, limit_s: float) -> None:
        rests.append(limit_s)
        if not event.is_set():
            clock.step(int(limit_s * 1000) + 1)
        await asyncio.sleep(0)

    worker = Worker(
        Ledger(store),
        lambda _server: server,
        clock.read,
        noise=SeededIds(2).noise,
        app="0.1.0",
        around=Surroundings(foreground=False),
        pause=pause,
    )
    await worker.paired(SERVER)
    return Bench(store, clock, server, worker, rests)


async def run_until(made: Bench, syncs: int) -> None:
    """Let the worker live until it has tried so often."""
    task = asyncio.create_task(made.worker.run())
    for _ in range(20_000):
        await asyncio.sleep(0)
        if len(made.server.syncs) >= syncs:
            break
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await made.store.close()


async def test_it_retries_for_ever(tmp_path: Path) -> None:
    made = await bench(tmp_path, DeadServer())
    await put(made.store, new_fact())

    await run_until(made, 60)

    assert len(made.server.syncs) >= 60
    assert max(made.rests) <= 300


async def test_a_round_that_breaks_is_survived(tmp_path: Path) -> None:
    made = await bench(tmp_path, DeadServer(RuntimeError("a bug")))

    await run_until(made, 3)

    assert len(made.server.syncs) >= 3


async def test_facts_gather_for_a_moment_and_an_andon_does_not_wait(tmp_path: Path) -> None:
    made = await bench(tmp_path, DeadServer())
    made.worker._urgent = False

    made.worker.kick()
    await made.worker._rest(900)
    gathered = made.rests.copy()
    made.worker.kick(urgent=True)
    await made.worker._rest(900)

    assert gathered == [2.0]
    assert made.rests == gathered
    await made.store.close()


async def test_while_nobody_answers_a_new_fact_shortens_nothing(tmp_path: Path) -> None:
    made = await bench(tmp_path, DeadServer())
    made.worker._urgent = False
    made.worker.pace = made.worker.pace.failed().failed()

    made.worker.kick()
    await made.worker._rest(40)

    assert made.rests[0] == 40
    await made.store.close()


async def test_a_stall_begins_with_a_new_client(tmp_path: Path) -> None:
    made = await bench(tmp_path, DeadServer())
    await put(made.store, new_fact())
    await made.worker.round()

    made.clock.step(121_000)
    await made.worker.round()

    assert made.server.closed == 1
    assert (await Ledger(made.store).standing()).counters["stalls"] == 1
    await made.store.close()


async def test_after_bad_envelopes_the_core_goes_alone(tmp_path: Path) -> None:
    made = await bench(tmp_path, DeadServer(Refused(400, "bad_envelope")))
    await put(made.store, new_fact())

    for _ in range(4):
        await made.worker.round()

    assert "cursor" in made.server.syncs[0]
    assert sorted(made.server.syncs[3]) == ["app", "base", "clock", "events", "rid", "stream", "v"]
    await made.store.close()


async def test_health_is_told_only_now_and_then(tmp_path: Path) -> None:
    made = await bench(tmp_path, DeadServer())

    await made.worker.round()

    assert made.server.syncs[0]["health"]["integrity"] == "ok"
    await made.store.close()


async def test_nobody_is_asked_before_pairing(tmp_path: Path) -> None:
    made = await bench(tmp_path, DeadServer())
    await made.worker.paired(None)

    await made.worker.round()

    assert made.server.syncs == []
    await made.store.close()


async def test_a_poke_asks_for_rows_at_once(tmp_path: Path) -> None:
    made = await bench(tmp_path, DeadServer(pokes=[813]))
    made.worker._urgent = False

    heard = await made.worker._hear()

    assert heard
    assert made.worker._urgent
    await made.store.close()


async def test_an_old_poke_asks_for_nothing_and_a_dead_stream_is_tried_again(
    tmp_path: Path,
) -> None:
    made = await bench(tmp_path, DeadServer())
    made.worker._urgent = False

    assert not await made.worker._hear()
    assert not made.worker._urgent
    await made.store.close()


async def test_pokes_are_heard_in_the_foreground_only(tmp_path: Path) -> None:
    made = await bench(tmp_path, DeadServer(pokes=[1]))
    made.worker.around.foreground = True
    made.worker._urgent = False

    task = asyncio.create_task(made.worker._follow_pokes())
    for _ in range(50):
        await asyncio.sleep(0)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)

    assert made.worker._urgent
    await made.store.close()


async def test_checking_everything_without_an_answer_is_none(tmp_path: Path) -> None:
    made = await bench(tmp_path, DeadServer())

    assert await made.worker.verify() is None
    await made.store.close()
