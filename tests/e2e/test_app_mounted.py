"""The app as the server hangs it up below /driver/: its own policy, one writer per browser."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from server.core.settings import Settings
from server.migrations.steps import migrate
from tests.helpers.browser import (
    BROWSER_NAME,
    DriverTab,
    driver_context,
    driver_tab,
    leave,
)
from tests.helpers.processes import free_port, server_process

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(120)]


@pytest.fixture(scope="module")
def origin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server that knows nothing yet, with the app on it."""
    data = tmp_path_factory.mktemp("mounted") / "data"
    data.mkdir()
    migrate(Settings.read(data=data))
    with server_process(data, port := free_port()):
        yield f"http://127.0.0.1:{port}"


@pytest.fixture
def tabs(browser: Browser, origin: str) -> Iterator[list[DriverTab]]:
    """Two tabs of one browser."""
    context = driver_context(browser, name=BROWSER_NAME)
    yield [driver_tab(context, origin), driver_tab(context, origin)]
    leave(context)


def test_a_wrong_code_says_so_and_keeps_what_was_typed(tabs: list[DriverTab], origin: str) -> None:
    tab = tabs[0].open(f"{origin}/driver/")
    tab.type("pair.code", "ABCD-1234")
    tab.type("pair.name", "Van 4")

    tab.tap("pair.pair")

    tab.sees("The code is wrong or too old")
    assert tab.value("pair.name") == "Van 4"
    assert tab.value("pair.server") == origin
    assert (tab.outside, tab.errors) == ([], [])


def test_a_second_tab_may_take_over_but_never_writes_beside_the_first(
    tabs: list[DriverTab], origin: str
) -> None:
    first, second = tabs
    first.open(f"{origin}/driver/").wait("pair.pair")

    second.open(f"{origin}/driver/").wait("elsewhere.take")
    second.tap("elsewhere.take")

    second.wait("pair.pair")
    first.wait("elsewhere.take")


def test_a_reload_is_no_second_tab(tabs: list[DriverTab], origin: str) -> None:
    tab = tabs[0].open(f"{origin}/driver/")
    tab.wait("pair.pair")

    tab.open(f"{origin}/driver/")

    tab.wait("pair.pair")
