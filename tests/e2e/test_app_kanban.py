"""The tugger's calls and handover at every size, light and dark, German in the largest letters."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from driver_app.device.clock import SystemClock
from tests.e2e.test_app_layout import GERMAN, large_and_german, look_at
from tests.helpers.app_kanban import CALL, kanban
from tests.helpers.app_stand import BROWSER, fill, plant, run_route
from tests.helpers.browser import (
    TABLET,
    DriverTab,
    driver_context,
    driver_tab,
    leave,
)
from tests.helpers.processes import driver_process, free_port

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]
CALLED, GERMAN_CALLED = (BROWSER[:-1] + n for n in "89")


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    data = tmp_path_factory.mktemp("app") / "driver"
    now_ms = SystemClock().read().wall_ms
    rows = [*plant(), *kanban()]
    fill(data / "web" / CALLED, rows, now_ms=now_ms)
    fill(data / "web" / GERMAN_CALLED, rows, now_ms=now_ms, look=GERMAN)
    with driver_process(data, port := free_port()):
        yield f"http://127.0.0.1:{port}"


@pytest.fixture
def tab(browser: Browser, url: str, stand: str) -> Iterator[DriverTab]:
    context = driver_context(browser, name=stand)
    yield driver_tab(context, url)
    leave(context)


@pytest.mark.parametrize("stand", [CALLED])
def test_the_call_list_fits(tab: DriverTab, url: str) -> None:
    tab.open(url + run_route() + "?sheet=calls")
    tab.tap(f"calls.cannot.{CALL}")
    tab.wait("calls.why.no_stock")

    look_at(tab, "calls")


@pytest.mark.parametrize("stand", [CALLED])
def test_the_handover_fits(tab: DriverTab, url: str) -> None:
    tab.open(url + run_route())
    tab.tap("tugger.handover.read")
    tab.wait("handover.take")

    look_at(tab, "handover")


@pytest.mark.parametrize("stand", [GERMAN_CALLED])
def test_german_in_the_largest_letters_fits(tab: DriverTab, url: str) -> None:
    tab.open(url + run_route() + "?sheet=calls")
    tab.wait(f"calls.filled.{CALL}")
    assert large_and_german(tab, "calls-de-160", TABLET, "Bereitgestellt") == []

    tab.open(url + run_route() + "?sheet=handover")
    tab.wait("handover.take")
    assert large_and_german(tab, "handover-de-160", TABLET, "Übernehmen") == []
