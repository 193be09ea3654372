"""The simulated vehicles: a process of the driver app that pairs, signs in and drives.

The server knows it by the name of its module only, as it knows the app for browsers; what the
vehicles do passes through the app's own store, actions and HTTP.
"""

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path

SIMULATOR = "driver_app.autopilot"
STOP_S = 5
LOG = "vehicles.log"


@dataclass(frozen=True)
class Crew:
    """One vehicle to simulate: what its device is called, its pairing code, who signs in."""

    name: str
    code: str
    driver: str
    pin: str


@dataclass(frozen=True)
class Tour:
    """Where and how the vehicles drive."""

    url: str
    folder: Path
    speed: int
    seed: int
    photos: Path
    module: str = SIMULATOR


def start(tour: Tour) -> "subprocess.Popen[bytes]":
    """Start the process; it waits for its crews on standard input, whose end ends it."""
    tour.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    command = [
        sys.executable, "-m", tour.module,
        "--url", tour.url, "--data", str(tour.folder), "--photos", str(tour.photos),
        "--speed", str(tour.speed), "--seed", str(tour.seed),
    ]  # fmt: skip
    with (tour.folder / LOG).open("ab") as log:
        return subprocess.Popen(  # noqa: S603 - our own module
            command, stdin=subprocess.PIPE, stdout=log, stderr=log
        )


def crew(process: "subprocess.Popen[bytes]", crews: Sequence[Crew]) -> None:
    """Say who drives; codes and PINs never stand on a command line."""
    assert process.stdin is not None, "a pipe was asked for"
    with suppress(BrokenPipeError):  # it has ended; its log says why
        process.stdin.write(json.dumps([asdict(one) for one in crews]).encode() + b"\n")
        process.stdin.flush()


def stop(process: "subprocess.Popen[bytes]") -> None:
    """End the process, by force if it does not listen."""
    if process.stdin is not None:
        with suppress(BrokenPipeError):
            process.stdin.close()
    process.terminate()
    try:
        process.wait(STOP_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


@contextmanager
def driving(tour: Tour) -> Iterator["subprocess.Popen[bytes]"]:
    """Vehicles that drive as long as the block runs."""
    process = start(tour)
    try:
        yield process
    finally:
        stop(process)
