"""Long searches for a plan: one after the other beside the requests, kept for a while.

They live in this process alone: a restart forgets them, and whoever asked asks again.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from queue import Queue
from typing import Any, Literal
from uuid import UUID

from server.core.clock import Clock
from server.core.ids import new_id
from server.core.logs import log
from shared.ids import SiteId
from shared.refusals import refuse

KEPT_S = 3600
OPEN_MAX = 4
KEPT_MAX = 16
TRY_AGAIN_S = 60

Answer = dict[str, Any]
Work = Callable[[], Answer]
State = Literal["waiting", "running", "done", "failed"]


@dataclass
class PlanJob:
    """One search somebody waits for."""

    id: UUID
    site_id: SiteId
    state: State = "waiting"
    answer: Answer | None = None
    finished_at: datetime | None = None

    @property
    def link(self) -> str:
        return f"/api/v1/jobs/{self.id}"

    def told(self) -> Answer:
        """What is said of it over HTTP."""
        told: Answer = {"id": str(self.id), "state": self.state, "href": self.link}
        return told if self.answer is None else told | {"answer": self.answer}


class PlanJobs:
    """The searches of this process; one runs, so that a solver stays free for people at work."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._jobs: dict[UUID, PlanJob] = {}
        self._waiting: Queue[tuple[PlanJob, Work] | None] = Queue()
        self._thread: threading.Thread | None = None
        self._closed = False

    def begin(self, site_id: SiteId, work: Work) -> PlanJob:
        """Have the work done; refused while a site has as many open as it may."""
        with self._lock:
            self._forget()
            mine = [one for one in self._jobs.values() if one.site_id == site_id]
            if self._closed or sum(one.finished_at is None for one in mine) >= OPEN_MAX:
                refusal = refuse("slow_down", seconds=TRY_AGAIN_S)
                refusal.retry_after_s = TRY_AGAIN_S
                raise refusal
            job = PlanJob(new_id(self._clock.now()), site_id)
            self._jobs[job.id] = job
            self._waiting.put((job, work))
            if self._thread is None:
                self._thread = threading.Thread(target=self._loop, name="plans", daemon=True)
                self._thread.start()
        return job

    def look(self, site_id: SiteId, job_id: UUID) -> Answer:
        """How far a job of this site is, and its answer once there is one."""
        with self._lock:
            self._forget()
            job = self._jobs.get(job_id)
            if job is None or job.site_id != site_id:
                raise refuse("not_found")
            return job.told()

    def settle(self) -> None:
        """Wait until nothing is left to do."""
        self._waiting.join()

    def close(self) -> None:
        """Begin nothing more; what runs ends with its solver."""
        with self._lock:
            self._closed = True
            self._jobs.clear()
        self._waiting.put(None)

    def _forget(self) -> None:
        """Drop answers that are old, or more than are kept."""
        old = self._clock.now() - timedelta(seconds=KEPT_S)
        over = [one for one in self._jobs.values() if one.finished_at is not None]
        over.sort(key=lambda one: one.finished_at or old)
        spare = over[: max(0, len(over) - KEPT_MAX)]
        for job in [*spare, *(one for one in over if one.finished_at and one.finished_at <= old)]:
            self._jobs.pop(job.id, None)

    def _loop(self) -> None:
        while (asked := self._waiting.get()) is not None:
            job, work = asked
            if not self._closed:
                self._carry_out(job, work)
            self._waiting.task_done()
        self._waiting.task_done()

    def _carry_out(self, job: PlanJob, work: Work) -> None:
        with self._lock:
            job.state = "running"
        answer: Answer | None = None
        try:
            answer = work()
        except Exception as error:  # noqa: BLE001 - one job must not stop the others
            log.error("long plan failed", object_kind="plan", exc_info=error)
        with self._lock:
            job.answer, job.finished_at = answer, self._clock.now()
            job.state = "failed" if answer is None else "done"
