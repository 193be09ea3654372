"""What does not fit is said with minutes and mended by one press; a new stop finds its run."""

from collections.abc import Iterator

import pytest

from tests.helpers.board_tab import SEEN_MS, BoardTab, Stand, board_server

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(120)]

EVENING = "L09 Centre evening"
PRICED = "#accept:not([disabled])"


@pytest.fixture
def stand(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stand]:
    with board_server(tmp_path_factory.mktemp("board")) as found:
        yield found


def lift_the_first_to_the_end(tab: BoardTab, stand: Stand) -> str:
    """The stop that is in the air, at the place where it would be too late."""
    tab.go(f"/runs/{stand.board.runs[EVENING]}")
    tab.live()
    first = tab.stops()[0]
    tab.page.locator(".handle").first.focus()
    tab.page.keyboard.press("Space")
    for _ in tab.stops()[1:]:
        tab.page.keyboard.press("ArrowDown")
    return first


def accept(tab: BoardTab, version: int) -> None:
    """Save what is priced, and confirm the problems it names."""
    tab.page.wait_for_selector(PRICED, timeout=SEEN_MS)
    tab.page.click("#accept")
    asked = tab.page.locator("dialog[open]", has_text="Accept with new problems?")
    if asked.count():
        asked.locator("button[type=submit]").click()
    tab.wait_text("#plan-version", f"v{version}")


def test_what_does_not_fit_is_said_while_dragging_and_after_and_one_press_mends_it(
    tab: BoardTab, stand: Stand
) -> None:
    late = lift_the_first_to_the_end(tab, stand)
    tab.wait_text("#price-tag", f"{late}: ")
    tab.wait_text("#price-tag", "too late for its window. Widening the window by")
    tab.screenshot("board-price-too-late")

    tab.page.keyboard.press("Space")
    tab.page.wait_for_selector(PRICED, timeout=SEEN_MS)
    assert "too late for its window" in tab.text(".what-if .unfit")
    accept(tab, 2)

    tab.wait_text("#unfit", f"{late}: ")
    tab.screenshot("board-unfit")
    tab.page.click("#unfit [data-remedy=window]")
    tab.page.wait_for_selector(PRICED, timeout=SEEN_MS)
    tab.wait_text(".what-if", "solved")
    assert tab.page.locator(".what-if .unfit").count() == 0
    accept(tab, 3)
    tab.page.wait_for_selector("#unfit:empty", state="attached", timeout=SEEN_MS)

    tab.page.click("[data-run=undo]")
    tab.wait_text("#plan-version", "v4")
    tab.wait_text("#unfit", f"{late}: ")


def test_a_stop_that_fits_nowhere_gets_a_run_of_its_own_and_undo_brings_it_back(
    tab: BoardTab, stand: Stand
) -> None:
    late = lift_the_first_to_the_end(tab, stand)
    tab.page.keyboard.press("Space")
    accept(tab, 2)

    tab.page.click("#unfit [data-remedy=ad_hoc]")
    tab.wait_text("dialog[open]", "The new run takes")
    tab.page.click("dialog[open] button[type=submit]")
    tab.wait_text("#plan-version", "v3")
    tab.wait_text("#history", f"gave {late} to {late}")
    assert late not in tab.stops()

    tab.page.click("[data-run=undo]")
    tab.wait_text("#plan-version", "v4")
    tab.wait_text("#stops", late)


def test_a_new_stop_is_put_into_the_run_where_it_fits_best(tab: BoardTab, stand: Stand) -> None:
    _look_for(tab, "Eira")
    offers = tab.page.locator("#offers-list [data-offer]")
    assert offers.count() == 4
    assert offers.last.get_attribute("data-offer") == "ad_hoc"
    run = offers.first.get_attribute("data-offer")
    tab.screenshot("board-offers")

    offers.first.locator("button").click()
    tab.wait_text("#messages", "Eira Café is on")

    tab.go(f"/runs/{run}")
    tab.live()
    tab.wait_text("#plan-version", "v2")
    assert "Eira Café" in tab.stops()
    assert stand.board.runs


def test_a_new_stop_that_nobody_reaches_in_time_says_so_and_opens_a_run_of_its_own(
    tab: BoardTab, stand: Stand
) -> None:
    _look_for(tab, "Munkkiniemi")
    tab.page.fill("#offers-from", "00:01")
    tab.page.fill("#offers-to", "00:02")
    tab.page.click("#offers-form button[type=submit]")
    tab.wait_text("#offers-list .why", "without somebody being late")
    tab.wait_text("#offers-list [data-offer]", "too late for its window")

    tab.page.click("[data-offer=ad_hoc] button")

    tab.wait_text("#messages", "A run of its own is open for Munkkiniemi Foods")
    tab.see("article[aria-label='Munkkiniemi Foods']")
    assert stand.board.runs


def _look_for(tab: BoardTab, text: str) -> None:
    tab.go("/today")
    tab.live()
    tab.page.click("#offers-open")
    tab.page.fill("#offers-find", text)
    place = tab.page.locator("#offers-places li", has_text=text)
    place.locator("button").click()
    tab.page.wait_for_selector("#offers-list [data-offer]", timeout=SEEN_MS)


def test_the_link_to_an_offer_opens_it_again(tab: BoardTab, stand: Stand) -> None:
    _look_for(tab, "Eira")

    tab.page.reload()

    tab.page.wait_for_selector("#offers-list [data-offer]", timeout=SEEN_MS)
    assert tab.text("#offers-name") == "Eira Café"
    assert stand.board.runs
