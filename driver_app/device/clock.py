"""The clocks of the device and the source of ids: the only place that reads the time."""

import os
import secrets
import time
from pathlib import Path
from uuid import UUID

from driver_app.device.ports import Reading
from shared.ids import UUID7_RANDOM_BYTES, uuid7

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


class SystemClock:
    """Reads the system: CLOCK_BOOTTIME counts deep sleep where it exists."""

    def __init__(self) -> None:
        self._boot = _system_boot()

    def read(self) -> Reading:
        """Look at all clocks at once."""
        return Reading(self._boot, _mono_ms(), time.time_ns() // 1_000_000)


class SystemIds:
    """Ids from the system's random source."""

    def new(self, at_ms: int) -> UUID:
        """Make a UUIDv7 of that instant."""
        return uuid7(at_ms, self.noise(UUID7_RANDOM_BYTES))

    def noise(self, count: int) -> bytes:
        """Random bytes."""
        return secrets.token_bytes(count)


def _mono_ms() -> int:
    if hasattr(time, "CLOCK_BOOTTIME"):
        return time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1_000_000
    return time.monotonic_ns() // 1_000_000


def _system_boot() -> str:
    """Eight hex digits of the boot id; empty where the system hides it (the store keeps one)."""
    try:
        return _BOOT_ID.read_text(encoding="ascii").replace("-", "")[:8]
    except (OSError, UnicodeDecodeError):
        return ""


def hidden_boot() -> str:
    """Make up a boot id where the system hides its own."""
    return os.urandom(4).hex()
