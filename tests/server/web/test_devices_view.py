"""The health of a device in green, yellow and red; unknown is never shown as zero."""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import pytest

from server.web.devices_view import unsent_devices, unsent_of, view
from tests.helpers.builders import START_MS, id_of

MINUTE = 60_000


@dataclass
class Row:
    """A device row with defaults for what a test is not about."""

    id: UUID = field(default_factory=lambda: id_of("phone"))
    name: str = "Phone"
    vehicle_id: UUID | None = None
    driver_id: UUID | None = None
    platform: str = "android"
    app: str = "1.0"
    state: str = "active"
    last_seen_ms: int | None = None
    unsent_json: dict[str, Any] | None = None
    health_json: dict[str, Any] | None = None
    health_ms: int | None = None


def test_a_device_that_never_said_anything_is_unknown() -> None:
    shown = view(Row(), START_MS, {}, {})

    assert shown.unsent.text == "unknown"
    assert shown.battery.text == "unknown"
    assert shown.seen.text == "never"
    assert unsent_of(Row()) is None


@pytest.mark.parametrize(("minutes", "look"), [(5, "good"), (30, "warn"), (121, "bad")])
def test_the_oldest_unsent_entry_turns_from_green_to_red(minutes: int, look: str) -> None:
    unsent = {"events": 2, "blobs": 1, "oldest_ms": START_MS - minutes * MINUTE}

    shown = view(Row(unsent_json=unsent), START_MS, {}, {})

    assert shown.oldest.look == look
    assert shown.holds == 3


def test_only_active_devices_with_something_unsent_are_counted() -> None:
    holding = {"events": 1, "blobs": 0}
    rows = [Row(unsent_json=holding), Row(unsent_json=holding, state="retired"), Row()]

    assert unsent_devices(rows) == 1


@pytest.mark.parametrize(("free", "look"), [(5000, "good"), (500, "warn"), (100, "bad")])
def test_little_free_space_is_told(free: int, look: str) -> None:
    shown = view(Row(health_json={"free_mb": free, "battery_pct": 8}), START_MS, {}, {})

    assert shown.space.look == look
    assert shown.battery.look == "bad"
