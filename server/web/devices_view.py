"""What a supervisor sees of a device: when it spoke, what it still holds, how it feels."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol
from uuid import UUID

from server.core.words import _

MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS
FREE_GREEN_MB = 1000
FREE_YELLOW_MB = 200
LOOKS = ("good", "warn", "bad")


class DeviceLike(Protocol):
    """The columns of a device that are shown."""

    id: UUID
    name: str
    vehicle_id: UUID | None
    driver_id: UUID | None
    platform: str
    app: str
    state: str
    last_seen_ms: int | None
    unsent_json: dict[str, Any] | None
    health_json: dict[str, Any] | None
    health_ms: int | None


@dataclass(frozen=True)
class Sign:
    """One health field: its words, and green, yellow or red."""

    text: str
    look: str = ""
    age_ms: int | None = None


@dataclass(frozen=True)
class DeviceView:
    """One row of the devices page."""

    id: str
    name: str
    state: str
    vehicle: str
    vehicle_id: str
    driver: str
    app: str
    seen: Sign
    unsent: Sign
    photos: Sign
    oldest: Sign
    battery: Sign
    space: Sign
    holds: int


def unsent_of(row: DeviceLike) -> int | None:
    """How many facts and photos the device says it still holds; None when it never said."""
    if row.unsent_json is None:
        return None
    return int(row.unsent_json.get("events", 0)) + int(row.unsent_json.get("blobs", 0))


def unsent_devices(rows: Iterable[DeviceLike]) -> int:
    """How many active devices hold something the server does not have."""
    return sum(1 for row in rows if row.state == "active" and (unsent_of(row) or 0) > 0)


def view(
    row: DeviceLike, now_ms: int, vehicles: Mapping[UUID, str], drivers: Mapping[UUID, str]
) -> DeviceView:
    """Judge a device by the table of health; unknown is said, never shown as zero."""
    health = row.health_json or {}
    unsent = row.unsent_json
    return DeviceView(
        id=str(row.id),
        name=row.name,
        state=row.state,
        vehicle=vehicles.get(row.vehicle_id, "") if row.vehicle_id else "",
        vehicle_id=str(row.vehicle_id or ""),
        driver=drivers.get(row.driver_id, "") if row.driver_id else "",
        app=" ".join(part for part in (row.app, row.platform) if part),
        seen=_seen(row.last_seen_ms),
        unsent=_count(unsent, "events"),
        photos=_count(unsent, "blobs"),
        oldest=_oldest(unsent, now_ms),
        battery=_battery(health.get("battery_pct")),
        space=_space(health.get("free_mb")),
        holds=unsent_of(row) or 0,
    )


def _unknown() -> Sign:
    return Sign(_("unknown"))


def _seen(at_ms: int | None) -> Sign:
    return Sign(_("never")) if at_ms is None else Sign("", age_ms=at_ms)


def _count(unsent: Mapping[str, Any] | None, key: str) -> Sign:
    if unsent is None or key not in unsent:
        return _unknown()
    count = int(unsent[key])
    return Sign(str(count), "warn" if count else "good")


def _oldest(unsent: Mapping[str, Any] | None, now_ms: int) -> Sign:
    if unsent is None:
        return _unknown()
    at_ms = unsent.get("oldest_ms")
    if not at_ms:
        return Sign(_("none"), "good")
    age = now_ms - int(at_ms)
    look = LOOKS[0] if age <= 10 * MINUTE_MS else LOOKS[1] if age <= 2 * HOUR_MS else LOOKS[2]
    return Sign("", look, int(at_ms))


def _battery(percent: Any) -> Sign:
    if not isinstance(percent, int):
        return _unknown()
    return Sign(f"{percent} %", "bad" if percent <= 10 else "warn" if percent <= 25 else "good")


def _space(free_mb: Any) -> Sign:
    if not isinstance(free_mb, int):
        return _unknown()
    look = (
        LOOKS[0] if free_mb > FREE_GREEN_MB else LOOKS[1] if free_mb > FREE_YELLOW_MB else LOOKS[2]
    )
    text = f"{free_mb / 1000:.1f} GB" if free_mb >= 1000 else f"{free_mb} MB"
    return Sign(text, look)
