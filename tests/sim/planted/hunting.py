"""Hunts planted bugs in the simulator, and shows that the same schedules are green without them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from multiprocessing import get_context

from tests.sim.campaign import run_one
from tests.sim.planted.bug import Bug
from tests.sim.planted.catalogue import SIMULATED, planted

PROCESSES = 2
STEPS = 120


@dataclass(frozen=True)
class Hunted:
    """What became of one bug."""

    key: str
    seed: int | None
    """The schedule that found it; None: it got away."""
    schedules: int
    """How many were run."""
    hits: int
    told: str
    untouched: tuple[str, ...]

    @property
    def caught(self) -> bool:
        """Whether it was found, and really stood where its name says."""
        return self.seed is not None and not self.untouched


def hunt(
    bug: Bug, seeds: Iterable[int], *, steps: int = STEPS, all_of_them: bool = False
) -> Hunted:
    """Run schedules with the bug until its invariant is broken, or all to count the hits."""
    found, told, ran, hits = None, "", 0, 0
    with bug():
        for seed in seeds:
            ran += 1
            broken = [
                one for one in run_one(seed, count=steps).violations if one[0] in bug.caught_by
            ]
            hits += bool(broken)
            if broken and found is None:
                found, told = seed, f"{broken[0][0]}: {broken[0][1]}"
            if found is not None and not all_of_them:
                break
        untouched = tuple(bug.untouched)
    return Hunted(bug.key, found, ran, hits, told, untouched)


@dataclass(frozen=True)
class Task:
    """One piece of work of a hunting process: a bug, or nothing but the schedules."""

    key: str
    seeds: tuple[int, ...]
    all_of_them: bool = False


def carry_out(task: Task) -> Hunted:
    """Hunt one bug; without a key, run the schedules as they are."""
    if task.key:
        return hunt(planted(task.key), task.seeds, all_of_them=task.all_of_them)
    clean = Bug(0, "no bug", ("I",), 0, ())
    for seed in task.seeds:
        if broken := run_one(seed, count=STEPS).violations:
            return Hunted("", seed, 1, 1, f"seed {seed}: {broken[0]}", ())
    return Hunted(clean.key, None, len(task.seeds), 0, "", ())


def side_by_side(tasks: Sequence[Task], processes: int = PROCESSES) -> list[Hunted]:
    """Carry out tasks in a few processes, the longest first."""
    with get_context("spawn").Pool(processes) as pool:
        return pool.map(carry_out, tasks, chunksize=1)


def blocks(start: int) -> list[Task]:
    """Every bug of the simulator with as many schedules as it may take to find it."""
    return [Task(bug.key, tuple(range(start, start + bug.within))) for bug in SIMULATED]
