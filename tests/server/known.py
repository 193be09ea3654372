"""A board with things of every kind, and the names by which a path or a field asks for them."""

from typing import Any

from httpx import AsyncClient

from server.core.clock import to_ms
from tests.helpers import hostile
from tests.helpers.clock import MONDAY_NOON
from tests.helpers.hostile import Known
from tests.helpers.pages import Board

DAY = "2026-03-02"
IN_A_DAY_MS = to_ms(MONDAY_NOON) + 86_400_000
ABSENT = "01900000-0000-7000-8000-00000000dead"
LONG = "a long enough password"


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
