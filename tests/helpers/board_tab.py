"""The board in a real Chromium: a server with a day half done, signed in, watched for trouble."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Locator, Page

from server.app import build_parts
from server.core.settings import Settings
from server.migrations.steps import migrate
from tests.helpers.clock import midday_zone
from tests.helpers.pages import NAME, NOBODY, PASSWORD, Board, make_board
from tests.helpers.pages_decisions import add_decisions
from tests.helpers.pages_evidence import add_andon, add_loop, add_proof
from tests.helpers.pages_kanban import add_kanban
from tests.helpers.pages_unfit import add_unfit
from tests.helpers.processes import Process, free_port, server_process

SEEN_MS = 10_000
WIDE, LAPTOP, HALF, PHONE = (1440, 900), (1280, 800), (700, 900), (412, 915)
SIZES = (WIDE, LAPTOP, HALF, PHONE)


@dataclass
class Stand:
    """A running server and what its board knows."""

    origin: str
    board: Board
    process: Process


@contextmanager
def board_server(folder: Path, *, whole: bool = False, empty: bool = False) -> Iterator[Stand]:
    """A real server process on a folder of its own, with a day half done.

    `whole` adds a loop, a proof, an andon, cards, decisions, lateness; `empty` leaves it as it is.
    """
    data = folder / "data"
    data.mkdir(parents=True)
    settings = Settings.read(data=data)
    migrate(settings)
    parts = build_parts(settings)
    board = NOBODY if empty else make_board(parts, midday_zone(parts.clock.now()))
    if whole:
        board.loop = add_loop(parts, board)
        board.proof = add_proof(parts, board)
        add_andon(parts, board)
        add_kanban(parts, board)
        add_decisions(parts, board)
        add_unfit(parts, board)
    parts.close()
    with server_process(data, port := free_port(), MILKRUN_DRIVER_APP="") as process:
        yield Stand(f"http://127.0.0.1:{port}", board, process)


@dataclass
class BoardTab:
    """One tab, with everything noted that must not happen."""

    page: Page
    origin: str
    troubles: list[str] = field(default_factory=list)

    def watch(self) -> Self:
        """Note every request to elsewhere, console error and broken content policy."""
        self.page.on("request", lambda request: self._outside(request.url))
        self.page.on("console", self._console)
        self.page.on("pageerror", lambda error: self.troubles.append(f"error: {error}"))
        self.page.add_init_script(
            "document.addEventListener('securitypolicyviolation',"
            " e => console.error('CSP ' + e.violatedDirective + ' ' + e.blockedURI))"
        )
        return self

    def _outside(self, url: str) -> None:
        here = urlsplit(url).netloc == urlsplit(self.origin).netloc
        if url.startswith("http") and not here:
            self.troubles.append(f"outside: {url}")

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.troubles.append(f"console: {message.text}")

    def go(self, path: str) -> None:
        """Open a page of the server and wait until it is live."""
        self.page.goto(self.origin + path)

    def sign_in(self) -> None:
        """Sign in as the supervisor."""
        self.go("/sign-in")
        self.page.fill("#name", NAME)
        self.page.fill("#password", PASSWORD)
        self.page.click("button[type=submit]")
        self.page.wait_for_url("**/today*", timeout=SEEN_MS)

    def live(self) -> None:
        """Wait until the page says it is live."""
        self.page.wait_for_selector("#live[data-state=live]", timeout=SEEN_MS)

    def see(self, selector: str) -> Locator:
        """The first such element, once it is visible."""
        found = self.page.locator(selector).first
        found.wait_for(state="visible", timeout=SEEN_MS)
        return found

    def text(self, selector: str) -> str:
        """What such an element says."""
        return self.see(selector).inner_text()

    def wait_text(self, selector: str, text: str) -> None:
        """Wait until such an element says it."""
        self.page.locator(selector, has_text=text).first.wait_for(timeout=SEEN_MS)

    def stops(self) -> list[str]:
        """Names of the stops in the order shown."""
        return self.page.locator("#stops > li .name b").all_inner_texts()

    def screenshot(self, name: str) -> None:
        """Write the picture into the folder named by MILKRUN_SCREENS; without it, do nothing."""
        folder = os.environ.get("MILKRUN_SCREENS")
        if folder:
            Path(folder).mkdir(parents=True, exist_ok=True)
            self.page.screenshot(path=str(Path(folder) / f"{name}.png"))


def board_context(
    browser: Browser,
    origin: str,
    *,
    size: tuple[int, int] = WIDE,
    theme: str = "light",
    lang: str = "en",
) -> BrowserContext:
    """A browser of one supervisor, with appearance and language chosen."""
    context = browser.new_context(
        viewport={"width": size[0], "height": size[1]}, has_touch=size == PHONE
    )
    cookies: list[Any] = [
        {"name": "theme", "value": theme, "url": origin},
        {"name": "lang", "value": lang, "url": origin},
    ]
    context.add_cookies(cookies)
    return context


def board_tab(context: BrowserContext, origin: str) -> BoardTab:
    """A tab that is watched."""
    return BoardTab(context.new_page(), origin).watch()
