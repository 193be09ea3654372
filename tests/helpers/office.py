"""What a supervisor does in the browser, step by step, on a server that knows nothing yet."""

import re
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from tests.helpers.board_tab import SEEN_MS, BoardTab

NAME = "Ada"
PASSWORD = "milk and bread at dawn"
SLOW_MS = 30_000


class Office(BoardTab):
    """A supervisor's tab with the acts of the main job."""

    def set_up(self, log: str, zone: str) -> None:
        """First start: the token of the console, the site, the first supervisor."""
        token = re.search(r"with the token (\S+)", log)
        assert token, log
        self.go("/setup")
        self.page.fill("#token", token[1])
        self.page.fill("#site", "Kaupunki")
        self.page.fill("#tz", zone)
        self.page.fill("#name", NAME)
        self.page.fill("#password", PASSWORD)
        self.page.click("button[type=submit]")
        self.page.wait_for_url(lambda url: "/setup" not in url, timeout=SEEN_MS)

    def add(self, page: str, dialog: str, fields: dict[str, str]) -> None:
        """Add one thing on a list page by its dialog."""
        self.go(page)
        self.page.locator(f"[data-opens='{dialog}']").first.click()
        for name, value in fields.items():
            field = self.page.locator(f"#{dialog} [name='{name}']").first
            if field.evaluate("e => e.tagName") == "SELECT":
                field.select_option(value)
            else:
                field.fill(value)
        self.page.locator(f"#{dialog} button[type=submit]").click()
        self.page.locator(f"#{dialog}").wait_for(state="hidden", timeout=SEEN_MS)

    def import_locations(self, file: Path) -> int:
        """Hand in a table, look at the dry run, take the good rows over; how many were new."""
        self.go("/imports?kind=locations")
        self.page.set_input_files("#file", str(file))
        self.page.wait_for_selector("#commit", timeout=SEEN_MS)
        self.screenshot("board-import")
        new = int(self.page.locator(".count-box b").first.inner_text())
        self.page.click("#commit")
        confirm = self.page.locator("dialog[open] button[type=submit]")
        self.page.wait_for_timeout(300)
        if confirm.count():
            confirm.click()
        self.wait_text("#report h2", "Taken over")
        return new

    def draw_loop(self, code: str, name: str, start: str, stops: list[str]) -> None:
        """A new loop with these stops; photo and signature required at each."""
        self.add("/loops", "new-loop", {"code": code, "name": name, "kind": "outbound"})
        self.page.wait_for_url("**/edit", timeout=SEEN_MS)
        self.page.select_option("#start", label=start)
        for place in stops:
            self._add_stop(place)
        for index in range(len(stops)):
            self._demand_proof(index)

    def _add_stop(self, place: str) -> None:
        self.page.click("#add-stop")
        self.page.fill("#add-find", place)
        row = self.page.locator("#add-places li", has_text=place).first
        row.wait_for(timeout=SEEN_MS)
        row.get_by_role("button").click()
        self.page.locator("#add [data-closes]").click()

    def _demand_proof(self, index: int) -> None:
        self.page.locator("#stops > li").nth(index).locator("button.cell").click()
        for part in ("photo", "signature"):
            self.page.select_option(f"#s-proof [data-part={part}]", "required")
        for end, value in (("from", "00:00"), ("to", "23:59")):
            self.page.fill(f"#s-{end}", value)
        self.page.locator("#stop-form button[type=submit]").click()

    def daily(self, leaves: datetime, vehicle: str, driver: str) -> None:
        """One departure on every day, with vehicle and driver; published from today on."""
        self.page.fill("#rrule", "FREQ=DAILY")
        self.page.locator("#rrule").dispatch_event("change")
        self.page.click("#add-time")
        line = self.page.locator("#departures select")
        self.page.fill("#departures input[type=time]", leaves.strftime("%H:%M"))
        line.nth(0).select_option(label=vehicle)
        line.nth(1).select_option(label=driver)
        self.page.fill("#valid-from", leaves.date().isoformat())
        self.wait_text("#saved", "Draft saved.")
        self.page.wait_for_timeout(900)
        self.wait_text("#saved", "Draft saved.")
        self.screenshot("board-loop-editor")
        self.page.click("#publish")
        self.page.locator("dialog[open] button[type=submit]").click()
        self.wait_text("#version-tag", "published")

    def pair(self, name: str, vehicle: str) -> str:
        """A pairing code for a device of this vehicle."""
        self.go("/devices")
        self.page.locator("[data-opens=pair]").first.click()
        self.page.fill("#pair-name", name)
        self.page.select_option("#pair-vehicle", label=vehicle)
        self.page.click("#pair-make")
        self.page.wait_for_selector("#pair-qr[src]", timeout=SEEN_MS)
        self.screenshot("board-pairing")
        return self.text("#pair-code").replace(" ", "")

    def open_run(self, name: str) -> None:
        """Wait until a run of this loop is on the board and dispatched, then open it."""
        self.go("/today")
        card = self.page.locator("article", has_text=name).first
        card.wait_for(timeout=SLOW_MS)
        card.get_by_role("link").first.click()
        self.page.wait_for_url("**/runs/*", timeout=SEEN_MS)
        self.live()

    def wait_states(self, wanted: dict[str, int]) -> None:
        """Wait until so many stops of the run show each of these states."""
        for state, count in wanted.items():
            self.page.wait_for_function(
                "([state, n]) => [...document.querySelectorAll('#stops > li .tag')]"
                ".filter(tag => tag.innerText.trim() === state).length === n",
                arg=[state, count],
                timeout=SLOW_MS,
            )

    def wait_acknowledged(self) -> None:
        """Wait until the newest plan is seen by the driver."""
        self.page.wait_for_function(
            "() => document.querySelectorAll('#plan-steps > li.done, #plan-steps > .done')"
            ".length === 3",
            timeout=SLOW_MS,
        )

    def proofs_of_run(self) -> list[str]:
        """Places of all proofs of the run that is open."""
        run = self.page.url.split("/runs/")[1].split("?")[0]
        self.go(f"/proofs?run={run}")
        self.screenshot("board-proofs")
        return sorted(self.page.locator(".proof-card .body > b").all_inner_texts())

    def troubles_beside_outage(self) -> list[str]:
        """What must not happen, without what a stopped server cannot help."""
        outage = (
            "ERR_CONNECTION_REFUSED",
            "ERR_INCOMPLETE_CHUNKED_ENCODING",
            "ERR_CONNECTION_RESET",
        )
        return [t for t in self.troubles if not any(word in t for word in outage)]

    def cancel_stop(self, name: str) -> None:
        """Cancel one stop: see the price, accept."""
        self._menu(name)
        self.page.click("#stop-cancel")
        self._accept()

    def insert_stop(self, place: str) -> None:
        """Insert a place where it costs least: see the price, accept."""
        self.page.click("[data-run=insert]")
        self.page.fill("#insert-find", place)
        row = self.page.locator("#insert-places li", has_text=place).first
        row.wait_for(timeout=SEEN_MS)
        row.get_by_role("button").click()
        self._accept()

    def _menu(self, name: str) -> None:
        row = self.page.locator("#stops > li", has_text=name).first
        row.locator("button.more").click()

    def _accept(self) -> None:
        version = self.text("#plan-version")
        self.page.wait_for_selector("#accept:not([disabled])", timeout=SEEN_MS)
        self.page.click("#accept")
        self.page.wait_for_timeout(300)
        confirm = self.page.locator("dialog[open] button[type=submit]")
        if confirm.count():
            confirm.first.click()
        changed = "v => document.querySelector('#plan-version').innerText !== v"
        self.page.wait_for_function(changed, arg=version, timeout=SEEN_MS)


def at_site(now: datetime, zone: str, *, ahead: timedelta) -> datetime:
    """Wall time at the site, so much later than now, to the minute."""
    return (now + ahead).astimezone(ZoneInfo(zone)).replace(second=0, microsecond=0)
