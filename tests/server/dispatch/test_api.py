"""Dispatch over HTTP: price, change, undo, gate, and resequencing of any task."""

from typing import Any

import pytest
from httpx import AsyncClient

from server.core.http import Parts
from server.runs.queries import RunView
from tests.helpers.a_site import only_run
from tests.server.dispatch.a_day import a_dispatched_run
from tests.server.planner.a_task import a_task
from tests.server.planner.problems import a_problem, orders

pytestmark = pytest.mark.anyio


@pytest.fixture
def view(parts: Parts) -> RunView:
    return a_dispatched_run(parts.writer, parts.reads)


def last_first(view: RunView) -> dict[str, Any]:
    return {"op": "move", "visit": str(view.order[-1]), "after": None}


async def test_a_change_is_priced_made_and_taken_back(
    parts: Parts, view: RunView, board: AsyncClient
) -> None:
    run = f"/api/v1/runs/{view.run.id}"

    price = await board.post(f"{run}/whatif", json={"ops": [last_first(view)]})
    assert price.status_code == 200, price.text
    assert price.json()["moved_stops"] == 1

    edit = {"ops": [last_first(view)], "reason": "closed", "expected_plan_version": 1}
    made = await board.post(f"{run}/order", json=edit, headers={"Idempotency-Key": "one"})
    assert made.status_code == 200, made.text
    assert made.json()["order"] == price.json()["order"]
    again = await board.post(f"{run}/order", json=edit, headers={"Idempotency-Key": "one"})
    assert again.json() == made.json()

    undone = await board.post(f"{run}/undo", json={"expected_plan_version": 2})
    assert undone.status_code == 200, undone.text
    assert only_run(parts.reads).order == view.order


async def test_a_stale_version_is_answered_with_what_changed(
    view: RunView, board: AsyncClient
) -> None:
    edit = {"ops": [last_first(view)], "expected_plan_version": 1}
    await board.post(f"/api/v1/runs/{view.run.id}/order", json=edit)

    stale = await board.post(f"/api/v1/runs/{view.run.id}/order", json=edit)

    assert stale.status_code == 409
    assert (stale.json()["code"], stale.json()["current"]) == ("plan_version", 2)
    assert stale.json()["changes"][0]["op"] == [last_first(view)]


async def test_ops_that_make_no_sense_are_refused_with_their_place(
    view: RunView, board: AsyncClient
) -> None:
    answer = await board.post(f"/api/v1/runs/{view.run.id}/whatif", json={"ops": [{"op": "fly"}]})

    assert answer.status_code == 422
    assert answer.json()["errors"]


async def test_the_gate_tells_what_is_missing(view: RunView, board: AsyncClient) -> None:
    answer = await board.get(f"/api/v1/runs/{view.run.id}/gate")

    assert answer.status_code == 200
    assert {"item": "no_driver", "level": "warn", "sentence": "No driver is assigned."} in (
        answer.json()["items"]
    )


async def test_a_task_is_answered_and_a_bad_one_is_refused(board: AsyncClient) -> None:
    good = await board.post("/api/v1/resequence", json=a_task(), params={"budget_ms": 20})
    bad = await board.post("/api/v1/resequence", json=a_task(order=[1]))

    assert (good.status_code, good.json()["order"]) == (200, [11, 12])
    assert (bad.status_code, bad.json()["code"]) == (422, "bad_input")
    assert bad.json()["errors"][0]["pointer"].startswith("/")


async def test_a_problem_is_planned_checked_or_refused(board: AsyncClient) -> None:
    problem = a_problem(4)
    problem["vehicles"][0]["steps"] = [{"type": "job", "id": n} for n in (1, 3, 2, 4)]

    planned = await board.post("/api/v1/plan", json=problem, params={"budget_s": 1})
    checked = await board.post("/api/v1/plan", json=problem, params={"check": "true"})
    bad = await board.post("/api/v1/plan", json=problem | {"vehicles": []})

    assert planned.status_code == 200, planned.text
    assert planned.json()["unassigned"] == []
    assert orders(checked.json()) == {1: [1, 3, 2, 4]}
    assert (bad.status_code, bad.json()["errors"][0]["pointer"]) == (422, "/vehicles")


async def test_places_without_a_matrix_are_asked_of_the_travel_times(board: AsyncClient) -> None:
    problem = {
        "vehicles": [{"id": 1, "start": [24.9, 60.1]}],
        "jobs": [{"id": 1, "location": [24.95, 60.15]}],
    }

    answer = await board.post("/api/v1/plan", json=problem, params={"budget_s": 1})

    assert answer.status_code == 200, answer.text
    assert answer.json()["summary"]["distance"] > 6000


async def test_strangers_are_sent_away(view: RunView, client: AsyncClient) -> None:
    answer = await client.post(f"/api/v1/runs/{view.run.id}/whatif", json={"ops": []})

    assert answer.status_code == 401
