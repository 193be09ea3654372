"""Names of things: UUIDv7 under a type each, and the hybrid clock that orders facts."""

from typing import NewType
from uuid import UUID

SiteId = NewType("SiteId", UUID)
LocationId = NewType("LocationId", UUID)
LoopId = NewType("LoopId", UUID)
LoopVersionId = NewType("LoopVersionId", UUID)
DepartureId = NewType("DepartureId", UUID)
StopId = NewType("StopId", UUID)
RunId = NewType("RunId", UUID)
VisitId = NewType("VisitId", UUID)
PlanId = NewType("PlanId", UUID)
OrderId = NewType("OrderId", UUID)
LineId = NewType("LineId", UUID)
VehicleId = NewType("VehicleId", UUID)
CarrierId = NewType("CarrierId", UUID)
DriverId = NewType("DriverId", UUID)
PersonId = NewType("PersonId", UUID)
DeviceId = NewType("DeviceId", UUID)
StreamId = NewType("StreamId", UUID)
EventId = NewType("EventId", UUID)
ProofId = NewType("ProofId", UUID)
AndonId = NewType("AndonId", UUID)
CallId = NewType("CallId", UUID)
CardId = NewType("CardId", UUID)
Sha256 = NewType("Sha256", str)

UUID7_RANDOM_BYTES = 10
NIL = UUID(int=0)


def uuid7(ms: int, random_bytes: bytes) -> UUID:
    """Make a version 7 UUID (RFC 9562 §5.7) of milliseconds since 1970 UTC and ten random bytes.

    Only 74 of the 80 random bits are used; version and variant take the others.
    """
    assert 0 <= ms < 1 << 48, "milliseconds out of range"
    assert len(random_bytes) == UUID7_RANDOM_BYTES, "ten random bytes"
    noise = int.from_bytes(random_bytes, "big")
    high = noise >> 68
    low = noise & ((1 << 62) - 1)
    return UUID(int=ms << 80 | 0x7 << 76 | high << 64 | 0b10 << 62 | low)


def uuid7_row(ms: int, random_bytes: bytes, count: int) -> list[UUID]:
    """Make UUIDs of one instant that follow each other (RFC 9562 §6.2, method 2).

    They differ at their end only, so that a list of them packs to a third.
    """
    # The highest of the low bits stays free, so that counting never reaches the variant.
    first = uuid7(ms, random_bytes).int & ~(1 << 61)
    return [UUID(int=first + n) for n in range(count)]


def next_hlc(last: int, est_now_ms: int) -> int:
    """Hybrid clock: the estimated time, but always later than the last one given out."""
    return max(last + 1, est_now_ms)
