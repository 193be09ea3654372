"""The gate of every commit: each bug is found from a fixed seed on, which is green without it."""

from collections.abc import Iterator, Sequence

from tests.sim.planted.catalogue import SIMULATED, planted
from tests.sim.planted.hunting import Hunted, Task, side_by_side
from tests.sim.planted.scenes import SHOWN

FIRST_SEEDS: dict[str, int] = {
    "1": 5, "2": 5, "3": 5, "4": 2, "5": 3, "6": 1, "8": 1, "10": 2, "14": 4,
    "16": 1, "17a": 1, "19": 2, "21": 1, "24": 4, "29": 1, "31": 2,
    "36": 2,
}  # fmt: skip
"""Where the hunt for each bug begins; what schedules meet seldom is shown by a scene."""


def tasks() -> list[Task]:
    """A hunt for every bug that is there, and the same first schedules without any bug."""
    hunts = [Task(key, block(key)) for key in FIRST_SEEDS]
    green = sorted(set(FIRST_SEEDS.values()))
    return [*hunts, *(Task("", (seed,)) for seed in green)]


def block(key: str) -> tuple[int, ...]:
    """The schedules in which a bug must be found."""
    first = FIRST_SEEDS[key]
    return tuple(range(first, first + planted(key).within))


def got_away(hunted: Sequence[Hunted]) -> list[str]:
    """What fails the gate: bugs nobody found, and schedules that fail by themselves."""
    found = [f"{one.key} got away in {one.schedules} schedules" for one in hunted if _free(one)]
    found += [f"{one.key} was never there: {one.untouched}" for one in hunted if one.untouched]
    return found + [f"without a bug: {one.told}" for one in hunted if not one.key and one.told]


def _free(one: Hunted) -> bool:
    return bool(one.key) and one.seed is None


def missing() -> list[str]:
    """Bugs of the simulator that neither a schedule of the gate nor a scene shows."""
    return [bug.key for bug in SIMULATED if bug.key not in FIRST_SEEDS.keys() | SHOWN.keys()]


def run() -> Iterator[Hunted]:
    """The whole gate."""
    return side_by_side(tasks())
