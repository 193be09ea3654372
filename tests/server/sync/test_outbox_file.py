"""Outbox files that are damaged, foreign or made to harm: a clear word, and nothing half taken."""

import hashlib
import hmac
import json
import zipfile
from io import BytesIO
from typing import Any
from uuid import UUID

import pytest
from httpx import AsyncClient, Response

from server.core.access import Principal
from server.core.http import Parts
from server.facts import queries as facts
from server.sync.outbox_file import LINE_MAX
from shared.chain import CHAIN_ZERO, doc_bytes, next_chain
from shared.events import Event
from tests.helpers.builders import completed
from tests.server.sync.a_device import Circle, Device, photo_of, sha_of

pytestmark = pytest.mark.anyio
URL = "/api/v1/imports/outbox"


def done(circle: Circle, name: str, **told: Any) -> Event:
    """The stop of this name is completed."""
    return completed(run=circle.run, visit=circle.visits[name], **told)


def lines_of(van: Device) -> list[dict[str, Any]]:
    """The events of a device's stream as the app writes them."""
    chain, found = CHAIN_ZERO, []
    for sent in van.stream.push(after=0).events:
        chain = next_chain(chain, sent.id, doc_bytes(sent.doc))
        found.append({"seq": sent.seq, "id": sent.id, "chain": chain, "doc": sent.doc})
    return found


def outbox(
    van: Device,
    lines: list[dict[str, Any]] | None = None,
    *,
    blobs: tuple[bytes, ...] = (),
    token: str = "",
    extra: dict[str, bytes] | None = None,
    compression: int = zipfile.ZIP_STORED,
    **changed: Any,
) -> bytes:
    """An outbox file; `changed` keys of its manifest differ."""
    lines = lines_of(van) if lines is None else lines
    text = "".join(json.dumps(one) + "\n" for one in lines).encode()
    manifest = {
        "format": 1,
        "device_id": van.id,
        "stream": van.request()["stream"],
        "base": {"seq": 0, "chain": CHAIN_ZERO},
        "count": len(lines),
        "made_ms": van.parts.clock.ms(),
        "events_sha": hashlib.sha256(text).hexdigest(),
        **changed,
    }
    head = json.dumps(manifest).encode()
    key = hashlib.sha256((token or token_of(van)).encode()).digest()
    members = {"manifest.json": head, "events.jsonl": text}
    members |= {f"blobs/{sha_of(one)}": one for one in blobs}
    members["sig"] = hmac.new(key, head, hashlib.sha256).hexdigest().encode()
    return zipped({**members, **(extra or {})}, compression)


def zipped(members: dict[str, bytes], compression: int = zipfile.ZIP_STORED) -> bytes:
    """A ZIP with these members."""
    file = BytesIO()
    with zipfile.ZipFile(file, "w", compression) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return file.getvalue()


def token_of(van: Device) -> str:
    return van.client.headers["Authorization"].removeprefix("Bearer ")


async def hand_in(board: AsyncClient, content: bytes) -> Response:
    return await board.post(URL, content=content)


def stored(parts: Parts, supervisor: Principal, van: Device) -> tuple[int, list[str]]:
    """Where the stream of the device stands, and why facts of the site wait."""
    stream = UUID(van.request()["stream"])
    head = parts.reads.run(lambda s: facts.stream(s, supervisor.site_id, stream))
    waiting = parts.reads.run(lambda s: facts.held(s, supervisor.site_id))
    return (head.recv if head else 0), sorted(one.why for one in waiting)


@pytest.fixture
def filled(van: Device, circle: Circle) -> Device:
    """The van's device has recorded two stops and sent none."""
    return van.record(done(circle, "bakery"), done(circle, "dairy"))


async def test_facts_and_places_are_taken_as_if_the_device_had_sent_them(
    board: AsyncClient, filled: Device, parts: Parts, supervisor: Principal
) -> None:
    answer = await hand_in(board, outbox(filled))

    assert answer.json() == {"new": 2, "known": 0, "held": 0, "blobs": 0, "missing_blobs": []}
    assert stored(parts, supervisor, filled) == (2, [])
    assert (await filled.exchange())["ack"]["seq"] == 2


async def test_a_bad_signature_takes_no_places_and_the_facts_wait(
    board: AsyncClient, filled: Device, parts: Parts, supervisor: Principal
) -> None:
    answer = await hand_in(board, outbox(filled, token="mrd_of somebody else"))

    assert (answer.json()["new"], answer.json()["held"]) == (2, 2)
    assert stored(parts, supervisor, filled) == (0, ["import_unverified"] * 2)


async def test_lines_the_manifest_was_not_made_over_are_not_believed(
    board: AsyncClient, filled: Device, parts: Parts, supervisor: Principal
) -> None:
    await hand_in(board, outbox(filled, events_sha="0" * 64))

    assert stored(parts, supervisor, filled) == (0, ["import_unverified"] * 2)


@pytest.mark.parametrize("broken", ["chain", "gap", "count", "base"])
async def test_a_broken_chain_takes_no_places_and_the_facts_wait(
    board: AsyncClient, filled: Device, parts: Parts, supervisor: Principal, *, broken: str
) -> None:
    lines = lines_of(filled)
    changed: dict[str, Any] = {}
    if broken == "chain":
        lines[1]["chain"] = "f" * 32
    if broken == "gap":
        lines[1]["seq"] = 3
    if broken == "count":
        changed = {"count": 3}
    if broken == "base":
        changed = {"base": {"seq": 0, "chain": "a" * 32}}

    answer = await hand_in(board, outbox(filled, lines, **changed))

    assert answer.json()["held"] == 2
    assert stored(parts, supervisor, filled) == (0, ["import_chain"] * 2)


