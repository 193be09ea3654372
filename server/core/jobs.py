"""Work for later: a row that exists exactly if its transaction commits, and who carries it out."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol
from uuid import UUID

from sqlalchemy import Table, bindparam, delete, or_, update
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Field, Session, col, select

from server.core import db
from server.core.clock import Clock
from server.core.ids import new_id
from server.core.logs import log
from shared.ids import SiteId

JOB_SWEEP_S = 5
JOB_REST_S = 0.05
JOB_TRIES_MAX = 8
JOB_RETRY_FIRST_S = 1
JOB_RETRY_MAX_S = 300
JOB_LEASE_S = 120
JOB_BATCH = 16

WAITING, RUNNING, FAILED = "waiting", "running", "failed"


@dataclass(frozen=True)
class Job:
    """What is to be done; an equal waiting job (site, kind, key) serves for both."""

    kind: str
    site_id: SiteId
    key: str
    payload: Mapping[str, Any] = field(default_factory=dict)
    not_before: datetime | None = None


Handler = Callable[[Job, datetime], None]  # opens its own reads and works; at least once


class Jobs(Protocol):
    """Takes jobs inside the caller's transaction."""

    def submit(self, session: Session, job: Job) -> None:
        """Have the job done after this transaction commits."""
        ...

    def wake(self) -> None:
        """Look for work now; lost wakes cost at most JOB_SWEEP_S."""
        ...


class JobRow(db.Row, table=True):
    """A job waiting, being done, or given up."""

    __tablename__ = "job"

    id: UUID = Field(primary_key=True)
    kind: str
    key: str
    # Equals `key` while it waits and is emptied when it starts: a new equal job may then queue.
    waiting_key: str | None = Field(default=None, unique=True)
    payload: dict[str, Any] | None = db.json_column()
    state: str = Field(default=WAITING, index=True)
    not_before: datetime = Field(index=True)
    tries: int = 0
    taken_until: datetime | None = None
    error: str = ""


_JOBS: Table = JobRow.__table__  # type: ignore[attr-defined]
# Every exchange says these: building them anew costs more than saying them.
_ADD = insert(_JOBS).on_conflict_do_nothing().returning(_JOBS.c.id)
_SOONER = (
    update(_JOBS)
    .where(_JOBS.c.waiting_key == bindparam("equal"), _JOBS.c.not_before > bindparam("start"))
    .values(not_before=bindparam("start"))
    .returning(_JOBS.c.id)
)


class RowJobs:
    """Jobs as rows of `job`."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.bell = threading.Event()

    def submit(self, session: Session, job: Job) -> None:
        """Add the row unless an equal job waits already; the earlier start counts.

        The runner knows when the equal one is due: it is not woken again for nothing.
        """
        now = self._clock.now()
        start = job.not_before or now
        waiting_key = f"{job.site_id}/{job.kind}/{job.key}"
        row = {
            "site_id": job.site_id,
            "id": new_id(now),
            "kind": job.kind,
            "key": job.key,
            "waiting_key": waiting_key,
            "payload": dict(job.payload),
            "state": WAITING,
            "not_before": start,
            "tries": 0,
            "error": "",
        }
        changed = session.execute(_ADD, row).all()
        if not changed:
            changed = session.execute(_SOONER, {"equal": waiting_key, "start": start}).all()
        if changed:
            db.wake_jobs(session)

    def wake(self) -> None:
        """Ring the runner's bell."""
        self.bell.set()


