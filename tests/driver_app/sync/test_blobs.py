"""Each file finds its own way: resumed, refused, broken, interrupted, never in another's way."""

import hashlib
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from driver_app.device.fakes import SeededIds
from driver_app.store import meta
from driver_app.store.blobs import BlobFolder
from driver_app.store.db import HereLane, Store
from driver_app.store.ledger import Ledger
from driver_app.store.outbox import NewBlob
from driver_app.sync.blobs import BlobLane
from driver_app.sync.errors import Refused, Unreachable
from driver_app.sync.ports import BlobAnswer
from driver_app.sync.verify import verify
from shared.receipt import Receipt
from tests.driver_app.store.a_store import CLOCKS, new_fact, put
from tests.helpers.builders import text_id

pytestmark = pytest.mark.anyio
CHUNK = 10


@dataclass
class Shelf:
    """A server for files: keeps what arrives, and fails as it is told."""

    kept: dict[str, bytearray] = field(default_factory=dict)
    sizes: dict[str, int] = field(default_factory=dict)
    faults: list[Exception] = field(default_factory=list)
    """Raised one after the other, once per part."""
    undeclared: set[str] = field(default_factory=set)
    order: list[str] = field(default_factory=list)

    async def sync(self, body: Mapping[str, Any], *, plain: bool = False) -> Receipt:
        raise NotImplementedError(body, plain)

    async def blob_offset(self, sha: str) -> BlobAnswer:
        if sha in self.undeclared:
            raise Refused(404, "blob_not_declared")
        return self._answer(sha)

    async def blob_confirmed(self, sha: str) -> bool:
        return hashlib.sha256(self.kept.get(sha, b"")).hexdigest() == sha

    async def blob_patch(self, sha: str, offset: int, chunk: bytes) -> BlobAnswer:
        if self.faults:
            raise self.faults.pop(0)
        kept = self.kept.setdefault(sha, bytearray())
        if offset != len(kept):
            raise Refused(409, "offset_conflict", offset=len(kept))
        kept.extend(chunk)
        self.order.append(sha)
        return self._answer(sha)

    def _answer(self, sha: str) -> BlobAnswer:
        length = len(self.kept.get(sha, b""))
        return BlobAnswer(length, complete=length >= self.sizes[sha])

    async def poke(self, since: int) -> AsyncIterator[int]:
        for revision in range(since, since):
            yield revision

    async def close(self) -> None:
        """Nothing to close."""


@dataclass
class Bench:
    """A store with files to send, and the shelf they go to."""

    store: Store
    shelf: Shelf
    lane: BlobLane
    waiting: list[bool] = field(default_factory=lambda: [False])

    async def add(self, content: bytes, role: str = "photo") -> str:
        folder = BlobFolder(self.store.files, self.store.blobs)
        sha = folder.keep(content)
        self.shelf.sizes[sha] = len(content)
        await put(self.store, new_fact("x", NewBlob(sha, len(content), "image/jpeg", role)))
        return sha

    async def state(self, sha: str) -> int:
        statement = "SELECT state FROM blob WHERE sha = ?"
        return await self.store.read(lambda db: int(db.execute(statement, (sha,)).fetchone()[0]))


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    """Nothing to send yet."""
    store = Store(tmp_path, SeededIds(1).noise, writer=HereLane(), reader=HereLane())
    await store.open(CLOCKS)
    await store.run(lambda db: meta.put(db, "device_id", text_id("device")))
    shelf, waiting = Shelf(), [False]
    lane = BlobLane(Ledger(store), lambda: CLOCKS, lambda: CHUNK, lambda: waiting[0])
    yield Bench(store, shelf, lane, waiting)
    await store.close()


async def test_a_file_goes_in_parts_and_arrives_whole(bench: Bench) -> None:
    content = bytes(range(25))
    sha = await bench.add(content)

    assert await bench.lane.drain(bench.shelf)

    assert hashlib.sha256(bench.shelf.kept[sha]).hexdigest() == sha
    assert len(bench.shelf.order) == 3
    assert await bench.state(sha) == 1


