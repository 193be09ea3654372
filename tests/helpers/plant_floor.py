"""The demo's plant as a job for a tugger: its site filled, its office, its train's tablet."""

import re
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from statistics import median
from typing import Any

from server.app import build_parts
from server.core.clock import SystemClock
from server.core.settings import Settings
from server.demo import fill
from server.demo.live import TZ, Stage, play
from server.dispatch.service import gate
from server.migrations.steps import migrate
from shared.local_time import local_day
from tests.helpers.board_tab import SEEN_MS
from tests.helpers.cab import LONG_MS, Cab
from tests.helpers.office import SLOW_MS, Office

PASSWORD = "milk and bread at dawn"
# Long enough to pair a tablet and sign in before the train has to leave.
AHEAD = timedelta(seconds=135)
ON_TAKT_S = 40
LOOKS, LOOK_MS = 9, 170


def fill_plant(data: Path) -> None:
    """The demo's site as `milkrun demo` fills it, its next departures two minutes ahead."""
    data.mkdir(parents=True)
    settings = Settings.read(data=data)
    migrate(settings)
    parts = build_parts(settings)
    now = parts.clock.now()
    secrets = fill.hashed(parts.passwords, PASSWORD)
    today = local_day(now, TZ)
    parts.writer.run(lambda s: fill.fill(s, secrets, today=today, now=now))
    play(Stage(parts.reads, parts.writer, parts.jobs, gate), now=now + AHEAD)
    parts.close()


class Hall(Office):
    """The supervisor's tab with the acts of the plant."""

    def sign_in(self) -> None:
        """Sign in as the demo's supervisor."""
        self.go("/sign-in")
        self.page.fill("#name", fill.USER)
        self.page.fill("#password", PASSWORD)
        self.page.click("button[type=submit]")
        self.page.wait_for_url("**/today*", timeout=SEEN_MS)

    def watch_plant(self) -> None:
        """Have the plant open and live."""
        self.go("/plant")
        self.live()

    def departed(self, run: str, word: str) -> None:
        """Wait until the departure of this run says so against the takt."""
        row = self.page.locator("#departure-list tr", has_text=run)
        row.locator(".tag", has_text=word).wait_for(timeout=SLOW_MS)

    def served(self, station: str) -> None:
        """Wait until the line shows the station as done."""
        self.page.wait_for_selector(f"#tuggers .station[title='{station}: done']", timeout=SLOW_MS)

    def acknowledge(self, words: str) -> None:
        """See an open andon with these words, and say so."""
        row = self.page.locator("#andons .andon.bad", has_text=words).first
        row.wait_for(timeout=SLOW_MS)
        self.screenshot("board-plant-andon")
        row.get_by_role("button").first.click()
        self.see("#andons .andon.seen")

    def exceptions(self) -> str:
        """What the list of exceptions on Today says."""
        self.go("/today")
        self.live()
        return self.text("#exceptions")

    def empties_are(self, wanted: Mapping[str, int]) -> None:
        """Wait until the page says of each station what it holds."""
        self.page.wait_for_function(
            "wanted => Object.entries(wanted).every(([name, n]) => [...document.querySelectorAll("
            "'#empties li')].some(row => row.firstChild.innerText === name"
            " && row.lastChild.innerText === String(n)))",
            arg=dict(wanted),
            timeout=SLOW_MS,
        )

    def read(self, path: str) -> Any:
        """What the API answers."""
        answer = self.page.request.get(f"{self.origin}/api/v1{path}")
        assert answer.ok, answer.text()
        return answer.json()

    def next_run(self, loop: str) -> Mapping[str, Any]:
        """The run of this loop that leaves next, whole."""
        today = local_day(SystemClock().now(), TZ)
        runs = self.read(f"/runs?date={today.isoformat()}")["items"]
        mine = [run for run in runs if run["name"].startswith(f"{loop} ")]
        first = min(mine, key=lambda run: run["planned_departure_at"])
        found: Mapping[str, Any] = self.read(f"/runs/{first['id']}")
        return found


class Train(Cab):
    """The tablet of a tugger."""

    def sign_in_as(self, driver: object, pin: str) -> None:
        """Choose a name among many, type the PIN."""
        self.tap(f"sign_in.driver.{driver}")
        for digit in pin:
            self.tap(f"sign_in.pin.{digit}")
        self.tap("sign_in.enter")

    def left_s(self) -> int:
        """Seconds to the departure, as the countdown shows them."""
        said = str(self.wait("tugger.countdown").evaluate("e => e.outerHTML"))
        found = re.search(r"(−?)(\d+):(\d\d)\b", said)
        assert found is not None, said
        sign, minutes, seconds = found.groups()
        return (int(minutes) * 60 + int(seconds)) * (-1 if sign else 1)

    def countdown_error_s(self, leaves_ms: int) -> float:
        """How far the countdown is from the real time that is left, as most looks see it."""
        errors = []
        for _look in range(LOOKS):
            shown = self.left_s()
            now_ms = self.page.evaluate("() => Date.now()")
            errors.append(abs((leaves_ms - float(now_ms)) / 1000 - shown))
            self.page.wait_for_timeout(LOOK_MS)
        return median(errors)

    def leave_on_takt(self) -> None:
        """Wait for the last moments of the countdown, then leave."""
        while self.left_s() > ON_TAKT_S:
            self.page.wait_for_timeout(500)
        self.tap("tugger.leave")

    def serve(self, more: int, kind: str) -> None:
        """Count so many empties more than the plan presets at the station reached, done."""
        for _ in range(more):
            self.tap(f"tugger.take.{kind}.plus")
            self.page.wait_for_timeout(500)
        self.tap("tugger.station_done")

    def seen_at_office(self) -> None:
        """Wait until the strip says that somebody has seen the andon."""
        self.wait("strip.andon")
        self.says("somebody has seen it").wait_for(state="attached", timeout=LONG_MS)

    def call_for_help(self, category: str) -> None:
        """Raise an andon and go back to the station."""
        self.tap("tugger.andon")
        self.tap(f"andon.{category}")
        self.wait("andon.text")
        self.screenshot("tugger-andon")
        self.tap("nav.back")
        self.wait("strip.andon")
