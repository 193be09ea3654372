"""People who sign in: sessions, roles, passwords, tokens."""

from collections.abc import Callable

import pytest
from fastapi import FastAPI
from httpx import AsyncClient

from server.core.access import Principal, Role
from server.core.http import Parts
from server.people import queries, service
from server.people.service import Attempt
from shared.ids import SiteId
from shared.refusals import Refusal
from tests.helpers.clock import ManualClock
from tests.server.conftest import PASSWORD, as_person, stranger

pytestmark = pytest.mark.anyio


def sign_in(parts: Parts, name: str = "Sam", password: str = PASSWORD, peer: str = "p") -> str:
    return service.sign_in(
        parts.reads, parts.writer, parts.passwords, parts.throttle,
        Attempt(name, password, peer), now=parts.clock.now(),
    )  # fmt: skip


@pytest.mark.usefixtures("supervisor")
def test_name_case_and_spaces_do_not_matter(parts: Parts) -> None:
    assert sign_in(parts, "  sAM ")


@pytest.mark.usefixtures("supervisor")
@pytest.mark.parametrize(("name", "password"), [("Sam", "wrong"), ("Nobody", PASSWORD)])
def test_all_failures_sound_the_same(parts: Parts, name: str, password: str) -> None:
    with pytest.raises(Refusal) as refused:
        sign_in(parts, name, password)

    assert refused.value.code == "bad_sign_in"


@pytest.mark.usefixtures("supervisor")
def test_guessing_is_slowed_down_for_the_account_whoever_asks(parts: Parts) -> None:
    for number in range(5):
        with pytest.raises(Refusal):
            sign_in(parts, password="wrong", peer=str(number))

    with pytest.raises(Refusal) as refused:
        sign_in(parts, peer="another")

    assert refused.value.code == "slow_down"


async def test_a_session_ends_after_twelve_idle_hours(
    board: AsyncClient, clock: ManualClock
) -> None:
    clock.pass_time(hours=11)
    assert (await board.get("/api/v1/vehicles")).status_code == 200
    clock.pass_time(hours=11)
    assert (await board.get("/api/v1/vehicles")).status_code == 200
    clock.pass_time(hours=12)

    assert (await board.get("/api/v1/vehicles")).json()["code"] == "token_expired"


async def test_a_session_ends_after_seven_days_however_busy(
    board: AsyncClient, clock: ManualClock
) -> None:
    for _ in range(15):
        clock.pass_time(hours=11)
        await board.get("/api/v1/vehicles")
    clock.pass_time(hours=11)

    assert (await board.get("/api/v1/vehicles")).json()["code"] == "token_expired"


async def test_new_roles_end_every_session(
    board: AsyncClient, app: FastAPI, person: Callable[..., Principal]
) -> None:
    dana = person("Dana", Role.DISPATCHER)
    browser = as_person(app, dana)
    assert (await browser.get("/api/v1/vehicles")).status_code == 200

    changed = await board.patch(
        f"/api/v1/people/{dana.person_id}", json={"roles": [{"role": "planner"}]}
    )

    assert changed.json()["roles"] == [{"role": "planner", "carrier_id": None}]
    assert (await browser.get("/api/v1/vehicles")).status_code == 401


async def test_the_last_supervisor_stays(board: AsyncClient, supervisor: Principal) -> None:
    answer = await board.patch(f"/api/v1/people/{supervisor.person_id}", json={"disabled": True})

    assert (answer.status_code, answer.json()["code"]) == (409, "bad_state")
    assert (await board.get("/api/v1/people")).status_code == 200


async def test_a_disabled_person_is_out_at_once(
    board: AsyncClient, app: FastAPI, person: Callable[..., Principal]
) -> None:
    dana = person("Dana", Role.DISPATCHER)
    browser = as_person(app, dana)

    await board.patch(f"/api/v1/people/{dana.person_id}", json={"disabled": True})

    assert (await browser.get("/api/v1/vehicles")).status_code == 401
    with pytest.raises(Refusal):
        sign_in(app.state.parts, "Dana")


async def test_a_short_password_is_refused_with_its_length(board: AsyncClient) -> None:
    answer = await board.post(
        "/api/v1/people",
        json={"name": "Eva", "roles": [{"role": "planner"}], "password": "short"},
    )

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "/password"


async def test_two_people_cannot_have_one_name(board: AsyncClient) -> None:
    answer = await board.post(
        "/api/v1/people", json={"name": "SAM", "roles": [], "password": PASSWORD}
    )

    assert (answer.status_code, answer.json()["code"]) == (409, "exists")


async def test_a_reading_token_reads_and_changes_nothing(
    board: AsyncClient, app: FastAPI, clock: ManualClock
) -> None:
    made = await board.post(
        "/api/v1/tokens", json={"name": "report", "expires": clock.ms() + 86_400_000}
    )
    script = stranger(app)
    script.headers["Authorization"] = f"Bearer {made.json()['token']}"

    assert (await script.get("/api/v1/vehicles")).status_code == 200
    assert (await script.post("/api/v1/vehicles", json={"name": "V"})).status_code == 403
    await board.delete(f"/api/v1/tokens/{made.json()['id']}")
    assert (await script.get("/api/v1/vehicles")).status_code == 401


async def test_a_token_lives_a_year_at_most(board: AsyncClient, clock: ManualClock) -> None:
    answer = await board.post(
        "/api/v1/tokens", json={"name": "x", "expires": clock.ms() + 366 * 86_400_000}
    )

    assert answer.status_code == 422


async def test_one_sees_and_ends_ones_own_sessions_only(
    board: AsyncClient, app: FastAPI, person: Callable[..., Principal]
) -> None:
    other = as_person(app, person("Dana", Role.DISPATCHER))
    [mine] = (await board.get("/api/v1/sessions")).json()["items"]

    foreign = await other.delete(f"/api/v1/sessions/{mine['id']}")
    own = await board.delete(f"/api/v1/sessions/{mine['id']}")

    assert (mine["this"], foreign.status_code, own.status_code) == (True, 404, 204)
    assert (await board.get("/api/v1/sessions")).status_code == 401


def test_only_the_first_person_can_be_made_without_anybody(parts: Parts, site: SiteId) -> None:
    now = parts.clock.now()

    def first(name: str) -> object:
        return parts.writer.run(
            lambda s: service.first_supervisor(s, site, name=name, password_hash="x", now=now)
        )

    assert first("Sam")
    with pytest.raises(Refusal):
        first("Eve")
    assert [row.name for row in parts.reads.run(lambda s: queries.people(s, site))] == ["Sam"]
