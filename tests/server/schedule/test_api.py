"""From a drawn loop to a run on a device, over REST alone."""

from typing import Any

import pytest
from httpx import AsyncClient

from server.core.http import Parts
from server.schedule.service import materialise
from tests.helpers.a_site import add_vehicle, found_site
from tests.helpers.builders import text_id
from tests.helpers.clock import ManualClock

pytestmark = pytest.mark.anyio

DAY = "2026-03-03"


def a_version(**more: Any) -> dict[str, Any]:
    """Draw a round from the depot over two customers, as JSON."""
    return {
        "anchor_date": "2026-03-02",
        "rrule": "FREQ=DAILY",
        "start_location": text_id("depot"),
        "end_location": text_id("depot"),
        "stops": [{"location_id": text_id("bakery")}, {"location_id": text_id("mill")}],
        "departures": [
            {"departure_no": 1, "time_local": "08:00", "vehicle_id": text_id("vehicle Van 4")}
        ],
        **more,
    }


async def post(board: AsyncClient, path: str, body: dict[str, Any], status: int = 200) -> Any:
    """Post and expect this status."""
    answer = await board.post(f"/api/v1{path}", json=body)
    assert answer.status_code == status, answer.text
    return answer.json()


async def drawn(board: AsyncClient, parts: Parts) -> str:
    """Draw a loop at a site with places and a van."""
    found_site(parts.writer)
    add_vehicle(parts.writer)
    about = {"code": "L1", "name": "Morning round", "kind": "outbound"}
    return str((await post(board, "/loops", about, 201))["id"])


async def test_a_published_loop_has_runs_that_can_be_dispatched(
    board: AsyncClient, parts: Parts, clock: ManualClock
) -> None:
    loop = await drawn(board, parts)
    made = await post(board, f"/loops/{loop}/versions", a_version(), 201)
    await post(board, f"/loops/{loop}/versions/1/publish", {"valid_from": "2026-03-02"})
    materialise(parts.reads, parts.writer, clock.now())

    listed = (await board.get(f"/api/v1/runs?date={DAY}")).json()["items"]
    run = listed[0]["id"]
    sent = await post(board, f"/runs/{run}/dispatch", {})
    whole = (await board.get(f"/api/v1/runs/{run}")).json()

    assert made == {"version": 1, "violations": []}
    assert [one["state"] for one in listed] == ["planned"]
    assert sent["state"] == "dispatched"
    assert [one["name"] for one in whole["visits"]] == ["Depot", "Bakery", "Mill", "Depot"]
    assert whole["plan"]["version"] == 1
    assert whole["facts"] == []


async def test_a_draft_that_does_not_close_names_the_cause_and_is_not_published(
    board: AsyncClient, parts: Parts
) -> None:
    loop = await drawn(board, parts)

    made = await post(board, f"/loops/{loop}/versions", a_version(end_location=None), 201)
    refused = await post(
        board, f"/loops/{loop}/versions/1/publish", {"valid_from": "2026-03-02"}, 422
    )

    assert [one["cause"] for one in made["violations"]] == ["not_closed"]
    assert refused["errors"] == [{"pointer": "/end", "detail": "not_closed"}]


async def test_a_published_version_never_changes(board: AsyncClient, parts: Parts) -> None:
    loop = await drawn(board, parts)
    await post(board, f"/loops/{loop}/versions", a_version(), 201)
    await post(board, f"/loops/{loop}/versions/1/publish", {"valid_from": "2026-03-02"})

    answer = await board.put(f"/api/v1/loops/{loop}/versions/1", json=a_version())

    assert (answer.status_code, answer.json()["code"]) == (409, "bad_state")


async def test_the_preview_lists_dates_with_and_without_departures(
    board: AsyncClient, parts: Parts
) -> None:
    loop = await drawn(board, parts)
    await post(board, f"/loops/{loop}/versions", a_version(), 201)
    removed = await board.put(
        f"/api/v1/loops/{loop}/exceptions/2026-03-04", json={"rows": [{"op": "remove"}]}
    )

    found = await board.get(f"/api/v1/loops/{loop}/preview?from=2026-03-03&to=2026-03-05")

    assert removed.status_code == 200
    assert [(one["service_date"], one["note"]) for one in found.json()["items"]] == [
        ("2026-03-03", ""),
        ("2026-03-05", ""),
        ("2026-03-04", "removed"),
    ]


async def test_an_ad_hoc_run_is_opened_and_called_off(
    board: AsyncClient, parts: Parts, clock: ManualClock
) -> None:
    found_site(parts.writer)
    body = {
        "service_date": DAY,
        "planned_departure": clock.ms() + 3_600_000,
        "stops": [
            {
                "op": "insert",
                "location_id": text_id("mill"),
                "lines": [{"part_no": "4711", "qty": 2, "unit": "box"}],
            }
        ],
    }

    opened = await post(board, "/runs", body, 201)
    run = opened["run"]["id"]
    ended = await post(board, f"/runs/{run}/cancel", {"reason": "customer"})

    assert (opened["run"]["kind"], len(opened["visits"])) == ("ad_hoc", 3)
    assert [one["part_no"] for one in opened["loads"]] == ["4711"]
    assert (ended["state"], ended["cancel_reason"]) == ("cancelled", "customer")


async def test_places_are_added_changed_and_merged(board: AsyncClient, parts: Parts) -> None:
    found_site(parts.writer)
    body = {"kind": "customer", "name": "Huber", "ref": "C1", "lat": 51.3, "lon": 12.4}

    made = await post(board, "/locations", body, 201)
    twice = await post(board, "/locations", body, 409)
    changed = await board.patch(
        f"/api/v1/locations/{made['id']}",
        json={"note": "Ring twice", "expected_rev": made["rev"]},
    )
    stale = await board.patch(
        f"/api/v1/locations/{made['id']}", json={"name": "X", "expected_rev": made["rev"]}
    )
    kept = await post(board, f"/locations/{made['id']}/merge", {"into": text_id("mill")})

    assert twice["code"] == "exists"
    assert (changed.json()["note"], changed.json()["note_by"] != "") == ("Ring twice", True)
    assert (stale.status_code, stale.json()["code"]) == (409, "rev")
    assert kept["name"] == "Mill"
    listed = (await board.get("/api/v1/locations?q=huber")).json()["items"]
    assert listed == []


async def test_a_wrong_place_names_the_field(board: AsyncClient, parts: Parts) -> None:
    found_site(parts.writer)

    refused = await post(board, "/locations", {"kind": "castle", "name": "X"}, 422)
    far = await board.patch(f"/api/v1/locations/{text_id('mill')}", json={"lat": 91.0})

    assert refused["errors"][0]["pointer"] == "/kind"
    assert (far.status_code, far.json()["errors"][0]["pointer"]) == (422, "/lat")


async def test_settings_change_key_by_key(board: AsyncClient, parts: Parts) -> None:
    found_site(parts.writer)

    changed = await board.patch(
        "/api/v1/settings",
        json={"keep_s": 300, "auto_dispatch": False, "quiet_hours": ["22:00", "06:00"]},
    )
    wrong = await board.patch("/api/v1/settings", json={"keep_s": 99_999})
    zone = await board.patch("/api/v1/settings", json={"tz": "Europe/Atlantis"})

    now = (await board.get("/api/v1/settings")).json()
    assert changed.status_code == 200
    assert (now["keep_s"], now["auto_dispatch"], now["quiet_hours"]) == (
        300,
        False,
        ["22:00", "06:00"],
    )
    assert (wrong.status_code, zone.status_code) == (422, 422)
    assert now["tz"] == "Europe/Berlin"
