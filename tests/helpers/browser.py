"""The driver app in a real Chromium: found by identifier, pressed, measured, photographed."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from playwright.sync_api import (
    Browser,
    BrowserContext,
    Error,
    Locator,
    Page,
    Request,
    sync_playwright,
)

from tests.helpers import chromium

BROWSER_NAME = "fedcba9876543210fedcba9876543210"
PHONE = (412, 915)
TABLET = (1280, 800)
DESK = (1440, 900)
FIRST_FRAME_MS = 60_000
SEEN_MS = 15_000
GESTURE_MS = 450
MOVE_MS = 20
TYPE_TRIES = 3
VALUE_LOOKS = 5
STILL_MS = 120
RESIZE_MS = 250
STILL_TIMES = 2
# The one script the Flet web client asks of the internet; its failure must not matter.
RIVE = "rive_native"
CHROMIUM_ARGS = (
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
    "--force-device-scale-factor=1",
)
FLAG = "window.addEventListener('flutter-first-frame', () => { window.firstFrame = true })"
# What is scrolled out of sight stays in the tree: only the part inside every scroller counts.
MEASURE = """(selector) => [...document.querySelectorAll(selector)].map(e => {
    const full = e.getBoundingClientRect();
    let {left, top, right, bottom} = full, edge = false;
    for (let p = e.parentElement; p; p = p.parentElement) {
        if (!p.tagName.startsWith('FLT-SEMANTICS')) break;
        const style = p.getAttribute('style') || '';
        if (!/overflow(-y)?: (scroll|hidden|auto)/.test(style)) continue;
        const b = p.getBoundingClientRect();
        // Flutter cuts a node at the edge of its scroller itself: then both edges are one.
        edge = edge || full.bottom > b.bottom - 1 || full.top < b.top + 1;
        left = Math.max(left, b.left); top = Math.max(top, b.top);
        right = Math.min(right, b.right); bottom = Math.min(bottom, b.bottom);
    }
    const named = e.closest('[flt-semantics-identifier]');
    const name = named ? named.getAttribute('flt-semantics-identifier') : e.innerText;
    const cut = edge || right - left < full.width - 1 || bottom - top < full.height - 1;
    return [name, cut, left, top, Math.max(0, right - left), Math.max(0, bottom - top)];
})"""


class Box(NamedTuple):
    """Where a named thing is on the screen."""

    name: str
    x: float
    y: float
    width: float
    height: float
    cut: bool = False
    """Part of it is scrolled out of sight."""

    def overlaps(self, other: "Box") -> bool:
        """Whether both share more than an edge."""
        across = min(self.x + self.width, other.x + other.width) - max(self.x, other.x)
        down = min(self.y + self.height, other.y + other.height) - max(self.y, other.y)
        return across > 1 and down > 1

    def holds(self, other: "Box") -> bool:
        """Whether the other lies inside this one."""
        return (
            self.x <= other.x + 1
            and self.y <= other.y + 1
            and self.x + self.width + 1 >= other.x + other.width
            and self.y + self.height + 1 >= other.y + other.height
        )


@dataclass
class DriverTab:
    """One tab with the app in it."""

    page: Page
    outside: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def open(self, url: str) -> "DriverTab":
        """Go there and wait for the first frame and for the tree of names."""
        self.page.goto(url)
        self.page.wait_for_function("() => window.firstFrame === true", timeout=FIRST_FRAME_MS)
        self.page.locator("flt-semantics-placeholder").dispatch_event("click")
        self.page.wait_for_selector("flt-semantics", state="attached", timeout=SEEN_MS)
        return self

    def ui(self, identifier: str) -> Locator:
        """The node with this identifier."""
        return self.page.locator(f"[flt-semantics-identifier='{identifier}']").last

    def wait(self, identifier: str) -> Locator:
        """The same, once it is there."""
        found = self.ui(identifier)
        found.wait_for(state="attached", timeout=SEEN_MS)
        return found

    def gone(self, identifier: str) -> None:
        """Wait until there is no such node any more."""
        self.page.locator(f"[flt-semantics-identifier='{identifier}']").first.wait_for(
            state="detached", timeout=SEEN_MS
        )

    def tap(self, identifier: str) -> None:
        """Press the middle of a button, scrolled into sight if need be."""
        found = self.wait(identifier)
        button = found.locator("[flt-tappable]").first
        target = button if button.count() else found
        target.scroll_into_view_if_needed(timeout=SEEN_MS)
        target.click(timeout=SEEN_MS)

    def type(self, identifier: str, text: str) -> None:
        """Put the cursor into a field and type."""
        field = self.wait(identifier).locator("input, textarea").first
        for _try in range(TYPE_TRIES):
            field.click(timeout=SEEN_MS)
            self.page.wait_for_timeout(GESTURE_MS)
            self.page.keyboard.press("Control+A")
            self.page.keyboard.type(text, delay=15)
            self.page.wait_for_timeout(GESTURE_MS)
            # A busy client may still be opening its keyboard when the first letters come.
            if field.input_value() == text:
                return
        shown = field.input_value()
        assert shown == text, f"{identifier} says {shown!r}"

    def value(self, identifier: str) -> str:
        """What stands in a field."""
        field = self.wait(identifier).locator("input, textarea").first
        field.click(timeout=SEEN_MS)  # the client fills the node of a field when it has the focus
        for _look in range(VALUE_LOOKS):
            self.page.wait_for_timeout(GESTURE_MS)
            if text := field.input_value():
                return text
        return ""

    def sign(self, identifier: str) -> None:
        """Draw two strokes on the signature pad, as slowly as a hand."""
        found = self.wait(identifier)
        found.scroll_into_view_if_needed(timeout=SEEN_MS)
        self.page.wait_for_timeout(GESTURE_MS)
        box = found.bounding_box()
        assert box is not None, "the pad is on the screen"
        for start, end in (((0.15, 0.7), (0.5, 0.25)), ((0.5, 0.25), (0.85, 0.65))):
            self._drag(box["x"], box["y"], box["width"], box["height"], start, end)

    def _drag(
        self, x: float, y: float, width: float, height: float, *ends: tuple[float, float]
    ) -> None:
        (left, top), (right, bottom) = ends
        mouse = self.page.mouse
        mouse.move(x + left * width, y + top * height)
        mouse.down()
        for step in range(1, 13):
            part = step / 12
            mouse.move(
                x + (left + (right - left) * part) * width,
                y + (top + (bottom - top) * part) * height,
            )
            self.page.wait_for_timeout(MOVE_MS)
        mouse.up()
        self.page.wait_for_timeout(GESTURE_MS)

    def says(self, words: str) -> Locator:
        """A node that says these words."""
        host = self.page.locator("flt-semantics-host")
        named = host.locator(f"[aria-label*={json.dumps(words)}]")
        return host.get_by_text(words).or_(named).first

    def sees(self, words: str) -> None:
        """Wait until the words are on the screen."""
        self.says(words).wait_for(state="attached", timeout=SEEN_MS)

    def boxes(self) -> list[Box]:
        """Where every named thing is, as far as it is to be seen."""
        return self._measured("[flt-semantics-identifier]")

    def buttons(self) -> list[Box]:
        """Where everything that can be tapped is; named like its identifier or its words."""
        return self._measured("[flt-tappable]")

    def _measured(self, selector: str) -> list[Box]:
        found: list[list[object]] = self.page.evaluate(MEASURE, selector)
        return [
            Box(str(name), float(str(x)), float(str(y)), float(str(w)), float(str(h)), bool(cut))
            for name, cut, x, y, w, h in found
        ]

    def show(self, size: tuple[int, int], *, dark: bool) -> None:
        """Give the tab another size and the system's other colours; wait until both are drawn."""
        width, height = size
        resized = self.page.viewport_size != {"width": width, "height": height}
        self.page.set_viewport_size({"width": width, "height": height})
        self.page.emulate_media(color_scheme="dark" if dark else "light")
        # A new size goes to the session and comes back as another layout; colours do not.
        self.settle(still_ms=RESIZE_MS if resized else STILL_MS)

    def settle(self, *, still_ms: int = STILL_MS) -> None:
        """Wait until the screen has stood still for a while."""
        before, still = None, 0
        while still < STILL_TIMES:
            self.page.wait_for_timeout(still_ms)
            now = self.boxes()
            still = still + 1 if now == before and now else 0
            before = now

    def screenshot(self, name: str) -> None:
        """Write the picture into the folder named by MILKRUN_SCREENS; without it, do nothing."""
        folder = os.environ.get("MILKRUN_SCREENS")
        if not folder:
            return
        Path(folder).mkdir(parents=True, exist_ok=True)
        self.page.wait_for_timeout(GESTURE_MS)
        self.page.screenshot(path=str(Path(folder) / f"{name}.png"))


