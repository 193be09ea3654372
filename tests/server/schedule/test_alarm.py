"""The alarm clock rings on the leader only, by the clock as it stands, and survives trouble."""

from datetime import datetime
from threading import Event

from server.schedule.alarm import Alarm, Timer
from tests.helpers.clock import ManualClock


class ALeader:
    """Leads or does not, as the test says."""

    def __init__(self, *, held: bool = True) -> None:
        self.leads = held

    def held(self) -> bool:
        """Whether this process leads."""
        return self.leads


def alarm_of(leader: ALeader, clock: ManualClock, *timers: Timer) -> Alarm:
    """Build an alarm clock that is not started."""
    return Alarm(leader, clock, timers)  # type: ignore[arg-type]


def test_only_the_leader_does_anything(clock: ManualClock) -> None:
    rung: list[datetime] = []
    leader = ALeader(held=False)
    alarm = alarm_of(leader, clock, Timer("look", 60, rung.append))

    before = alarm.beat("look")
    leader.leads = True
    after = alarm.beat("look")

    assert (before, after, len(rung)) == (False, True, 1)


def test_a_timer_rings_once_per_interval_however_often_it_is_looked_at(
    clock: ManualClock,
) -> None:
    rung: list[datetime] = []
    alarm = alarm_of(ALeader(), clock, Timer("look", 3600, rung.append))

    for _ in range(10):
        alarm.beat("look")
        clock.pass_time(s=600)

    assert len(rung) == 2


def test_a_clock_that_is_set_back_does_not_silence_a_timer(clock: ManualClock) -> None:
    rung: list[datetime] = []
    alarm = alarm_of(ALeader(), clock, Timer("look", 3600, rung.append))

    alarm.beat("look")
    clock.pass_time(s=-7200)
    alarm.beat("look")

    assert len(rung) == 2


def test_trouble_in_one_timer_is_not_the_end_of_the_clock(clock: ManualClock) -> None:
    def trouble(_now: datetime) -> None:
        raise RuntimeError("disk gone")

    alarm = alarm_of(ALeader(), clock, Timer("look", 60, trouble))

    assert alarm.ring("look")
    clock.pass_time(s=61)
    assert alarm.beat("look")


def test_a_started_clock_rings_at_once_and_stops(clock: ManualClock) -> None:
    rang = Event()
    alarm = alarm_of(ALeader(), clock, Timer("look", 3600, lambda _now: rang.set()))

    alarm.start()
    heard = rang.wait(10)
    alarm.stop()

    assert heard
