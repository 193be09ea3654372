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


async def test_cards_are_made_called_counted_and_looked_after(board: AsyncClient) -> None:
    station = str(id_of("s1"))
    given = {
        "part_no": "P-1", "station_id": station, "supermarket_id": str(id_of("sm")),
        "pieces_per_box": 20, "demand_per_h": 80, "min_boxes": 2, "max_boxes": 5, "cards": 2,
    }  # fmt: skip
    cycle = (await board.post("/api/v1/control-cycles", json=given)).json()["id"]

    cards = (await board.get("/api/v1/kanban/cards", params={"control_cycle_id": cycle})).json()
    assert [card["serial"] for card in cards["items"]] == [1, 2]
    card = cards["items"][0]["id"]
    again = await board.post(f"/api/v1/kanban/cards/{card}", json={"do": "reprint"})
    label = (await board.get(f"/api/v1/kanban/cards/{card}/label")).json()
    assert (again.json()["print_rev"], label["code"].split(":")[3]) == (2, "2")

    body = {"control_cycle_id": cycle, "boxes": 2}
    call = (await board.post("/api/v1/kanban/calls", json=body)).json()
    [listed] = (await board.get("/api/v1/kanban/calls")).json()["items"]
    assert (listed["id"], listed["state"], listed["boxes"]) == (call["id"], "open", 2)
    path = f"/api/v1/kanban/calls/{call['id']}/assign"
    assert (await board.post(path, json={"run_id": str(id_of("?"))})).status_code == 404
    assert (await board.post(path, json={"run_id": None})).status_code == 200

    counted = {"part_no": "P-1", "qty": 4}
    assert (await board.post(f"/api/v1/stations/{station}/count", json=counted)).status_code == 200
    [stock] = (await board.get("/api/v1/stations/stock")).json()["items"]
    assert (stock["boxes"], stock["pieces"], stock["coverage_s"]) == (4, 80, 3600)
    assert (await board.get("/api/v1/kanban/audit")).json()["items"] == []
    assert (await board.get("/api/v1/handovers")).json()["items"] == []


async def test_a_part_the_station_does_not_need_cannot_be_counted(board: AsyncClient) -> None:
    body = {"part_no": "P-9", "qty": 4}

    answer = await board.post(f"/api/v1/stations/{id_of('s1')}/count", json=body)

    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
