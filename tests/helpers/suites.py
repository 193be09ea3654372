"""Run the suites of `make test`, three at a time: much of their time is waiting.

The first one is shown as it runs, each other one when it is done. With MILKRUN_COVERAGE set,
coverage is measured on the first: it runs all the code, but measuring makes it two thirds slower.
`python -m tests.helpers.suites`
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

AT_ONCE = 3
BEHIND = 10
ROOM = 4 << 30
MEMORY = Path("/dev/shm")


class Suite(NamedTuple):
    """Some of the tests, chosen by their marks."""

    name: str
    marks: str
    polite: bool = True
    """Steps back for a suite that is watched by a clock."""


SUITES = (
    Suite("sqlite", "not e2e and not postgres and not sim and not slow"),
    Suite("browser", "e2e and not slow", polite=False),
    Suite("postgres", "postgres and not e2e and not slow"),
    Suite("sim", "sim and not postgres and not slow"),
)


def run(suite: Suite) -> int:
    """Run pytest on the tests with these marks, show what it said, give its exit code."""
    begun, first = time.monotonic(), suite is SUITES[0]
    # In memory, where there is such a folder: disks are slow, and what they lose has its own tests.
    folder = tempfile.mkdtemp(prefix=f"milkrun-{suite.name}-", dir=MEMORY if roomy() else None)
    command = [sys.executable, "-m", "pytest", "-m", suite.marks, "-p", "no:cacheprovider"]
    if suite.polite and (nice := shutil.which("nice")):
        command = [nice, "-n", str(BEHIND), *command]
    command += ["--basetemp", f"{folder}/tests"]
    if first and measured():
        command += ["--cov", "--cov-report=", "--cov-fail-under=0"]
    with tempfile.TemporaryFile() as out:
        where = None if first else out
        code = subprocess.run(command, stdout=where, stderr=where, check=False).returncode
        out.seek(0)
        said = out.read().decode("utf-8", "replace")
    sys.stdout.write(said if first else f"\n{suite.name}\n{said}")
    sys.stdout.write(f"\n{suite.name}: {time.monotonic() - begun:.0f} s\n")
    sys.stdout.flush()
    shutil.rmtree(folder, ignore_errors=True)
    return code


def roomy() -> bool:
    """Whether there is a folder in memory with room for everything the suites write."""
    return MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > ROOM


def measured() -> bool:
    """Whether coverage is asked for."""
    return bool(os.environ.get("MILKRUN_COVERAGE"))


def coverage() -> int:
    """The report of the first suite; its exit code says whether the floor was kept."""
    tool = [sys.executable, "-m", "coverage", "report", "--skip-covered"]
    return subprocess.run(tool, check=False).returncode


def main() -> int:
    """All suites; 0 if every one passed and the floor of coverage was kept."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        codes = list(pool.map(run, SUITES))
    failed = [suite.name for suite, code in zip(SUITES, codes, strict=True) if code]
    if failed:
        sys.stdout.write(f"\nNot passed: {', '.join(failed)}\n")
        return 1
    return coverage() if measured() else 0


if __name__ == "__main__":
    sys.exit(main())
