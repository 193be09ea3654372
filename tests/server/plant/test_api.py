"""The plant over HTTP: Andons, empties, control cycles."""

import pytest
from httpx import AsyncClient

from tests.helpers.builders import id_of

pytestmark = pytest.mark.anyio


async def test_an_andon_is_raised_seen_and_cleared(board: AsyncClient) -> None:
    made = await board.post("/api/v1/andons", json={"category": "path", "text": "pallet"})
    assert made.status_code == 201, made.text
    andon = made.json()["id"]

    await board.post(f"/api/v1/andons/{andon}/ack")
    [listed] = (await board.get("/api/v1/andons")).json()["items"]
    assert (listed["kind"], listed["text"]) == ("path", "pallet")
    assert listed["acknowledged_by"].startswith("supervisor:")

    cleared = await board.post(f"/api/v1/andons/{andon}/clear", json={"cause": "moved"})
    assert cleared.json()["cause"] == "moved"
    assert (await board.get("/api/v1/andons")).json()["items"] == []
    whole = (await board.get("/api/v1/andons", params={"everything": "true"})).json()["items"]
    assert [one["id"] for one in whole] == [andon]


async def test_counted_empties_are_the_new_balance(board: AsyncClient) -> None:
    counted = {"location_id": str(id_of("mill")), "container_type": "KLT", "qty": 7}

    answer = await board.post("/api/v1/empties/count", json=counted)

    assert answer.status_code == 200, answer.text
    [account] = (await board.get("/api/v1/empties")).json()["items"]
    assert (account["container_type"], account["balance"]) == ("KLT", 7)


async def test_a_control_cycle_is_made_changed_and_listed(board: AsyncClient) -> None:
    given = {
        "part_no": "P-1", "station_id": str(id_of("s1")), "supermarket_id": str(id_of("sm")),
        "pieces_per_box": 20, "demand_per_h": 80, "min_boxes": 2, "max_boxes": 5,
    }  # fmt: skip
    made = await board.post("/api/v1/control-cycles", json=given)
    assert made.status_code == 201, made.text

    one = made.json()
    change = {"max_boxes": 6, "expected_rev": one["rev"]}
    changed = await board.patch(f"/api/v1/control-cycles/{one['id']}", json=change)

    assert changed.json()["max_boxes"] == 6
    stale = await board.patch(f"/api/v1/control-cycles/{one['id']}", json=change)
    assert (stale.status_code, stale.json()["code"]) == (409, "rev")
    listed = (await board.get("/api/v1/control-cycles")).json()["items"]
    assert [row["max_boxes"] for row in listed] == [6]


async def test_boxes_below_the_minimum_are_refused(board: AsyncClient) -> None:
    given = {
        "part_no": "P-1", "station_id": str(id_of("s1")), "supermarket_id": str(id_of("sm")),
        "pieces_per_box": 20, "demand_per_h": 80, "min_boxes": 6, "max_boxes": 5,
    }  # fmt: skip

    assert (await board.post("/api/v1/control-cycles", json=given)).status_code == 422
