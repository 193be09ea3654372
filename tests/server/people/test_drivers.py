"""Drivers: what is kept of PIN and badge, and what devices are told."""

import hashlib
import json

import pytest
from httpx import AsyncClient
from sqlmodel import Session, select

from server.core.http import Parts
from server.feed.tables import FeedRow

pytestmark = pytest.mark.anyio


def told(session: Session) -> list[tuple[str, bool, object]]:
    rows = session.exec(select(FeedRow).where(FeedRow.kind == "driver"))
    return [(row.scope, row.deleted, json.loads(row.plan) if row.plan else None) for row in rows]


async def test_a_pin_is_kept_only_as_what_a_device_checks(board: AsyncClient, parts: Parts) -> None:
    made = await board.post(
        "/api/v1/drivers", json={"name": "Dora", "pin": "2468", "badge": "B-17", "lang": "de"}
    )

    assert (made.json()["has_pin"], made.json()["has_badge"]) == (True, True)
    assert "2468" not in made.text
    [(scope, deleted, plan)] = parts.reads.run(told)
    assert (scope, deleted) == ("site", False)
    assert isinstance(plan, dict)
    salt = bytes.fromhex(plan["pin_salt"])
    assert len(salt) == 16
    assert plan["pin_verifier"] == hashlib.pbkdf2_hmac("sha256", b"2468", salt, 200_000).hex()
    assert plan["badge_hash"] == hashlib.sha256(b"B-17").hexdigest()


async def test_a_driver_who_left_is_withdrawn_from_the_devices(
    board: AsyncClient, parts: Parts
) -> None:
    made = (await board.post("/api/v1/drivers", json={"name": "Dora"})).json()

    await board.patch(f"/api/v1/drivers/{made['id']}", json={"active": False})

    assert parts.reads.run(told) == [("site", True, None)]


async def test_a_stale_change_is_refused(board: AsyncClient) -> None:
    made = (await board.post("/api/v1/drivers", json={"name": "Dora"})).json()
    await board.patch(f"/api/v1/drivers/{made['id']}", json={"name": "Dora K."})

    late = await board.patch(
        f"/api/v1/drivers/{made['id']}", json={"name": "D.", "expected_rev": made["rev"]}
    )

    assert (late.status_code, late.json()["code"]) == (409, "rev")


@pytest.mark.parametrize("pin", ["12", "abcd", "1234567890123"])
async def test_a_pin_is_a_row_of_digits(board: AsyncClient, pin: str) -> None:
    answer = await board.post("/api/v1/drivers", json={"name": "Dora", "pin": pin})

    assert answer.status_code == 422