class Runner:
    """Carries out jobs of this process's database, one after the other, in its own thread."""

    def __init__(
        self, jobs: RowJobs, writer: db.Writer, clock: Clock, handlers: Mapping[str, Handler]
    ) -> None:
        self._jobs = jobs
        self._writer = writer
        self._clock = clock
        self._handlers = handlers
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to work."""
        self._thread = threading.Thread(target=self._loop, name="jobs", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Finish the job in hand and end."""
        self._stopping.set()
        self._jobs.bell.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def run_due(self) -> int:
        """Carry out what is due now and say how many jobs that were."""
        count = 0
        while not self._stopping.is_set():
            taken = self._writer.run(lambda session: take_due(session, self._clock.now()))
            if not taken:
                break
            for row_id, tries, job in taken:
                self._carry_out(row_id, tries, job)
                count += 1
        return count

    def _loop(self) -> None:
        while not self._stopping.is_set():
            self._jobs.bell.clear()
            rest_s: float = JOB_SWEEP_S
            try:
                self.run_due()
                rest_s = self.rest_s()
            except Exception as error:  # noqa: BLE001 - the runner must survive
                log.error("job sweep failed", exc_info=error)
            self._jobs.bell.wait(rest_s)

    def rest_s(self) -> float:
        """Seconds until the next job is due, at most JOB_SWEEP_S."""
        due = self._writer.run(next_due)
        if due is None:
            return JOB_SWEEP_S
        return min(JOB_SWEEP_S, max(JOB_REST_S, (due - self._clock.now()).total_seconds()))

    def _carry_out(self, row_id: UUID, tries: int, job: Job) -> None:
        try:
            self._handlers[job.kind](job, self._clock.now())
        except Exception as error:  # noqa: BLE001 - one job must not stop the others
            log.error("job failed", object_kind=job.kind, count=tries, exc_info=error)
            reason = f"{type(error).__name__}: {error}"[:500]
            now = self._clock.now()
            self._writer.run(
                lambda session: put_back(session, row_id, job, tries=tries, reason=reason, now=now)
            )
        else:
            self._writer.run(lambda session: forget(session, row_id))


_WAITS = (col(JobRow.state) == WAITING) & (col(JobRow.not_before) <= bindparam("now"))
_ABANDONED = (col(JobRow.state) == RUNNING) & (col(JobRow.taken_until) < bindparam("now"))
_DUE = (
    select(JobRow)
    .where(or_(_WAITS, _ABANDONED))
    .order_by(col(JobRow.not_before), col(JobRow.id))
    .limit(JOB_BATCH)
    .with_for_update(skip_locked=True)
)

_NEXT_DUE = (
    select(col(JobRow.not_before))
    .where(col(JobRow.state) == WAITING)
    .order_by(col(JobRow.not_before))
    .limit(1)
)


def take_due(session: Session, now: datetime) -> list[tuple[UUID, int, Job]]:
    """Take up to JOB_BATCH due jobs; one whose worker died is taken again after its lease."""
    rows = session.exec(_DUE, params={"now": now}).all()
    taken = []
    for row in rows:
        row.state, row.waiting_key = RUNNING, None
        row.tries += 1
        row.taken_until = now + timedelta(seconds=JOB_LEASE_S)
        job = Job(row.kind, SiteId(row.site_id), row.key, row.payload or {}, row.not_before)
        taken.append((row.id, row.tries, job))
    return taken


def next_due(session: Session) -> datetime | None:
    """When the next waiting job is due."""
    return session.exec(_NEXT_DUE).first()


def put_back(
    session: Session, row_id: UUID, job: Job, *, tries: int, reason: str, now: datetime
) -> None:
    """Have the job tried again later, or give it up where people see it."""
    wait_s = min(JOB_RETRY_MAX_S, JOB_RETRY_FIRST_S * 2.0 ** (tries - 1))
    session.execute(
        update(JobRow)
        .where(col(JobRow.site_id) == job.site_id, col(JobRow.id) == row_id)
        .values(
            state=FAILED if tries >= JOB_TRIES_MAX else WAITING,
            not_before=now + timedelta(seconds=wait_s),
            taken_until=None,
            error=reason,
        )
    )


def forget(session: Session, row_id: UUID) -> None:
    """Remove a job that is done."""
    session.execute(delete(JobRow).where(col(JobRow.id) == row_id))


def failed(session: Session, site_id: SiteId) -> list[tuple[str, str, str]]:
    """Kind, key and reason of the jobs that were given up, for the board."""
    rows = session.exec(
        select(JobRow).where(col(JobRow.site_id) == site_id, col(JobRow.state) == FAILED)
    )
    return [(row.kind, row.key, row.error) for row in rows]
