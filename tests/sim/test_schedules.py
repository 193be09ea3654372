"""The promise of the product under every fault: schedules by the hundred, kills everywhere."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.sim import crew, kills
from tests.sim.books import Batch
from tests.sim.campaign import STEPS_TEST, Outcome, run_one, shrink
from tests.sim.day import PARTS, whole
from tests.sim.planted.catalogue import BUGS
from tests.sim.steps import drawn
from tests.sim.web import behind_http

ROOT = Path(__file__).parents[2]
FORMER_FAILURES = (2, 3, 7, 10, 12, 14, 19, 23, 27, 33, 35, 39, 45)
FORMER_FAILURES_SHORT = (1_018, 1_298, 1_307, 756_614, 757_029)
"""Those of as few steps as a commit runs."""
# Any block will do; the goal is 1,000 of each.
FIRST, SCHEDULES, BUDGET_S = 2_000, 150, 150.0
LONG_S = 1_200
KILLS_LEAST = 100
PAIRS, OVER_HTTP = 6, 8


def report(batch: Batch) -> str:
    return "\n".join(["", *batch.lines()])


@pytest.mark.timeout(LONG_S)
def test_no_schedule_breaks_a_promise() -> None:
    batch = crew.run_many(
        FIRST,
        SCHEDULES,
        processes=2,
        budget_s=BUDGET_S,
        least=SCHEDULES,
        steps=STEPS_TEST,
    )

    sys.stdout.write(report(batch))
    assert batch.failed == [], report(batch)
    assert batch.schedules == SCHEDULES, report(batch)
    assert batch.too_little() == [], report(batch)


@pytest.mark.timeout(LONG_S)
def test_schedules_that_failed_once_hold() -> None:
    batch = Batch()
    for seed in FORMER_FAILURES:
        batch.add(run_one(seed))
    for seed in FORMER_FAILURES_SHORT:
        batch.add(run_one(seed, count=STEPS_TEST))

    assert batch.failed == [], report(batch)


@pytest.mark.timeout(LONG_S)
def test_a_day_killed_wherever_it_leaves_other_disks_recovers() -> None:
    found = kills.kill_everywhere()

    assert found.violations == []
    assert found.killed >= KILLS_LEAST
    assert found.boundaries > 10 * found.killed


@pytest.mark.timeout(LONG_S)
def test_kills_find_what_a_phone_writes_in_two_transactions() -> None:
    with next(bug for bug in BUGS if bug.number == 9)():
        found = kills.kill_everywhere(parts=PARTS[:2])

    assert found.violations


@pytest.mark.timeout(LONG_S)
def test_a_device_and_the_server_may_both_die_on_that_day() -> None:
    outcomes = [kills.run_pair(seed) for seed in range(PAIRS)]

    assert [one.violations for one in outcomes if one.violations] == []
    assert sum(one.happened["kill"] + one.happened["office kill"] for one in outcomes) >= PAIRS


@pytest.mark.timeout(LONG_S)
def test_schedules_hold_behind_the_whole_http_stack() -> None:
    batch = Batch()
    with behind_http():
        for seed in range(FIRST, FIRST + OVER_HTTP):
            batch.add(run_one(seed, count=STEPS_TEST))

    assert batch.failed == [], report(batch)
    assert batch.happened["exchange"] > OVER_HTTP


def test_the_day_passes_everything_once() -> None:
    outcome = kills.live_day(whole)

    assert outcome.violations == []
    wanted = {
        "backup",
        "restore",
        "rolled back",
        "purge",
        "scope change",
        "moved visit",
        "copied",
        "paired again",
    }
    assert {what for what in wanted if not outcome.happened[what]} == set()


@pytest.mark.timeout(120)
def test_one_seed_is_one_schedule_in_every_process() -> None:
    told = [
        subprocess.run(
            [sys.executable, "-m", "tests.sim", "--seed", "5", "--steps", "40"],
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": salt},
            capture_output=True,
            text=True,
            check=True,
        ).stdout.splitlines()[0]
        for salt in ("1", "2")
    ]

    assert told[0] == told[1]
    assert "trace" in told[0]


def test_a_failure_shrinks_to_the_steps_that_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = drawn(1, 30)[11]

    def fails_on_one(seed: int, *, steps: object, count: int = 0) -> Outcome:
        broken = [("I0", "broken")] if wanted in list(steps) else []  # type: ignore[call-overload]
        return Outcome(seed, broken, "", facts=count)

    monkeypatch.setattr("tests.sim.campaign.run_one", fails_on_one)

    kept, _outcome = shrink(1, count=30)

    assert kept == [wanted]


def test_a_batch_that_saw_too_little_fails() -> None:
    batch = Batch(schedules=1_000, steps=120_000, facts=100)

    lacking = batch.too_little()

    assert any("restore: 0 of at least 300" in one for one in lacking)
    assert any("distinct kill points" in one for one in lacking)
    assert any("excused facts: 0 of 100" in one for one in lacking)
