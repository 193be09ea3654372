"""One fence around every call of a device feature: a limit, and no exception leaves."""

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable
from typing import TypeVar

from driver_app.device.ports import Ok, Reason, Unavailable

T = TypeVar("T")
log = logging.getLogger("driver_app.device")


class Bounds:
    """Counts what was unavailable and why, for the health report; never what was in it."""

    def __init__(self) -> None:
        self.counts: Counter[tuple[str, Reason]] = Counter()

    async def bounded(self, what: str, call: Awaitable[T], limit_s: float) -> Ok[T] | Unavailable:
        """Await a call for at most `limit_s`; whatever it raises becomes a reason."""
        try:
            return Ok(await asyncio.wait_for(call, limit_s))
        except TimeoutError:
            return self._failed(what, "timeout")
        except PermissionError:
            return self._failed(what, "denied")
        except Exception as error:  # noqa: BLE001  the fence: a feature may fail in any way
            log.info("device feature failed: %s %s", what, type(error).__name__)
            return self._failed(what, "failed")

    def _failed(self, what: str, reason: Reason) -> Unavailable:
        self.counts[what, reason] += 1
        return Unavailable(reason)


async def bounded(what: str, call: Awaitable[T], limit_s: float) -> Ok[T] | Unavailable:
    """Await a call as `Bounds.bounded` does, without counting."""
    return await Bounds().bounded(what, call, limit_s)
