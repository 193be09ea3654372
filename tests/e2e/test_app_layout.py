"""Every screen of the app on a phone and a tablet, light and dark: nothing cut, all in reach."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from driver_app.device.clock import SystemClock
from tests.helpers.app_stand import (
    BROWSER,
    DRIVER,
    ROAD,
    changed,
    fill,
    plant,
    road,
    run_route,
    stop_route,
)
from tests.helpers.browser import (
    DESK,
    PHONE,
    RESIZE_MS,
    TABLET,
    Box,
    DriverTab,
    driver_context,
    driver_tab,
    leave,
)
from tests.helpers.builders import text_id
from tests.helpers.processes import driver_process, free_port

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]

TOUCH = 64
PRIMARY = 80
DANGER_GAP = 24
LOOKS_AGAIN = 3
PRIMARIES = (
    "pair.pair",
    "run.start",
    "run.next.arrive",
    "run.next.stop",
    "stop.arrive",
    "stop.complete",
    "stop.proof",
    "proof.complete",
    "problem.save",
    "changes.understood",
    "end.finish",
    "sync.send",
    "tugger.leave",
    "tugger.station_done",
    "tugger.here",
    "break.start",
)
LOOKS = [
    (PHONE, False),
    (PHONE, True),
    (TABLET, False),
    (TABLET, True),
    (DESK, False),
    (DESK, True),
]
WEBER = ROAD[1]
GERMAN = {"mode": "system", "scale": 1.6, "lang": "de"}
NEW, NOBODY, ON_THE_ROAD, REPLANNED, IN_THE_PLANT, GERMAN_ROAD, GERMAN_PLANT = (
    BROWSER[:-1] + n for n in "1234567"
)
SCREENS = [
    ("runs", "/runs", "nav.settings"),
    ("start", run_route(), "run.start"),
    ("stop", stop_route(WEBER), "stop.problem"),
    ("proof", stop_route(WEBER, "proof"), "proof.complete"),
    ("problem", stop_route(WEBER, "problem"), "problem.save"),
    ("run-problem", run_route("problem"), "problem.delay.15"),
    ("end", run_route("end"), "end.finish"),
    ("sync", "/sync", "sync.send"),
    ("settings", "/settings", "settings.lang.de"),
    ("break", run_route() + "?sheet=break", "break.start"),
]


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """One process of the app; a folder for each stand a screen is looked at on."""
    data = tmp_path_factory.mktemp("app") / "driver"
    now_ms = SystemClock().read().wall_ms
    fill(data / "web" / NOBODY, road(), now_ms=now_ms, signed_in=False)
    fill(data / "web" / ON_THE_ROAD, road(), now_ms=now_ms)
    fill(data / "web" / REPLANNED, road(), now_ms=now_ms, newer=changed(road()))
    fill(data / "web" / IN_THE_PLANT, plant(), now_ms=now_ms)
    fill(data / "web" / GERMAN_ROAD, road(), now_ms=now_ms, look=GERMAN)
    fill(data / "web" / GERMAN_PLANT, plant(), now_ms=now_ms, look=GERMAN)
    with driver_process(data, port := free_port()):
        yield f"http://127.0.0.1:{port}"


@pytest.fixture
def tab(browser: Browser, url: str, stand: str) -> Iterator[DriverTab]:
    """A tab of the browser whose folder has this stand."""
    context = driver_context(browser, name=stand)
    yield driver_tab(context, url)
    leave(context)


@pytest.mark.parametrize("stand", [NEW])
def test_pairing_fits(tab: DriverTab, url: str) -> None:
    tab.open(url + "/")
    tab.wait("pair.pair")

    look_at(tab, "pair")


@pytest.mark.parametrize("stand", [NOBODY])
def test_signing_in_fits(tab: DriverTab, url: str) -> None:
    tab.open(url + "/")
    tab.wait("sign_in.unlisted")
    look_at(tab, "sign-in")

    tab.tap("sign_in.driver." + text_id(DRIVER))
    tab.wait("sign_in.enter")
    look_at(tab, "pin")


@pytest.mark.parametrize("stand", [ON_THE_ROAD])
@pytest.mark.parametrize(("name", "route", "seen"), SCREENS)
def test_a_screen_of_the_road_fits(
    tab: DriverTab, url: str, name: str, route: str, seen: str
) -> None:
    tab.open(url + route)
    tab.wait(seen)

    look_at(tab, name)


@pytest.mark.parametrize("stand", [ON_THE_ROAD, GERMAN_ROAD])
def test_leaving_the_office_fits(tab: DriverTab, url: str, stand: str) -> None:
    tab.open(url + "/settings")
    tab.wait("settings.unpair")

    tab.tap("settings.unpair")
    tab.wait("leave.go")
    look_at(tab, f"leave-{stand[-1]}")


@pytest.mark.parametrize("stand", [REPLANNED])
def test_a_changed_plan_and_a_run_under_way_fit(tab: DriverTab, url: str) -> None:
    tab.open(url + run_route("changes"))
    tab.wait("changes.understood")
    look_at(tab, "changes")

    tab.tap("changes.understood")
    tab.tap("run.start")
    tab.wait("run.next.arrive")
    look_at(tab, "run")


@pytest.mark.parametrize("stand", [IN_THE_PLANT])
def test_the_round_of_a_tugger_fits(tab: DriverTab, url: str) -> None:
    tab.open(url + run_route())
    tab.wait("tugger.leave")
    look_at(tab, "tugger-load")

    tab.tap("tugger.leave")
    tab.wait("tugger.here")
    look_at(tab, "tugger-glance")

    tab.tap("tugger.here")
    tab.wait("tugger.station_done")
    look_at(tab, "tugger")

    tab.tap("tugger.andon")
    tab.wait("andon.material")
    look_at(tab, "andon")


@pytest.mark.parametrize("stand", [GERMAN_ROAD])
def test_german_in_the_largest_letters_fits_on_the_road(tab: DriverTab, url: str) -> None:
    tab.open(url + run_route())
    tab.tap("run.start")
    tab.wait("run.next.arrive")
    assert large_and_german(tab, "run-de-160", PHONE, "Position an") == []

    tab.open(url + stop_route(WEBER, "proof"))
    tab.wait("proof.complete")
    assert large_and_german(tab, "proof-de-160", PHONE, "wie geplant") == []


@pytest.mark.parametrize("stand", [GERMAN_PLANT])
def test_german_in_the_largest_letters_fits_in_the_plant(tab: DriverTab, url: str) -> None:
    tab.open(url + run_route())
    tab.tap("tugger.leave")
    tab.tap("tugger.here")
    tab.wait("tugger.station_done")

    assert large_and_german(tab, "tugger-de-160", TABLET, "Station fertig") == []


def large_and_german(tab: DriverTab, name: str, size: tuple[int, int], words: str) -> list[str]:
    """What does not fit of a screen in German at 1.6."""
    tab.show(size, dark=False)
    tab.sees(words)
    tab.screenshot(f"app-{name}")
    return lasting_faults(tab, *size)


def look_at(tab: DriverTab, name: str) -> None:
    """Measure the screen in every look, and take its picture."""
    for size, dark in LOOKS:
        tab.show(size, dark=dark)
        picture = f"{name}-{size[0]}x{size[1]}-{'dark' if dark else 'light'}"
        tab.screenshot(f"app-{picture}")
        assert lasting_faults(tab, *size) == [], picture
    assert (tab.outside, tab.errors) == ([], [])


def lasting_faults(tab: DriverTab, width: int, height: int) -> list[str]:
    """What still does not fit once a busy client had time to load its letters."""
    for _look in range(LOOKS_AGAIN):
        if not faults(tab, width, height):
            return []
        tab.settle(still_ms=RESIZE_MS)
    return faults(tab, width, height)


def faults(tab: DriverTab, width: int, height: int) -> list[str]:
    """What does not fit, in words."""
    shown = [b for b in tab.buttons() if b.width > 1 and b.height > 1 and visible(b, height)]
    whole_ones = [b for b in shown if not b.cut and whole(b, height)]
    return [
        *(f"cut: {b}" for b in shown if b.x < -1 or b.x + b.width > width + 1),
        *(f"small: {b}" for b in whole_ones if min(b.width, b.height) < TOUCH - 1),
        *(f"low: {b}" for b in whole_ones if b.name in PRIMARIES and b.height < PRIMARY - 1),
        *(f"overlap: {one} {other}" for one, other in overlapping(shown)),
        *(f"too near: {one} {other}" for one, other in too_near(shown)),
    ]


def visible(box: Box, height: int) -> bool:
    return box.y < height and box.y + box.height > 0


def whole(box: Box, height: int) -> bool:
    """Not cut by the edge of a list that scrolls."""
    return box.y >= 0 and box.y + box.height <= height


def overlapping(boxes: list[Box]) -> list[tuple[Box, Box]]:
    return [
        (one, other)
        for at, one in enumerate(boxes)
        for other in boxes[at + 1 :]
        if one.overlaps(other) and not one.holds(other) and not other.holds(one)
    ]


def too_near(boxes: list[Box]) -> list[tuple[Box, Box]]:
    """A dangerous button within 24 of the primary one."""
    primary = [b for b in boxes if b.name in PRIMARIES]
    danger = [b for b in boxes if b.name.endswith((".problem", ".undo", ".cannot"))]
    return [
        (one, other)
        for one in primary
        for other in danger
        if one.y - DANGER_GAP + 1 < other.y + other.height
        and other.y < one.y + one.height + DANGER_GAP - 1
    ]
