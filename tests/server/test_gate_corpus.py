"""Hostile values through every writable field; afterwards every list and page still answers."""

import json
import re
from typing import Any

import pytest
from fastapi import FastAPI
from httpx import AsyncClient

from server.core.access import Principal
from server.core.clock import to_ms
from server.core.http import Parts
from shared.events import RunStarted
from tests.helpers import hostile
from tests.helpers.builders import fact, text_id
from tests.helpers.clock import MONDAY_NOON
from tests.helpers.hostile import VALUES, Known
from tests.helpers.pages import Board, make_board
from tests.server.conftest import as_person
from tests.server.sync.a_device import Device, found_site, open_circle, pair_device

pytestmark = pytest.mark.anyio
DAY = "2026-03-02"
IN_A_DAY_MS = to_ms(MONDAY_NOON) + 86_400_000
ABSENT = "01900000-0000-7000-8000-00000000dead"
LONG = "a long enough password"
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


async def made_by(ada: AsyncClient, where: str, **body: Any) -> str:
    answer = await ada.post(f"/api/v1/{where}", json=body)
    assert answer.status_code == 201, f"{where}: {answer.text}"
    return str(answer.json()["id"])


async def known_things(ada: AsyncClient, made: Board) -> Known:
    """Names for everything a path or a field may ask for."""
    run = (await ada.get(f"/api/v1/runs/{made.runs['L09 Centre evening']}")).json()
    visit = next(one["id"] for one in run["visits"] if one["kind"] == "fixed")
    place, depot, station, market = (
        str(made.places[name])
        for name in ("Kallio Bakery", "Harbour Depot", "Kitting", "Supermarket")
    )
    loop = await made_by(ada, "loops", code="L1", name="Round", kind="outbound")
    draft = {"anchor_date": DAY, "start_location": depot}
    await ada.post(f"/api/v1/loops/{loop}/versions", json=draft)
    await ada.put(f"/api/v1/calendars/{ABSENT}", json={"name": "Workdays"})
    cycle = {"part_no": "P1", "station_id": station, "supermarket_id": market,
             "pieces_per_box": 1, "demand_per_h": 1, "min_boxes": 1, "max_boxes": 2}  # fmt: skip
    handed_in = await ada.post("/api/v1/imports/locations", content=b"name,lat,lon\nA,60,24\n",
                               headers={"Content-Type": "text/csv"})  # fmt: skip
    ids = {
        "run_id": run["run"]["id"], "visit": visit, "run": run["run"]["id"],
        "location_id": place, "into": depot, "start_location": depot, "end_location": depot,
        "station_id": station, "supermarket_id": market, "loop_id": loop,
        "vehicle_id": str(made.vehicles["Van 3"]), "driver_id": str(made.drivers["Tom Becker"]),
        "carrier_id": await made_by(ada, "carriers", name="Swift"),
        "device_id": (await ada.get("/api/v1/devices")).json()["items"][0]["id"],
        "item_id": (await ada.get("/api/v1/exceptions")).json()["items"][0]["id"],
        "person_id": await made_by(ada, "people", name="Pia", roles=[{"role": "planner"}],
                                   password=LONG),
        "andon_id": await made_by(ada, "andons", category="safety"),
        "cycle_id": await made_by(ada, "control-cycles", **cycle),
        "import_id": handed_in.json()["id"], "calendar_id": ABSENT,
        "n": "1", "day": DAY, "reason_id": "closed",
    }  # fmt: skip
    timetable = [{"departure_no": 1, "time_local": "08:00"}]
    texts = {"password": LONG, "pin": "1234", "rrule": "FREQ=DAILY", "departures": timetable,
             "expires": IN_A_DAY_MS, "planned_departure": IN_A_DAY_MS, "service_date": "2026-03-03",
             "roles": [{"role": "planner"}]}  # fmt: skip
    return Known(ids, texts)


def bodies_of(openapi: dict[str, Any], known: Known) -> dict[str, Any]:
    """Bodies whose form OpenAPI leaves open: the fields are those of the thing changed."""
    schemas = openapi["components"]["schemas"]

    def like(name: str) -> Any:
        body = hostile.sample(schemas[name], schemas, known)
        body.pop("id", None)
        return body

    run = known.ids["visit"]
    ops = [{"op": "note", "text": "x"},
           {"op": "late", "delay_s": 60}, {"op": "window", "visit": run, "windows": [[1, 2]]},
           {"op": "insert", "location_id": known.ids["location_id"], "service_s": 60},
           {"op": "move", "visit": run, "after": None}]  # fmt: skip
    day = "put /api/v1/loops/{loop_id}/exceptions/{day}"
    arrived = {
        "type": "stop.arrived",
        "run": known.ids["run"],
        "visit": run,
        "body": {"source": "manual"},
    }
    return {
        "patch /api/v1/locations/{location_id}": like("NewLocation"),
        "patch /api/v1/loops/{loop_id}": {"name": "x", "calendar_id": ABSENT,
                                          "departure_policy": "timetable"},
        "post /api/v1/runs": {"service_date": DAY, "planned_departure": IN_A_DAY_MS,
                              "stops": [ops[-2]], "name": "x"},
        "patch /api/v1/settings": {"name": "x", "tz": "Europe/Helsinki", "keep_s": 1,
                                   "auto_dispatch": True, "geofence_m": 100},
        day: {"rows": [{"op": "remove", "departure_no": 1}]},
        "post /api/v1/runs/{run_id}/whatif": {"ops": ops},
        "post /api/v1/runs/{run_id}/order": {"ops": ops, "reason": "", "expected_plan_version": 1},
        "post /api/v1/facts": arrived,
        "put /api/v1/reasons/{reason_id}": {"id": "closed", "name": {"en": "Closed"}, "about":
                                            ["fail"], "on": True},
    }  # fmt: skip


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
