"""`make soak`: every proof gets its share of the minutes, and the report is written down."""

import os
import platform
import sys
import time
import tomllib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

from server.core.clock import SystemClock
from tests.sim.books import Batch, commit
from tests.sim.campaign import Outcome, run_one
from tests.sim.crew import each
from tests.sim.kills import kill_everywhere, run_pair
from tests.sim.planted import soaking as planted
from tests.sim.real import chaos, feed, postgres, power_cut, sigkill
from tests.sim.real.shares import Share
from tests.sim.web import run_over_http

ROOT = Path(__file__).parents[2]
PROCESSES = 2
SHOWN = 20


@dataclass(frozen=True)
class Part:
    """A proof with its share of the minutes."""

    per_cent: float
    soak: Callable[[float, int], Share]


def _schedules(
    name: str, work: Callable[[int], Outcome], goal: int
) -> Callable[[float, int], Share]:
    def soak(minutes: float, seed: int) -> Share:
        end = time.monotonic() + minutes * 60
        batch = _batch(
            each(work, count(seed), processes=PROCESSES, until=lambda _n: time.monotonic() > end)
        )
        wrong = [
            f"{name} seed {one.seed}: {invariant}: {sentence}"
            for one in batch.failed
            for invariant, sentence in one.violations[:2]
        ]
        return Share(name, batch.schedules, goal, "schedules", wrong, batch.lines())

    return soak


def _batch(outcomes: Iterable[Outcome]) -> Batch:
    batch, begun = Batch(), time.monotonic()
    for outcome in outcomes:
        batch.add(outcome)
    batch.wall_s = time.monotonic() - begun
    return batch


def kill_points(minutes: float, seed: int) -> Share:
    """The scripted day, killed at every one of its boundaries; it takes the time it takes."""
    del minutes, seed
    found = kill_everywhere(every=True)
    line = f"{found.killed} kills at {found.boundaries} boundaries, {found.cpu_s:.0f} s CPU"
    return Share("kill points", found.killed, found.boundaries, "kills", found.violations, [line])


PARTS = (
    Part(41, _schedules("random schedules", run_one, 100_000)),
    Part(5, kill_points),
    Part(8, _schedules("pairs of kills", run_pair, 5_000)),
    Part(5, _schedules("schedules over HTTP", run_over_http, 2_000)),
    Part(5, planted.soak),
    Part(20, sigkill.soak),
    Part(7, postgres.soak),
    Part(3, feed.soak),
    Part(4, power_cut.soak),
    Part(2, chaos.soak),
)


def version() -> str:
    """The version of the product."""
    about = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    return str(about["project"]["version"])


def written(shares: Iterable[Share], *, seed: int, minutes: float, at: datetime) -> str:
    """The report as it stands in docs/soak."""
    machine = f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    lines = [
        f"# Soak of {version()}",
        "",
        f"Commit {commit()}, seed {seed}, {minutes:g} minutes, {at:%Y-%m-%d %H:%M} UTC, {machine}.",
        "",
        "| proof | done | goal | unit | violations |",
        "|---|---|---|---|---|",
    ]
    told = list(shares)
    lines += [
        f"| {one.name} | {one.done:,} | {one.goal:,} | {one.unit} | {len(one.violations)} |"
        for one in told
    ]
    for one in told:
        lines += ["", f"## {one.name}", "", *(f"- {line}" for line in one.lines)]
        lines += [f"- violation: {line}" for line in one.violations[:SHOWN]]
    return "\n".join(lines) + "\n"


def soak(minutes: float, seed: int, parts: Iterable[Part] = PARTS) -> list[Share]:
    """Run every proof for its share; one that breaks is a violation of its own."""
    shares = []
    for part in parts:
        try:
            shares.append(part.soak(minutes * part.per_cent / 100, seed))
        except Exception as error:  # noqa: BLE001 - the other proofs go on
            name = getattr(part.soak, "__module__", "proof")
            shares.append(Share(name, 0, 1, "runs", [f"{type(error).__name__}: {error}"]))
        sys.stdout.write(f"{shares[-1].name}: {shares[-1].done} {shares[-1].unit}\n")
        sys.stdout.flush()
    return shares


def main() -> int:
    """Exit code 1 if anything was broken."""
    minutes = float(os.environ.get("MILKRUN_SOAK_MINUTES") or 60)
    seed = int(os.environ.get("MILKRUN_SOAK_SEED") or 1)
    shares = soak(minutes, seed)
    report = written(shares, seed=seed, minutes=minutes, at=SystemClock().now().astimezone(UTC))
    target = ROOT / "docs" / "soak" / f"{version()}.md"
    target.parent.mkdir(exist_ok=True)
    target.write_text(report, encoding="utf-8")
    sys.stdout.write(report)
    return 1 if any(one.violations for one in shares) else 0


if __name__ == "__main__":
    sys.exit(main())
