"""What counts as an answer of our server, and what does not."""

import gzip
import json
from collections.abc import Callable, Mapping
from typing import Any

import httpx
import pytest

from driver_app.sync.errors import ClearText, Garbled, Refused, Unreachable
from driver_app.sync.http import HttpApi, PairingApi, check_url
from driver_app.sync.ports import PairedServer

pytestmark = pytest.mark.anyio
SHA = "ab" * 32
RECEIPT = {
    "rid": "7f3a9c10",
    "server_id": "srv",
    "now": 1,
    "ack": {"seq": 2, "chain": "8" * 32, "durable": 0},
    "held": [],
    "pull": {
        "scopes": ["site"],
        "rows": [],
        "head": 3,
        "cursor": "c1:3:aa:*",
        "more": False,
        "reset": False,
    },
    "need": [],
    "something_new": 7,
}
Answer = Callable[[httpx.Request], httpx.Response]


def api(answer: Answer, url: str = "https://milkrun.example") -> HttpApi:
    server = PairedServer(url, "srv", "mrd_token")
    return HttpApi(server, lambda: httpx.MockTransport(answer))


def problem(
    status: int, code: str, server_id: str = "srv", **headers: str
) -> Callable[[httpx.Request], httpx.Response]:
    body = {"code": code, "status": status, "detail": "plain", "server_id": server_id}
    return lambda _request: httpx.Response(status, json=body, headers=headers)


def receipt(**changed: Any) -> Answer:
    return lambda _request: httpx.Response(200, json={**RECEIPT, **changed})


async def test_a_receipt_is_read_and_what_is_new_in_it_left_alone() -> None:
    found = await api(receipt()).sync({"rid": "7f3a9c10"})

    assert (found.ack.seq, found.pull.head) == (2, 3)


async def test_a_request_says_nothing_the_server_does_not_need() -> None:
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return receipt()(request)

    await api(answer).sync({"rid": "7f3a9c10"})

    assert set(seen[0].headers) == {
        "host", "accept-encoding", "authorization", "content-type", "content-length",
    }  # fmt: skip


@pytest.mark.parametrize("changed", [{"rid": "other"}, {"server_id": "foreign"}])
async def test_an_answer_to_another_question_or_of_another_server_is_none(
    changed: Mapping[str, Any],
) -> None:
    with pytest.raises(Unreachable):
        await api(receipt(**changed)).sync({"rid": "7f3a9c10"})


@pytest.mark.parametrize(
    "changed",
    [{"ack": None}, {"ack": {"seq": 1, "chain": "zz", "durable": 0}}, {"pull": []}, {"now": "x"}],
)
async def test_an_answer_without_a_sound_acknowledgement_is_none(
    changed: Mapping[str, Any],
) -> None:
    with pytest.raises(Garbled):
        await api(receipt(**changed)).sync({"rid": "7f3a9c10"})


async def test_an_error_counts_only_with_the_name_of_our_server() -> None:
    with pytest.raises(Refused) as ours:
        await api(problem(409, "stream_fork")).sync({"rid": "x"})
    with pytest.raises(Unreachable):
        await api(problem(401, "device_stolen", server_id="portal")).sync({"rid": "x"})

    assert ours.value.code == "stream_fork"


async def test_a_redirect_is_not_followed() -> None:
    def away(_request: httpx.Request) -> httpx.Response:
        return httpx.Response(302, headers={"Location": "https://elsewhere.example/"})

    with pytest.raises(Unreachable):
        await api(away).sync({"rid": "x"})


async def test_a_long_request_is_packed_unless_told_otherwise() -> None:
    seen: list[httpx.Request] = []

    def keep(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, json=RECEIPT)

    body = {"rid": "7f3a9c10", "events": ["x" * 1_000]}
    await api(keep).sync(body)
    await api(keep).sync(body, plain=True)

    assert json.loads(gzip.decompress(seen[0].content)) == json.loads(seen[1].content) == body
    assert "Content-Encoding" not in seen[1].headers


async def test_retry_after_is_told() -> None:
    with pytest.raises(Refused) as refused:
        await api(problem(503, "busy", **{"Retry-After": "7"})).sync({"rid": "x"})

    assert refused.value.retry_after_s == 7


async def test_where_an_upload_stands_counts_only_with_our_headers() -> None:
    def ours(_request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, headers={"Upload-Offset": "5", "Upload-Length": "9"})

    def portal(_request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, text="hello")

    assert (await api(ours).blob_offset(SHA)).offset == 5
    with pytest.raises(Unreachable):
        await api(portal).blob_offset(SHA)


async def test_a_file_nobody_declared_is_told_apart_from_a_portal() -> None:
    def undeclared(_request: httpx.Request) -> httpx.Response:
        return httpx.Response(404, headers={"Upload-Declared": "?0"})

    with pytest.raises(Refused) as refused:
        await api(undeclared).blob_offset(SHA)
    with pytest.raises(Unreachable):
        await api(lambda _request: httpx.Response(404)).blob_offset(SHA)

    assert refused.value.code == "blob_not_declared"


async def test_a_part_at_the_wrong_place_is_told_where_to_go_on() -> None:
    with pytest.raises(Refused) as refused:
        await api(problem(409, "offset_conflict", **{"Upload-Offset": "12"})).blob_patch(
            SHA, 0, b"x"
        )

    assert refused.value.offset == 12


async def test_pokes_come_as_revisions() -> None:
    def stream(_request: httpx.Request) -> httpx.Response:
        text = ": still here\n\nevent: rev\ndata: 813\n\nevent: rev\ndata: 814\n\n"
        return httpx.Response(200, text=text, headers={"Content-Type": "text/event-stream"})

    assert [revision async for revision in api(stream).poke(1)] == [813, 814]


async def test_a_refused_poke_is_an_error_not_a_silence() -> None:
    with pytest.raises(Unreachable):
        [revision async for revision in api(problem(401, "bad_token")).poke(1)]


@pytest.mark.parametrize(
    "url", ["http://milkrun.example", "ftp://127.0.0.1", "milkrun.example", "http://10.0.0.1"]
)
def test_nothing_is_sent_in_clear_text_beyond_this_machine(url: str) -> None:
    with pytest.raises(ClearText):
        check_url(url)


@pytest.mark.parametrize("url", ["http://127.0.0.1:8000/", "http://localhost", "https://a.example"])
def test_https_and_this_machine_are_fine(url: str) -> None:
    assert check_url(url) == url.rstrip("/")


async def test_something_that_is_no_milk_run_server_is_said_to_be_garbled() -> None:
    door = PairingApi(
        "https://a.example",
        None,
        lambda: httpx.MockTransport(lambda _r: httpx.Response(200, json={"hello": 1})),
    )

    with pytest.raises(Garbled):
        await door.time()


async def test_a_pairing_refusal_carries_the_servers_sentence() -> None:
    door = PairingApi(
        "https://a.example", None, lambda: httpx.MockTransport(problem(401, "bad_code"))
    )

    with pytest.raises(Refused) as refused:
        await door.pair({"code": "X"})

    assert (refused.value.code, refused.value.detail) == ("bad_code", "plain")
