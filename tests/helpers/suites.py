"""Run the suites of `make test` side by side: most of their time is waiting for disks and browsers.

The first one is shown as it runs, each other one when it is done. Coverage is measured on the
first alone: it runs all the code, and measuring makes a suite half as slow again.
`python -m tests.helpers.suites`
"""

import subprocess
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import IO, NamedTuple


class Suite(NamedTuple):
    """Some of the tests, chosen by their marks."""

    name: str
    marks: str


SUITES = (
    Suite("sqlite", "not e2e and not postgres and not sim and not slow"),
    Suite("postgres", "postgres and not e2e and not slow"),
    Suite("browser", "e2e and not slow"),
    Suite("sim", "sim and not postgres and not slow"),
)


class Started(NamedTuple):
    """A suite that runs, and where its words go."""

    suite: Suite
    process: subprocess.Popen[bytes]
    out: IO[bytes] | None


def start(suite: Suite, out: IO[bytes] | None) -> Started:
    """Start pytest on the tests with these marks."""
    command = [sys.executable, "-m", "pytest", "-m", suite.marks, "-p", "no:cacheprovider"]
    if suite is SUITES[0]:
        command += ["--cov", "--cov-report=", "--cov-fail-under=0"]
    where = None if out is None else subprocess.STDOUT
    return Started(suite, subprocess.Popen(command, stdout=out, stderr=where), out)


def finish(started: Started) -> int:
    """Wait for a suite, show what it said if nobody has seen it yet, give its exit code."""
    code = started.process.wait()
    if started.out is not None:
        started.out.seek(0)
        sys.stdout.write(f"\n{started.suite.name}\n")
        sys.stdout.write(started.out.read().decode("utf-8", "replace"))
        sys.stdout.flush()
    return code


def coverage() -> int:
    """The report of the first suite; its exit code says whether the floor was kept."""
    tool = [sys.executable, "-m", "coverage", "report", "--skip-covered"]
    return subprocess.run(tool, check=False).returncode


def main() -> int:
    """All suites; 0 if every one passed and the floor of coverage was kept."""
    for old in Path().glob(".coverage*"):
        old.unlink()
    first, *others = SUITES
    with ExitStack() as files:
        outs = [files.enter_context(tempfile.TemporaryFile()) for _ in others]
        running = [start(suite, out) for suite, out in zip(others, outs, strict=True)]
        codes = [finish(one) for one in (start(first, None), *running)]
    failed = [suite.name for suite, code in zip(SUITES, codes, strict=True) if code]
    if failed:
        sys.stdout.write(f"\nNot passed: {', '.join(failed)}\n")
        return 1
    return coverage()


if __name__ == "__main__":
    sys.exit(main())
