"""`milkrun bench`: the figures of the product, measured on this machine, from a checkout."""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from server.core.hosting import BAD_USE, DONE, INTERNAL, MISSING, Stop

ROOT = Path(__file__).parents[2]
EVERY = "all"
NAMES = ("resequence", "change", "plan", "ingest", "sync")
MAY_BE_QUICK = ("ingest", "sync")
DATA = Annotated[Path | None, typer.Option(help="Folder with a manifest of instances (plan).")]
FAMILY = Annotated[str | None, typer.Option(help="Only instances of this family (plan).")]
BUDGET = Annotated[str | None, typer.Option(help="CPU seconds, with commas between (plan).")]
OUT = Annotated[Path | None, typer.Option(help="A CSV file to write (plan).")]
QUICK = Annotated[bool, typer.Option(help="Only show the table, of next to nothing measured.")]
LONG = Annotated[bool, typer.Option("--long", help="Also what takes minutes (plan).")]
ABSENT = "Figures are measured from a checkout of the source; this installation has no benchmarks."


def run(name: str, root: Path = ROOT, more: Sequence[str] = ()) -> int:
    """Run one benchmark, or all one after the other, each in a process of its own.

    `more` are options of the one that is named.
    """
    if name not in (*NAMES, EVERY):
        raise Stop(BAD_USE, f"There is no benchmark {name}; there are {', '.join(NAMES)} and all.")
    if not (root / "tests" / "bench").is_dir():
        raise Stop(MISSING, ABSENT)
    chosen = NAMES if name == EVERY else (name,)
    codes = [_measure(one, root, more) for one in chosen]
    return next((code if code > 0 else INTERNAL for code in codes if code), DONE)


def bench(
    name: Annotated[str, typer.Argument(help=f"{', '.join(NAMES)} or {EVERY}.")],
    data: DATA = None,
    family: FAMILY = None,
    budget_s: BUDGET = None,
    out: OUT = None,
    *,
    quick: QUICK = False,
    long: LONG = False,
) -> None:
    """Measure the product on this machine; only from a checkout."""
    where = {"--data": data and data.resolve(), "--out": out and out.resolve()}
    given = {**where, "--family": family, "--budget-s": budget_s}
    more = [word for key, value in given.items() if value for word in (key, str(value))]
    more += ["--long"] * long
    if more and name != "plan":
        raise Stop(BAD_USE, "Only the benchmark of plans takes these options.")
    if quick and name not in MAY_BE_QUICK:
        raise Stop(BAD_USE, f"Only {' and '.join(MAY_BE_QUICK)} can be quick.")
    more += ["--quick"] * quick
    raise typer.Exit(run(name, more=more))


def _measure(name: str, root: Path, more: Sequence[str]) -> int:
    command = [sys.executable, "-m", f"tests.bench.{name}", *more]
    return subprocess.run(command, cwd=root, check=False).returncode  # noqa: S603 - our own module
