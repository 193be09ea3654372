"""Runs schedules from the command line: `python -m tests.sim --schedules 200 --first 1`."""

import argparse
import sys

from tests.sim.books import commit, summed
from tests.sim.campaign import STEPS, run_one, shrink
from tests.sim.crew import run_many


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.sim", description=__doc__)
    parser.add_argument("--schedules", type=int, default=200, help="how many schedules")
    parser.add_argument("--first", type=int, default=1, help="seed of the first one")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--budget", type=float, default=1e9, help="stop after so many seconds")
    parser.add_argument("--least", type=int, default=0, help="but not before so many are done")
    parser.add_argument("--seed", type=int, help="run this one schedule and show it")
    parser.add_argument("--shrink", type=float, metavar="S", help="shrink it for so many seconds")
    parser.add_argument("--steps", type=int, default=STEPS)
    return parser.parse_args()


def _one(seed: int, shrink_s: float | None, steps: int) -> int:
    outcome = run_one(seed, count=steps)
    out = [f"seed {seed}, trace {outcome.trace}", *summed([outcome]).lines()]
    if outcome.violations and shrink_s:
        kept, outcome = shrink(seed, budget_s=shrink_s, count=steps)
        out += [f"shrunk to {len(kept)} steps:", *(f"  {one.kind} {one.seed}" for one in kept)]
        out += [f"  {invariant}: {sentence}" for invariant, sentence in outcome.violations]
    sys.stdout.write("\n".join(out) + "\n")
    return 1 if outcome.violations else 0


def main() -> int:
    """Exit code 1 if an invariant was broken or too little happened."""
    given = _arguments()
    if given.seed is not None:
        return _one(given.seed, given.shrink, given.steps)
    batch = run_many(
        given.first,
        given.schedules,
        processes=given.processes,
        budget_s=given.budget,
        least=given.least,
        steps=given.steps,
    )
    last = given.first + given.schedules - 1
    sys.stdout.write(
        "\n".join([f"seeds {given.first} to {last}, commit {commit()}", *batch.lines()]) + "\n"
    )
    return 1 if batch.failed or batch.too_little() else 0


if __name__ == "__main__":
    sys.exit(main())
