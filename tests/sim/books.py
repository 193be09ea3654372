"""What a batch of schedules saw, and whether that was enough to prove anything."""

import subprocess
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from tests.sim.campaign import STEPS, Outcome

ROOT = Path(__file__).parents[2]
PER_THOUSAND = {
    "fork": 20,
    "restore": 300,
    "rolled back": 100,
    "purge": 2_000,
    "committed and lost": 1_000,
    "resumed PATCH": 500,
    "reset": 50,
    "moved visit": 50,
    "re-pairing cut": 20,
    "import": 20,
    "released": 100,
}
POINTS = 120
EXCUSED_MAX = 0.10
SHOWN = 10


@dataclass
class Batch:
    """Sums over schedules."""

    schedules: int = 0
    steps: int = 0
    facts: int = 0
    excused: int = 0
    cpu_s: float = 0.0
    wall_s: float = 0.0
    happened: Counter[str] = field(default_factory=Counter)
    points: set[str] = field(default_factory=set)
    failed: list[Outcome] = field(default_factory=list)

    def add(self, outcome: Outcome) -> None:
        """Count one more."""
        self.schedules += 1
        self.steps += outcome.steps
        self.facts += outcome.facts
        self.excused += outcome.excused
        self.cpu_s += outcome.cpu_s
        self.happened += outcome.happened
        self.points |= outcome.points
        if outcome.violations:
            self.failed.append(outcome)

    def too_little(self) -> list[str]:
        """What must have happened and did not, scaled to the steps taken (sync-proof.md §2)."""
        share = self.steps / (1_000 * STEPS)
        found = [
            f"{what}: {self.happened[what]} of at least {int(least * share)}"
            for what, least in PER_THOUSAND.items()
            if self.happened[what] < int(least * share)
        ]
        kills = self.kill_points()
        if self.schedules >= 200 and kills < POINTS:  # a point is met once, however often it is run
            found.append(f"distinct kill points: {kills} of at least {POINTS}")
        if self.schedules >= 20 and not 0 < self.excused <= EXCUSED_MAX * self.facts:
            found.append(f"excused facts: {self.excused} of {self.facts}")
        return found

    def kill_points(self) -> int:
        """Distinct places at which a process died."""
        return sum(1 for one in self.points if one.split()[1] in ("before", "after", "inside"))

    def lines(self) -> list[str]:
        """The report."""
        broken = sum(len(one.violations) for one in self.failed)
        each_ms = 1000 * self.cpu_s / max(1, self.schedules)
        told = [
            f"schedules {self.schedules}, steps {self.steps}",
            f"facts {self.facts}, excused {self.excused}",
            f"violations {broken} in {len(self.failed)} schedules",
            f"CPU {self.cpu_s:.1f} s, {each_ms:.0f} ms each; wall {self.wall_s:.1f} s",
            f"distinct kill points {self.kill_points()}",
            "happened: " + ", ".join(f"{what} {n}" for what, n in sorted(self.happened.items())),
        ]
        told += [f"too little: {what}" for what in self.too_little()]
        for one in self.failed[:SHOWN]:
            told.append(f"seed {one.seed}:")
            told += [f"  {invariant}: {sentence}" for invariant, sentence in one.violations[:4]]
        return told


def commit() -> str:
    """The commit this ran on."""
    return _asked_git("--short", "HEAD") or "unknown"


def _asked_git(*names: str) -> str:
    found = subprocess.run(
        ["git", "rev-parse", *names], cwd=ROOT, capture_output=True, text=True, check=False
    )
    return found.stdout.strip() if found.returncode == 0 else ""


def summed(outcomes: Iterable[Outcome]) -> Batch:
    """A batch of these."""
    batch = Batch()
    for one in outcomes:
        batch.add(one)
    return batch
