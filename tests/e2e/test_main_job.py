"""The main job, end to end, as people do it: spreadsheet to proof, with the server gone half-way.

Three real processes (server, the driver's app, a browser), nothing faked but the camera's picture.
"""

import csv
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.helpers.board_tab import board_context
from tests.helpers.browser import chromium_browser, driver_context
from tests.helpers.cab import Cab
from tests.helpers.clock import midday_zone
from tests.helpers.office import Office, at_site
from tests.helpers.processes import Process, driver_process, free_port, server_process

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(400)]

GROCERIES = Path(__file__).parents[3] / "shared/data/helsinki/grocery_15.csv"
OWN = Path(__file__).parents[1] / "data/imports/grocery_15.csv"
LOOP = "Groceries of the city"
DEPOT = "Depot Süd"
PHONE = "0123456789abcdef0123456789abcdef"
PIN = "2468"


@dataclass
class Scene:
    """Server, app, office and cab of one test."""

    folder: Path
    server: Process
    app: Process
    office: Office
    cab: Cab
    origin: str
    app_origin: str


@pytest.fixture
def browser() -> Iterator[Browser]:
    with chromium_browser() as found:
        yield found


@pytest.fixture
def scene(tmp_path: Path, browser: Browser) -> Iterator[Scene]:
    port, app_port = free_port(), free_port()
    server = server_process(tmp_path / "data", port, MILKRUN_DRIVER_APP="")
    app = driver_process(tmp_path / "phone", app_port)
    origin, app_origin = f"http://127.0.0.1:{port}", f"http://127.0.0.1:{app_port}"
    with server, app:
        office = Office(board_context(browser, origin).new_page(), origin).watch()
        cab = Cab(driver_context(browser, name=PHONE).new_page())
        yield Scene(tmp_path, server, app, office, cab, origin, app_origin)


def rows() -> list[dict[str, str]]:
    """The shops of the file."""
    with the_file().open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def shops() -> list[str]:
    """Names of shops in the file that are told apart by their whole name."""
    names = [row["name"] for row in rows()]
    return [name for name in names if sum(name in other for other in names) == 1]


def the_file() -> Path:
    """The real shops of the city where they are at hand, else the project's own."""
    return GROCERIES if GROCERIES.exists() else OWN


def prepare(scene: Scene, stops: list[str]) -> None:
    """From an empty server to a dispatched run on a paired phone."""
    office, now = scene.office, datetime.now(UTC)  # noqa: TID251 - a real server lives by the clock
    zone = midday_zone(now)
    office.set_up(scene.server.text(), zone)
    assert office.import_locations(the_file()) == 15
    corner = {key: f"{float(rows()[0][key]) + 0.01:.4f}" for key in ("lat", "lon")}
    office.add("/locations", "new-location", {"name": DEPOT, "kind": "depot", **corner})
    office.add("/vehicles", "new-vehicle", {"name": "Van 4", "kind": "van"})
    office.add("/people", "new-driver", {"name": "Kaya", "pin": PIN})
    office.draw_loop("L1", LOOP, DEPOT, stops)
    office.daily(at_site(now, zone, ahead=timedelta(minutes=20)), "Van 4", "Kaya")
    code = office.pair("Phone 1", "Van 4")
    office.open_run(LOOP)
    scene.cab.open(scene.app_origin + "/")
    scene.cab.pair(scene.origin, code, "Phone 1")
    scene.cab.sign_in(PIN)
    scene.cab.open_run()
    scene.cab.start_run()


def photos(folder: Path) -> dict[str, str]:
    """Digest of every file that is named by a digest, under its name."""
    found = (p for p in folder.rglob("*") if p.is_file() and len(p.name) == 64)
    return {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in found}


def test_no_proof_is_lost_when_server_and_app_go_down(scene: Scene) -> None:
    """Import, loop, timed run; five proofs, two with and three without the server; both return."""
    names = shops()[:8]
    office, cab = scene.office, scene.cab
    prepare(scene, names[:7])
    for turn in (1, 2):
        cab.deliver(turn)
    office.wait_states({"done": 2})

    scene.server.stop()
    for turn in (3, 4, 5):
        cab.deliver(turn)
    kept = photos(scene.folder / "phone")
    scene.app.kill()
    scene.server.start()
    office.page.reload()
    office.live()
    office.cancel_stop(names[6])
    office.insert_stop(names[7])
    scene.app.start()
    cab.come_back(scene.app_origin + "/runs")

    office.wait_states({"done": 5, "cancelled": 1})
    cab.see_change()
    cab.tap("changes.understood")
    office.wait_acknowledged()
    office.screenshot("board-run-acknowledged")
    arrived = photos(scene.folder / "data")
    assert len(kept) == 10
    assert {sha: arrived.get(sha) for sha in kept} == {sha: sha for sha in kept}
    assert office.proofs_of_run() == sorted(names[:5])
    assert office.troubles_beside_outage() == []
