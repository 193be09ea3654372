"""S3 to S6 on the road: the card of the next stop, arriving, completing."""

import json
import sqlite3
from pathlib import Path

import pytest

from tests.helpers.app_stand import ROAD, app_on, run_route, stop_route
from tests.helpers.builders import text_id
from tests.helpers.device_rows import RUN
from tests.helpers.press import press

pytestmark = pytest.mark.anyio


async def test_the_runs_of_today_are_on_the_screen_without_the_office(van: Path) -> None:
    async with app_on(van) as app:
        assert app.says("Loop North 3")
        assert app.says("5 stops · Van 4")


async def test_a_started_run_shows_the_next_stop_on_its_card(van: Path) -> None:
    async with app_on(van, run_route()) as app:
        await press(app, "run.start")

        assert app.says(ROAD[0])
        assert "run.next.arrive" in app.identifiers()
        assert app.says("Drop 3 box")


async def test_a_plain_stop_takes_two_taps(van: Path) -> None:
    async with app_on(van, run_route()) as app:
        await press(app, "run.start")

        await press(app, "run.next.arrive")
        await press(app, "stop.complete")

        assert app.page.route == run_route()
        assert app.says("Stop 1 saved")
        assert app.says("1 of 5")


async def test_a_completed_stop_can_be_taken_back(van: Path) -> None:
    async with app_on(van, run_route()) as app:
        await press(app, "run.start")
        await press(app, "run.next.arrive")
        await press(app, "stop.complete")

        await press(app, "run.undo")

        assert app.says("0 of 5")


async def test_a_stop_can_be_completed_without_arriving(van: Path) -> None:
    async with app_on(van, stop_route(ROAD[4])) as app:
        await press(app, "stop.complete.early")

        assert app.says("1 of 5")


async def test_the_card_shows_the_newest_note_with_date_and_author(van: Path) -> None:
    async with app_on(van, stop_route(ROAD[1])) as app:
        assert app.says("Ring at gate B")
        assert app.says("Kaya")


async def test_a_stop_says_which_proof_it_wants(van: Path) -> None:
    async with app_on(van, stop_route(ROAD[1])) as app:
        assert app.says("required")
        assert app.says("please")


async def test_a_second_press_within_the_blink_of_an_eye_is_ignored(van: Path) -> None:
    async with app_on(van, run_route()) as app:
        button = app.find("run.start")

        await app.fire(button, "click")
        once = app.texts()
        await app.fire(button, "click")

        assert app.texts() == once


async def test_an_app_that_is_killed_comes_back_with_the_screen_that_was_open(van: Path) -> None:
    async with app_on(van, run_route()) as app:
        await press(app, "run.start")
        await press(app, "run.next.arrive")

        with sqlite3.connect(van / "driver.db") as db:
            (kept,) = db.execute("SELECT v FROM ui_state WHERE k = 'route'").fetchone()
        db.close()

        assert json.loads(kept) == stop_route(ROAD[0])


async def test_a_route_to_nowhere_leads_back_to_the_runs(van: Path) -> None:
    async with app_on(van, "/runs/" + text_id("nowhere")) as app:
        await press(app, "lost.runs")

        assert app.page.route == "/runs"
        assert f"runs.open.{RUN}" in app.identifiers()