@contextmanager
def chromium_browser() -> Iterator[Browser]:
    """Chromium without a window."""
    path = chromium.find()
    assert path is not None, chromium.MISSING
    args = list(CHROMIUM_ARGS)
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        args.append("--no-sandbox")  # root in a container; elsewhere the sandbox stays
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=args)
        yield browser
        browser.close()


def leave(context: BrowserContext) -> None:
    """Close it when its pages have come to rest: one that still loads can hold it open for ever."""
    for page in context.pages:
        with suppress(Error):  # it may be on its way somewhere by itself
            page.goto("about:blank")
    context.close()


def driver_context(
    browser: Browser,
    *,
    size: tuple[int, int] = PHONE,
    dark: bool = False,
    name: str = "",
    lang: str = "en-GB",
) -> BrowserContext:
    """A browser of one driver; `name` is the 128-bit name its data folder goes by."""
    context = browser.new_context(
        viewport={"width": size[0], "height": size[1]},
        color_scheme="dark" if dark else "light",
        locale=lang,
        timezone_id="Europe/Berlin",
        geolocation={"latitude": 48.137, "longitude": 11.575, "accuracy": 8},
        permissions=["geolocation", "camera"],
    )
    context.add_init_script(FLAG)
    if name:
        kept = json.dumps(json.dumps(name))
        context.add_init_script(f"localStorage.setItem('flutter.milkrun.name', {kept})")
    return context


def driver_tab(context: BrowserContext, origin: str) -> DriverTab:
    """A tab whose requests to anywhere but `origin` are noted and refused."""
    tab = DriverTab(context.new_page())

    def outside(url: str) -> bool:
        return urlsplit(url).netloc != urlsplit(origin).netloc and url.startswith("http")

    def refuse(request: Request) -> None:
        if RIVE not in request.url:
            tab.outside.append(request.url)

    tab.page.route(outside, lambda route: route.abort())
    tab.page.on("request", lambda request: refuse(request) if outside(request.url) else None)
    tab.page.on("pageerror", lambda error: tab.errors.append(str(error)))
    return tab