async def test_signatures_go_first(bench: Bench) -> None:
    photo = await bench.add(b"photo")
    signature = await bench.add(b"strokes", "signature")

    await bench.lane.drain(bench.shelf)

    assert bench.shelf.order == [signature, photo]


async def test_it_goes_on_where_the_server_stands_not_where_it_thinks(bench: Bench) -> None:
    sha = await bench.add(bytes(range(25)))
    bench.shelf.kept[sha] = bytearray(range(7))
    bench.shelf.faults = [Refused(409, "offset_conflict", offset=3)]
    bench.shelf.kept[sha] = bytearray(range(3))

    assert await bench.lane.drain(bench.shelf)

    assert bytes(bench.shelf.kept[sha]) == bytes(range(25))


async def test_a_bit_flipped_on_the_way_starts_again(bench: Bench) -> None:
    sha = await bench.add(bytes(range(25)))
    bench.shelf.faults = [Refused(460, "digest_mismatch", offset=0)] * 3

    assert await bench.lane.drain(bench.shelf)

    assert await bench.state(sha) == 1


async def test_after_five_refusals_a_whole_file_waits_and_others_go_on(bench: Bench) -> None:
    bad = await bench.add(b"always refused")
    good = await bench.add(b"good")
    bench.shelf.faults = [Refused(460, "digest_mismatch", offset=0)] * 5

    assert not await bench.lane.drain(bench.shelf)

    assert (await bench.state(bad), await bench.state(good)) == (0, 1)


async def test_after_five_refusals_a_broken_file_is_told(bench: Bench) -> None:
    bad = await bench.add(b"flips on the disk")
    (bench.store.blobs / bad).write_bytes(b"flips on the disc")
    bench.shelf.faults = [Refused(460, "digest_mismatch", offset=0)] * 5

    assert await bench.lane.drain(bench.shelf)

    assert await bench.state(bad) == 2


async def test_a_file_nobody_declared_is_left_for_later(bench: Bench) -> None:
    early = await bench.add(b"early")
    good = await bench.add(b"good")
    bench.shelf.undeclared = {early}

    assert not await bench.lane.drain(bench.shelf)

    assert (await bench.state(early), await bench.state(good)) == (0, 1)


async def test_a_server_that_wants_bytes_behind_the_end_stops_nobody(bench: Bench) -> None:
    odd = await bench.add(b"odd")
    good = await bench.add(b"good")
    bench.shelf.sizes[odd] = 99

    assert not await bench.lane.drain(bench.shelf)

    assert (await bench.state(odd), await bench.state(good)) == (0, 1)


async def test_facts_interrupt_between_two_parts(bench: Bench) -> None:
    await bench.add(bytes(range(25)))
    bench.waiting[0] = True

    assert not await bench.lane.drain(bench.shelf)

    assert bench.shelf.order == []


@pytest.mark.parametrize("status", [401, 429, 503, 507])
async def test_a_refusal_of_the_whole_server_ends_the_lane(bench: Bench, status: int) -> None:
    await bench.add(b"photo")
    bench.shelf.faults = [Refused(status, "busy")]

    with pytest.raises(Refused):
        await bench.lane.drain(bench.shelf)


async def test_a_network_that_is_gone_ends_the_lane(bench: Bench) -> None:
    await bench.add(b"photo")
    bench.shelf.faults = [Unreachable("gone")]

    with pytest.raises(Unreachable):
        await bench.lane.drain(bench.shelf)


async def test_checking_finds_what_the_server_lost_and_sends_it_again(bench: Bench) -> None:
    sha = await bench.add(b"photo")
    await bench.lane.drain(bench.shelf)
    bench.shelf.kept.clear()

    found = await verify(Ledger(bench.store), bench.shelf)
    bench.shelf.undeclared = {sha}
    again = await verify(Ledger(bench.store), bench.shelf)

    assert (found.files, found.missing, found.whole) == (1, 1, False)
    assert again.files == 0
    assert await bench.state(sha) == 0
