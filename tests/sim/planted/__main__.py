"""`python -m tests.sim.planted`: the gate, a hunt from a seed on, or the table for people."""

import argparse
import logging
import sys
from collections.abc import Iterable
from pathlib import Path

from tests.sim.planted import gate, table
from tests.sim.planted.catalogue import SIMULATED, planted
from tests.sim.planted.hunting import Hunted, Task, side_by_side


def telling(hunted: Iterable[Hunted]) -> list[Hunted]:
    """All of them; a line for each as it comes."""
    found = []
    for one in hunted:
        never = f"  NEVER CALLED {one.untouched}" if one.untouched else ""
        told = f"{one.hits} of {one.schedules}  seed {one.seed}  {one.told[:110]}{never}"
        sys.stdout.write(f"{one.key or 'green':>5}  {told}\n")
        sys.stdout.flush()
        found.append(one)
    return found


def main() -> int:
    """Do what was asked; 1 if something got away."""
    logging.disable(logging.CRITICAL)
    asked = _arguments().parse_args()
    if asked.gate:
        hunted = telling(gate.run())
        _write(asked.table, hunted)
        failed = gate.got_away(hunted)
        sys.stdout.write("".join(f"{line}\n" for line in failed))
        return 1 if failed else 0
    bugs = [planted(key) for key in asked.bugs] or list(SIMULATED)
    every, first = asked.seeds is not None, asked.first
    hunts = [
        Task(bug.key, tuple(range(first, first + (asked.seeds or bug.within))), every)
        for bug in bugs
    ]
    hunted = telling(side_by_side(hunts))
    _write(asked.table, hunted)
    return 0 if all(one.caught for one in hunted) else 1


def _write(path: str | None, hunted: list[Hunted]) -> None:
    if path:
        Path(path).write_text(table.write(hunted), "utf-8")


def _arguments() -> argparse.ArgumentParser:
    reads = argparse.ArgumentParser(prog="tests.sim.planted")
    reads.add_argument("bugs", nargs="*", help="numbers, with their letter; none: all")
    reads.add_argument("--gate", action="store_true", help="what every commit must pass")
    reads.add_argument("--first", type=int, default=1, help="the first seed of every hunt")
    reads.add_argument("--seeds", type=int, help="run so many schedules each and count the hits")
    reads.add_argument("--table", help="write the table here, with what was found")
    return reads


if __name__ == "__main__":
    sys.exit(main())
