"""`milkrun demo` as a person starts it: alive soon, ended cleanly, started again on its data."""

import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import suppress
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from server.core.clock import SystemClock
from server.demo.live import TZ
from shared.local_time import local_day
from tests.helpers.processes import Process, free_port

PASSWORD = "a long demo password"
ALIVE_S = 60.0
PAUSE_S = 0.5
SIGN_IN_NEEDS = {"Origin": "", "Sec-Fetch-Site": "same-origin"}


class Demo:
    """The demo's process, and a browser that is signed in."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self.origin = f"http://127.0.0.1:{self.port}"
        self.process = Process(
            ["server", "demo", "--port", str(self.port), "--speed", "60"],
            f"{self.origin}/api/v1/health",
            folder / "demo.log",
            {"MILKRUN_DATA": str(folder / "data"), "MILKRUN_DEMO_PASSWORD": PASSWORD},
        )
        self.browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))

    def sign_in(self) -> None:
        form = urlencode({"name": "demo", "password": PASSWORD}).encode()
        headers = {**SIGN_IN_NEEDS, "Origin": self.origin}
        self.browser.open(urllib.request.Request(f"{self.origin}/sign-in", form, headers)).read()

    def get(self, path: str) -> Any:
        with self.browser.open(f"{self.origin}/api/v1{path}") as answer:
            return json.load(answer)

    def until(self, holds: Callable[[], bool]) -> None:
        """Ask again and again; the process is another one, so that no clock can be turned."""
        end = time.monotonic() + ALIVE_S
        while not holds():
            assert self.process.running is not None, "started"
            assert time.monotonic() < end, self.process.text()[-2000:]
            with suppress(subprocess.TimeoutExpired):
                self.process.running.wait(PAUSE_S)

    def underway(self) -> set[str]:
        today = local_day(SystemClock().now(), TZ)
        runs = self.get(f"/runs?date={today.isoformat()}")["items"]
        return {run["name"].split()[0] for run in runs if run["fact_state"] == "underway"}


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[Demo]:
    demo = Demo(tmp_path)
    yield demo
    demo.process.stop()


@pytest.mark.timeout(240)
def test_the_demo_drives_by_itself_ends_cleanly_and_goes_on_with_its_data(
    demo: Demo, tmp_path: Path
) -> None:
    demo.process.start()
    demo.sign_in()
    demo.until(lambda: demo.underway() >= {"D01", "D04", "T1", "T2"})
    devices = {one["id"] for one in demo.get("/devices")["items"]}

    assert demo.process.stop() == 0
    demo.process.start()
    demo.sign_in()

    assert {one["id"] for one in demo.get("/devices")["items"]} == devices
    assert "Traceback" not in demo.process.text()
    assert demo.process.text().count("Pairing code") == 2
    assert {path.name for path in tmp_path.iterdir()} == {"data", "demo.log"}


def test_a_port_in_use_is_one_sentence(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])

        ended = subprocess.run(
            [sys.executable, "-m", "server", "demo", "--port", port],
            env={**os.environ, "MILKRUN_DATA": str(tmp_path / "data")},
            capture_output=True,
            text=True,
            check=False,
        )

    assert ended.returncode == 3
    assert "cannot be used" in ended.stderr
    assert len(ended.stderr.strip().splitlines()) == 1
