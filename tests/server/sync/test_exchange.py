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
from tests.server.sync.a_device import Circle, Device, found_site, open_circle, pair_device

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

    assert told["ack"] == {"seq": 1, "chain": van.stream.chains[1], "durable": 0}
    assert told["held"] == []
    fact = van.row("stop", circle.visits["bakery"])[1]
    assert fact is not None
    assert (fact["state"], fact["result"], fact["n"]) == ("done", done.id, 1)


async def test_without_backups_what_is_committed_is_all_the_safety_there_is(
    van: Device, parts: Parts, supervisor: Principal
) -> None:
    parts.settings = parts.settings.model_copy(update={"durability": "none"})
    circle = open_circle(parts, supervisor, "bakery", "dairy")
    done = completed(run=circle.run, visit=circle.visits["bakery"])

    told = await van.record(done).exchange()

    assert told["ack"]["durable"] == 1


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


async def test_a_poison_fact_blocks_nobody(van: Device, circle: Circle) -> None:
    van.stream.record_doc(str(id_of("poison")), "{ not json")
    van.record(completed(run=circle.run, visit=circle.visits["bakery"]))

    told = await van.exchange()

    assert told["ack"]["seq"] == 2
    assert told["held"] == [[str(id_of("poison")), "bad_doc"]]
    assert van.row("stop", circle.visits["bakery"])[1] is not None


async def test_a_device_with_waiting_facts_is_shown_to_a_supervisor(
    van: Device, board: AsyncClient
) -> None:
    van.stream.record_doc(str(id_of("poison")), "{ not json")

    await van.exchange()

    [item] = (await board.get("/api/v1/exceptions")).json()["items"]
    assert (item["kind"], item["subject"], item["detail"]["held"]) == ("held_fact", van.id, 1)


async def test_other_bytes_under_a_known_id_are_shown_to_a_supervisor(
    van: Device, circle: Circle, board: AsyncClient
) -> None:
    first = completed(run=circle.run, visit=circle.visits["bakery"])
    await van.record(first).exchange()
    van.record(completed(at=9, run=circle.run, visit=circle.visits["bakery"], id=first.id))

    told = await van.exchange()

    assert told["ack"]["seq"] == 2
    items = (await board.get("/api/v1/exceptions")).json()["items"]
    assert [(one["kind"], one["subject"]) for one in items] == [("held_fact", first.id)]


async def test_a_fork_is_refused_with_the_name_of_the_server(van: Device, circle: Circle) -> None:
    await van.record(arrived(run=circle.run)).exchange()
    body = van.request(base={"seq": 1, "chain": "f" * 32})

    answer = await van.client.post("/api/v1/sync", json=body)

    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (409, "stream_fork")
    assert problem["server_id"] == van.server_id


async def test_a_gap_is_answered_with_where_the_stream_stands(van: Device) -> None:
    van.record(arrived(), arrived(at=1))
    push = van.stream.push(after=1)
    events = [{"seq": one.seq, "id": one.id, "doc": one.doc} for one in push.events]

    answer = await van.post(base={"seq": 1, "chain": push.base_chain}, events=events)

    assert answer.json()["ack"] == {"seq": 0, "chain": "0" * 32, "durable": 0}


async def test_a_newer_app_delivers_and_is_told_that_the_server_is_too_old(
    van: Device, circle: Circle
) -> None:
    van.record(completed(run=circle.run, visit=circle.visits["bakery"]))

    told = await van.exchange(v=2, novelty={"x": 1})

    assert (told["ack"]["seq"], told["pull"]) == (1, {"refused": "server_too_old"})


async def test_a_retired_device_delivers_into_the_held_and_gets_no_rows(
    van: Device, circle: Circle, board: AsyncClient
) -> None:
    state = {"state": "retired", "reason": "sold"}
    await board.post(f"/api/v1/devices/{van.id}/state", json=state)
    van.record(fact := completed(run=circle.run, visit=circle.visits["bakery"]))

    told = await van.exchange()

    assert told["pull"] == {"refused": "retired"}
    assert told["held"] == [[fact.id, "retired_device"]]
    assert told["ack"]["seq"] == 1


