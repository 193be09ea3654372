"""People decide about facts that wait, and correct what was recorded."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from fastapi import FastAPI
from httpx import AsyncClient

from server.app import handlers
from server.core.access import Principal, Role
from server.core.http import Parts
from server.core.jobs import Runner
from server.feed import queries as feed
from server.runs.service import states
from server.sync.service import after_start
from shared.ids import RunId, SiteId
from tests.helpers.builders import arrived, completed, id_of
from tests.server.conftest import as_person
from tests.server.sync.a_device import VAN, Circle, Device, open_circle, pair_device

pytestmark = pytest.mark.anyio
NOWHERE = str(id_of("nowhere"))


async def waiting(board: AsyncClient) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = (await board.get("/api/v1/held")).json()["items"]
    return items


async def decide(board: AsyncClient, event_id: str, **decision: str) -> int:
    answer = await board.post(f"/api/v1/held/{event_id}", json=decision)
    return answer.status_code


async def test_a_fact_attached_to_a_visit_counts_there(
    van: Device, circle: Circle, board: AsyncClient
) -> None:
    fact = completed(run=circle.run, visit=NOWHERE)
    await van.record(fact).exchange()
    [item] = await waiting(board)
    assert (item["id"], item["why"], item["type"]) == (fact.id, "unknown_visit", "stop.completed")

    assert await decide(board, fact.id, action="attach", visit=circle.visits["dairy"]) == 200

    told = await van.exchange()
    row = van.row("stop", circle.visits["dairy"])[1]
    assert row is not None
    assert (row["state"], told["held"]) == ("done", [])
    assert (await board.get("/api/v1/exceptions")).json()["items"] == []


async def test_a_released_fact_of_a_retired_device_counts(
    van: Device, circle: Circle, board: AsyncClient, parts: Parts, site: SiteId
) -> None:
    await board.post(f"/api/v1/devices/{van.id}/state", json={"state": "retired", "reason": "x"})
    fact = completed(run=circle.run, visit=circle.visits["bakery"])
    await van.record(fact).exchange()

    assert await decide(board, fact.id, action="release") == 200

    [row] = parts.reads.run(lambda s: feed.rows_of(s, site, "stop", ids=[circle.visits["bakery"]]))
    assert row.fact is not None
    assert row.fact["state"] == "done"


async def test_a_dismissed_fact_is_gone_from_the_list(van: Device, board: AsyncClient) -> None:
    await van.record(fact := arrived(run=NOWHERE)).exchange()

    assert await decide(board, fact.id, action="dismiss", reason="test scan") == 200

    assert await waiting(board) == []
    assert (await van.exchange())["held"] == []


async def test_an_unreadable_fact_can_only_be_dismissed(van: Device, board: AsyncClient) -> None:
    poison = str(id_of("poison"))
    van.stream.record_doc(poison, "{ not json")
    await van.exchange()

    [item] = await waiting(board)

    assert item["doc"] == "{ not json"
    assert await decide(board, poison, action="release") == 409
    assert await decide(board, poison, action="dismiss", reason="broken") == 200


async def test_what_does_not_wait_is_not_found(board: AsyncClient) -> None:
    assert await decide(board, NOWHERE, action="release") == 404


async def test_a_visit_that_does_not_exist_is_not_found(van: Device, board: AsyncClient) -> None:
    await van.record(fact := arrived(run=NOWHERE)).exchange()

    assert await decide(board, fact.id, action="attach", visit=NOWHERE) == 404


async def test_a_planner_decides_about_no_facts(
    client: AsyncClient, app: FastAPI, person: Callable[..., Principal]
) -> None:
    del client
    planner = as_person(app, person("Pat", Role.PLANNER))

    assert (await planner.get("/api/v1/held")).status_code == 403


async def test_a_supervisor_reopens_a_stop_by_a_fact_of_its_own(
    van: Device, circle: Circle, board: AsyncClient
) -> None:
    done = completed(run=circle.run, visit=circle.visits["bakery"])
    await van.record(done).exchange()
    body = {"undo": done.id, "reason": "wrong_address"}
    correction = {"type": "stop.reopened", "visit": circle.visits["bakery"], "body": body}

    answer = await board.post("/api/v1/facts", json=correction)

    assert answer.status_code == 201, answer.text
    await van.exchange()
    row = van.row("stop", circle.visits["bakery"])[1]
    assert row is not None
    assert "result" not in row


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"type": "driver.signed_in"}, 422),
        ({"body": {"undo": 5}}, 422),
        ({"visit": NOWHERE}, 404),
        ({"visit": None}, 404),
    ],
)
async def test_a_correction_that_means_nothing_is_refused(
    circle: Circle, board: AsyncClient, change: dict[str, Any], status: int
) -> None:
    body = {"undo": NOWHERE}
    correction = {"type": "stop.reopened", "visit": circle.visits["bakery"], "body": body}

    answer = await board.post("/api/v1/facts", json=correction | change)

    assert answer.status_code == status


async def test_what_waits_is_judged_again_when_the_server_starts(
    van: Device, board: AsyncClient, parts: Parts, supervisor: Principal
) -> None:
    """Its run was dispatched while the device was away; a newer server could also read more."""
    circle = open_circle(parts, supervisor, "bakery", dispatched=False)
    await van.record(fact := arrived(run=circle.run, visit=circle.visits["bakery"])).exchange()
    await van.record(arrived(run=NOWHERE)).exchange()
    run_id = RunId(UUID(circle.run))
    parts.writer.run(lambda s: states.dispatch(s, supervisor, run_id, now=parts.clock.now()))

    after_start(parts)

    assert fact.id not in [one["id"] for one in await waiting(board)]
    assert len(await waiting(board)) == 1


async def test_a_device_bound_to_the_van_gets_its_runs(
    circle: Circle, board: AsyncClient, app: FastAPI, supervisor: Principal
) -> None:
    other = await pair_device(app, supervisor, "Tablet", van=False)
    await other.exchange()
    address = f"/api/v1/devices/{other.id}"

    assert (await board.patch(address, json={"vehicle_id": str(VAN)})).status_code == 200

    Runner(other.parts.jobs, other.parts.writer, other.parts.clock, handlers(other.parts)).run_due()  # type: ignore[arg-type]
    assert f"run:{circle.run}" in (await other.exchange())["pull"]["scopes"]
