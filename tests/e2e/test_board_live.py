"""The live board is honest about silence, and one stream serves every tab of a browser."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Route

from tests.helpers.board_tab import (
    BoardTab,
    Stand,
    board_context,
    board_server,
    board_tab,
)
from tests.helpers.browser import leave

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(90)]

SILENT_MS = 45_000
BEAT_MS = 20_000
LOOK_MS = 50
READ_ANEW = """async () => {
    const page = document.querySelector("script[src*='/js/today.js']").src;
    const live = await import(new URL("./live.js", page));
    live.snapshot().then(() => { window.readAnew = true; });
}"""
NORTH = "article[aria-label='L07 Grocery north']"


@pytest.fixture(scope="module")
def stand(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stand]:
    with board_server(tmp_path_factory.mktemp("live"), whole=True) as found:
        yield found


@pytest.fixture
def tab(browser: Browser, stand: Stand) -> Iterator[BoardTab]:
    context = board_context(browser, stand.origin)
    tab = board_tab(context, stand.origin)
    tab.page.clock.install()
    tab.sign_in()
    yield tab
    leave(context)
    assert tab.troubles == []


def test_silence_is_told_with_its_time_and_ends_by_itself(tab: BoardTab) -> None:
    tab.live()

    tab.page.clock.fast_forward(SILENT_MS)

    tab.wait_text("#stale", "Live updates lost since")
    assert tab.text("#live .word") == "Not live"
    assert "dimmed" in str(tab.page.locator("#runs").get_attribute("class"))
    tab.page.wait_for_selector("#live[data-state=live]", timeout=BEAT_MS)
    assert tab.page.locator("#stale .notice").count() == 0


def test_what_is_chosen_stands_in_the_address(tab: BoardTab, stand: Stand) -> None:
    tab.live()

    tab.page.locator(f"{NORTH} .show").click()
    tab.page.click("#late-only")
    address = tab.page.url
    other = board_tab(tab.page.context, stand.origin)
    other.page.goto(address)

    assert other.see(f"{NORTH}.chosen").is_visible()
    assert other.see("#late-only[aria-pressed=true]").is_visible()


def test_two_tabs_are_both_live(tab: BoardTab, stand: Stand) -> None:
    second = board_tab(tab.page.context, stand.origin)
    second.go("/plant")

    second.live()
    tab.live()

    assert second.text("h1") != tab.text("h1")


def test_an_andon_is_acknowledged_and_cleared_with_a_cause(tab: BoardTab) -> None:
    tab.go("/plant")
    tab.live()

    tab.page.click("#andons button:has-text('Acknowledge')")
    tab.see("#andons .andon.seen")
    tab.page.click("#andons button:has-text('Clear')")
    tab.page.select_option("#confirm-input", "brought")
    tab.page.click("dialog[open] button[type=submit]")

    tab.wait_text("#andons", "No andon is open.")


def test_an_exception_is_settled_with_what_was_done(tab: BoardTab) -> None:
    tab.live()
    rows = tab.page.locator("#exceptions .item")
    rows.first.wait_for()
    before = rows.count()

    rows.filter(has_text="Stop failed").get_by_text("Settle").click()
    tab.page.fill("#confirm-input", "new attempt on Monday")
    tab.page.click("dialog[open] button[type=submit]")

    rows.filter(has_text="Stop failed").wait_for(state="detached")
    assert rows.count() == before - 1


def test_a_change_that_comes_while_the_page_reads_anew_stays(tab: BoardTab) -> None:
    tab.live()
    rows = tab.page.locator("#exceptions .item").filter(has_not_text="Stop failed")
    rows.first.wait_for()
    before, held = rows.count(), []

    def late(route: Route) -> None:
        held.append((route, route.fetch()))

    tab.page.route("**/board/snapshot*", late)
    tab.page.evaluate(READ_ANEW)
    while not held:
        tab.page.wait_for_timeout(LOOK_MS)
    rows.filter(has_text="Settle").first.get_by_text("Settle").click()
    tab.page.fill("#confirm-input", "spoke to the customer")
    tab.page.click("dialog[open] button[type=submit]")
    rows.nth(before - 1).wait_for(state="detached")
    route, answer = held[0]
    route.fulfill(response=answer)
    tab.page.wait_for_function("() => window.readAnew === true")

    assert rows.count() == before - 1
