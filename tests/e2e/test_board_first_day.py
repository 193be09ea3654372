"""The first day with the product: set up, import, draw a loop, publish it, pair a phone."""

import re
from collections.abc import Iterator
from pathlib import Path

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
from tests.helpers.browser import leave

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(120)]

TOKEN = re.compile(r"token (\S+)")
ROWS = """name;address;lat;lon;opening_hours;kind
Depot East;Hafenweg 1;60.2120;25.1500;;depot
Bakery Łoś;Am Markt 2;60.1841;24.9495;Mo-Su 06:00-18:00;customer
Grocer Kallio;Am Markt 9;60.1937;24.9570;Mo-Su 07:00-20:00;customer
Corner Shop;Ring 4;60.1989;24.9337;;customer
Nowhere;;;;;customer
North Pole;Ice 1;99.1;24.9;;customer
"""


@pytest.fixture(scope="module")
def stand(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stand]:
    with board_server(tmp_path_factory.mktemp("first"), empty=True) as found:
        yield found


def test_from_an_empty_server_to_runs_on_the_board(
    browser: Browser, stand: Stand, tmp_path: Path
) -> None:
    context = board_context(browser, stand.origin)
    tab = board_tab(context, stand.origin)

    _set_up(tab, stand)
    _import(tab, tmp_path)
    _add(tab, "/vehicles", "new-vehicle", {"nv-name": "Van 1", "nv-plate": "HH-MR 1"})
    _add(tab, "/people", "new-driver", {"nd-name": "Kaya Demir", "nd-pin": "4711"})
    _draw(tab)
    _publish(tab)
    _pair(tab)

    leave(context)
    assert tab.troubles == []


def _set_up(tab: BoardTab, stand: Stand) -> None:
    token = TOKEN.search(stand.process.text())
    assert token is not None, "the console names the token"
    tab.go("/")
    for field, text in (
        ("token", token[1]), ("site", "Plant North"), ("name", "Ina"),
        ("password", "a long enough password"),
    ):  # fmt: skip
        tab.page.fill(f"#{field}", text)
    tab.page.click("button[type=submit]")
    tab.page.wait_for_url("**/locations", timeout=SEEN_MS)
    assert tab.page.goto(stand.origin + "/setup") is not None
    assert "Not found" in tab.text("h1")
    tab.troubles.clear()  # the 404 just asked for is a console message


def _import(tab: BoardTab, folder: Path) -> None:
    file = folder / "orte.csv"
    file.write_text(ROWS, encoding="utf-8")
    tab.go("/imports")
    tab.page.set_input_files("#file", str(file))

    tab.see("#report .counts")
    counts = dict(_pairs(tab.page.locator(".count-box").all_inner_texts()))
    assert counts["new"] == "4"
    assert counts["wrong"] == "2"
    tab.screenshot("board-import-report")
    tab.page.click("#commit")
    tab.page.click("dialog[open] button[type=submit]")
    tab.wait_text("#report h2", "Taken over")
    tab.go("/locations")
    tab.wait_text("#locations", "Bakery Łoś")


def _pairs(boxes: list[str]) -> list[tuple[str, str]]:
    lines = [box.split("\n") for box in boxes]
    return [(line[-1].strip(), line[0].strip()) for line in lines]


def _add(tab: BoardTab, page: str, dialog: str, fields: dict[str, str]) -> None:
    tab.go(page)
    tab.page.locator(f"[data-opens={dialog}]").first.click()
    for field, text in fields.items():
        tab.page.fill(f"#{field}", text)
    tab.page.click(f"#{dialog} button[type=submit]")
    tab.wait_text("main", next(iter(fields.values())))


def _draw(tab: BoardTab) -> None:
    tab.go("/loops")
    tab.page.locator("[data-opens=new-loop]").first.click()
    tab.page.fill("#nl-code", "L01")
    tab.page.fill("#nl-name", "Centre")
    tab.page.click("#new-loop-form button[type=submit]")
    tab.page.wait_for_url("**/edit", timeout=SEEN_MS)

    tab.page.select_option("#start", label="Depot East")
    tab.page.click("#add-stop")
    for name in ("Corner Shop", "Bakery Łoś", "Grocer Kallio"):
        tab.page.fill("#add-find", name)
        row = tab.page.locator("#add-places li", has_text=name)
        row.locator("button").click(timeout=SEEN_MS)
    tab.page.click("#add button[data-closes]")
    assert tab.stops() == ["Corner Shop", "Bakery Łoś", "Grocer Kallio"]
    tab.page.locator(".handle").first.focus()
    for key in ("Space", "ArrowDown", "Space"):
        tab.page.keyboard.press(key)
    assert tab.stops() == ["Bakery Łoś", "Corner Shop", "Grocer Kallio"]


def _publish(tab: BoardTab) -> None:
    for day in ("SA", "SU"):
        tab.page.check(f"#days input[value={day}]")
    tab.page.click("#add-time")
    tab.page.locator("#departures select").first.select_option(label="Van 1")
    tab.wait_text("#saved", "Draft saved.")
    tab.wait_text("#preview", "08:00")
    tab.page.click("#publish")
    tab.page.click("dialog[open] button[type=submit]")
    tab.wait_text("#version-tag", "published")

    following = tab.page.locator("#valid-from").input_value()
    tab.go(f"/today?date={following}")
    tab.see("article[aria-label='L01 Centre']")
    tab.wait_text("article[aria-label='L01 Centre']", "0/3")


def _pair(tab: BoardTab) -> None:
    tab.go("/devices")
    tab.page.locator("[data-opens=pair]").first.click()
    tab.page.fill("#pair-name", "Phone 1")
    tab.page.click("#pair-make")

    code = tab.text("#pair-code").replace(" ", "")
    assert re.fullmatch(r"[0-9A-HJKMNP-TV-Z]{8}", code)
    picture = tab.see("#pair-qr")
    tab.page.wait_for_function("() => document.querySelector('#pair-qr').naturalWidth > 50")
    assert picture.is_visible()
    tab.wait_text("#pair-until", "Works once")
    tab.screenshot("board-pairing")
