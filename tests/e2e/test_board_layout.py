"""Every page at three sizes, light and dark, English and German: nothing cut, all in reach."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.helpers.board_tab import (
    PHONE,
    SIZES,
    WIDE,
    BoardTab,
    Stand,
    board_context,
    board_server,
    board_tab,
)
from tests.helpers.browser import leave

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(150)]

LOOKS = [(size, theme) for size in SIZES for theme in ("light", "dark")]
MOUSE_PX, TOUCH_PX = 24, 44
SETTLE_MS = 250
# What these pages ask for only after they are drawn; a picture without it would show nothing.
LATE_PARTS = {"run-unfit": "#unfit .unfit-panel", "offers": "#offers-list button"}
# Wider than the screen, and what is cut off: text in buttons, headings and labels.
CUT = """() => {
  const wide = document.documentElement.scrollWidth > innerWidth
    ? ['the page is ' + document.documentElement.scrollWidth + ' wide'] : [];
  const shown = e => e.checkVisibility() && e.getBoundingClientRect().width > 1;
  const cut = [...document.querySelectorAll('.button, h1, h2, label, .tag, table:not(.cards) th')]
    .filter(e => shown(e) && !e.closest('.sr, .skip') && !e.classList.contains('cut')
      && !e.closest('.cut') && e.scrollWidth > e.clientWidth + 2 && e.clientWidth > 0)
    .map(e => 'cut: ' + e.className + ' ' + e.textContent.trim().slice(0, 40));
  const out = [...document.querySelectorAll('.button, input, select, a')]
    .filter(e => shown(e) && !e.closest('.sr, .skip, .table-box, .line-row, .leaflet-container'))
    .filter(e => { const b = e.getBoundingClientRect();
      return b.right > innerWidth + 1 || b.left < -1; })
    .map(e => 'outside: ' + e.outerHTML.slice(0, 80));
  return [...wide, ...cut, ...out];
}"""
SMALL = """least => [...document.querySelectorAll('button, .button, select, input, nav a, summary')]
  .filter(e => e.checkVisibility() && !e.closest('.sr, .skip') && !e.classList.contains('sr')
    && !e.closest('.leaflet-container') && !['checkbox', 'radio', 'hidden'].includes(e.type))
  .map(e => [e.outerHTML.slice(0, 90), e.getBoundingClientRect()])
  .filter(([_, b]) => b.width > 1 && (b.height < least - 1 || b.width < least - 1))
  .map(([html, b]) => Math.round(b.width) + 'x' + Math.round(b.height) + ' ' + html)"""


@pytest.fixture(scope="module")
def stand(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stand]:
    with board_server(tmp_path_factory.mktemp("board"), whole=True) as found:
        yield found


def pages(stand: Stand) -> dict[str, str]:
    """Every page with the name of its picture."""
    return {
        "today": "/today",
        "today-list": "/today?view=list",
        "new-stop": "/today?new=",
        "offers": "/today?new=Eira+Caf%C3%A9",
        "run": f"/runs/{stand.board.runs['L07 Grocery north']}",
        "run-unfit": f"/runs/{stand.board.runs['T1-5']}",
        "plant": "/plant",
        "proofs": "/proofs",
        "proof": f"/proofs/{stand.board.proof}",
        "loops": "/loops",
        "loop-editor": f"/loops/{stand.board.loop}/edit",
        "devices": "/devices",
        "held": "/held",
        "people": "/people",
        "vehicles": "/vehicles",
        "locations": "/locations",
        "imports": "/imports",
        "cards": "/cards",
        "cards-sheet": "/cards/sheet",
        "not-found": "/runs/01900000-0000-7000-8000-0000000000ff",
    }


def settle(tab: BoardTab, name: str) -> None:
    """Wait for what the page asks for later, and until it stands still."""
    if late := LATE_PARTS.get(name):
        tab.see(late)
    tab.page.wait_for_timeout(SETTLE_MS)


def measured(tab: BoardTab, size: tuple[int, int]) -> list[str]:
    """What is cut, outside or too small on the page as it stands."""
    least = TOUCH_PX if size == PHONE else MOUSE_PX
    return [*tab.page.evaluate(CUT), *tab.page.evaluate(SMALL, least)]


@pytest.mark.parametrize("size", SIZES)
def test_every_page_fits_in_light_and_dark(
    browser: Browser, stand: Stand, size: tuple[int, int]
) -> None:
    context = board_context(browser, stand.origin, size=size)
    tab = board_tab(context, stand.origin)
    tab.sign_in()
    found = []

    for name, path in pages(stand).items():
        tab.go(path)
        settle(tab, name)
        for theme in ("light", "dark"):
            tab.page.evaluate("theme => document.documentElement.dataset.theme = theme", theme)
            found += [f"{name} {theme}: {wrong}" for wrong in measured(tab, size)]
            tab.screenshot(f"board-{name}-{size[0]}-{theme}")

    leave(context)
    assert not found, "\n".join(found)
    assert [one for one in tab.troubles if "404" not in one] == []


@pytest.mark.parametrize("size", [WIDE, PHONE])
def test_german_is_longer_and_fits_as_well(
    browser: Browser, stand: Stand, size: tuple[int, int]
) -> None:
    context = board_context(browser, stand.origin, size=size, lang="de")
    tab = board_tab(context, stand.origin)
    tab.sign_in()
    found = []

    for name, path in pages(stand).items():
        tab.go(path)
        settle(tab, name)
        found += [f"{name}: {wrong}" for wrong in measured(tab, size)]
        tab.screenshot(f"board-{name}-{size[0]}-de")

    leave(context)
    assert not found, "\n".join(found)


@pytest.mark.parametrize(("size", "theme"), LOOKS)
def test_the_sign_in_fits(
    browser: Browser, stand: Stand, size: tuple[int, int], theme: str
) -> None:
    context = board_context(browser, stand.origin, size=size, theme=theme)
    tab = board_tab(context, stand.origin)
    tab.go("/sign-in")

    wrong = measured(tab, size)

    tab.screenshot(f"board-sign-in-{size[0]}-{theme}")
    leave(context)
    assert wrong == []
    assert tab.troubles == []


def test_the_set_up_fits(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> None:
    with board_server(tmp_path_factory.mktemp("new"), empty=True) as new:
        for size in SIZES:
            context = board_context(browser, new.origin, size=size)
            tab = board_tab(context, new.origin)
            tab.go("/")

            assert tab.text("h1") == "Set up this server"
            assert measured(tab, size) == []
            tab.screenshot(f"board-setup-{size[0]}")
            leave(context)
