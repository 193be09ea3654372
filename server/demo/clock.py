"""A clock that shows another date, so that a demo of any day can be played."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from server.core.clock import Clock, to_ms


@dataclass(frozen=True)
class ShiftedClock:
    """The real clock moved by whole days; the time of day stays."""

    real: Clock
    days: int

    def now(self) -> datetime:
        """The instant as an aware UTC datetime."""
        return self.real.now() + timedelta(days=self.days)

    def ms(self) -> int:
        """The same instant in milliseconds since 1970 UTC."""
        return to_ms(self.now())

    def monotonic(self) -> float:
        """Seconds that only ever grow, for deadlines."""
        return self.real.monotonic()


def on(day: date | None, real: Clock) -> Clock:
    """The real clock, moved to this date when one is given."""
    if day is None:
        return real
    return ShiftedClock(real, (day - real.now().date()).days)
