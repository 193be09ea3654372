"""From the supervisor's drop to the driver's screen: server, app and browser as they are."""

import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser

from tests.bench.a_day import PIN, Day, make_day
from tests.helpers import figures
from tests.helpers.board_tab import BoardTab, board_context, board_tab
from tests.helpers.browser import TABLET, chromium_browser, driver_context
from tests.helpers.cab import Cab
from tests.helpers.processes import driver_process, free_port, server_process

STOPS, CHANGES, WARM_UP, APART_MS = 20, 20, 2, 3_000
LOST_MS = 20_000
MOVABLE = 5  # the first rows below the next stop: on the driver's screen without scrolling
PHONE = "0123456789abcdef0123456789abcdef"
# Both tabs speak of the same clock: instants since 1970, finer than a millisecond.
WATCH_BOARD = """() => {
  const at = (event) => performance.timeOrigin + event.timeStamp;
  window.spans = {};
  document.addEventListener('keydown', (event) => {
    if (event.key === ' ' && event.target.closest('.handle')) window.spans.drop = at(event);
  }, true);
  document.addEventListener('click', (event) => {
    if (event.target.closest('#accept')) window.spans.accept = at(event);
  }, true);
  new MutationObserver(() => {
    if (window.spans.drop && !window.spans.priced && document.querySelector('#accept:enabled'))
      window.spans.priced = performance.timeOrigin + performance.now();
  }).observe(document.body, {subtree: true, childList: true, attributes: true});
}"""
WATCH_DRIVER = """([wanted, moved]) => {
  const shown = () => [...document.querySelectorAll("[flt-semantics-identifier^='run.stop.']")]
    .map((e) => [e.getBoundingClientRect().top, e.getAttribute('flt-semantics-identifier')])
    .sort((a, b) => a[0] - b[0]).map(([, name]) => name.slice('run.stop.'.length));
  window.seen = null;
  const look = () => {
    const ids = shown();
    const order = wanted.filter((id) => ids.includes(id));
    if (ids.includes(moved) && ids.join() === order.join())
      window.seen = performance.timeOrigin + performance.now();
    else requestAnimationFrame(look);
  };
  look();
  return window.seen === null && shown().includes(moved);
}"""
REPLY = """(end) => performance.getEntriesByType('resource')
  .filter((one) => one.name.endsWith(end)).at(-1)?.duration ?? 0"""


@dataclass
class Scene:
    """The supervisor's tab and the driver's."""

    board: BoardTab
    cab: Cab


@dataclass
class Spans:
    """How long one change took, in milliseconds."""

    priced: float
    saved: float
    shown: float

    @property
    def whole(self) -> float:
        """From the drop on, as if it had been accepted the moment it could be."""
        return self.priced + self.shown


@contextmanager
def scene(browser: Browser, folder: Path) -> Iterator[Scene]:
    """Two processes, two tabs, one run under way."""
    data = folder / "data"
    data.mkdir()
    day = make_day(data, STOPS)
    port, app_port = free_port(), free_port()
    server = server_process(data, port, MILKRUN_DRIVER_APP="")
    app = driver_process(folder / "phone", app_port)
    origin = f"http://127.0.0.1:{port}"
    try:
        server.start()
        app.start()
        cab = Cab(driver_context(browser, size=TABLET, name=PHONE).new_page())
        cab.open(f"http://127.0.0.1:{app_port}/")
        _drive(cab, origin, day)
        board = board_tab(board_context(browser, origin), origin)
        board.sign_in()
        board.go(f"/runs/{day.run}")
        board.live()
        board.page.evaluate(WATCH_BOARD)
        yield Scene(board, cab)
    finally:
        app.stop()
        server.stop()


def _drive(cab: Cab, origin: str, day: Day) -> None:
    cab.pair(origin, day.code, "Bench phone")
    cab.tap(f"sign_in.driver.{day.driver}")
    for digit in PIN:
        cab.tap(f"sign_in.pin.{digit}")
    cab.tap("sign_in.enter")
    cab.open_run()
    cab.start_run()
    cab.wait("run.next.arrive")


def change(at: Scene, number: int) -> Spans:
    """Move one stop down by keyboard, accept the price, wait for the driver's list."""
    page = at.board.page
    page.evaluate("() => { window.spans = {}; performance.clearResourceTimings() }")
    version = at.board.text("#plan-version")
    row = page.locator("#stops > li:not(.fixed-place)").nth(1 + number % MOVABLE)
    moved = row.get_attribute("data-key")
    row.locator(".handle").focus()
    for key in ("Space", "ArrowDown", "Space"):
        page.keyboard.press(key)
    page.wait_for_selector("#accept:enabled", timeout=LOST_MS)
    rows = page.locator("#stops > li[data-key]")
    wanted = rows.evaluate_all("rows => rows.map((row) => row.dataset.key)")
    assert at.cab.page.evaluate(WATCH_DRIVER, [wanted, moved]), "not on the driver's screen"
    page.click("#accept")
    at.cab.page.wait_for_function("() => window.seen !== null", timeout=LOST_MS)
    changed = "v => document.querySelector('#plan-version').innerText !== v"
    page.wait_for_function(changed, arg=version, timeout=LOST_MS)
    told = page.evaluate("() => window.spans")
    seen = at.cab.page.evaluate("() => window.seen")
    saved = page.evaluate(REPLY, "/order")
    return Spans(told["priced"] - told["drop"], saved, seen - told["accept"])


def main() -> None:
    """Make the changes, at least three seconds apart, and print what they took."""
    say = sys.stdout.write
    with (
        tempfile.TemporaryDirectory(prefix="milkrun-bench-") as folder,
        chromium_browser() as browser,
        scene(browser, Path(folder)) as at,
    ):
        say(f"A change of a run of {STOPS} stops, {CHANGES} times, {APART_MS // 1000} s apart\n")
        say(figures.machine(f"Chromium {browser.version}") + "\n")
        found = []
        for number in range(WARM_UP + CHANGES):
            found.append(change(at, number))
            at.board.page.wait_for_timeout(APART_MS)
        found = found[WARM_UP:]
    for name, values in (
        ("drop to price", [one.priced for one in found]),
        ("accept to saved (the server's reply)", [one.saved for one in found]),
        ("accept to the driver's screen", [one.shown for one in found]),
        ("drop to the driver's screen", [one.whole for one in found]),
    ):
        say(figures.row(name, values, 50, 95) + "\n")
    say(f"at the end: {figures.load()}\n")


if __name__ == "__main__":
    main()
