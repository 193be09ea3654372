"""The clock that plays another date."""

from datetime import date

from server.demo.clock import on
from tests.helpers.clock import ManualClock


def test_another_date_keeps_the_time_of_day() -> None:
    real = ManualClock()

    played = on(date(2027, 3, 28), real)

    assert played.now().isoformat() == "2027-03-28T12:00:00+00:00"
    assert played.ms() == int(played.now().timestamp() * 1000)
    real.pass_time(s=5)
    assert (played.monotonic(), played.now().second) == (5.0, 5)


def test_without_a_date_it_is_the_real_clock() -> None:
    real = ManualClock()

    assert on(None, real) is real
