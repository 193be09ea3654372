"""Hunts planted bugs in the simulator, and shows that the same schedules are green without them."""

import gc
import logging
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from multiprocessing import get_context

import structlog

from driver_app.sync import worker
from tests.helpers.one_dialect import share_compiled
from tests.sim.beginning import beginning
from tests.sim.campaign import run_one
from tests.sim.ground import one_roof
from tests.sim.planted.bug import Bug
from tests.sim.planted.catalogue import planted
from tests.sim.small import changed

PROCESSES = 2
EXCHANGES_MAX = 20
"""Of one round: a device that a bug keeps from resting shall not take a thousand each time."""


@dataclass(frozen=True)
class Task:
    """A bug and the schedules to hunt it in; without a bug, schedules that must be green."""

    key: str
    seeds: tuple[int, ...]
    all_of_them: bool = False
    """Run every schedule and count those that find it, instead of stopping at the first."""


@dataclass(frozen=True)
class Hunted:
    """What became of a task."""

    key: str
    seed: int | None = None
    """The first schedule that found it; None: it got away."""
    schedules: int = 0
    hits: int = 0
    told: str = ""
    untouched: tuple[str, ...] = ()
    """Swaps nobody called: the bug was not really there."""

    @property
    def caught(self) -> bool:
        """Whether it was found, and really stood where its name says."""
        return self.seed is not None and not self.untouched


def carry_out(task: Task) -> Hunted:
    """Hunt one bug, or look for a schedule that fails without any."""
    if not task.key:
        return _hunted("", task, ())
    bug = planted(task.key)
    with bug(), changed(worker, "ROUND_EXCHANGES_MAX", EXCHANGES_MAX):
        return _hunted(task.key, task, bug.caught_by, bug)


def _hunted(key: str, task: Task, wanted: Iterable[str], bug: Bug | None = None) -> Hunted:
    seed, told, ran, hits = None, "", 0, 0
    for one in task.seeds:
        ran += 1
        broken = [v for v in run_one(one).violations if v[0] in wanted or not key]
        hits += bool(broken)
        if broken and seed is None:
            seed, told = one, f"{broken[0][0]}: {broken[0][1]}"
        if seed is not None and not task.all_of_them:
            break
    return Hunted(key, seed, ran, hits, told, tuple(bug.untouched) if bug else ())


def side_by_side(tasks: Sequence[Task], processes: int = PROCESSES) -> Iterator[Hunted]:
    """Carry out tasks in a few processes; each answer as it comes."""
    with one_roof(), get_context("spawn").Pool(processes, begin) as pool:
        yield from pool.imap_unordered(carry_out, tasks, chunksize=1)
        pool.close()
        pool.join()


def begin() -> None:
    """Prepare a process: the server is silent, and garbage is looked for seldom."""
    logging.disable(logging.CRITICAL)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    share_compiled()
    beginning()  # what all schedules begin from is made before any bug is there
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 50, 1_000)
