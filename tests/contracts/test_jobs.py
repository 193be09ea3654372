"""What jobs keep: they exist exactly if their transaction commits, and are done at least once."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from sqlmodel import Session, select

from server.core import jobs
from server.core.jobs import JOB_SWEEP_S, JOB_TRIES_MAX, Job, JobRow, RowJobs, Runner
from server.core.writer import AnyWriter, SnapshotReads
from shared.ids import SiteId
from tests.helpers.clock import ManualClock

Done = list[tuple[str, str]]


class Bench:
    """Jobs, a runner that is asked by hand, and what it has done."""

    def __init__(self, writer: AnyWriter, clock: ManualClock, site: SiteId) -> None:
        self.writer, self.clock, self.site = writer, clock, site
        self.jobs = RowJobs(clock)
        self.done: Done = []
        self.broken = False
        self.runner = Runner(self.jobs, writer, clock, {"look": self._look})

    def _look(self, job: Job, _now: datetime) -> None:
        self.done.append((job.kind, job.key))
        if self.broken:
            raise LookupError("on purpose")

    def submit(self, key: str, not_before: datetime | None = None) -> None:
        job = Job("look", self.site, key, {"run": key}, not_before)
        self.writer.run(lambda session: self.jobs.submit(session, job))


@pytest.fixture
def bench(writer: AnyWriter, clock: ManualClock, site: SiteId) -> Bench:
    return Bench(writer, clock, site)


def states(session: Session) -> list[str]:
    return [row.state for row in session.exec(select(JobRow))]


def test_a_job_is_done_once_and_forgotten(bench: Bench, reads: SnapshotReads) -> None:
    bench.submit("run-1")

    assert bench.runner.run_due() == 1
    assert bench.runner.run_due() == 0
    assert bench.done == [("look", "run-1")]
    assert reads.run(states) == []


def test_a_job_of_a_failed_work_does_not_exist(bench: Bench, reads: SnapshotReads) -> None:
    def fail(session: Session) -> None:
        bench.jobs.submit(session, Job("look", bench.site, "run-1"))
        raise LookupError("on purpose")

    with pytest.raises(LookupError):
        bench.writer.run(fail)

    assert reads.run(states) == []


def test_the_runner_rests_until_the_next_job_is_due(bench: Bench, clock: ManualClock) -> None:
    assert bench.runner.rest_s() == JOB_SWEEP_S
    bench.submit("run-2", clock.now() + timedelta(seconds=60))
    assert bench.runner.rest_s() == JOB_SWEEP_S
    bench.submit("run-1", clock.now() + timedelta(milliseconds=500))

    assert bench.runner.run_due() == 0
    assert bench.runner.rest_s() == 0.5


def test_only_a_job_that_is_new_or_due_sooner_wakes_the_runner(
    bench: Bench, clock: ManualClock
) -> None:
    heard: list[tuple[int, bool]] = []
    bench.writer.committed = lambda revisions, *, jobs: heard.append((len(revisions), jobs))
    later, now = clock.now() + timedelta(seconds=60), clock.now()

    bench.submit("run-1", later)
    bench.submit("run-1", later)
    bench.submit("run-1", now)

    assert heard == [(0, True), (0, False), (0, True)]


def test_an_equal_waiting_job_serves_for_both(bench: Bench) -> None:
    bench.submit("run-1")
    bench.submit("run-1")
    bench.submit("run-2")

    bench.runner.run_due()

    assert sorted(bench.done) == [("look", "run-1"), ("look", "run-2")]


def test_the_earlier_start_of_two_equal_jobs_counts(bench: Bench) -> None:
    bench.submit("run-1", bench.clock.now() + timedelta(hours=1))
    bench.submit("run-1")

    assert bench.runner.run_due() == 1


def test_a_job_is_not_done_before_its_time(bench: Bench) -> None:
    bench.submit("run-1", bench.clock.now() + timedelta(minutes=5))

    assert bench.runner.run_due() == 0
    bench.clock.pass_time(s=300)
    assert bench.runner.run_due() == 1


def test_an_equal_job_may_queue_while_the_first_is_being_done(bench: Bench) -> None:
    bench.submit("run-1")
    bench.writer.run(lambda session: jobs.take_due(session, bench.clock.now()))

    bench.submit("run-1")

    assert bench.runner.run_due() == 1


def test_a_failing_job_is_tried_again_and_given_up_visibly(
    bench: Bench, reads: SnapshotReads
) -> None:
    bench.broken = True
    bench.submit("run-1")

    for _ in range(JOB_TRIES_MAX + 2):
        bench.runner.run_due()
        bench.clock.pass_time(hours=1)

    assert len(bench.done) == JOB_TRIES_MAX
    [(kind, key, reason)] = reads.run(lambda session: jobs.failed(session, bench.site))
    assert (kind, key) == ("look", "run-1")
    assert "on purpose" in reason


def test_a_job_whose_worker_died_is_taken_again(bench: Bench) -> None:
    bench.submit("run-1")
    bench.writer.run(lambda session: jobs.take_due(session, bench.clock.now()))
    bench.clock.pass_time(s=jobs.JOB_LEASE_S + 1)

    assert bench.runner.run_due() == 1


def test_a_commit_with_a_job_wakes_the_runner(bench: Bench) -> None:
    woken: list[bool] = []

    def told(_revisions: object, *, jobs: bool) -> None:
        woken.append(jobs)

    listen: Callable[..., None] = told
    bench.writer.committed = listen
    bench.submit("run-1")
    bench.writer.run(lambda _session: None)

    assert woken == [True, False]
