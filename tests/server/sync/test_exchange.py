"""One exchange of a scripted device: facts in, rows out, nothing lost (sync.md §3, §4)."""

import gzip
import json
from uuid import UUID

import pytest
from fastapi import FastAPI
from httpx import AsyncClient

from server.core.access import Principal
from server.core.http import Parts
from server.runs.service import states
from shared.chain import row_digest
from shared.events import Event
from shared.ids import RunId
from tests.helpers.builders import arrived, completed, id_of
from tests.server.sync.a_device import Device, found_site, open_circle, pair_device

pytestmark = pytest.mark.anyio


async def test_a_dispatched_run_is_on_the_device_of_its_vehicle(
    van: Device, parts: Parts, supervisor: Principal
) -> None:
    circle = open_circle(parts, supervisor, "bakery", "dairy")

    told = await van.exchange()

    assert told["rid"] == "7f3a9c10"
    assert told["server_id"] == van.server_id
    assert f"run:{circle.run}" in told["pull"]["scopes"]
    assert van.row("stop", circle.visits["bakery"])[0]["name"] == "bakery"
    assert told["pull"]["digest"] == row_digest(
        (kind, id_, row[1]) for (kind, id_), row in van.rows.items()
    )


async def test_a_completed_stop_comes_back_as_done_in_the_same_answer(
    van: Device, parts: Parts, supervisor: Principal
) -> None:
    circle = open_circle(parts, supervisor, "bakery", "dairy")
    await van.exchange()
    done = completed(run=circle.run, visit=circle.visits["bakery"])

    told = await van.record(done).exchange()

    assert told["ack"] == {"seq": 1, "chain": van.stream.chains[1], "durable": 1}
    assert told["held"] == []
    fact = van.row("stop", circle.visits["bakery"])[1]
    assert fact is not None
    assert (fact["state"], fact["result"], fact["n"]) == ("done", done.id, 1)


async def test_a_lost_answer_makes_no_duplicate(
    van: Device, parts: Parts, supervisor: Principal
) -> None:
    circle = open_circle(parts, supervisor, "bakery", "dairy")
    van.record(completed(run=circle.run, visit=circle.visits["bakery"]))
    await van.post()

    told = await van.exchange()

    assert told["ack"]["seq"] == 1
    fact = van.row("stop", circle.visits["bakery"])[1]
    assert fact is not None
    assert fact["n"] == 1


async def test_a_packed_request_is_taken(van: Device) -> None:
    van.record(arrived())
    body = gzip.compress(json.dumps(van.request()).encode())
    headers = {"Content-Encoding": "gzip", "Content-Type": "application/json"}

    answer = await van.client.post("/api/v1/sync", content=body, headers=headers)

    assert answer.json()["ack"]["seq"] == 1


async def test_a_fact_of_a_run_the_device_never_had_waits(van: Device) -> None:
    van.record(fact := arrived(run=str(id_of("foreign run"))))

    told = await van.exchange()

    assert told["ack"]["seq"] == 1
    assert told["held"] == [[fact.id, "unknown_run"]]


async def test_a_waiting_fact_counts_once_its_run_has_come_to_the_device(
    client: AsyncClient, app: FastAPI, parts: Parts, supervisor: Principal
) -> None:
    del client
    found_site(parts, supervisor, "bakery", "dairy")
    circle = open_circle(parts, supervisor, "bakery", dispatched=False)
    van = await pair_device(app, supervisor)
    await van.record(_at(circle.run, circle.visits["bakery"])).exchange()
    _dispatch(parts, supervisor, circle.run)

    told = await van.exchange()

    assert told["held"] == []
    assert van.row("stop", circle.visits["bakery"])[1] is not None


def _at(run: str, visit: str) -> Event:
    return arrived(run=run, visit=visit)


def _dispatch(parts: Parts, who: Principal, run: str) -> None:
    parts.writer.run(lambda s: states.dispatch(s, who, RunId(UUID(run)), now=parts.clock.now()))
