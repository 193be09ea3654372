"""Bugs in how the device talks: offsets it guesses, answers it believes, retries it gives up."""

import sqlite3
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from driver_app.store import ledger, meta
from driver_app.sync import http
from driver_app.sync.blobs import BlobLane
from driver_app.sync.courier import Pace
from driver_app.sync.errors import Garbled, Refused, Unreachable
from driver_app.sync.http import HttpApi
from shared.chain import doc_bytes, next_chain
from shared.receipt import Pull, Receipt
from shared.sync import Ack
from tests.sim.planted.bug import Bug, Swap

Any_ = Callable[..., Any]
TRIES_MAX = 13
NEVER_S = 1e9
PORTAL = "portal"


def _guess_the_offset(_original: Any_) -> Any_:
    guessed: dict[str, int] = {}

    async def send(self: BlobLane, api: HttpApi, blob: Any) -> bool:
        while (at := guessed.get(blob.sha, 0)) < blob.size:
            if self.interrupted():
                return False
            chunk = await self._read(blob, at)
            if not chunk:
                return chunk is None
            guessed[blob.sha] = at + len(chunk)
            try:
                await api.blob_patch(blob.sha, at, chunk)
            except Refused as error:
                await self._log(blob, error)
        await self.ledger.blob_done(blob.sha)
        return True

    return send


class AnyRid(str):
    """An answer's question id that is never looked at."""

    __slots__ = ()

    def __eq__(self, _other: object) -> bool:
        return True

    def __ne__(self, _other: object) -> bool:
        return False

    __hash__ = str.__hash__


def _any_answer_counts(original: Any_) -> Any_:
    def parse_receipt(value: object) -> Receipt:
        receipt: Receipt = original(value)
        return replace(receipt, rid=AnyRid(receipt.rid))

    return parse_receipt


def _a_portal_counts(original: Any_) -> Any_:
    async def sync(self: HttpApi, body: Any, *, plain: bool = False) -> Any:
        try:
            return await original(self, body, plain=plain)
        except Garbled:
            seq, chain = body["base"]["seq"], body["base"]["chain"]
            for event in body["events"]:
                seq, chain = event["seq"], next_chain(chain, event["id"], doc_bytes(event["doc"]))
            ack, now_ms = Ack(seq=seq, chain=chain, durable=seq), body["clock"][2]
            return Receipt(PORTAL, self._server.server_id, now_ms, ack, (), Pull(), (), "")

    return sync


def _all_is_done(original: Any_) -> Any_:
    def apply(db: sqlite3.Connection, receipt: Receipt, *args: Any) -> Any:
        if receipt.rid != PORTAL:
            return original(db, receipt, *args)
        for key in ("acked", "durable", "view_seq"):
            meta.put(db, key, receipt.ack.seq)
        return ledger.Applied(), meta.timebase(db)

    return apply


def _a_broken_file_ends_the_lane(original: Any_) -> Any_:
    async def read(self: BlobLane, blob: Any, offset: int) -> Any:
        try:
            chunk = await self.ledger.chunk(blob.sha, offset, self.chunk())
        except Exception as error:
            raise Unreachable("the file cannot be read") from error
        return chunk or await original(self, blob, offset)

    return read


def _a_wrong_digest_ends_the_lane(original: Any_) -> Any_:
    async def refused(self: BlobLane, blob: Any, error: Refused) -> Any:
        if error.code == "digest_mismatch":
            raise Unreachable("once more, some time")
        return await original(self, blob, error)

    return refused


def _give_up(original: Any_) -> Any_:
    def wait_s(self: Pace, jitter: float) -> float:
        return NEVER_S if self.failures >= TRIES_MAX else float(original(self, jitter))

    return wait_s


BUGS = (
    Bug(10, "Device guesses the blob offset instead of asking", ("I5",), 20,
        (Swap(BlobLane, "_send", _guess_the_offset),)),
    Bug(22, "HTTP 200 of a captive portal counts as acknowledgement", ("I1",), 50,
        (Swap(HttpApi, "sync", _a_portal_counts), Swap(ledger, "_apply", _all_is_done))),
    Bug(23, "Answer with a foreign `rid` is applied", ("I4", "I6"), 200,
        (Swap(http, "parse_receipt", _any_answer_counts),)),
    Bug(32, "One corrupt photo stops the queue", ("I16",), 50,
        (Swap(BlobLane, "_read", _a_broken_file_ends_the_lane),
         Swap(BlobLane, "_refused", _a_wrong_digest_ends_the_lane))),
    Bug(36, "Retry gives up after 13 attempts", ("I12",), 50, (Swap(Pace, "wait_s", _give_up),)),
)  # fmt: skip
