"""What time it is at the office, from the last anchor and the device's own clocks (sync.md §6)."""

from dataclasses import dataclass, replace

Clocks = tuple[str, int, int]
"""Boot id, running clock and wall clock in milliseconds, read at one instant."""

BOOT_DRIFT_MS = 2_000


@dataclass(frozen=True)
class Timebase:
    """The anchor of the last good exchange, and the wall clock's distance from the office."""

    boot: str = ""
    mono_ms: int = 0
    now_ms: int = 0
    offset_ms: int = 0

    def est_now_ms(self, clocks: Clocks) -> int:
        """The office's time: by the running clock within one boot, else by the wall clock."""
        boot, mono, wall = clocks
        if self.now_ms and boot == self.boot:
            return max(0, self.now_ms + mono - self.mono_ms)
        return max(0, wall + self.offset_ms)

    def anchored(self, sent: Clocks, received: Clocks, now_ms: int) -> "Timebase":
        """Take a new anchor halfway between sending and receiving."""
        mono = (sent[1] + received[1]) // 2
        wall = (sent[2] + received[2]) // 2
        return replace(self, boot=sent[0], mono_ms=mono, now_ms=now_ms, offset_ms=now_ms - wall)


def kept_boot(stored: list[object] | None, clocks: Clocks, fresh: str) -> tuple[str, int, int]:
    """Boot id to use where the system hides it, with wall minus mono and mono to store beside it.

    The made-up id stays while the running clock has not gone back and the two clocks keep their
    distance.
    """
    _boot, mono, wall = clocks
    if stored is not None and len(stored) == 3:
        boot, distance, last = str(stored[0]), int(str(stored[1])), int(str(stored[2]))
        if mono >= last and abs((wall - mono) - distance) <= BOOT_DRIFT_MS:
            return boot, distance, mono
    return fresh, wall - mono, mono
