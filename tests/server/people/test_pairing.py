"""How a device is paired, again paired, retired and locked."""

from typing import Any

import pytest
from fastapi import FastAPI
from httpx import AsyncClient

from tests.helpers.clock import ManualClock
from tests.server.conftest import stranger

pytestmark = pytest.mark.anyio


async def code_of(board: AsyncClient, **ask: Any) -> str:
    answer = await board.post("/api/v1/devices/pair-codes", json={"name": "Van 4", **ask})
    assert answer.status_code == 200, answer.text
    return str(answer.json()["code"])


async def paired(client: AsyncClient, code: str, **ask: Any) -> dict[str, Any]:
    answer = await client.post("/api/v1/pair", json={"code": code, "name": "x", **ask})
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def device(app: FastAPI, token: str) -> AsyncClient:
    client = stranger(app)
    client.headers["Authorization"] = f"Bearer {token}"
    return client


async def test_a_code_pairs_one_device_however_it_is_typed(
    board: AsyncClient, client: AsyncClient, app: FastAPI
) -> None:
    code = await code_of(board)

    answer = await paired(client, f" {code[:4].lower()}-{code[4:]}")

    assert answer["token"].startswith("mrd_")
    seen = await device(app, answer["token"]).get("/api/v1/devices")
    assert [one["name"] for one in seen.json()["items"]] == ["Van 4"]


async def test_a_code_works_once(board: AsyncClient, client: AsyncClient) -> None:
    code = await code_of(board)
    await paired(client, code)

    again = await client.post("/api/v1/pair", json={"code": code})

    assert (again.status_code, again.json()["code"]) == (401, "bad_code")


async def test_a_code_expires_after_ten_minutes(
    board: AsyncClient, client: AsyncClient, clock: ManualClock
) -> None:
    code = await code_of(board)
    clock.pass_time(s=601)

    late = await client.post("/api/v1/pair", json={"code": code})

    assert (late.status_code, late.json()["code"]) == (401, "bad_code")


async def test_guessing_codes_is_slowed_down(client: AsyncClient) -> None:
    tries = [await client.post("/api/v1/pair", json={"code": "0000000A"}) for _ in range(6)]

    assert [one.status_code for one in tries] == [401] * 5 + [429]
    assert 0 < int(tries[-1].headers["Retry-After"]) <= 600


async def test_pairing_again_keeps_the_device_and_the_old_token_dies_at_the_first_use(
    board: AsyncClient, client: AsyncClient, app: FastAPI, clock: ManualClock
) -> None:
    first = await paired(client, await code_of(board))
    old = device(app, first["token"])
    assert (await old.get("/api/v1/devices")).status_code == 200
    clock.pass_time(s=60)
    code = await code_of(board, device_id=first["device_id"])

    second = await paired(client, code, device_id=first["device_id"], old_token=first["token"])

    assert second["device_id"] == first["device_id"]
    assert (await old.get("/api/v1/devices")).status_code == 200
    assert (await device(app, second["token"]).get("/api/v1/devices")).status_code == 200
    assert (await old.get("/api/v1/devices")).json()["code"] == "bad_token"


async def test_without_proof_a_new_device_is_made(board: AsyncClient, client: AsyncClient) -> None:
    first = await paired(client, await code_of(board))

    other = await paired(
        client, await code_of(board), device_id=first["device_id"], old_token="mrd_wrong"
    )

    assert other["device_id"] != first["device_id"]


async def test_a_stolen_device_is_locked_out_at_once(
    board: AsyncClient, client: AsyncClient, app: FastAPI
) -> None:
    made = await paired(client, await code_of(board))

    locked = await board.post(
        f"/api/v1/devices/{made['device_id']}/state", json={"state": "stolen", "reason": "bus"}
    )

    assert locked.json()["state"] == "stolen"
    answer = await device(app, made["token"]).get("/api/v1/devices")
    assert (answer.status_code, answer.json()["code"]) == (401, "device_stolen")
    assert answer.json()["server_id"] == app.state.parts.server_id


async def test_a_token_unused_for_90_days_ends(
    board: AsyncClient, client: AsyncClient, app: FastAPI, clock: ManualClock
) -> None:
    made = await paired(client, await code_of(board))
    clock.pass_time(days=91)

    answer = await device(app, made["token"]).get("/api/v1/devices")

    assert (answer.status_code, answer.json()["code"]) == (401, "token_expired")


async def test_a_device_may_not_make_codes(
    board: AsyncClient, client: AsyncClient, app: FastAPI
) -> None:
    made = await paired(client, await code_of(board))

    answer = await device(app, made["token"]).post("/api/v1/devices/pair-codes", json={})

    assert (answer.status_code, answer.json()["code"]) == (403, "not_allowed")