async def test_a_stream_that_goes_on_differently_here_keeps_its_places(
    board: AsyncClient, filled: Device, circle: Circle, parts: Parts, supervisor: Principal
) -> None:
    await filled.exchange()
    filled.stream.sent.clear()
    del filled.stream.chains[1:]
    filled.acked = 0
    filled.record(done(circle, "dairy", at=5))

    answer = await hand_in(board, outbox(filled))

    assert answer.json()["held"] == 1
    assert stored(parts, supervisor, filled) == (2, ["import_chain"])


async def test_a_file_that_begins_behind_what_is_here_keeps_its_facts_aside(
    board: AsyncClient, filled: Device, parts: Parts, supervisor: Principal
) -> None:
    first, second = lines_of(filled)

    await hand_in(board, outbox(filled, [second], base={"seq": 1, "chain": first["chain"]}))

    assert stored(parts, supervisor, filled) == (0, ["import_chain"])


async def test_what_waited_counts_as_soon_as_the_device_sends_it_itself(
    board: AsyncClient, filled: Device, parts: Parts, supervisor: Principal
) -> None:
    await hand_in(board, outbox(filled, token="mrd_of somebody else"))

    told = await filled.exchange()

    assert told["held"] == []
    assert stored(parts, supervisor, filled) == (2, [])


async def test_a_photo_with_other_bytes_is_missing_and_the_rest_is_taken(
    board: AsyncClient, van: Device, circle: Circle
) -> None:
    good, bad = b"\xff\xd8 good", b"\xff\xd8 bad"
    van.record(done(circle, "bakery", blobs=[photo_of(good), photo_of(bad)]))

    content = outbox(van, blobs=(good,), extra={f"blobs/{sha_of(bad)}": b"\xff\xd8 bed"})
    answer = (await hand_in(board, content)).json()

    assert (answer["new"], answer["blobs"], answer["missing_blobs"]) == (1, 1, [sha_of(bad)])


def without(content: bytes, name: str) -> bytes:
    with zipfile.ZipFile(BytesIO(content)) as archive:
        return zipped({n: archive.read(n) for n in archive.namelist() if n != name})


def twice(content: bytes) -> bytes:
    file = BytesIO(content)
    with pytest.warns(UserWarning, match="Duplicate"), zipfile.ZipFile(file, "a") as archive:
        archive.writestr("events.jsonl", b"")
    return file.getvalue()


def bomb(van: Device) -> bytes:
    return outbox(van, blobs=(bytes(5_000_000),), compression=zipfile.ZIP_DEFLATED)


def harmful(van: Device) -> dict[str, bytes]:
    good = outbox(van)
    flipped = bytearray(good)
    flipped[good.index(b'"doc"') + 20] ^= 1
    return {
        "empty": b"",
        "no zip": b"name,lat,lon\nA,60,24\n",
        "a table": zipped({"xl/workbook.xml": b"<x/>"}),
        "no manifest": without(good, "manifest.json"),
        "no events": without(good, "events.jsonl"),
        "cut": good[: len(good) // 2],
        "cut at its end": good[:-10],
        "one byte flipped": bytes(flipped),
        "a way out": outbox(van, extra={"../../etc/cron.d/x": b"* * * * * root"}),
        "an absolute name": outbox(van, extra={"/etc/passwd": b"root"}),
        "a blob by another name": outbox(van, extra={"blobs/../x": b"x"}),
        "two events.jsonl": twice(good),
        "a bomb": bomb(van),
        "a huge line": outbox(van, [{**lines_of(van)[0], "doc": "x" * LINE_MAX}]),
        "a line that is no entry": outbox(van, [{"seq": 1}]),
        "a newer format": outbox(van, format=2),
        "a strange manifest": outbox(van, stream="nobody"),
        "a huge directory": good[:-22] + good[-22:-10] + b"\xff\xff\xff\x7f" + good[-6:],
    }


async def test_a_file_made_to_harm_gets_one_sentence_and_nothing_is_taken(
    board: AsyncClient, filled: Device, parts: Parts, supervisor: Principal
) -> None:
    for name, content in harmful(filled).items():
        answer = await hand_in(board, content)

        assert answer.status_code == 422, f"{name}: {answer.text}"
        assert answer.json()["code"] == "bad_file", name
        assert len(answer.json()["detail"]) > 30, name
    assert stored(parts, supervisor, filled) == (0, [])


async def test_a_file_of_a_device_nobody_knows_waits(
    board: AsyncClient, filled: Device, parts: Parts, supervisor: Principal
) -> None:
    answer = await hand_in(board, outbox(filled, device_id="01900000-0000-7000-8000-00000000dead"))

    assert answer.json()["held"] == 2
    assert stored(parts, supervisor, filled) == (0, ["import_unverified"] * 2)


async def test_a_packed_file_is_as_good_as_a_plain_one(board: AsyncClient, filled: Device) -> None:
    answer = await hand_in(board, outbox(filled, compression=zipfile.ZIP_DEFLATED))

    assert answer.json()["new"] == 2


async def test_a_key_does_not_make_the_server_hold_the_whole_file_in_memory(
    board: AsyncClient, filled: Device
) -> None:
    board.headers["Idempotency-Key"] = "one"

    first = await hand_in(board, outbox(filled))
    second = await hand_in(board, outbox(filled))

    assert (first.json()["new"], second.json()["new"]) == (2, 0)


async def test_more_than_a_batch_is_taken_batch_by_batch(
    board: AsyncClient, van: Device, circle: Circle, parts: Parts, supervisor: Principal
) -> None:
    van.record(*[done(circle, "bakery") for n in range(250)])

    answer = await hand_in(board, outbox(van))

    assert answer.json()["new"] == 250
    assert stored(parts, supervisor, van) == (250, [])
