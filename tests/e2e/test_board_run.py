"""A supervisor changes a run: by drag, by keyboard, priced first, live for others."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.helpers.board_tab import (
    SEEN_MS,
    BoardTab,
    Stand,
    board_context,
    board_server,
    board_tab,
)

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(120)]

WEST = "L04 Grocery west"
NORTH = "L07 Grocery north"
EVENING = "L09 Centre evening"


@pytest.fixture(scope="module")
def stand(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stand]:
    with board_server(tmp_path_factory.mktemp("board")) as found:
        yield found


def test_a_stop_moved_by_keyboard_is_priced_before_it_is_saved(tab: BoardTab, stand: Stand) -> None:
    tab.go(f"/runs/{stand.board.runs[WEST]}")
    tab.live()
    before, version = tab.stops(), tab.text("#plan-version")
    handle = tab.page.locator(".handle").first
    handle.focus()

    tab.page.keyboard.press("Space")
    tab.wait_text("#announce", "lifted")
    tab.page.keyboard.press("ArrowDown")
    tab.page.keyboard.press("Space")
    tab.page.wait_for_selector("#accept:not([disabled])", timeout=SEEN_MS)

    assert tab.text("#plan-version") == version
    tab.see(".what-if .figure")
    tab.page.click("#accept")
    tab.wait_text("#plan-version", f"v{int(version[1:]) + 1}")
    assert tab.stops() == [*before[:-2], before[-1], before[-2]]
    tab.wait_text("#history", "moved")


def test_a_stop_dragged_goes_back_when_it_is_discarded(tab: BoardTab, stand: Stand) -> None:
    tab.go(f"/runs/{stand.board.runs[EVENING]}")
    tab.live()
    before, version = tab.stops(), tab.text("#plan-version")

    _drag(tab, 3, 0)
    tab.page.wait_for_selector("#accept:not([disabled])", timeout=SEEN_MS)
    assert tab.stops()[0] == before[3]
    tab.screenshot("board-what-if")
    tab.page.click("#discard")

    assert tab.stops() == before
    assert tab.text("#plan-version") == version


def test_a_stop_dragged_and_accepted_stays(tab: BoardTab, stand: Stand) -> None:
    tab.go(f"/runs/{stand.board.runs[EVENING]}")
    tab.live()
    before, version = tab.stops(), tab.text("#plan-version")

    _drag(tab, 0, 1)
    tab.page.wait_for_selector("#accept:not([disabled])", timeout=SEEN_MS)
    tab.page.click("#accept")
    _confirm_if_asked(tab)
    tab.wait_text("#plan-version", f"v{int(version[1:]) + 1}")

    tab.page.reload()
    assert tab.stops()[:2] == [before[1], before[0]]


def test_a_better_order_is_offered_with_its_price_and_not_saved(
    tab: BoardTab, stand: Stand
) -> None:
    """Of two orders of the same stops at most one is the best, whatever was changed before."""
    tab.go(f"/runs/{stand.board.runs[WEST]}")
    tab.live()
    if not _better_offered(tab):
        _swap_the_last(tab)
        assert _better_offered(tab)
    before, version = tab.stops(), tab.text("#plan-version")

    assert "could save" in tab.text("#what-if-title")
    tab.page.click("#discard")

    assert tab.text("#plan-version") == version
    assert tab.stops() != before


def _better_offered(tab: BoardTab) -> bool:
    tab.page.click("#run-actions summary")
    tab.page.click("[data-run=better]")
    tab.page.wait_for_function(
        "() => document.querySelector('#accept:enabled')"
        " || document.querySelector('#messages').innerText.includes('No better order')",
        timeout=SEEN_MS,
    )
    return tab.page.locator("#accept").count() > 0


def _swap_the_last(tab: BoardTab) -> None:
    version = tab.text("#plan-version")
    tab.page.locator(".handle").first.focus()
    for key in ("Space", "ArrowDown", "Space"):
        tab.page.keyboard.press(key)
    tab.page.wait_for_selector("#accept:not([disabled])", timeout=SEEN_MS)
    tab.page.click("#accept")
    _confirm_if_asked(tab)
    tab.wait_text("#plan-version", f"v{int(version[1:]) + 1}")


def test_escape_puts_a_lifted_stop_back(tab: BoardTab, stand: Stand) -> None:
    tab.go(f"/runs/{stand.board.runs[NORTH]}")
    tab.live()
    before = tab.stops()
    tab.page.locator(".handle").first.focus()

    tab.page.keyboard.press("Space")
    tab.page.keyboard.press("ArrowDown")
    tab.page.keyboard.press("Escape")

    assert tab.stops() == before
    assert tab.page.locator(".what-if").count() == 0


def test_finished_and_current_stops_have_no_handle(tab: BoardTab, stand: Stand) -> None:
    tab.go(f"/runs/{stand.board.runs[NORTH]}")
    tab.live()

    rows = tab.page.locator("#stops > li")

    assert rows.nth(0).locator(".handle").count() == 0
    assert rows.nth(2).locator(".handle").count() == 0
    assert rows.nth(3).locator(".handle").count() == 1


def test_a_change_is_on_the_board_of_somebody_else_without_reload(
    tab: BoardTab, stand: Stand, browser: Browser
) -> None:
    other = board_context(browser, stand.origin)
    second = board_tab(other, stand.origin)
    second.sign_in()
    second.live()
    card = f"article[aria-label='{NORTH}']"
    tab.go(f"/runs/{stand.board.runs[NORTH]}")
    tab.live()

    tab.page.click("[data-run=note], summary[aria-label='More actions']")
    tab.page.click("[data-run=note]")
    tab.page.fill("#confirm-input", "Gate code is 4711")
    tab.page.click("dialog[open] button[type=submit]")
    tab.page.wait_for_selector("#accept:not([disabled])", timeout=SEEN_MS)
    tab.page.click("#accept")
    _confirm_if_asked(tab)

    second.wait_text(card, "v2 sent")
    other.close()
    assert second.troubles == []


def test_a_stale_change_opens_the_dialog_and_can_be_applied_on_top(
    tab: BoardTab, stand: Stand, browser: Browser
) -> None:
    run = stand.board.runs["T1-5"]
    other = board_context(browser, stand.origin)
    second = board_tab(other, stand.origin)
    second.sign_in()
    for one in (tab, second):
        one.go(f"/runs/{run}")
        one.live()
        _delay(one)

    tab.page.click("#accept")
    _confirm_if_asked(tab)
    tab.wait_text("#plan-version", "v2")
    second.page.click("#accept")
    _confirm_if_asked(second)
    second.wait_text("dialog[open]", "Somebody changed this plan meanwhile")
    second.page.click("dialog[open] button[type=submit]")
    second.page.wait_for_selector("#accept:not([disabled])", timeout=SEEN_MS)
    second.page.click("#accept")
    _confirm_if_asked(second)

    second.wait_text("#plan-version", "v3")
    other.close()


def test_an_inserted_stop_keeps_the_order_of_the_others_and_can_be_undone(
    tab: BoardTab, stand: Stand
) -> None:
    tab.go(f"/runs/{stand.board.runs['T1-4']}")
    tab.live()
    before = tab.stops()

    tab.page.click("[data-run=insert]")
    tab.page.fill("#insert-find", "Kitting")
    tab.page.locator("#insert-places li", has_text="Kitting").locator("button").click()
    tab.page.wait_for_selector("#accept:not([disabled])", timeout=SEEN_MS)
    tab.page.fill("#why", "second crate")
    tab.page.click("#accept")
    _confirm_if_asked(tab)
    tab.wait_text("#plan-version", "v2")

    tab.wait_text("#history", "second crate")
    added = tab.page.locator("#stops > li").nth(len(before))
    added.wait_for(timeout=SEEN_MS)
    inserted = tab.stops()
    tab.page.click("[data-run=undo]")
    tab.wait_text("#plan-version", "v3")
    tab.wait_text("#stops > li:last-child", "cancelled")
    assert [name for name in inserted if name != "Kitting"] == [
        name for name in before if name != "Kitting"
    ]


def _delay(tab: BoardTab) -> None:
    tab.page.click("[data-run=late]")
    tab.page.fill("#late-min", "2")
    tab.page.click("#late-form button[type=submit]")
    tab.page.wait_for_selector("#accept:not([disabled])", timeout=SEEN_MS)


def _confirm_if_asked(tab: BoardTab) -> None:
    """New problems ask a second time; that is right, and not what these tests are about."""
    asked = tab.page.locator("dialog[open]", has_text="Accept with new problems?")
    if asked.count():
        asked.locator("button[type=submit]").click()


def _drag(tab: BoardTab, start: int, end: int) -> None:
    """Drag a movable row by its handle to the place of another."""
    handles = tab.page.locator("#stops > li:not(.fixed-place) .handle")
    source, target = handles.nth(start).bounding_box(), handles.nth(end).bounding_box()
    assert source is not None
    assert target is not None
    mouse = tab.page.mouse
    x = source["x"] + source["width"] / 2
    aim = target["y"] + (2 if end < start else target["height"] - 2)
    mouse.move(x, source["y"] + source["height"] / 2)
    mouse.down()
    for step in range(1, 16):
        mouse.move(x, source["y"] + (aim - source["y"]) * step / 15)
        tab.page.wait_for_timeout(25)
    mouse.up()
