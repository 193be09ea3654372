"""Real processes of the product, started and stopped the way a machine does it."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Self

START_S = 60.0
STOP_S = 60.0


def free_port() -> int:
    """A loopback port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Process:
    """One process of the product with its own log; `alive_at` answers when it is up."""

    def __init__(
        self, command: list[str], alive_at: str, log: Path, env: Mapping[str, str] | None = None
    ) -> None:
        self.command = [sys.executable, "-m", *command]
        self.alive_at = alive_at
        self.log = log
        self.env = {**os.environ, "MILKRUN_DEMO_PASSWORD": "", **(env or {})}
        self.running: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self.stop()

    def start(self) -> None:
        """Start it and wait until it answers."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as out:
            self.running = subprocess.Popen(
                self.command, stdout=out, stderr=out, env=self.env, start_new_session=True
            )
        until = time.monotonic() + START_S
        while not answers(self.alive_at):
            assert not ended(self.running), f"ended at once:\n{self.text()[-3000:]}"
            assert time.monotonic() < until, f"did not answer:\n{self.text()[-3000:]}"

    def stop(self) -> int:
        """Ask it to end, as Ctrl-C does, and give its exit code."""
        return self._end(signal.SIGINT)

    def kill(self) -> int:
        """Pull the plug: SIGKILL, no chance to tidy up."""
        return self._end(signal.SIGKILL)

    def text(self) -> str:
        """All it has printed so far."""
        return self.log.read_text("utf-8", "replace") if self.log.exists() else ""

    def _end(self, how: signal.Signals) -> int:
        running, self.running = self.running, None
        if running is None or running.poll() is not None:
            return running.returncode if running else 0
        os.killpg(running.pid, how)
        try:
            return running.wait(STOP_S)
        except subprocess.TimeoutExpired as error:
            os.killpg(running.pid, signal.SIGKILL)
            running.wait(STOP_S)
            raise AssertionError(f"did not end:\n{self.text()[-3000:]}") from error


def ended(running: subprocess.Popen[bytes]) -> bool:
    """Whether a process ends within a twentieth of a second."""
    try:
        running.wait(0.05)
    except subprocess.TimeoutExpired:
        return False
    return True


def answers(url: str) -> bool:
    """Whether anything at all answers at this address."""
    try:
        with urllib.request.urlopen(url, timeout=2):
            return True
    except urllib.error.HTTPError:
        return True
    except (OSError, ValueError):
        return False


def server_process(data: Path, port: int, **env: str) -> Process:
    """`milkrun serve` on a folder of its own."""
    told = {"MILKRUN_DATA": str(data), "MILKRUN_PORT": str(port), **env}
    alive_at = f"http://127.0.0.1:{port}/api/v1/time"
    return Process(["server", "serve"], alive_at, data.parent / "server.log", told)


def driver_process(data: Path, port: int, **env: str) -> Process:
    """`python -m driver_app`: the driver's phone as a process of its own."""
    told = {"MILKRUN_DRIVER_DATA": str(data), "MILKRUN_DRIVER_PORT": str(port), **env}
    alive_at = f"http://127.0.0.1:{port}/"
    return Process(["driver_app"], alive_at, data.parent / f"driver-{port}.log", told)
