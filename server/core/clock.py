"""The only place of the server that reads the time."""

import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Where `now` comes from, so that every use case gets it as an argument."""

    def now(self) -> datetime:
        """The instant as an aware UTC datetime."""
        ...

    def ms(self) -> int:
        """The same instant in milliseconds since 1970 UTC."""
        ...

    def monotonic(self) -> float:
        """Seconds that only ever grow, for deadlines."""
        ...


class SystemClock:
    """The clock of the machine."""

    def now(self) -> datetime:
        """The instant as an aware UTC datetime."""
        return datetime.now(UTC)

    def ms(self) -> int:
        """The same instant in milliseconds since 1970 UTC."""
        return time.time_ns() // 1_000_000

    def monotonic(self) -> float:
        """Seconds that only ever grow, for deadlines."""
        return time.monotonic()


def to_ms(at: datetime) -> int:
    """Milliseconds since 1970 UTC of an aware instant."""
    assert at.tzinfo is not None, "an instant carries its zone"
    since = at.astimezone(UTC) - EPOCH
    return (since.days * 86_400 + since.seconds) * 1000 + since.microseconds // 1000


def from_ms(ms: int) -> datetime:
    """The aware UTC instant of milliseconds since 1970."""
    return datetime.fromtimestamp(ms // 1000, UTC).replace(microsecond=ms % 1000 * 1000)


EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
