"""Cards in a real browser: called by hand, counted, made and printed, each seen at once."""

from collections.abc import Iterator

import pytest

from tests.helpers.board_tab import BoardTab, Stand, board_server

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(90)]

SLOW_MS = 15_000
LOADED = "() => [...document.images].every(i => i.complete && i.naturalWidth > 0)"


@pytest.fixture(scope="module")
def stand(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stand]:
    with board_server(tmp_path_factory.mktemp("kanban"), whole=True) as found:
        yield found


def test_a_call_by_hand_is_on_the_page_at_once(tab: BoardTab) -> None:
    tab.go("/plant")
    tab.live()
    before = int(tab.text("#calls-open"))

    tab.page.click("[data-opens=new-call]")
    tab.page.fill("#nc-boxes", "2")
    tab.page.click("#new-call button[type=submit]")

    tab.page.wait_for_function(
        "n => document.querySelector('#calls-open').textContent === String(n)",
        arg=before + 1,
        timeout=SLOW_MS,
    )


def test_a_count_moves_the_shelf_and_its_cover(tab: BoardTab) -> None:
    tab.go("/plant")
    tab.live()
    row = tab.page.locator("#stock tbody tr", has_text="Side panels left")
    assert "left!" in row.inner_text()

    row.get_by_role("button", name="Count").click()
    tab.page.fill("#confirm-input", "5")
    tab.page.click("dialog[open] button[type=submit]")

    row.locator(".tag.good", has_text="min left").wait_for(timeout=SLOW_MS)
    assert "5 2/5" in " ".join(row.inner_text().split())


def test_the_evidence_of_a_call_is_said(tab: BoardTab) -> None:
    tab.go("/plant")
    tab.live()

    row = tab.page.locator("#calls tbody tr", has_text="scanned 2 times, one call")
    row.wait_for(timeout=SLOW_MS)
    assert "Kaya Demir" in row.inner_text()
    assert "One rack stuck at gate 2" in tab.text("#handovers")


def test_more_cards_are_made_and_every_one_is_printed(tab: BoardTab) -> None:
    tab.go("/cards")
    form = tab.page.locator("form.card-count").first
    form.locator("input").fill("4")
    form.get_by_role("button").click()
    tab.page.locator("tr[data-card]", has_text="P-118/4").wait_for(timeout=SLOW_MS)

    tab.go("/cards/sheet")
    tab.page.wait_for_function(LOADED, timeout=SLOW_MS)

    assert tab.page.locator(".card-sheet li").count() == 7
