"""A tugger's round on the plant of the demo, from the tablet in /driver/ to the office."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from server.app import build_parts
from server.core.http import Parts
from server.core.settings import Settings
from server.demo import command, fleet
from server.demo.keys import SITE_ID
from server.dispatch.service import gate
from server.migrations.steps import migrate
from server.plant import queries as plant
from tests.helpers.browser import BROWSER_NAME, TABLET, chromium_browser, driver_context
from tests.helpers.cab import LONG_MS, Cab
from tests.helpers.processes import free_port, server_process

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]

TRAIN = "Tugger 1 A"
ASK_MS = 250


@dataclass
class Plant:
    """The demo's site on a running server, seen from outside and from inside."""

    origin: str
    parts: Parts
    code: str
    driver: str


@pytest.fixture
def works(tmp_path: Path) -> Iterator[Plant]:
    data = tmp_path / "data"
    data.mkdir()
    settings = Settings.read(data=data)
    migrate(settings)
    parts = build_parts(settings)
    command.set_up(parts, gate)
    crew = next(one for one in command.crews(parts) if one.name == TRAIN)
    process = server_process(data, port := free_port())
    process.start()
    yield Plant(f"http://127.0.0.1:{port}", parts, crew.code, crew.driver)
    process.stop()
    parts.close()


@pytest.fixture
def browser() -> Iterator[Browser]:
    with chromium_browser() as found:
        yield found


def test_a_tugger_leaves_serves_two_stations_and_calls_for_help(
    browser: Browser, works: Plant
) -> None:
    """Departure on takt, two stations done, empties counted, an andon seen at the office."""
    cab = Cab(driver_context(browser, size=TABLET, name=BROWSER_NAME).new_page())
    cab.open(f"{works.origin}/driver/")
    cab.pair(works.origin, works.code, TRAIN)
    sign_in(cab, works.driver)
    cab.open_run()
    cab.wait("tugger.countdown")
    cab.screenshot("app-tugger-demo-load")

    cab.tap("tugger.leave")
    for _station in range(2):
        cab.tap("tugger.here")
        cab.wait("tugger.station_done")
        cab.screenshot("app-tugger-demo-station")
        cab.tap("tugger.station_done")
        cab.wait("tugger.here")
    cab.tap("tugger.here")
    cab.tap("tugger.andon")
    cab.tap("andon.material")
    cab.wait(cab.first("andon.raised."))

    until_at_the_office(cab, works)
    raised = works.parts.reads.run(lambda s: plant.andons(s, SITE_ID))
    assert [row.kind for row in raised] == ["material"]


def sign_in(cab: Cab, driver: str) -> None:
    """Choose the train's own driver, type the PIN."""
    cab.wait(cab.first("sign_in.driver."))
    cab.page.locator("flt-semantics-host").get_by_text(driver).first.click(timeout=LONG_MS)
    for digit in fleet.DEMO_PIN:
        cab.tap(f"sign_in.pin.{digit}")
    cab.tap("sign_in.enter")


def until_at_the_office(cab: Cab, works: Plant) -> None:
    """Wait until the server has heard of the andon."""
    for _look in range(LONG_MS // ASK_MS):
        if works.parts.reads.run(lambda s: plant.andons(s, SITE_ID)):
            return
        cab.page.wait_for_timeout(ASK_MS)
