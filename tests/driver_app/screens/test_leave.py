"""Unpairing in the settings: the way out is there, and guarded while something is unsent."""

from pathlib import Path

import pytest

from tests.helpers.app_stand import app_on, run_route
from tests.helpers.flet_harness import HeadlessApp
from tests.helpers.press import press, type_into

pytestmark = pytest.mark.anyio


async def opened(app: HeadlessApp) -> None:
    await press(app, "settings.unpair")
    await app.until(lambda: app.maybe("leave.go") is not None)


async def test_leaving_with_unsent_facts_wants_the_export_and_then_the_number(van: Path) -> None:
    async with app_on(van, run_route()) as app:
        await press(app, "run.start")
    async with app_on(van, "/settings") as app:
        await app.until(lambda: app.maybe("settings.unpair") is not None)
        await opened(app)
        shown = app.maybe("leave.unsent") is not None

        await press(app, "leave.go")
        await app.until(lambda: app.maybe("leave.refused") is not None)
        first = app.says("Save the export first")
        await press(app, "leave.export")
        await app.until(lambda: app.maybe("leave.exported") is not None)
        await type_into(app, "leave.number", "1234")
        await press(app, "leave.go")
        await app.until(lambda: app.says("Type "))

        assert shown
        assert first
        assert app.connection.crashes == []
        assert list((van / "exports").iterdir())


async def test_staying_closes_the_card_again(van: Path) -> None:
    async with app_on(van, "/settings") as app:
        await app.until(lambda: app.maybe("settings.unpair") is not None)
        await opened(app)

        await press(app, "leave.stay")
        await app.until(lambda: app.maybe("leave.go") is None)

        assert app.maybe("settings.unpair") is not None
