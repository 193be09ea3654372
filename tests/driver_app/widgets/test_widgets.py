"""Steppers count, pads draw, scan fields stand ready, fields keep every letter."""

from collections.abc import Callable

import flet as ft
import pytest

from driver_app.screens.fields import field
from driver_app.widgets.countdown import tone_of, word_of
from driver_app.widgets.hooks import state
from driver_app.widgets.line_diagram import Place, Station, line_diagram
from driver_app.widgets.scan_field import scan_field
from driver_app.widgets.signature_pad import POINTS_MAX, signature_pad
from driver_app.widgets.stepper import stepper
from driver_app.widgets.sync_badge import badge_text
from tests.helpers.flet_harness import HeadlessApp, Main
from tests.helpers.press import press, submit, type_into

pytestmark = pytest.mark.anyio

START = {"l": {"x": 10, "y": 10}, "g": {"x": 10, "y": 10}, "k": "touch"}
END = {"l": {"x": 0, "y": 0}, "g": {"x": 0, "y": 0}, "v": {"x": 0, "y": 0}}


def alone(make: Callable[[], ft.Control]) -> Main:
    """A page with nothing but this on it."""

    @ft.component
    def whole() -> list[ft.View]:
        return [ft.View(route="/", controls=[make()])]

    async def main(page: ft.Page) -> None:
        page.render_views(whole)

    return main


@ft.component
def counter(least: int, most: int) -> ft.Control:
    value, to = state(2)
    return stepper("count", value, to, least=least, most=most)


async def test_a_stepper_stays_within_its_bounds() -> None:
    async with HeadlessApp(alone(lambda: counter(0, 3))) as app:
        for _time in range(3):
            await press(app, "count.plus")
        assert app.texts() == ["3"]

        for _time in range(5):
            await press(app, "count.minus")
        assert app.texts() == ["0"]


async def test_two_presses_before_the_next_drawing_count_twice() -> None:
    async with HeadlessApp(alone(lambda: counter(0, 9))) as app:
        plus = app.find("count.plus")

        await app.session.dispatch_event(plus._i, "click", None)
        await app.session.dispatch_event(plus._i, "click", None)
        await app.settle()

        assert app.texts() == ["4"]


async def test_the_digit_pad_takes_a_number_and_lets_the_last_digit_be_erased() -> None:
    async with HeadlessApp(alone(lambda: counter(0, 99))) as app:
        await press(app, "count.value")
        for key in ("1", "7", "erase", "2"):
            await press(app, f"count.pad.{key}")

        await press(app, "count.ok")

        assert app.texts() == ["12"]


async def test_a_stroke_is_handed_over_in_thousandths_of_the_pad() -> None:
    strokes: list[object] = []
    async with HeadlessApp(alone(lambda: signature_pad("pad", (), 200, strokes.append))) as app:
        pad = app.find("pad")

        await app.fire(pad, "vertical_drag_start", START)
        moved = {"l": {"x": 100, "y": 110}, "g": {"x": 100, "y": 110}}
        await app.fire(pad, "vertical_drag_update", moved)
        await app.fire(pad, "vertical_drag_end", END)

        assert strokes == [((50, 45), (500, 500))]


async def test_a_full_pad_takes_no_more_points() -> None:
    strokes: list[object] = []
    full = (tuple((x % 1000, 0) for x in range(POINTS_MAX)),)
    async with HeadlessApp(alone(lambda: signature_pad("pad", full, 200, strokes.append))) as app:
        await app.fire(app.find("pad"), "vertical_drag_start", START)
        await app.fire(app.find("pad"), "vertical_drag_end", END)

        assert strokes == []


async def test_each_scan_is_handed_over_once_and_the_field_stands_empty() -> None:
    scans: list[str] = []
    async with HeadlessApp(alone(lambda: scan_field("scan", "Scan", scans.append))) as app:
        await submit(app, "scan", "P-00001")
        await submit(app, "scan", " ")
        await submit(app, "scan", "P-00002")

        assert scans == ["P-00001", "P-00002"]
        assert getattr(app.find("scan"), "value", None) in ("", None)


@ft.component
def form() -> ft.Control:
    value, to = state("Van")
    return ft.Column([field("Name", "name", value, to), ft.Text(value)])


async def test_a_field_is_never_told_what_was_typed_a_moment_ago() -> None:
    """Letters typed while the screen was being drawn anew were lost once."""
    async with HeadlessApp(alone(form)) as app:
        await type_into(app, "name", "Van 4")
        app.bytes_sent()

        # The client is one letter ahead of what the session has heard.
        app.session.apply_patch(app.find("name")._i, {"value": "Van 42"})
        app.page.update()
        await app.settle()

        assert getattr(app.find("name"), "value", None) == "Van 42"


@pytest.mark.parametrize(
    ("left_s", "word", "tone"),
    [(200, "on takt", "tertiary"), (60, "hurry", "secondary"), (-130, "late 2 min", "error")],
)
def test_the_countdown_says_in_a_word_how_it_stands(left_s: int, word: str, tone: str) -> None:
    assert (word_of(left_s), tone_of(left_s)) == (word, tone)


@pytest.mark.parametrize(
    ("where", "words"),
    [
        ("all", "All at the office"),
        ("sending", "Sending 2"),
        ("waiting", "Waiting 2"),
        ("look", "Look 2"),
    ],
)
def test_the_badge_has_a_word_and_a_number(where: str, words: str) -> None:
    assert badge_text(where, 2).words == words  # type: ignore[arg-type]  # the four words


async def test_the_line_names_every_station_and_who_calls() -> None:
    stations = [Station("1", "Axle", Place.DONE), Station("2", "Frame", Place.HERE, calls=2)]
    async with HeadlessApp(alone(lambda: line_diagram(stations))) as app:
        assert app.texts() == ["Axle", "Frame", "2"]
        assert app.identifiers() == ["tugger.line.1", "tugger.line.2"]
