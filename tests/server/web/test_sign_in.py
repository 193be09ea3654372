"""Sign-in, sign-out and set-up: three forms, one error for all failures."""

import pytest
from httpx import AsyncClient

from server.core.http import COOKIE, Parts
from server.people import queries
from tests.helpers.pages import NAME, PASSWORD, Board

ORIGIN = {"Sec-Fetch-Site": "same-origin", "Accept": "text/html"}


@pytest.mark.anyio
async def test_name_and_password_open_the_wanted_page(client: AsyncClient, made: Board) -> None:
    assert made.runs
    form = {"name": NAME, "password": PASSWORD, "next": "/loops"}

    answer = await client.post("/sign-in", data=form, headers=ORIGIN)

    assert answer.status_code == 303
    assert answer.headers["location"] == "/loops"
    assert COOKIE in answer.cookies
    assert "httponly" in answer.headers["set-cookie"].lower()


@pytest.mark.anyio
@pytest.mark.parametrize("form", [{"name": NAME}, {"name": "nobody", "password": PASSWORD}, {}])
async def test_every_failure_reads_the_same(
    client: AsyncClient, made: Board, form: dict[str, str]
) -> None:
    assert made.runs

    answer = await client.post("/sign-in", data=form, headers=ORIGIN)

    assert answer.status_code == 401
    assert "Name or password is wrong." in answer.text
    assert PASSWORD not in answer.text


@pytest.mark.anyio
@pytest.mark.parametrize("wanted", ["https://elsewhere.example", "//elsewhere.example", "/\\evil"])
async def test_the_way_back_never_leaves_this_server(
    client: AsyncClient, made: Board, wanted: str
) -> None:
    assert made.runs
    form = {"name": NAME, "password": PASSWORD, "next": wanted}

    answer = await client.post("/sign-in", data=form, headers=ORIGIN)

    assert answer.headers["location"] == "/today"


@pytest.mark.anyio
async def test_signing_out_ends_the_session(ada: AsyncClient) -> None:
    left = await ada.post("/sign-out", headers=ORIGIN)
    again = await ada.get("/today")

    assert left.headers["location"].startswith("/sign-in")
    assert again.status_code == 303


@pytest.mark.anyio
async def test_a_new_server_asks_to_be_set_up(client: AsyncClient) -> None:
    answer = await client.get("/sign-in", headers=ORIGIN)

    assert answer.status_code == 303
    assert answer.headers["location"] == "/setup"


@pytest.mark.anyio
async def test_the_set_up_founds_a_site_and_signs_in(client: AsyncClient, parts: Parts) -> None:
    parts.setup_token = "printed on the console"

    answer = await client.post("/setup", data=_form("printed on the console"), headers=ORIGIN)

    assert answer.status_code == 303
    assert COOKIE in answer.cookies
    assert parts.reads.run(queries.anybody)


@pytest.mark.anyio
async def test_a_wrong_token_founds_nothing_and_keeps_what_was_typed(
    client: AsyncClient, parts: Parts
) -> None:
    parts.setup_token = "printed on the console"

    answer = await client.post("/setup", data=_form("guessed"), headers=ORIGIN)

    assert answer.status_code == 422
    assert "Plant North" in answer.text
    assert not parts.reads.run(queries.anybody)


@pytest.mark.anyio
async def test_a_short_password_is_refused_with_a_sentence(
    client: AsyncClient, parts: Parts
) -> None:
    parts.setup_token = "token"

    answer = await client.post("/setup", data={**_form("token"), "password": "x"}, headers=ORIGIN)

    assert answer.status_code == 422
    assert not parts.reads.run(queries.anybody)


@pytest.mark.anyio
async def test_the_set_up_is_gone_once_somebody_exists(client: AsyncClient, made: Board) -> None:
    assert made.runs

    answer = await client.get("/setup", headers=ORIGIN)

    assert answer.status_code == 404


def _form(token: str) -> dict[str, str]:
    return {
        "token": token,
        "site_name": "Plant North",
        "tz": "Europe/Berlin",
        "country": "DE",
        "lang": "de",
        "name": "Ina",
        "password": "a long enough password",
    }


@pytest.mark.anyio
@pytest.mark.parametrize("accept", ["*/*", "text/html", "application/json"])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_the_bare_address_leads_every_client_somewhere(
    client: AsyncClient, accept: str, method: str
) -> None:
    answer = await client.request(method, "/", headers={"Accept": accept})

    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in")


@pytest.mark.anyio
async def test_whoever_is_signed_in_is_led_to_the_board(ada: AsyncClient) -> None:
    answer = await ada.get("/", headers={"Accept": "*/*"})

    assert (answer.status_code, answer.headers["location"]) == (303, "/today")


@pytest.mark.anyio
async def test_pages_of_the_interface_stay_a_problem_for_strangers(client: AsyncClient) -> None:
    answer = await client.get("/api/v1/runs", headers={"Accept": "text/html"})

    assert (answer.status_code, answer.json()["code"]) == (401, "bad_token")