async def test_a_bad_envelope_is_refused(van: Device) -> None:
    answer = await van.post(stream="nonsense")

    assert (answer.status_code, answer.json()["code"]) == (400, "bad_envelope")
    assert answer.json()["errors"][0]["pointer"] == "/stream"


async def test_a_request_that_is_no_json_is_refused(van: Device) -> None:
    answer = await van.client.post("/api/v1/sync", content=b"x")

    assert answer.status_code == 415


async def test_what_a_device_says_about_itself_is_shown(van: Device, board: AsyncClient) -> None:
    unsent = {"events": 3, "blobs": 1, "bytes": 99, "oldest_ms": 5}

    await van.exchange(unsent=unsent, health={"free_mb": 812}, app="1.5.0")

    [device] = (await board.get("/api/v1/devices")).json()["items"]
    assert device["unsent"] == unsent
    assert device["health"] == {"free_mb": 812}


async def test_two_devices_on_one_visit_see_the_same_result(
    van: Device, circle: Circle, app: FastAPI, supervisor: Principal
) -> None:
    other = await pair_device(app, supervisor, "Tablet")
    late = completed(at=9, run=circle.run, visit=circle.visits["bakery"])
    early = completed(at=5, run=circle.run, visit=circle.visits["bakery"])
    await van.record(late).exchange()

    await other.record(early).exchange()
    await van.exchange()

    for device in (van, other):
        fact = device.row("stop", circle.visits["bakery"])[1]
        assert fact is not None
        assert (fact["result"], fact["also"]) == (early.id, 1)


async def test_large_answers_are_packed(van: Device, circle: Circle) -> None:
    del circle
    answer = await van.post(cursor=None)

    assert answer.headers["content-encoding"] == "gzip"
    assert answer.json()["pull"]["reset"]


async def test_the_worked_example_of_the_protocol_is_taken_byte_for_byte(van: Device) -> None:
    for event_id, doc in EXAMPLE:
        van.stream.record_doc(event_id, doc)

    told = await van.exchange()

    assert told["ack"] == {
        "seq": 2,
        "chain": "88886ca6d5286385b80edfa626c6e87e",
        "durable": 0,
    }
    assert told["need"] == ["4943c794bf6171701133ff506f2e355af554baecea6b751aa8fd5b074f617706"]


EXAMPLE = [
    (
        "01a3185e-24c1-7c3e-9a00-0123456789ab",
        (
            '{"body":{"source":"geofence"},"by":"driver:01a2dcc1-8600-7000-8000-0000000000d7",'
            '"clk":["5d0e7a42",8120000,1800000119874],'
            '"fix":{"acc_m":9,"age_s":2,"lat_e7":481371540,"lon_e7":115761240},'
            '"hlc":1800000120001,"plan_rev":805,"run":"01a317c3-b980-7a10-8c21-3f0000000001",'
            '"type":"stop.arrived","v":1,"visit":"01a317c3-b980-7a10-8c21-3f0000000011"}'
        ),
    ),
    (
        "01a31861-33c2-7f10-8b11-1122334455aa",
        (
            '{"blobs":[["4943c794bf6171701133ff506f2e355af554baecea6b751aa8fd5b074f617706",23,'
            '"image/jpeg","photo"]],"body":{"lines":[["01a317c3-b980-7a10-8c21-3f0000000021",12]],'
            '"note":"Tür 3\\nlinks","proof":{"kind":"delivery","method":"photo",'
            '"signer":"J. Müller"}},"by":"driver:01a2dcc1-8600-7000-8000-0000000000d7",'
            '"clk":["5d0e7a42",8320449,1800000320323],"hlc":1800000320450,"plan_rev":805,'
            '"run":"01a317c3-b980-7a10-8c21-3f0000000001","type":"stop.completed","v":1,'
            '"visit":"01a317c3-b980-7a10-8c21-3f0000000011"}'
        ),
    ),
]
