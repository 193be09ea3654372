"""Hostile values through every writable field; afterwards every list and page still answers."""

import json
import re
from typing import Any

import pytest
from fastapi import FastAPI
from httpx import AsyncClient

from server.core.access import Principal
from server.core.http import Parts
from shared.events import RunStarted
from tests.helpers import hostile
from tests.helpers.builders import fact, text_id
from tests.helpers.hostile import VALUES, Known
from tests.helpers.pages import Board, make_board
from tests.server.conftest import as_person
from tests.server.known import DAY, bodies_of, known_things
from tests.server.sync.a_device import Device, found_site, open_circle, pair_device

pytestmark = pytest.mark.anyio
JSON = {"Content-Type": "application/json", "Accept": "application/json"}
ENDLESS = {"/api/v1/board/stream", "/api/v1/poke"}
NEEDED = {"date": DAY, "topics": f"today:{DAY},devices,plant", "from": DAY, "to": DAY}
PAGES = ("/today", "/loops", "/imports", "/proofs", "/devices", "/locations", "/vehicles")
EACH = 2  # values per field; the fields are many, so every value is tried many times


@pytest.fixture
def made(parts: Parts) -> Board:
    return make_board(parts)


@pytest.fixture
async def ada(client: AsyncClient, app: FastAPI, made: Board) -> AsyncClient:
    del client
    return as_person(app, made.person)


async def everything_answers(ada: AsyncClient, openapi: dict[str, Any], known: Known) -> None:
    """Ask for every list, every known thing and the pages."""
    for path, methods in openapi["paths"].items():
        if "get" not in methods or path in ENDLESS:
            continue
        url = re.sub(r"\{(\w+)\}", lambda found: known.ids.get(found[1], "?"), path)
        if "?" in url:
            continue
        asked = methods["get"].get("parameters", [])
        wanted = {one["name"]: NEEDED[one["name"]] for one in asked if one["name"] in NEEDED}
        answer = await ada.get(url, params=wanted, headers=JSON)
        assert answer.status_code == 200, f"{url}: {answer.text[:300]}"
    for page in PAGES:
        answer = await ada.get(page, headers={"Accept": "text/html"})
        assert answer.status_code in (200, 404), f"{page}: {answer.text[:300]}"


def test_the_corpus_is_large_enough() -> None:
    assert len(set(VALUES)) == len(VALUES) >= 60


async def test_no_value_in_any_field_is_a_bug_and_every_list_still_answers(
    app: FastAPI, ada: AsyncClient, made: Board, capsys: pytest.CaptureFixture[str]
) -> None:
    openapi = app.openapi()
    known = await known_things(ada, made)
    counted: dict[int, int] = {}
    for one in hostile.tries(openapi, known, bodies=bodies_of(openapi, known), each=EACH):
        answer = await ada.request(one.method, one.url, content=one.body, headers=JSON)
        counted[answer.status_code] = counted.get(answer.status_code, 0) + 1
        assert answer.status_code < 500, f"{one.where}: {answer.text[:300]}{capsys.readouterr()}"

    assert sum(counted.values()) > 500, counted
    assert counted.get(200, 0) + counted.get(201, 0) > 50, counted
    await everything_answers(ada, openapi, known)


async def test_hostile_cells_are_rows_of_a_report(ada: AsyncClient) -> None:
    texts = [json.loads(one) for one in VALUES if one.startswith('"') and _readable(one)]
    lines = ["ref,name,address,lat,lon,opening_hours"]
    for number, text in enumerate(texts):
        cell = '"' + text.replace('"', '""').replace("\x00", "") + '"'
        cells = [f"R{number}", "Shop", "Road 1", "60.1", "24.9", "24/7"]
        cells[number % len(cells)] = cell
        lines.append(",".join(cells))
    content = "\r\n".join(lines).encode("utf-8", "surrogatepass")

    answer = await ada.post("/api/v1/imports/locations", content=content,
                            headers={"Content-Type": "text/csv"})  # fmt: skip

    assert answer.status_code in (201, 200, 422), answer.text[:300]
    assert (await ada.get("/api/v1/imports")).status_code == 200


def _readable(raw: str) -> bool:
    try:
        return max(json.loads(raw), default="") < "\ud800"
    except ValueError:
        return False


@pytest.fixture
async def van(client: AsyncClient, app: FastAPI, parts: Parts, supervisor: Principal) -> Device:
    """A device on the road, talking to the running server."""
    del client
    found_site(parts, supervisor, "bakery")
    open_circle(parts, supervisor, "bakery")
    return await pair_device(app, supervisor)


async def test_a_hostile_fact_holds_up_no_neighbour(van: Device) -> None:
    for number, raw in enumerate(VALUES):
        for doc in (raw, f'{{"v":1,"type":"stop.arrived","body":{raw}}}'):
            van.stream.record_doc(text_id(f"hostile {number} {len(doc)}"), doc[:20_000])
        van.record(fact(RunStarted(vehicle=text_id("van")), at=number))
    content = json.dumps(van.request()).encode()

    answer = await van.client.post("/api/v1/sync", content=content, headers=JSON)

    assert answer.status_code == 200, answer.text[:300]
    assert answer.json()["ack"]["seq"] == 3 * len(VALUES)
    assert len(answer.json()["held"]) >= 2 * len(VALUES)


async def test_held_facts_of_any_kind_are_listed(van: Device, board: AsyncClient) -> None:
    for number, raw in enumerate(VALUES):
        van.stream.record_doc(text_id(f"hostile {number}"), raw[:20_000])
    await van.client.post("/api/v1/sync", content=json.dumps(van.request()), headers=JSON)

    held = await board.get("/api/v1/held")

    assert held.status_code == 200
    assert len(held.json()["items"]) == len(VALUES)
