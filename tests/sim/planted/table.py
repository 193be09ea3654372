"""The list of planted bugs for people: what, where, who must see it, how soon it was seen."""

from collections.abc import Mapping, Sequence

from tests.sim.planted.bug import Bug
from tests.sim.planted.catalogue import BUGS
from tests.sim.planted.gate import FIRST_SEEDS
from tests.sim.planted.hunting import Hunted
from tests.sim.planted.scenes import SHOWN

HEAD = """# Planted bugs

Each line is a small change of the product that tests make on purpose (`tests/sim/planted`), after
sync-proof.md §4. Each must be caught: by the fault campaign within its number of schedules, by a
scene (a short life of phones and office written by hand, for what chance meets too seldom), or by
a proof of its own. Without the bug the same schedules, scenes and proofs are green. One that gets
away fails the build. Never in shipped code. Written by
`python -m tests.sim.planted --gate --table docs/planted.md`.

"""
FOOT = """
Schedules are run by `python -m tests.sim.planted --gate`, scenes by
`tests/sim/test_planted_scenes.py`.

Equivalents, listed so that nobody hunts them; none of them has a number above: the cursor's nonce
**or** the digest of the rows removed alone stays invisible, because the other heals; the cursor
stored before the rows inside one transaction changes nothing.
"""
PROOFS = {
    "33": ("tests/sim/real/test_postgres.py", "test_a_revision_from_a_sequence_is_caught"),
    "34": ("tests/sim/real/test_postgres.py", "test_folding_before_the_lock_is_caught"),
    "35a": (
        "tests/sim/real/test_power.py",
        "test_a_phone_that_does_not_flush_its_commits_is_caught",
    ),
    "35b": (
        "tests/sim/real/test_power.py",
        "test_a_phone_that_renames_its_photo_unflushed_is_caught",
    ),
    "38": ("tests/flows/test_releases.py", "test_a_step_that_rewrites_the_outbox_is_found"),
}
"""File and test of each bug that no schedule and no scene can show."""
COLUMNS = ("#", "planted behaviour", "stands in", "caught by", "within", "found by")


def write(hunted: Sequence[Hunted] = ()) -> str:
    """The whole page; what was hunted just now is told with its figures."""
    by_key = {one.key: one for one in hunted if one.key}
    rows = [_row(bug, by_key) for bug in BUGS]
    lines = [" | ".join(row) for row in (COLUMNS, ("---",) * len(COLUMNS), *rows)]
    return HEAD + "".join(f"| {line} |\n" for line in lines) + _summary(by_key) + FOOT


def _row(bug: Bug, hunted: Mapping[str, Hunted]) -> tuple[str, ...]:
    places = ", ".join(f"`{swap.target}`" for swap in bug.swaps)
    caught_by = bug.proof or " or ".join(bug.caught_by)
    return (bug.key, bug.says, places, caught_by, _within(bug), _found(bug, hunted.get(bug.key)))


def _within(bug: Bug) -> str:
    if bug.proof:
        return "1 run"
    return "1 scene" if bug.key in SHOWN else f"{bug.within} schedules"


def _found(bug: Bug, hunted: Hunted | None) -> str:
    if bug.proof:
        return "`{}::{}`".format(*PROOFS[bug.key])
    if bug.key in SHOWN:
        return f"scene: {SHOWN[bug.key].says}"
    if hunted is None:
        return f"the gate, from seed {FIRST_SEEDS[bug.key]}"
    if not hunted.caught:
        return f"not found in {hunted.schedules} schedules"
    if hunted.schedules > 1 and hunted.hits > 1:
        return f"{hunted.hits} of {hunted.schedules} schedules"
    return f"schedule {hunted.schedules} (seed {hunted.seed})"


def _summary(hunted: Mapping[str, Hunted]) -> str:
    if not hunted:
        return ""
    caught = sum(1 for one in hunted.values() if one.caught)
    return f"\nFound by schedules: {caught} of {len(hunted)} hunted.\n"
