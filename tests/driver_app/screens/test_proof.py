"""S7 and S8: quantities, empties, signature, what is missing, and a stop that failed."""

from dataclasses import replace
from pathlib import Path

import pytest

from driver_app.device.fakes import FakeGallery, fake_ports
from driver_app.device.ports import Picked
from tests.helpers.app_stand import ROAD, app_on, run_route, stop_route
from tests.helpers.builders import text_id
from tests.helpers.flet_harness import HeadlessApp
from tests.helpers.photos import jpeg
from tests.helpers.press import press, type_into

pytestmark = pytest.mark.anyio

WEBER = ROAD[1]
# A second press of one button counts only after 400 ms.
BLINK_TURNS = 240
LINE = "stop.line." + text_id(f"load {WEBER}")


def sheet(folder: Path) -> HeadlessApp:
    return app_on(folder, stop_route(WEBER, "proof"))


async def signed(app: HeadlessApp) -> None:
    """Draw one stroke on the pad."""
    pad = app.find("stop.signature")
    for event, x, y in (("start", 20, 40), ("update", 90, 120), ("update", 160, 60)):
        await app.fire(pad, f"horizontal_drag_{event}", {"l": {"x": x, "y": y}, **DRAG[event]})
    await app.fire(pad, "horizontal_drag_end", DRAG["end"])


DRAG: dict[str, dict[str, object]] = {
    "start": {"g": {"x": 0, "y": 0}, "k": "touch"},
    "update": {"g": {"x": 0, "y": 0}},
    "end": {"l": {"x": 0, "y": 0}, "g": {"x": 0, "y": 0}, "v": {"x": 0, "y": 0}},
}


async def test_quantities_are_preset_as_planned(van: Path) -> None:
    async with sheet(van) as app:
        assert app.says("as planned")


async def test_less_than_planned_asks_why(van: Path) -> None:
    async with sheet(van) as app:
        await press(app, f"{LINE}.minus")

        assert app.says("differs")
        assert f"{LINE}.damaged" in app.identifiers()


async def test_a_number_can_be_typed_on_the_digit_pad(van: Path) -> None:
    async with sheet(van) as app:
        await press(app, f"{LINE}.value")
        await press(app, f"{LINE}.pad.1")
        await press(app, f"{LINE}.ok")

        assert app.says("1")
        assert app.says("differs")


async def test_what_is_missing_is_said_and_the_sheet_stays(van: Path) -> None:
    async with sheet(van) as app:
        await press(app, "proof.complete")

        assert app.says("Still needed: Photo")
        assert app.page.route == stop_route(WEBER, "proof")


async def test_a_stop_can_be_finished_without_camera_by_saying_why(van: Path) -> None:
    async with sheet(van) as app:
        await press(app, "proof.complete")

        await press(app, "proof.cannot.nobody_there")

        assert app.page.route == run_route()
        assert app.says("1 of 5")


async def test_a_photo_from_the_gallery_and_a_signature_complete_the_stop(van: Path) -> None:
    ports = replace(fake_ports(), gallery=FakeGallery(picked=Picked(jpeg("gate"), "gate.jpg")))
    async with app_on(van, stop_route(WEBER, "proof"), ports=ports) as app:
        await press(app, "stop.photo.gallery")
        await signed(app)
        await press(app, "proof.complete")

        assert app.page.route == run_route()
        assert app.says("1 of 5")


async def test_what_was_typed_is_there_again_after_a_kill(van: Path) -> None:
    app = await sheet(van).__aenter__()
    await press(app, "proof.open.note")
    await type_into(app, "stop.note", "Left at the ramp")
    await app.until(lambda: app.says("Kept"))
    app.kill()

    async with sheet(van) as again:
        assert again.says("Restored from")
        assert getattr(again.find("stop.note"), "value", "") == "Left at the ramp"


async def test_a_failed_stop_needs_a_reason_first(van: Path) -> None:
    async with app_on(van, stop_route(WEBER, "problem")) as app:
        await press(app, "problem.save")
        assert app.says("First choose a reason")

        await press(app, "problem.reason.closed")
        await app.settle(BLINK_TURNS)
        await press(app, "problem.save")
        await press(app, "proof.cannot.nobody_there")

        assert app.page.route == run_route()
        assert app.says("1 done")


async def test_coming_back_later_leaves_the_stop_for_today(van: Path) -> None:
    async with app_on(van, stop_route(WEBER, "problem")) as app:
        await press(app, "problem.reason.closed")

        await press(app, "problem.later")

        assert app.page.route == run_route()


async def test_a_delay_reaches_the_office_with_two_taps(van: Path) -> None:
    async with app_on(van, run_route()) as app:
        await press(app, "run.start")

        await press(app, "run.problem")
        await press(app, "problem.delay.15")

        assert app.page.route == run_route()
        assert app.says("min late")
