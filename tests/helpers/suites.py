"""Run the suites of `make test`, three at a time: much of their time is waiting for disks.

The first one is shown as it runs, each other one when it is done. Coverage is measured on the
first alone: it runs all the code, and measuring makes a suite half as slow again.
`python -m tests.helpers.suites`
"""

import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

AT_ONCE = 3


class Suite(NamedTuple):
    """Some of the tests, chosen by their marks."""

    name: str
    marks: str


# The schedules of faults keep both cores busy by themselves: they begin when another is done.
SUITES = (
    Suite("sqlite", "not e2e and not postgres and not sim and not slow"),
    Suite("browser", "e2e and not slow"),
    Suite("postgres", "postgres and not e2e and not slow"),
    Suite("sim", "sim and not postgres and not slow"),
)


def run(suite: Suite) -> int:
    """Run pytest on the tests with these marks, show what it said, give its exit code."""
    command = [sys.executable, "-m", "pytest", "-m", suite.marks, "-p", "no:cacheprovider"]
    begun = time.monotonic()
    if suite is SUITES[0]:
        command += ["--cov", "--cov-report=", "--cov-fail-under=0"]
        code = subprocess.run(command, check=False).returncode
    else:
        with tempfile.TemporaryFile() as out:
            code = subprocess.run(
                command, stdout=out, stderr=subprocess.STDOUT, check=False
            ).returncode
            out.seek(0)
            said = out.read().decode("utf-8", "replace")
        sys.stdout.write(f"\n{suite.name}\n{said}")
    sys.stdout.write(f"\n{suite.name}: {time.monotonic() - begun:.0f} s\n")
    sys.stdout.flush()
    return code


def coverage() -> int:
    """The report of the first suite; its exit code says whether the floor was kept."""
    tool = [sys.executable, "-m", "coverage", "report", "--skip-covered"]
    return subprocess.run(tool, check=False).returncode


def main() -> int:
    """All suites; 0 if every one passed and the floor of coverage was kept."""
    with ThreadPoolExecutor(AT_ONCE) as three:
        codes = list(three.map(run, SUITES))
    failed = [suite.name for suite, code in zip(SUITES, codes, strict=True) if code]
    if failed:
        sys.stdout.write(f"\nNot passed: {', '.join(failed)}\n")
        return 1
    return coverage()


if __name__ == "__main__":
    sys.exit(main())
