"""The alarm clock: wakes the sweeps while this process leads; decides nothing itself."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from apscheduler.schedulers.background import BackgroundScheduler

from server.core.clock import Clock
from server.core.leader import Leader
from server.core.logs import log

MAX_SLEEP_S = 60
WAKE_ID = "wake_next"
Wake = Callable[[datetime], datetime | None]


@dataclass(frozen=True)
class Timer:
    """Something to do every so many seconds; it gets `now` and must be idempotent."""

    name: str
    every_s: float
    action: Callable[[datetime], object]


class Alarm:
    """Timers in memory, UTC, on the leader only; a stepped clock is noticed within MAX_SLEEP_S."""

    def __init__(
        self, leader: Leader, clock: Clock, timers: Sequence[Timer], next_due: Wake | None = None
    ) -> None:
        self._leader = leader
        self._clock = clock
        self._timers = {timer.name: timer for timer in timers}
        self._next_due = next_due
        self._scheduler = BackgroundScheduler(
            timezone=UTC,
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
        )

    def start(self) -> None:
        """Begin; every timer rings once at the start."""
        for timer in self._timers.values():
            self._scheduler.add_job(
                self.ring,
                "interval",
                args=[timer.name],
                seconds=timer.every_s,
                id=timer.name,
                next_run_time=self._clock.now(),
            )
        self._scheduler.start()

    def stop(self) -> None:
        """End; a timer that rings is waited for."""
        if self._scheduler.running:
            self._scheduler.shutdown(wait=True)

    def ring(self, name: str) -> bool:
        """Do what a timer is for, if this process leads; False when it does not."""
        if not self._leader.held():
            return False
        now = self._clock.now()
        try:
            self._timers[name].action(now)
        except Exception as error:  # noqa: BLE001 - the clock must survive; the next ring tries again
            log.error("timer failed", object_kind=name, exc_info=error)
        return True

    def arm(self, name: str) -> float | None:
        """Let a timer ring at the next due instant too, if that comes before its interval does."""
        now = self._clock.now()
        due = self._next_due(now) if self._next_due is not None else None
        if due is None or due > now + timedelta(seconds=MAX_SLEEP_S):
            return None
        self._scheduler.add_job(
            self.ring,
            "date",
            args=[name],
            run_date=max(due, now),
            id=WAKE_ID,
            replace_existing=True,
        )
        return (due - now).total_seconds()
