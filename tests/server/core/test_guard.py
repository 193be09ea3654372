"""What the guard lets pass, and how it answers what it does not."""

import gzip
from collections.abc import AsyncIterator

import pytest
from fastapi import FastAPI
from httpx import AsyncClient

from server.core import body
from server.core.access import Principal
from tests.server.conftest import as_person, stranger

pytestmark = pytest.mark.anyio
JSON = {"Content-Type": "application/json"}


async def test_without_a_credential_nothing_is_looked_up(client: AsyncClient) -> None:
    answer = await client.get("/api/v1/vehicles")

    assert (answer.status_code, answer.json()["code"]) == (401, "bad_token")
    assert answer.headers["content-type"] == "application/problem+json"


async def test_a_person_without_session_is_led_to_the_sign_in_and_back(client: AsyncClient) -> None:
    answer = await client.get("/loops?x=1", headers={"Accept": "text/html"})

    assert answer.status_code == 303
    assert answer.headers["location"] == "/sign-in?next=%2Floops%3Fx%3D1"


async def test_every_answer_carries_the_security_headers(client: AsyncClient) -> None:
    for path in ("/api/v1/health", "/api/v1/vehicles", "/nothing-here", "/sign-in"):
        headers = (await client.get(path)).headers
        assert "default-src 'none'" in headers["content-security-policy"]
        assert "unsafe-" not in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["x-request-id"]


async def test_an_answer_that_is_data_may_load_nothing_at_all(client: AsyncClient) -> None:
    answer = await client.get("/api/v1/health")

    policy = answer.headers["content-security-policy"]
    assert policy == "default-src 'none'; frame-ancestors 'none'"


async def test_a_change_from_another_site_is_refused_and_from_our_own_page_is_not(
    board: AsyncClient,
) -> None:
    foreign = await board.post(
        "/api/v1/vehicles", json={"name": "V"}, headers={"Sec-Fetch-Site": "cross-site"}
    )
    ours = await board.post("/api/v1/vehicles", json={"name": "V"})

    assert (foreign.status_code, foreign.json()["code"]) == (403, "cross_site")
    assert ours.status_code == 201


async def test_a_cookie_without_any_sign_of_a_page_changes_nothing(
    app: FastAPI, client: AsyncClient, supervisor: Principal
) -> None:
    del client
    browser = as_person(app, supervisor)
    del browser.headers["Sec-Fetch-Site"]

    answer = await browser.post("/api/v1/vehicles", json={"name": "V"})
    by_origin = await browser.post(
        "/api/v1/vehicles", json={"name": "V"}, headers={"Origin": "http://127.0.0.1:8000"}
    )

    assert answer.json()["code"] == "cross_site"
    assert by_origin.status_code == 201


async def test_a_stream_from_another_site_is_refused(board: AsyncClient) -> None:
    answer = await board.get(
        "/api/v1/board/stream",
        headers={"Accept": "text/event-stream", "Sec-Fetch-Site": "same-site"},
    )

    assert answer.json()["code"] == "cross_site"


async def test_a_body_over_the_cap_is_refused_by_its_length_alone(board: AsyncClient) -> None:
    answer = await board.post(
        "/api/v1/vehicles", content=b"x" * (body.DEFAULT_BYTES + 1), headers=JSON
    )

    assert (answer.status_code, answer.json()["max_bytes"]) == (413, body.DEFAULT_BYTES)


async def test_a_body_without_a_length_is_counted(board: AsyncClient) -> None:
    async def endless() -> AsyncIterator[bytes]:
        for _ in range(300):
            yield b" " * 1024

    answer = await board.post("/api/v1/vehicles", content=endless(), headers=JSON)

    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")


async def test_a_stranger_may_send_little(client: AsyncClient) -> None:
    answer = await client.post(
        "/api/v1/pair", content=b" " * (body.ANONYMOUS_BYTES + 1), headers=JSON
    )

    assert answer.status_code == 413


async def test_a_packed_body_is_refused_where_none_is_expected(board: AsyncClient) -> None:
    answer = await board.post(
        "/api/v1/vehicles",
        content=gzip.compress(b'{"name":"V"}'),
        headers={**JSON, "Content-Encoding": "gzip"},
    )

    assert (answer.status_code, answer.json()["code"]) == (415, "bad_encoding")


@pytest.mark.parametrize(
    "content",
    [
        b'{"name":"a","name":"b"}',
        b'{"name":"a","height_m":1e999}',
        b'{"name":"a","height_m":NaN}',
        b'{"name":"a","range_m":99999999999999999999}',
        b'{"name":"a\\u0000"}',
        b'{"name":"a\\ud800"}',
        b'{"name":"\xff"}',
        b"[" * 40 + b"]" * 40,
        b'{"name":1}',
        b'{"name":"a","colour":"red"}',
        b'{"name":""}',
        b'{"name":"a","capacity_kg":"5"}',
        b"not json",
        b"",
    ],
)
async def test_a_bad_body_is_refused_and_the_list_still_answers(
    board: AsyncClient, content: bytes
) -> None:
    answer = await board.post("/api/v1/vehicles", content=content, headers=JSON)
    listed = await board.get("/api/v1/vehicles")

    assert answer.status_code in (400, 422), answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert listed.json()["items"] == []


async def test_json_without_its_media_type_is_refused(board: AsyncClient) -> None:
    answer = await board.post("/api/v1/vehicles", content=b'{"name":"V"}')

    assert (answer.status_code, answer.json()["code"]) == (415, "bad_encoding")


async def test_a_bad_field_is_named_by_its_pointer(board: AsyncClient) -> None:
    answer = await board.post("/api/v1/vehicles", json={"name": "V", "skills": ["gas", 7]})

    assert answer.json()["code"] == "bad_input"
    assert [one["pointer"] for one in answer.json()["errors"]] == ["/skills/1"]


async def test_the_answer_speaks_the_callers_language(client: AsyncClient) -> None:
    answer = await client.get("/api/v1/vehicles", headers={"Accept-Language": "de-AT,en;q=0.5"})

    assert answer.json()["detail"] == "Bitte anmelden."


async def test_a_bearer_request_ignores_its_cookies(board: AsyncClient) -> None:
    answer = await board.get("/api/v1/vehicles", headers={"Authorization": "Bearer mrd_wrong"})

    assert answer.status_code == 401


async def test_foreign_and_absent_answers_are_equal_byte_for_byte(board: AsyncClient) -> None:
    one = await board.get("/api/v1/no-such-thing")
    two = await board.patch(
        "/api/v1/vehicles/01900000-0000-7000-8000-00000000dead", json={"plate": "B"}
    )

    assert one.status_code == two.status_code == 404
    assert one.content == two.content


async def test_forwarded_addresses_count_from_trusted_proxies_only(app: FastAPI) -> None:
    async with app.router.lifespan_context(app):
        first = stranger(app)
        for number in range(5):
            await first.post(
                "/api/v1/pair",
                json={"code": "0000000A"},
                headers={"X-Forwarded-For": f"198.51.100.{number}"},
            )
        last = await first.post(
            "/api/v1/pair",
            json={"code": "0000000A"},
            headers={"X-Forwarded-For": "198.51.100.99"},
        )

    assert last.status_code == 429
