"""Nothing stops the talk with the office for good: no stuck call, no refusal, no size."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from driver_app.device.fakes import SeededIds
from driver_app.store import positions
from driver_app.store.ledger import Ledger
from driver_app.store.positions import Fixed
from driver_app.sync.courier import Pace
from driver_app.sync.errors import Refused, Unreachable
from driver_app.sync.watch import Watched
from shared.receipt import Receipt
from shared.sync import BACKOFF_MAX_S
from tests.driver_app.store.a_store import new_fact, put
from tests.driver_app.sync.test_worker import DeadServer, bench
from tests.helpers.builders import START_MS

pytestmark = pytest.mark.anyio


@dataclass
class Hanging(DeadServer):
    """A server that takes the request and never says anything again."""

    cut: list[bool] = field(default_factory=list)

    async def sync(self, body: Mapping[str, Any], *, plain: bool = False) -> Receipt:
        del plain
        self.syncs.append(body)
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            self.cut.append(True)
            raise
        raise AssertionError


async def test_a_call_that_never_ends_is_cut_off_and_counts_as_no_answer() -> None:
    server = Hanging()
    watched = Watched(server, limit_s=0.01)

    with pytest.raises(Unreachable):
        await watched.sync({})

    assert (watched.stuck, server.cut) == (True, [True])


async def test_after_a_stuck_call_the_next_round_begins_with_a_new_client(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Watched.__init__, "__defaults__", (0.01,))
    server = Hanging()
    made = await bench(tmp_path, server)
    await put(made.store, new_fact())

    await made.worker.round()
    await made.worker.round()

    assert server.closed == 1
    assert len(server.cut) == 2
    assert (await Ledger(made.store).standing()).counters["stalls"] == 1
    await made.store.close()


def test_retries_never_give_up_and_never_wait_longer_than_the_longest() -> None:
    pace = Pace()
    for number in range(1_000):
        pace = pace.failed()
        assert 0 <= pace.wait_s(0.999) <= BACKOFF_MAX_S, number

    assert pace.wait_s(0.5) == BACKOFF_MAX_S / 2


def test_the_wait_is_drawn_from_nothing_to_the_whole() -> None:
    """Full jitter: a thousand phones that lost the server together do not come back together."""
    noise = SeededIds(3).noise
    draws = [int.from_bytes(noise(4), "big") / 2**32 for _ in range(2_000)]
    waits = sorted(Pace(failures=5).wait_s(draw) for draw in draws)

    assert waits[0] < 0.5
    assert waits[-1] > 31.5
    assert 14 < waits[1_000] < 18


def test_a_server_cannot_send_a_device_to_sleep_for_good() -> None:
    assert Pace().failed(retry_after_s=1e9).wait_s(1.0) <= 3_600


async def test_too_large_drops_the_positions_first_and_then_halves(tmp_path: Path) -> None:
    made = await bench(tmp_path, DeadServer(Refused(413, "too_large")))
    await put(made.store, *[new_fact(f"stop {n}") for n in range(8)])
    fixed = Fixed(START_MS, "run", 1, 2, 5)
    await made.store.run(lambda db: positions.put(db, fixed))

    for _ in range(4):
        await made.worker.round()

    first, second, third, fourth = made.server.syncs
    assert "positions" in first
    assert "positions" not in second
    assert len(first["events"]) == len(second["events"]) == 8
    assert len(third["events"]) == len(fourth["events"]) == 8
    for _ in range(6):
        await made.worker.round()
    assert len(made.server.syncs[-1]["events"]) == 1
    kept = await made.store.read(lambda db: positions.batch(db, START_MS)[1])
    assert kept == 1
    await made.store.close()


async def test_bad_envelopes_leave_the_core_alone_then_smaller_batches_and_never_stop(
    tmp_path: Path,
) -> None:
    made = await bench(tmp_path, DeadServer(Refused(400, "bad_envelope")))
    await put(made.store, *[new_fact(f"stop {n}") for n in range(4)])

    for _ in range(15):
        await made.worker.round()

    sizes = [len(body["events"]) for body in made.server.syncs]
    whole = ["cursor" in body for body in made.server.syncs]
    assert whole[:3] == [True] * 3
    assert not any(whole[3:])
    assert sizes[-1] == 1
    assert sizes == sorted(sizes, reverse=True)
    assert (await Ledger(made.store).standing()).unsent == 4
    await made.store.close()


async def test_a_fork_keeps_every_fact_and_is_sent_at_once(tmp_path: Path) -> None:
    made = await bench(tmp_path, DeadServer(Refused(409, "stream_fork")))
    ids = [str(event) for event in await put(made.store, new_fact("bakery"), new_fact("dairy"))]

    await made.worker.round()

    first, second = made.server.syncs
    assert first["stream"] != second["stream"]
    assert [event["id"] for event in second["events"]] == ids
    assert second["fork"] == {"from": first["stream"], "reason": "stream_fork"}
    await made.store.close()


async def test_a_server_that_refuses_every_stream_is_asked_with_pauses_and_for_ever(
    tmp_path: Path,
) -> None:
    made = await bench(tmp_path, DeadServer(Refused(409, "stream_fork")))
    await put(made.store, new_fact())

    waits = [await made.worker.round() for _ in range(8)]

    assert len(made.server.syncs) == 9
    assert max(waits) > 5
    assert (await Ledger(made.store).standing()).unsent == 1
    await made.store.close()


async def test_one_long_silence_is_one_stall(tmp_path: Path) -> None:
    made = await bench(tmp_path, DeadServer())
    await put(made.store, new_fact())

    for _ in range(5):
        await made.worker.round()
        made.clock.step(121_000)

    assert made.server.closed == 4
    assert (await Ledger(made.store).standing()).counters["stalls"] == 1
    await made.store.close()
