"""How often somebody may try: moving windows, kept in the memory of this process."""

from dataclasses import dataclass

from limits import RateLimitItemPerSecond
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from server.core.clock import SystemClock
from shared.refusals import refuse

_CLOCK = SystemClock()  # the windows of `limits` run on the machine's clock


@dataclass(frozen=True)
class Limit:
    """At most `tries` in `window_s` seconds, per key."""

    name: str
    tries: int
    window_s: int


class Throttle:
    """Counts tries per limit and key; a wait, never a lock for good."""

    def __init__(self) -> None:
        self._storage = MemoryStorage()
        self._windows = MovingWindowRateLimiter(self._storage)

    def check(self, limit: Limit, key: str) -> None:
        """Refuse when the window is full, without counting a try."""
        if not self._windows.test(_item(limit), limit.name, key):
            raise self._refusal(limit, key)

    def count(self, limit: Limit, key: str) -> None:
        """Count a try, and refuse when the window was full already."""
        if not self._windows.hit(_item(limit), limit.name, key):
            raise self._refusal(limit, key)

    def forgive(self, limit: Limit, key: str) -> None:
        """Forget the tries of this key."""
        self._windows.clear(_item(limit), limit.name, key)

    def _refusal(self, limit: Limit, key: str) -> Exception:
        until = self._windows.get_window_stats(_item(limit), limit.name, key).reset_time
        wait_s = max(1, min(limit.window_s, round(until - _CLOCK.ms() / 1000)))
        refusal = refuse("slow_down", seconds=wait_s)
        refusal.retry_after_s = wait_s
        return refusal


def _item(limit: Limit) -> RateLimitItemPerSecond:
    return RateLimitItemPerSecond(limit.tries, limit.window_s)
