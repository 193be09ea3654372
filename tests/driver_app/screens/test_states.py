"""What every screen shows when there is no office, no signal, no run, or no right to drive."""

from pathlib import Path

import pytest

from driver_app.device.fakes import fake_ports
from tests.helpers.app_stand import (
    DRIVER,
    PIN,
    ROAD,
    app_on,
    changed,
    fill,
    main_of,
    road,
    run_route,
    stop_route,
)
from tests.helpers.builders import text_id
from tests.helpers.device_rows import RUN
from tests.helpers.flet_harness import HeadlessApp
from tests.helpers.press import press, submit, type_into

pytestmark = pytest.mark.anyio

# A second press of one button counts only after 400 ms.
BLINK_TURNS = 240

ROUTES = [
    "/runs",
    "/sync",
    "/settings",
    run_route(),
    run_route("changes"),
    run_route("end"),
    run_route("problem"),
    run_route() + "?sheet=break",
    stop_route(ROAD[1]),
    stop_route(ROAD[1], "proof"),
    stop_route(ROAD[1], "problem"),
]


@pytest.fixture
def nobody(tmp_path: Path) -> Path:
    """A paired phone on which nobody has signed in."""
    fill(tmp_path / "nobody", road(), signed_in=False)
    return tmp_path / "nobody"


@pytest.mark.parametrize("route", ROUTES)
async def test_every_screen_has_content_offline(van: Path, route: str) -> None:
    async with app_on(van, route) as app:
        assert "sync.badge" in app.identifiers()
        assert len(app.texts()) > 3
        assert app.connection.crashes == []


async def test_a_new_device_asks_to_be_paired_and_says_why_it_cannot(tmp_path: Path) -> None:
    async with HeadlessApp(main_of(tmp_path)) as app:
        await type_into(app, "pair.server", "http://127.0.0.1:9")
        await type_into(app, "pair.code", "7KQ2-M9XH")

        await press(app, "pair.pair")
        await app.until(lambda: app.maybe("pair.retry") is not None)

        assert app.says("No connection to http://127.0.0.1:9")
        assert getattr(app.find("pair.server"), "value", "") == "http://127.0.0.1:9"


async def test_clear_text_to_another_machine_is_refused(tmp_path: Path) -> None:
    async with HeadlessApp(main_of(tmp_path)) as app:
        await type_into(app, "pair.server", "http://office.example")

        await press(app, "pair.pair")
        await app.until(lambda: app.maybe("pair.retry") is not None)

        assert app.says("It must begin with https://")


async def test_a_driver_signs_in_by_pin_without_network(nobody: Path) -> None:
    async with app_on(nobody) as app:
        await press(app, f"sign_in.driver.{text_id(DRIVER)}")
        for digit in PIN:
            await press(app, f"sign_in.pin.{digit}")

        await press(app, "sign_in.enter")
        await app.until(lambda: app.maybe("nav.settings") is not None)

        assert app.says(f"Hello {DRIVER}")


async def test_a_wrong_pin_says_how_many_tries_are_left(nobody: Path) -> None:
    async with app_on(nobody) as app:
        await press(app, f"sign_in.driver.{text_id(DRIVER)}")
        await press(app, "sign_in.pin.1")

        await press(app, "sign_in.enter")
        await app.until(lambda: app.says("Wrong PIN"))

        assert app.says("4 tries left")


async def test_a_badge_signs_in_and_a_strange_one_says_so(nobody: Path) -> None:
    async with app_on(nobody) as app:
        await submit(app, "sign_in.badge", "BADGE-9")
        assert app.says("Nobody on this device has this badge")

        await submit(app, "sign_in.badge", "BADGE-1")

        assert app.says(f"Hello {DRIVER}")


async def test_somebody_who_is_not_on_the_list_can_drive(nobody: Path) -> None:
    async with app_on(nobody) as app:
        await press(app, "sign_in.unlisted")
        await type_into(app, "sign_in.name", "Petra Neu")
        await press(app, "sign_in.unlisted.enter")

        await press(app, f"runs.open.{RUN}")
        await press(app, "run.start")

        assert "run.next.arrive" in app.identifiers()


async def test_a_changed_plan_names_each_stop_and_waits_to_be_understood(tmp_path: Path) -> None:
    fill(tmp_path / "van", road(), newer=changed(road()))
    async with app_on(tmp_path / "van", run_route()) as app:
        assert app.says("Plan 2: 3 changes")
        await press(app, "run.changes")
        assert app.says("new stop, number 4")
        assert app.says("cancelled")

        await press(app, "changes.understood")

        assert app.page.route == run_route()
        assert not app.says("Plan 2: 3 changes")


async def test_a_run_ends_with_records_still_on_the_phone(van: Path) -> None:
    async with app_on(van, run_route()) as app:
        await press(app, "run.start")
        await app.go(run_route("end"))
        assert app.says("still on this phone")
        assert app.says("5 stops have no result yet")

        await press(app, "end.finish")

        assert "end.runs" in app.identifiers()


async def test_the_sync_centre_lists_what_is_on_this_phone(van: Path) -> None:
    async with app_on(van, run_route()) as app:
        await press(app, "run.start")

        await press(app, "sync.badge")

        assert app.says("Run started")
        assert app.says("On this phone")


async def test_the_outbox_is_exported_without_the_office(van: Path) -> None:
    async with app_on(van, run_route()) as app:
        await press(app, "run.start")
        await press(app, "sync.badge")

        await press(app, "sync.export")
        await press(app, "sync.check")
        await app.until(lambda: app.maybe("sync.checked") is not None)

        assert app.says(".mro")
        assert app.says("Everything is kept on this phone")


async def test_the_language_changes_at_once_without_a_restart(van: Path) -> None:
    async with app_on(van, "/settings") as app:
        await press(app, "settings.lang.de")

        assert app.says("Einstellungen")
        await app.go("/runs")
        assert app.says("Hallo")


async def test_the_look_is_there_again_after_a_restart(van: Path) -> None:
    async with app_on(van, "/settings") as app:
        await press(app, "settings.scale.1.3")
        await press(app, "settings.lang.de")

    async with app_on(van, "/settings") as again:
        assert again.says("Einstellungen")


async def test_a_break_stops_the_position_and_says_so(van: Path) -> None:
    async with app_on(van, run_route()) as app:
        await press(app, "run.start")
        await press(app, "run.break")
        await press(app, "break.start")
        await app.go(run_route())
        assert app.says("Position off")

        await app.settle(BLINK_TURNS)
        await press(app, "run.break")
        await press(app, "break.end")

        assert app.says("Position on")


@pytest.mark.parametrize("mood", ["denied", "absent", "failed", "timeout"])
async def test_no_feature_of_the_device_keeps_a_stop_from_being_finished(
    van: Path, mood: str
) -> None:
    ports = fake_ports(mood=mood)  # type: ignore[arg-type]  # one of the four reasons
    async with app_on(van, stop_route(ROAD[0]), ports=ports) as app:
        await press(app, "stop.complete.early")

        assert app.says("1 of 5")
