"""The alarm clock: wakes the sweeps while this process leads; decides nothing itself."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from apscheduler.schedulers.background import BackgroundScheduler

from server.core.clock import Clock
from server.core.leader import Leader
from server.core.logs import log

MAX_SLEEP_S = 60
SLACK_S = 0.5  # a ring that comes a moment early still counts
Wake = Callable[[datetime], datetime | None]


@dataclass(frozen=True)
class Timer:
    """Something to do every so many seconds; it gets `now` and must be idempotent.

    `next_due` says when there is something to do earlier than that.
    """

    name: str
    every_s: float
    action: Callable[[datetime], object]
    next_due: Wake | None = None


class Alarm:
    """Timers in memory, UTC, on the leader only; a stepped clock is noticed within MAX_SLEEP_S."""

    def __init__(self, leader: Leader, clock: Clock, timers: Sequence[Timer]) -> None:
        self._leader = leader
        self._clock = clock
        self._timers = {timer.name: timer for timer in timers}
        self._rung: dict[str, datetime] = {}
        self._scheduler = BackgroundScheduler(
            timezone=UTC,
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
        )

    def start(self) -> None:
        """Begin; every timer rings as soon as this process leads."""
        for timer in self._timers.values():
            self._scheduler.add_job(
                self.beat,
                "interval",
                args=[timer.name],
                seconds=min(timer.every_s, MAX_SLEEP_S),
                id=timer.name,
                next_run_time=self._clock.now(),
            )
        self._scheduler.start()

    def stop(self) -> None:
        """End; a timer that rings is waited for."""
        if self._scheduler.running:
            self._scheduler.shutdown(wait=True)

    def beat(self, name: str) -> bool:
        """Ring a timer if its time has come, going by the clock as it stands now."""
        last, now = self._rung.get(name), self._clock.now()
        every = timedelta(seconds=self._timers[name].every_s - SLACK_S)
        if last is not None and last <= now < last + every:
            return False
        return self.ring(name)

    def ring(self, name: str) -> bool:
        """Do what a timer is for, if this process leads; False when it does not."""
        if not self._leader.held():
            return False
        now = self._clock.now()
        self._rung[name] = now
        try:
            self._timers[name].action(now)
            self._arm(name, now)
        except Exception as error:  # noqa: BLE001 - the clock must survive; the next ring tries again
            log.error("timer failed", object_kind=name, exc_info=error)
        return True

    def _arm(self, name: str, now: datetime) -> None:
        """Ring again at the next due instant, if that comes before the interval does."""
        wake = self._timers[name].next_due
        due = wake(now) if wake is not None else None
        if due is not None and now < due <= now + timedelta(seconds=MAX_SLEEP_S):
            self._scheduler.add_job(
                self.ring,
                "date",
                args=[name],
                run_date=due,
                id=f"wake {name}",
                replace_existing=True,
            )
