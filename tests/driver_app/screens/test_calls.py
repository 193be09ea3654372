"""S19 and the handover: calls prepared, refused, filled; cards scanned; a shift taken over."""

from pathlib import Path

import anyio
import pytest

from driver_app.widgets.press import TWICE_S
from tests.helpers.app_kanban import CALL, kanban
from tests.helpers.app_stand import PLANT, app_on, fill, plant, run_route
from tests.helpers.builders import text_id
from tests.helpers.flet_harness import HeadlessApp
from tests.helpers.press import press, submit

pytestmark = pytest.mark.anyio


@pytest.fixture
def train(tmp_path: Path) -> Path:
    """A tablet with a tugger's round, cards and a call."""
    fill(tmp_path / "train", [*plant(), *kanban()])
    return tmp_path / "train"


def tablet(folder: Path, sheet: str = "") -> HeadlessApp:
    route = run_route() + (f"?sheet={sheet}" if sheet else "")
    return app_on(folder, route, width=1280, height=800)


async def test_the_list_says_what_is_called_and_how_long_it_may_take(train: Path) -> None:
    async with tablet(train) as app:
        await press(app, "tugger.calls")

        assert app.says("Axles")
        assert app.says(f"for {PLANT[0]}")
        assert app.says("12 min")
        assert app.says("2 boxes")


async def test_a_call_is_prepared_with_one_tap(train: Path) -> None:
    async with tablet(train, "calls") as app:
        await press(app, f"calls.prepare.{CALL}")

        assert app.says("prepared")
        assert f"calls.prepare.{CALL}" not in app.identifiers()


async def test_a_call_that_cannot_be_brought_says_why_and_stays(train: Path) -> None:
    async with tablet(train, "calls") as app:
        await press(app, f"calls.cannot.{CALL}")
        await press(app, "calls.why.no_stock")

        assert app.says("cannot be brought: No stock")
        assert f"calls.filled.{CALL}" in app.identifiers()
        assert "calls.why.no_stock" not in app.identifiers()


async def test_a_filled_call_moves_below(train: Path) -> None:
    async with tablet(train, "calls") as app:
        await press(app, f"calls.filled.{CALL}")

        assert app.says("filled at")
        assert f"calls.filled.{CALL}" not in app.identifiers()


async def test_a_typed_card_calls_and_a_second_time_is_prepared(train: Path) -> None:
    async with tablet(train, "calls") as app:
        await press(app, "calls.typing")
        await submit(app, "calls.card", "P-118/2")
        assert app.says("Called.")
        assert app.says("Side panels")

        await submit(app, "calls.card", "P-118/2")

        assert app.says("Prepared: Side panels")


async def test_what_is_no_card_is_a_red_panel(train: Path) -> None:
    async with tablet(train, "calls") as app:
        await submit(app, "calls.card", "MR1:broken")

        assert app.says("No card of this site: MR1:broken.")
        await press(app, "calls.card.seen")
        assert not app.says("No card of this site")


async def test_at_the_station_a_scanned_card_is_shown_as_called_already(train: Path) -> None:
    async with tablet(train) as app:
        await press(app, "tugger.leave")
        await press(app, "tugger.here")

        await submit(app, "tugger.scan", text_id("card one"))
        assert app.says("Called.")
        await submit(app, "tugger.scan", text_id("card one"))

        assert app.says("Already called at")
        assert app.says("leave: Side panels")


async def test_station_done_fills_the_calls_of_the_station(train: Path) -> None:
    async with tablet(train) as app:
        await press(app, "tugger.leave")
        await press(app, "tugger.here")
        assert app.says("leave: Axles")

        await press(app, "tugger.station_done")
        await anyio.sleep(TWICE_S)  # the same button again, at the next station
        await press(app, "tugger.here")
        await press(app, "tugger.calls")

        assert app.says("filled at")


async def test_the_shelf_is_counted_at_the_station(train: Path) -> None:
    async with tablet(train) as app:
        await press(app, "tugger.leave")
        await press(app, "tugger.here")
        await press(app, "tugger.calls")
        assert app.says("not counted yet")

        await press(app, "calls.shelf.P-118.plus")
        await press(app, "calls.counted.P-118")

        assert app.says("1 box")


async def test_a_handover_is_read_and_taken_over_before_leaving(train: Path) -> None:
    async with tablet(train) as app:
        await press(app, "tugger.handover.read")
        assert app.says("Rack stuck at gate 2")
        assert app.says("Jonas Weber")
        assert app.says("1 call open")

        await press(app, "handover.take")

        assert app.says("Nothing is left to take over.")
        await press(app, "handover.back")
        assert not app.says("not taken over yet")
