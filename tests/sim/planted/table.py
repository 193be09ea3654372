"""The list of planted bugs for people: what, where, who must see it, how soon it was seen."""

from collections.abc import Mapping, Sequence

from tests.sim.planted.bug import Bug
from tests.sim.planted.catalogue import BUGS
from tests.sim.planted.gate import FIRST_SEEDS
from tests.sim.planted.hunting import Hunted

HEAD = """# Planted bugs

Each line is a small change of the product that tests make on purpose (`tests/sim/planted`), after
sync-proof.md §4. The fault campaign must find each within its number of schedules, or a named
proof must; one that gets away fails the build. Never in shipped code. Written by
`python -m tests.sim.planted --table docs/planted.md`.

"""
COLUMNS = ("#", "planted behaviour", "stands in", "caught by", "within", "found by")


def write(hunted: Sequence[Hunted] = ()) -> str:
    """The whole page; what was hunted just now is told with its figures."""
    by_key = {one.key: one for one in hunted}
    rows = [_row(bug, by_key) for bug in BUGS]
    lines = [" | ".join(row) for row in (COLUMNS, ("---",) * len(COLUMNS), *rows)]
    return HEAD + "".join(f"| {line} |\n" for line in lines) + _summary(by_key)


def _row(bug: Bug, hunted: Mapping[str, Hunted]) -> tuple[str, ...]:
    places = ", ".join(f"`{swap.target}`" for swap in bug.swaps)
    within = str(bug.within) if not bug.proof else "1 run"
    caught_by = bug.proof or " or ".join(bug.caught_by)
    return (bug.key, bug.says, places, caught_by, within, _found(bug, hunted.get(bug.key)))


def _found(bug: Bug, hunted: Hunted | None) -> str:
    if bug.proof:
        return bug.proof
    if hunted is None:
        gate = FIRST_SEEDS.get(bug.key)
        return "hunted in the soak" if gate is None else f"seed {gate} of the gate"
    if not hunted.caught:
        return f"not found in {hunted.schedules} schedules"
    if hunted.schedules > 1 and hunted.hits > 1:
        return f"{hunted.hits} of {hunted.schedules} schedules"
    return f"schedule {hunted.schedules} (seed {hunted.seed})"


def _summary(hunted: Mapping[str, Hunted]) -> str:
    if not hunted:
        return ""
    caught = sum(1 for one in hunted.values() if one.caught)
    return f"\nFound in the simulator: {caught} of {len(hunted)} hunted.\n"
