"""A supervisor moves a stop to another run, and decides about what waits, by keyboard alone."""

from collections.abc import Iterator

import pytest

from tests.helpers.board_tab import (
    SEEN_MS,
    BoardTab,
    Stand,
    board_server,
)

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(120)]

WEST = "L04 Grocery west"
EVENING = "L09 Centre evening"


@pytest.fixture(scope="module")
def stand(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stand]:
    with board_server(tmp_path_factory.mktemp("board")) as found:
        yield found


def test_a_stop_goes_to_another_run_and_comes_back(tab: BoardTab, stand: Stand) -> None:
    tab.go(f"/runs/{stand.board.runs[WEST]}")
    tab.live()
    before, version = tab.stops(), tab.text("#plan-version")

    tab.page.locator("#stops > li button.more").last.focus()
    tab.page.keyboard.press("Enter")
    tab.page.locator("#stop-transfer").focus()
    tab.page.keyboard.press("Enter")
    tab.page.select_option("#confirm-input", str(stand.board.runs[EVENING]))
    tab.page.locator("dialog[open] button[type=submit]").focus()
    tab.page.keyboard.press("Enter")

    tab.wait_text("#plan-version", f"v{int(version[1:]) + 1}")
    tab.wait_text("#history", f"to {EVENING}")
    assert tab.stops() == before[:-1]
    tab.page.locator("[data-run=undo]").focus()
    tab.page.keyboard.press("Enter")
    tab.wait_text("#plan-version", f"v{int(version[1:]) + 2}")
    tab.wait_text("#stops", before[-1])
    assert tab.stops() == before


def test_an_empty_desk_says_so_and_leads_on(tab: BoardTab) -> None:
    tab.go("/held")

    tab.wait_text("#page", "Nothing waits for you.")
    tab.page.wait_for_selector("#page a[href='/today']", timeout=SEEN_MS)
