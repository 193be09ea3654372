"""The soak's share of planted bugs: each in 150 schedules if there is time, with its hit rate."""

import time
from collections.abc import Iterator

from tests.sim.planted.catalogue import SIMULATED
from tests.sim.planted.hunting import Hunted, Task, side_by_side
from tests.sim.planted.scenes import SHOWN
from tests.sim.real.shares import Share

SEEDS = 150
PIECE = 10


def pieces(first: int) -> Iterator[Task]:
    """Ten schedules of every bug, then the next ten of every bug, and so on."""
    for start in range(first, first + SEEDS, PIECE):
        for bug in SIMULATED:
            yield Task(bug.key, tuple(range(start, start + PIECE)), all_of_them=True)


def soak(minutes: float, seed: int) -> Share:
    """Hunt every bug for so long; one that was never found within its number is a violation."""
    until = time.monotonic() + minutes * 60
    found: dict[str, list[Hunted]] = {}
    tasks = list(pieces(seed))
    for hunted in side_by_side(tasks):
        found.setdefault(hunted.key, []).append(hunted)
        if time.monotonic() > until:
            break
    done = sum(one.schedules for several in found.values() for one in several)
    goal = sum(len(task.seeds) for task in tasks)
    return Share("planted bugs", done, goal, "schedules", free(found), rates(found))


def free(found: dict[str, list[Hunted]]) -> list[str]:
    """Bugs that were hunted in as many schedules as they may take, and got away.

    Those that schedules meet seldom are hunted here as well, but a scene shows them.
    """
    return [
        f"planted bug {bug.key} got away: {bug.says}"
        for bug in SIMULATED
        if not (bug.key in SHOWN and SHOWN[bug.key].seldom)
        and sum(one.schedules for one in found.get(bug.key, ())) >= bug.within
        and not any(one.hits for one in found[bug.key])
    ]


def rates(found: dict[str, list[Hunted]]) -> list[str]:
    """How often each bug was found."""
    lines = []
    for bug in SIMULATED:
        several = found.get(bug.key, ())
        ran, hits = sum(o.schedules for o in several), sum(o.hits for o in several)
        if ran:
            lines.append(f"{bug.key}: {hits} of {ran} ({100 * hits / ran:.0f} %)")
    return lines
