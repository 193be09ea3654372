"""S16: leaving, stations, empties, Cannot and Andon on the tugger's tablet."""

from pathlib import Path

import pytest

from tests.helpers.app_stand import PLANT, app_on, run_route
from tests.helpers.flet_harness import HeadlessApp
from tests.helpers.press import press, submit

pytestmark = pytest.mark.anyio

# A second press of one button counts only after 400 ms.
BLINK_TURNS = 240


def tablet(folder: Path, route: str = "") -> HeadlessApp:
    return app_on(folder, route or run_route(), width=1280, height=800)


async def at_the_first_station(app: HeadlessApp) -> None:
    await press(app, "tugger.leave")
    await press(app, "tugger.here")


async def test_before_leaving_the_load_and_the_countdown_are_shown(train: Path) -> None:
    async with tablet(train) as app:
        assert app.says("Load for this cycle")
        assert app.says("Brackets left")
        assert app.says("Leave in")
        assert app.says("2 urgent calls")


async def test_while_the_train_moves_only_the_next_station_is_shown(train: Path) -> None:
    async with tablet(train) as app:
        await press(app, "tugger.leave")

        assert set(app.identifiers()) == {"tugger.countdown", "tugger.here"}
        assert app.says(PLANT[0])


async def test_a_station_takes_one_tap_when_nothing_differs(train: Path) -> None:
    async with tablet(train) as app:
        await at_the_first_station(app)

        await press(app, "tugger.station_done")

        assert app.says(PLANT[1])
        assert "tugger.here" in app.identifiers()


async def test_empties_are_counted_at_the_station(train: Path) -> None:
    async with tablet(train) as app:
        await at_the_first_station(app)

        await press(app, "tugger.take.KLT-6429.plus")
        await press(app, "tugger.take.KLT-6429.plus")

        assert app.says("6")


async def test_a_station_that_cannot_be_served_asks_why_and_goes_on(train: Path) -> None:
    async with tablet(train) as app:
        await at_the_first_station(app)

        await press(app, "tugger.cannot")
        await press(app, "tugger.cannot.blocked")

        assert app.says(PLANT[1])


async def test_the_label_of_another_station_is_a_red_panel(train: Path) -> None:
    async with tablet(train) as app:
        await at_the_first_station(app)

        await submit(app, "tugger.scan", PLANT[2].upper())

        assert app.says(f"It belongs to {PLANT[2]}")
        await press(app, "tugger.scan.seen")
        assert not app.says(f"It belongs to {PLANT[2]}")


async def test_an_andon_is_raised_with_one_tap_and_stays_in_sight(train: Path) -> None:
    async with tablet(train) as app:
        await at_the_first_station(app)

        await press(app, "tugger.andon")
        await press(app, "andon.material")

        assert app.says("not seen yet")
        await press(app, "nav.back")
        assert app.says("nobody has seen it yet")


async def test_the_train_comes_back_after_the_last_station(train: Path) -> None:
    async with tablet(train) as app:
        await press(app, "tugger.leave")
        for _station in PLANT:
            await press(app, "tugger.here")
            await press(app, "tugger.station_done")
            await app.settle(BLINK_TURNS)

        await press(app, "tugger.back")

        assert app.page.route == run_route("end")


async def test_a_standing_clock_sends_nothing(train: Path) -> None:
    async with tablet(train) as app:
        app.bytes_sent()

        await app.settle(turns=600)

        assert app.bytes_sent() == 0
