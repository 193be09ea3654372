"""Vehicles and Carriers: kept, changed with care, told to devices, seen by their own."""

from collections.abc import Callable
from uuid import UUID

import pytest
from fastapi import FastAPI
from httpx import AsyncClient

from server.core.access import Principal, Role
from shared.ids import CarrierId
from tests.server.conftest import as_person

pytestmark = pytest.mark.anyio


async def test_a_vehicle_keeps_what_it_was_given(board: AsyncClient) -> None:
    given = {"name": "Van 4", "kind": "van", "capacity_kg": 900.5, "skills": ["cold"],
             "service_due_date": "2026-09-01"}  # fmt: skip

    made = (await board.post("/api/v1/vehicles", json=given)).json()

    [listed] = (await board.get("/api/v1/vehicles")).json()["items"]
    assert listed == made
    assert {key: listed[key] for key in given} == given


async def test_a_change_touches_only_what_is_named(board: AsyncClient) -> None:
    made = (await board.post("/api/v1/vehicles", json={"name": "V", "plate": "B-1"})).json()

    changed = await board.patch(f"/api/v1/vehicles/{made['id']}", json={"height_m": 2.6})

    assert (changed.json()["plate"], changed.json()["height_m"]) == ("B-1", 2.6)
    assert changed.json()["rev"] > made["rev"]


async def test_a_carrier_manager_sees_and_changes_its_own_vehicles_only(
    board: AsyncClient, app: FastAPI, person: Callable[..., Principal]
) -> None:
    carrier = (await board.post("/api/v1/carriers", json={"name": "Fast & Sons"})).json()
    ours = (await board.post("/api/v1/vehicles", json={"name": "ours"})).json()
    given = {"name": "theirs", "carrier_id": carrier["id"]}
    theirs = (await board.post("/api/v1/vehicles", json=given)).json()
    manager = as_person(
        app, person("Max", Role.CARRIER_MANAGER, carrier_id=CarrierId(UUID(carrier["id"])))
    )

    listed = (await manager.get("/api/v1/vehicles")).json()["items"]
    foreign = await manager.patch(f"/api/v1/vehicles/{ours['id']}", json={"name": "x"})
    absent = await manager.patch(
        "/api/v1/vehicles/01900000-0000-7000-8000-00000000dead", json={"name": "x"}
    )
    own = await manager.patch(f"/api/v1/vehicles/{theirs['id']}", json={"name": "truck"})
    away = await manager.patch(f"/api/v1/vehicles/{theirs['id']}", json={"carrier_id": None})

    assert [one["name"] for one in listed] == ["theirs"]
    assert (foreign.status_code, foreign.content) == (404, absent.content)
    assert own.json()["name"] == "truck"
    assert away.status_code == 404


async def test_an_id_of_the_clients_making_is_taken_once(board: AsyncClient) -> None:
    key = "01900000-0000-7000-8000-0000000000aa"
    first = await board.post("/api/v1/vehicles", json={"id": key, "name": "V"})
    again = await board.post("/api/v1/vehicles", json={"id": key, "name": "W"})

    assert (first.json()["id"], again.status_code) == (key, 409)
