"""What the worker does next and how long it waits: pure, it never sleeps itself."""

from dataclasses import dataclass, replace
from typing import Literal

from shared.sync import (
    BACKOFF_FIRST_S,
    BACKOFF_MAX_S,
    BATCH_BYTES,
    BATCH_EVENTS,
    CHUNK_CELL,
    CHUNK_WIFI,
    STALL_S,
    TIMER_IDLE_S,
    TIMER_PLANT_S,
    TIMER_RUN_S,
)

ENVELOPE_TRIES = 3
RETRY_AFTER_MAX_S = 3_600
LOW_BATTERY_PCT = 15
LOW_BATTERY_FACTOR = 4
BLOB_TRIES = 5

Reaction = Literal[
    "again", "wait", "plain", "core", "halve", "fork", "pair_again", "retired", "stolen", "drop"
]

BY_CODE: dict[str, Reaction] = {
    "stream_fork": "fork",
    "bad_token": "pair_again",
    "token_expired": "pair_again",
    "device_retired": "retired",
    "device_stolen": "stolen",
    "bad_encoding": "plain",
    "not_allowed": "drop",
    "not_found": "drop",
    "blob_not_declared": "drop",
}


@dataclass(frozen=True)
class Pace:
    """What is remembered from one exchange to the next."""

    failures: int = 0
    """In a row; 0 after a success, a network change or a manual pull."""
    bad_envelopes: int = 0
    core: bool = False
    """Send facts alone, without cursor, positions and health."""
    plain: bool = False
    """Send uncompressed."""
    events_max: int = BATCH_EVENTS
    bytes_max: int = BATCH_BYTES
    retry_after_s: float | None = None
    forks: int = 0
    """New streams in a row that the server did not take either."""

    def succeeded(self) -> "Pace":
        """Everything is as at the start; only a server that wants plain bodies still gets them."""
        return Pace(plain=self.plain)

    def hopeful(self) -> "Pace":
        """The network changed or the driver asked: try at once, as if for the first time."""
        return replace(self, failures=0, retry_after_s=None)

    def failed(self, retry_after_s: float | None = None) -> "Pace":
        """One more failure in a row."""
        return replace(self, failures=self.failures + 1, retry_after_s=retry_after_s)

    def forked(self) -> "Pace":
        """A new stream was begun: it may be sent at once, but not one after the other."""
        return replace(self.failed(), forks=self.forks + 1)

    def refused(self, code: str, retry_after_s: float | None = None) -> "Pace":
        """Learn from a refusal what to leave out next time."""
        failed = self.failed(retry_after_s)
        if code == "bad_encoding":
            return replace(failed, plain=True)
        if code == "too_large":
            return failed.smaller()
        if code == "bad_envelope":
            failed = replace(failed, bad_envelopes=self.bad_envelopes + 1)
            return failed.smaller() if failed.bad_envelopes >= ENVELOPE_TRIES else failed
        return failed

    def smaller(self) -> "Pace":
        """Leave out everything but facts; after that, halve the batch."""
        if not self.core:
            return replace(self, core=True)
        return replace(
            self,
            events_max=max(1, self.events_max // 2),
            bytes_max=max(1, self.bytes_max // 2),
        )

    def wait_s(self, jitter: float) -> float:
        """How long until the next try: doubles up to the longest, jitter in 0..1 comes in."""
        if self.retry_after_s is not None:
            return min(self.retry_after_s, RETRY_AFTER_MAX_S)
        doubled = BACKOFF_FIRST_S * 2.0 ** min(self.failures, 30)
        return jitter * min(BACKOFF_MAX_S, doubled)


def reaction(code: str) -> Reaction:
    """What a refusal means for the device; whatever is not listed is tried again later."""
    return BY_CODE.get(code, "wait")


def timer_s(*, open_run: bool, plant: bool, battery_pct: int) -> int:
    """Seconds until the next exchange when nothing happens."""
    timer = TIMER_IDLE_S
    if open_run:
        timer = TIMER_PLANT_S if plant else TIMER_RUN_S
    return timer * LOW_BATTERY_FACTOR if battery_pct < LOW_BATTERY_PCT else timer


def chunk_bytes(net: str) -> int:
    """Size of a part of a file on this network."""
    return CHUNK_WIFI if net == "wifi" else CHUNK_CELL


def stalled(*, unsent: int, online: bool, silent_ms: int) -> bool:
    """Whether something waits, the network is there, and yet nothing was finished (C12)."""
    return unsent > 0 and online and silent_ms > STALL_S * 1000


def older(app: str, least: str) -> bool:
    """Whether an app version is below the least one the server wants; unreadable ones are not."""
    ours, wanted = _numbers(app), _numbers(least)
    return bool(ours and wanted) and ours < wanted


def _numbers(version: str) -> tuple[int, ...]:
    parts = version.partition("+")[0].split(".")
    return tuple(int(part) for part in parts) if all(p.isdecimal() for p in parts) else ()
