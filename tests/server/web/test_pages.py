"""Every page answers those who may see it, and leads the others somewhere sensible."""

from collections.abc import Callable

import pytest
from fastapi import FastAPI
from httpx import AsyncClient

from server.core.access import Principal, Role
from server.core.http import Parts
from server.demo.keys import SITE_ID
from server.people import service
from server.sites import service as sites
from server.web.shell import DEMO_SITE
from shared.site import Location
from tests.helpers.pages import Board
from tests.server.conftest import as_person

PAGES = (
    "/today",
    "/today?view=list",
    "/today?date=2026-03-01",
    "/plant",
    "/proofs",
    "/loops",
    "/devices",
    "/held",
    "/people",
    "/vehicles",
    "/locations",
    "/locations?q=bakery",
    "/imports",
    "/cards",
    "/cards/sheet",
)
HOSTILE = "<script>alert(1)</script>\"'&</script>"


@pytest.mark.anyio
@pytest.mark.parametrize("path", PAGES)
async def test_a_supervisor_sees_the_page(ada: AsyncClient, path: str) -> None:
    answer = await ada.get(path)

    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/html")
    assert "Harbour Depot" in answer.text


@pytest.mark.anyio
@pytest.mark.parametrize("path", PAGES)
async def test_a_stranger_is_led_to_the_sign_in_and_back(
    client: AsyncClient, made: Board, path: str
) -> None:
    assert made.runs

    answer = await client.get(path, headers={"Accept": "text/html"})

    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/sign-in?next=")


@pytest.mark.anyio
async def test_the_page_of_a_run_shows_its_stops_and_versions(
    ada: AsyncClient, made: Board
) -> None:
    answer = await ada.get(f"/runs/{made.runs['L07 Grocery north']}")

    assert answer.status_code == 200
    assert "Pasila Corner Shop" in answer.text
    assert "by the timetable" in answer.text


@pytest.mark.anyio
async def test_an_unknown_run_is_a_page_that_says_so(ada: AsyncClient) -> None:
    answer = await ada.get("/runs/01900000-0000-7000-8000-0000000000ff")

    assert answer.status_code == 404
    assert "Not found" in answer.text


@pytest.mark.anyio
async def test_a_wrong_date_is_a_page_with_a_sentence(ada: AsyncClient) -> None:
    answer = await ada.get("/today?date=tomorrow")

    assert answer.status_code == 422
    assert "That did not work" in answer.text


@pytest.mark.anyio
async def test_a_planner_has_no_entry_for_devices_and_no_page(
    app: FastAPI, client: AsyncClient, parts: Parts, made: Board
) -> None:
    del client
    planner = _person(parts, made, "Pat", Role.PLANNER)
    async with as_person(app, planner) as browser:
        browser.headers["Accept"] = "text/html"

        loops = await browser.get("/loops")
        devices = await browser.get("/devices")

    assert 'href="/devices"' not in loops.text.split("<main", 1)[0].split("</nav>")[0]
    assert devices.status_code == 403
    assert "Not for your role" in devices.text


@pytest.mark.anyio
async def test_what_people_type_is_shown_as_text(
    ada: AsyncClient, parts: Parts, made: Board
) -> None:
    place = Location(kind="customer", name=HOSTILE, lat=60.1, lon=24.9)
    now = parts.clock.now()
    parts.writer.run(lambda s: sites.add_location(s, made.who, place, now=now))

    answer = await ada.get("/locations")

    assert "<script>alert" not in answer.text
    assert "&lt;script&gt;alert(1)" in answer.text
    assert "\\u003cscript\\u003ealert(1)" in answer.text


@pytest.mark.anyio
async def test_the_page_speaks_german_when_asked(ada: AsyncClient) -> None:
    ada.cookies.set("lang", "de")

    answer = await ada.get("/today")

    assert '<html lang="de"' in answer.text


@pytest.mark.anyio
async def test_the_chosen_appearance_is_there_from_the_first_byte(ada: AsyncClient) -> None:
    ada.cookies.set("theme", "dark")

    answer = await ada.get("/today")

    assert 'data-theme="dark"' in answer.text


@pytest.mark.anyio
async def test_the_root_leads_to_the_board(ada: AsyncClient) -> None:
    answer = await ada.get("/")

    assert answer.status_code == 303
    assert answer.headers["location"] == "/today"


@pytest.mark.anyio
async def test_a_pairing_link_is_drawn_as_a_picture(ada: AsyncClient) -> None:
    answer = await ada.get("/devices/qr.svg", params={"text": "milkrun://pair?c=7KQ2M9XH"})

    assert answer.headers["content-type"] == "image/svg+xml"
    assert "<svg" in answer.text


def test_the_demo_is_known_by_its_site() -> None:
    assert DEMO_SITE == SITE_ID


def _person(parts: Parts, made: Board, name: str, role: Role) -> Principal:
    now = parts.clock.now()
    person_id = parts.writer.run(
        lambda s: service.create_person(
            s, made.who, name=name, grants=[service.Grant(role)], now=now
        )
    )
    make: Callable[..., Principal] = Principal
    return make("person", made.site_id, person_id=person_id, roles=frozenset({role}), name=name)
