"""Power cuts, failing operations and bad networks in `make soak`: seeds until the time is over."""

import tempfile
import time
from pathlib import Path

from server.core.settings import Settings
from server.migrations.steps import migrate
from tests.sim.real import power_office, traced
from tests.sim.real.disk import Op
from tests.sim.real.power import PHOTO_BYTES, STOPS, Cuts, cut_device, diary_of_device
from tests.sim.real.shares import Share
from tests.sim.real.sweep import sweep

STATES = 2_000
GOAL = 600


def soak(minutes: float, seed: int) -> Share:
    """States of the phone's and the server's disk, and one whole sweep of failing operations."""
    until = time.monotonic() + minutes * 60
    share = Share("power cuts and failing operations", 0, GOAL, "states")
    swept = sweep()
    share.lines.append(f"failing operations: {swept.line()}")
    share.violations += swept.wrong
    with tempfile.TemporaryDirectory(prefix="milkrun-") as name:
        folder = Path(name)
        diaries = _diaries(folder, share)
        turn = 0
        while turn < len(diaries) or time.monotonic() < until:
            who, ops = diaries[turn % len(diaries)]
            cut = power_office.cut_office if who == "server" else cut_device
            cuts: Cuts = cut(ops, STATES, seed + turn)
            share.done += cuts.states
            share.lines.append(f"{who}, seed {seed + turn}: {cuts.line()}")
            share.violations += [f"{who}, seed {seed + turn}: {why}" for why in cuts.broken]
            turn += 1
    return share


def _diaries(folder: Path, share: Share) -> list[tuple[str, list[Op]]]:
    migrate(Settings.read(data=folder))
    found = [
        ("phone", diary_of_device(folder / "phone")),
        ("server", power_office.diary_of_office(folder / "server", folder / "milkrun.db")),
    ]
    if traced.available():
        found.append(("traced phone", traced.trace_of_recorder(folder / "t", STOPS, PHOTO_BYTES)))
    else:
        share.lines.append("strace is not installed: nothing was traced")
    return found
