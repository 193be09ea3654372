"""A request that comes twice under one key acts once, over HTTP and on both databases."""

from collections.abc import Callable
from typing import Any

import pytest
from fastapi import FastAPI
from httpx import AsyncClient, Response
from sqlmodel import Session, select

from server.core import once
from server.core.access import Principal, Role
from server.core.http import Parts
from server.sites.service import create_site
from shared.ids import SiteId
from shared.site import Site
from tests.helpers.a_site import found_site, publish_loop
from tests.helpers.builders import text_id
from tests.helpers.clock import ManualClock
from tests.server.conftest import as_person
from tests.server.dispatch.a_day import a_dispatched_run

pytestmark = pytest.mark.anyio
PLACE = {"kind": "customer", "name": "Bakery"}
KEY = {"Idempotency-Key": "one"}
PLACES = "/api/v1/locations"


@pytest.fixture
def _founded(parts: Parts, site: SiteId, clock: ManualClock) -> None:
    parts.writer.run(lambda s: create_site(s, site, Site(name="Test"), now=clock.now()))


async def count(board: AsyncClient) -> int:
    return len((await board.get(PLACES)).json()["items"])


def same(first: Response, second: Response) -> bool:
    return (first.status_code, first.content) == (second.status_code, second.content)


@pytest.mark.usefixtures("_founded")
async def test_the_same_request_under_one_key_adds_one_place(board: AsyncClient) -> None:
    first = await board.post(PLACES, json=PLACE, headers=KEY)
    second = await board.post(PLACES, json=PLACE, headers=KEY)

    assert first.status_code == 201
    assert same(first, second)
    assert second.headers["content-type"] == "application/json"
    assert await count(board) == 1


@pytest.mark.usefixtures("_founded")
async def test_another_body_under_the_same_key_is_refused(board: AsyncClient) -> None:
    await board.post(PLACES, json=PLACE, headers=KEY)

    other = await board.post(PLACES, json=PLACE | {"name": "Mill"}, headers=KEY)

    assert (other.status_code, other.json()["code"]) == (422, "bad_input")
    assert await count(board) == 1


@pytest.mark.usefixtures("_founded")
async def test_a_key_belongs_to_one_person_and_lasts_a_day(
    app: FastAPI, board: AsyncClient, person: Callable[..., Principal], clock: ManualClock
) -> None:
    colleague = as_person(app, person("Pia", Role.PLANNER))
    await board.post(PLACES, json=PLACE, headers=KEY)
    await colleague.post(PLACES, json=PLACE, headers=KEY)
    assert await count(board) == 2

    clock.pass_time(hours=11)
    assert await count(board) == 2
    clock.pass_time(hours=11)
    assert await count(board) == 2
    clock.pass_time(hours=2)
    await board.post(PLACES, json=PLACE, headers=KEY)
    assert await count(board) == 3


@pytest.mark.usefixtures("_founded")
async def test_a_refused_request_may_come_again_corrected(board: AsyncClient) -> None:
    known = PLACE | {"ref": "B-1"}
    await board.post(PLACES, json=known)

    refused = await board.post(PLACES, json=known, headers=KEY)
    corrected = await board.post(PLACES, json=known | {"ref": "B-2"}, headers=KEY)

    assert (refused.status_code, corrected.status_code) == (409, 201)


@pytest.mark.usefixtures("_founded")
@pytest.mark.parametrize("key", ["", "x" * 101, "tab\there"])
async def test_a_key_that_is_none_is_named(board: AsyncClient, key: str) -> None:
    answer = await board.post(PLACES, json=PLACE, headers={"Idempotency-Key": key})

    assert answer.status_code == 422
    assert "Idempotency-Key" in answer.json()["detail"]


@pytest.mark.usefixtures("_founded")
async def test_neither_a_token_nor_a_password_is_kept(board: AsyncClient, parts: Parts) -> None:
    ask = {"name": "script", "rights": "read", "expires": parts.clock.ms() + 86_400_000}

    made = await board.post("/api/v1/tokens", json=ask, headers=KEY)
    again = await board.post("/api/v1/tokens", json=ask, headers=KEY)

    assert made.status_code == 201, made.text
    assert (again.status_code, again.json()["code"]) == (409, "bad_state")
    assert len((await board.get("/api/v1/tokens")).json()["items"]) == 1
    [row] = parts.reads.run(_rows)
    assert (row.body_sha, row.body) == ("", None)


def _rows(session: Session) -> list[once.IdempotencyRow]:
    return list(session.exec(select(once.IdempotencyRow)))


@pytest.mark.usefixtures("_founded")
async def test_a_request_whose_answer_was_lost_does_not_act_again(
    board: AsyncClient, parts: Parts, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(once, "keep", lambda _session, **_about: None)
    await board.post(PLACES, json=PLACE, headers=KEY)

    soon = await board.post(PLACES, json=PLACE, headers=KEY)
    clock.pass_time(hours=1)
    later = await board.post(PLACES, json=PLACE, headers=KEY)

    assert (soon.status_code, later.status_code) == (503, 409)
    assert await count(board) == 1
    clock.pass_time(days=2)
    parts.writer.run(lambda s: once.forget(s, SiteId(_rows(s)[0].site_id), clock.ms()))
    assert parts.reads.run(_rows) == []


async def test_every_deed_on_a_run_happens_once(board: AsyncClient, parts: Parts) -> None:
    view = a_dispatched_run(parts.writer, parts.reads)
    run = f"/api/v1/runs/{view.run.id}"
    op = {"op": "move", "visit": str(view.order[-1]), "after": None}
    deeds: list[tuple[str, dict[str, Any]]] = [
        ("order", {"ops": [op], "expected_plan_version": 1}),
        ("undo", {"expected_plan_version": 2}),
        ("recall", {"reason": "too early"}),
        ("dispatch", {}),
        ("cancel", {"reason": "closed"}),
    ]

    for path, body in deeds:
        first = await board.post(f"{run}/{path}", json=body, headers={"Idempotency-Key": path})
        again = await board.post(f"{run}/{path}", json=body, headers={"Idempotency-Key": path})
        assert first.status_code == 200, first.text
        assert same(first, again), path


async def test_a_loop_is_drawn_and_published_once(board: AsyncClient, parts: Parts) -> None:
    found_site(parts.writer)
    publish_loop(parts.writer)
    drawn = {"code": "L2", "name": "Second", "kind": "outbound"}
    to_state = {"to": "retired", "reason": "test"}
    state = f"/api/v1/loops/{text_id('loop L1')}/state"

    for path, body in (("/api/v1/loops", drawn), (state, to_state)):
        first = await board.post(path, json=body, headers=KEY)
        assert first.status_code < 300, first.text
        assert same(first, await board.post(path, json=body, headers=KEY)), path
