"""A tugger's round on the demo's plant: on takt, empties counted, an andon, the server gone once.

Three real processes (server, the train's app, a browser), as in the job of the road.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from server.demo import fleet
from server.demo.fill import CONTAINER
from tests.helpers.board_tab import board_context
from tests.helpers.browser import TABLET, chromium_browser, driver_context
from tests.helpers.plant_floor import Hall, Train, fill_plant
from tests.helpers.processes import Process, driver_process, free_port, server_process

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]

NAME = "00112233445566778899aabbccddeeff"
OPERATOR = fleet.OPERATORS[2]
FIRST, SECOND = "Body B01", "Body B02"


@dataclass
class Scene:
    """Server, tablet and office of the plant."""

    server: Process
    hall: Hall
    train: Train
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
    app = driver_process(tmp_path / "tablet", app_port)
    origin, app_origin = f"http://127.0.0.1:{port}", f"http://127.0.0.1:{app_port}"
    with app:
        fill_plant(tmp_path / "data")
        with server:
            hall = Hall(board_context(browser, origin).new_page(), origin).watch()
            train = Train(driver_context(browser, size=TABLET, name=NAME).new_page())
            yield Scene(server, hall, train, origin, app_origin)


def board_the_train(scene: Scene) -> None:
    """From the devices page to the load list on the tablet."""
    scene.hall.sign_in()
    code = scene.hall.pair("Tablet 2", "Tugger 2")
    scene.train.open(scene.app_origin + "/")
    scene.train.pair(scene.origin, code, "Tablet 2")
    scene.train.sign_in_as(OPERATOR.id, fleet.DEMO_PIN)
    scene.train.open_run()
    scene.train.wait("tugger.leave")


def account(whole: Mapping[str, Any], extra: Mapping[str, int]) -> dict[str, int]:
    """What each station holds after its visit: the presets took what it had before."""
    visits = {one["name"]: one["id"] for one in whole["visits"]}
    brought = {
        name: sum(one["qty"] for one in whole["loads"] if one["drop_visit"] == visits[name])
        for name in extra
    }
    return {name: brought[name] - more for name, more in extra.items()}


def held(hall: Hall, whole: Mapping[str, Any]) -> dict[str, int]:
    """The empties accounts of the stations of the round, by name."""
    names = {one["location_id"]: one["name"] for one in whole["visits"]}
    rows = hall.read("/empties")["items"]
    known = [one for one in rows if one["location_id"] in names]
    return {names[one["location_id"]]: one["balance"] for one in known}


def test_a_round_on_takt_with_empties_an_andon_and_the_server_gone_once(scene: Scene) -> None:
    """Two stations, one of them served while the server is away; nothing is counted twice."""
    hall, train = scene.hall, scene.train
    board_the_train(scene)
    whole = hall.next_run("T2")
    train.sees("Load for this cycle")
    train.screenshot("tugger-load")
    assert train.countdown_error_s(whole["run"]["planned_departure_at"]) < 1

    hall.watch_plant()
    train.leave_on_takt()
    hall.departed(whole["run"]["name"], "on takt")
    train.screenshot("tugger-glance")
    train.tap("tugger.here")
    train.serve(1, CONTAINER)
    hall.served(FIRST)
    hall.empties_are(account(whole, {FIRST: 1}))

    train.tap("tugger.here")
    train.screenshot("tugger-station")
    train.call_for_help("path")
    hall.acknowledge("path blocked")
    train.seen_at_office()
    train.screenshot("tugger-andon-seen")
    assert SECOND in hall.exceptions()
    hall.screenshot("board-today-andon")

    scene.server.stop()
    train.serve(0, CONTAINER)
    train.wait("tugger.here")
    train.screenshot("tugger-offline")
    scene.server.start()
    hall.watch_plant()
    for station in (FIRST, SECOND):
        hall.served(station)
    counted = account(whole, {FIRST: 1, SECOND: 0})
    hall.empties_are(counted)
    hall.screenshot("board-plant")

    assert counted.items() <= held(hall, whole).items()
    assert hall.troubles_beside_outage() == []
