"""`milkrun bench`: the figures of the product, measured on this machine, from a checkout."""

import subprocess
import sys
from pathlib import Path
from typing import Annotated

import typer

from server.core.hosting import BAD_USE, DONE, INTERNAL, MISSING, Stop

ROOT = Path(__file__).parents[2]
EVERY = "all"
NAMES = ("resequence", "change")
ABSENT = "Figures are measured from a checkout of the source; this installation has no benchmarks."


def run(name: str, root: Path = ROOT) -> int:
    """Run one benchmark, or all one after the other, each in a process of its own."""
    if name not in (*NAMES, EVERY):
        raise Stop(BAD_USE, f"There is no benchmark {name}; there are {', '.join(NAMES)} and all.")
    if not (root / "tests" / "bench").is_dir():
        raise Stop(MISSING, ABSENT)
    chosen = NAMES if name == EVERY else (name,)
    codes = [_measure(one, root) for one in chosen]
    return next((code if code > 0 else INTERNAL for code in codes if code), DONE)


def bench(
    name: Annotated[str, typer.Argument(help=f"{', '.join(NAMES)} or {EVERY}.")],
) -> None:
    """Measure the product on this machine; only from a checkout."""
    raise typer.Exit(run(name))


def _measure(name: str, root: Path) -> int:
    command = [sys.executable, "-m", f"tests.bench.{name}"]
    return subprocess.run(command, cwd=root, check=False).returncode  # noqa: S603 - our own module
