"""What a driver does in the app, step by step, in a real browser against the app's own process."""

from playwright.sync_api import Error

from tests.helpers.browser import GESTURE_MS, SEEN_MS, DriverTab

LONG_MS = 30_000
HOME = ("runs.open.", "run.problem", "nav.back")


class Cab(DriverTab):
    """A driver's tab with the acts of the main job."""

    def tap(self, identifier: str) -> None:
        """Press a button; once more if the screen was just being drawn anew under the finger."""
        try:
            super().tap(identifier)
        except Error:
            self.page.wait_for_timeout(GESTURE_MS)
            super().tap(identifier)

    def pair(self, server: str, code: str, name: str) -> None:
        """Type address, code and name."""
        self.type("pair.server", server)
        self.type("pair.code", code)
        self.type("pair.name", name)
        self.tap("pair.pair")

    def sign_in(self, pin: str) -> None:
        """Choose the only name there is, type the PIN."""
        self.tap(self.first("sign_in.driver."))
        for digit in pin:
            self.tap(f"sign_in.pin.{digit}")
        self.tap("sign_in.enter")

    def first(self, prefix: str) -> str:
        """The identifier of the first thing whose name begins so, once it is there."""
        found = self.page.locator(f"[flt-semantics-identifier^='{prefix}']").first
        try:
            found.wait_for(state="attached", timeout=LONG_MS)
        except Error as error:
            raise AssertionError(f"no {prefix} on the screen, but: {self.named()}") from error
        name = found.get_attribute("flt-semantics-identifier")
        assert name is not None
        return name

    def named(self) -> list[str]:
        """The identifiers on the screen, for a failure that should explain itself."""
        self.screenshot("failure")
        return sorted(box.name for box in self.boxes())

    def open_run(self) -> None:
        """Open the first run of today."""
        self.tap(self.first("runs.open."))

    def come_back(self, url: str) -> None:
        """Open the app again: it shows the screen that was open, or the runs of today."""
        self.open(url)
        shown = self.page.locator(", ".join(f"[flt-semantics-identifier^='{i}']" for i in HOME))
        try:
            shown.first.wait_for(state="attached", timeout=LONG_MS)
        except Error as error:
            raise AssertionError(f"the app stays away: {self.named()}") from error
        while not self.ui("run.problem").count():
            if self.ui("nav.back").count():
                self.tap("nav.back")
            else:
                self.open_run()
            self.page.wait_for_timeout(GESTURE_MS)

    def start_run(self) -> None:
        """Start the run and leave the depot."""
        self.tap("run.start")

    def deliver(self, turn: int) -> None:
        """Arrive at the next stop and complete it with a photo and a signature of its own.

        The camera of the test shows the same first second each time it is switched on; the n-th
        picture is taken a little later, and the n-th signature has n strokes more.
        """
        self.tap("run.next.arrive")
        self.tap("stop.proof")
        self.photograph(turn)
        for _ in range(turn):
            self.sign("stop.signature")
        self.tap("proof.complete")
        self.wait("run.saved")
        self.page.wait_for_timeout(GESTURE_MS)

    def photograph(self, turn: int, tries: int = 4) -> None:
        """Take a picture; a camera that was too slow to open is asked again, as a driver would."""
        taken = self.page.locator("[flt-semantics-identifier$='.out']").first
        for left in reversed(range(tries)):
            self.tap("stop.photo.camera")
            try:
                self.page.wait_for_timeout(GESTURE_MS * (2 + turn))
                super().tap("stop.photo.shoot")
                taken.wait_for(state="attached", timeout=SEEN_MS)
            except Error:
                assert left, "no picture after several tries"
            else:
                return

    def see_change(self) -> None:
        """Open what changed in the plan, as the strip on the run offers it."""
        self.tap("run.changes")
        self.wait("changes.understood")
        self.screenshot("app-plan-changed")
