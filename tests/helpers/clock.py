"""A clock that stands still until a test moves it."""

from datetime import UTC, datetime, timedelta

from server.core.clock import to_ms

MONDAY_NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


def midday_zone(now: datetime) -> str:
    """A zone in which it is about noon, so that no run of the test crosses midnight."""
    ahead = 12 - now.hour
    return f"Etc/GMT{-ahead:+d}" if ahead else "Etc/UTC"


class ManualClock:
    """Fake of `server.core.clock.Clock`."""

    def __init__(self, at: datetime = MONDAY_NOON) -> None:
        self.at = at

    def now(self) -> datetime:
        """The instant the test has set."""
        return self.at

    def ms(self) -> int:
        """The same in milliseconds."""
        return to_ms(self.at)

    def monotonic(self) -> float:
        """Seconds since the first Monday of the tests."""
        return (self.at - MONDAY_NOON).total_seconds()

    def pass_time(self, *, s: float = 0, hours: float = 0, days: float = 0) -> datetime:
        """Let time pass and give the new instant."""
        self.at += timedelta(seconds=s, hours=hours, days=days)
        return self.at
