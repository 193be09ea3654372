"""How a body may arrive."""

import gzip
from collections.abc import Sequence

import pytest
from starlette.types import Message

from server.core.body import Body, Rule, rule_of
from shared.refusals import Refusal

pytestmark = pytest.mark.anyio
SMALL = Rule(max_bytes=1_000, gzip=True)


def arriving(parts: Sequence[bytes], rule: Rule = SMALL, *, packed: bool = False) -> Body:
    waiting = list(parts)

    async def receive() -> Message:
        chunk = waiting.pop(0)
        return {"type": "http.request", "body": chunk, "more_body": bool(waiting)}

    return Body(receive, rule, packed=packed)


async def whole(given: Body) -> bytes:
    found = b""
    while True:
        message = await given.receive()
        found += bytes(message["body"])
        if not message["more_body"]:
            return found


async def test_a_packed_body_comes_out_unpacked() -> None:
    packed = gzip.compress(b"x" * 900)

    assert await whole(arriving([packed[:10], packed[10:]], packed=True)) == b"x" * 900


async def test_a_packed_body_may_not_grow_beyond_the_cap() -> None:
    with pytest.raises(Refusal) as refused:
        await whole(arriving([gzip.compress(b"x" * 1_001)], packed=True))

    assert refused.value.code == "too_large"


@pytest.mark.parametrize("content", [b"no gzip at all", gzip.compress(b"x" * 500)[:-9]])
async def test_a_broken_packed_body_is_refused(content: bytes) -> None:
    with pytest.raises(Refusal) as refused:
        await whole(arriving([content], packed=True))

    assert refused.value.code == "bad_encoding"


async def test_a_body_that_stalls_is_cut_off(seconds: list[float]) -> None:
    async def crawl() -> Message:
        seconds[0] += 6
        return {"type": "http.request", "body": b"x", "more_body": True}

    body = Body(crawl, SMALL, packed=False, now=lambda: seconds[0])
    await body.receive()

    with pytest.raises(Refusal) as refused:
        await body.receive()

    assert refused.value.code == "too_slow"


@pytest.fixture
def seconds() -> list[float]:
    """Seconds the test moves by hand."""
    return [0.0]


def test_strangers_get_the_smallest_cap_everywhere() -> None:
    assert rule_of("/api/v1/imports/stops", anonymous=True).max_bytes == 4_096
    assert rule_of("/api/v1/imports/stops", anonymous=False).max_bytes == 10 << 20


def test_a_planning_task_may_be_large_and_other_bodies_not() -> None:
    assert rule_of("/api/v1/resequence", anonymous=False).max_bytes == 64 << 20
    assert rule_of("/api/v1/runs", anonymous=False).max_bytes == 256 << 10
