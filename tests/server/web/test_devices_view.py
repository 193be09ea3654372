"""The health of a device in green, yellow and red; unknown is never shown as zero."""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import pytest

from server.sync.health import Aside
from server.web.devices_view import BAD, DeviceView, Sign, unsent_devices, unsent_of, view
from tests.helpers.builders import START_MS, id_of

MINUTE = 60_000
HOUR = 60 * MINUTE
DAY = 24 * HOUR
RUN = id_of("run")


@dataclass
class Row:
    """A device row with defaults for what a test is not about."""

    id: UUID = field(default_factory=lambda: id_of("phone"))
    name: str = "Phone"
    vehicle_id: UUID | None = None
    driver_id: UUID | None = None
    platform: str = "android"
    app: str = "1.0.0"
    state: str = "active"
    last_seen_ms: int | None = None
    unsent_json: dict[str, Any] | None = None
    health_json: dict[str, Any] | None = None
    health_ms: int | None = None


def shown(row: Row | None = None, aside: Aside | None = None) -> DeviceView:
    return view(row or Row(), START_MS, {}, {}, aside)


def signs(found: DeviceView) -> list[Sign]:
    return [one for cell in found.signs for one in cell]


def labelled(found: DeviceView, label: str) -> Sign:
    return next(one for one in signs(found) if one.label == label)


def test_a_device_that_never_said_anything_is_unknown_and_never_zero() -> None:
    found = shown()

    assert [labelled(found, name).text for name in ("entries", "photos", "oldest")] == [
        "unknown"
    ] * 3
    assert found.holds is None
    assert unsent_of(Row()) is None
    assert "0" not in {one.text for one in signs(found) if one.label in ("entries", "photos")}


WORST = Aside(
    run=RUN,
    unreadable=1,
    missing_ms=START_MS - 2 * DAY,
    unsafe_ms=START_MS - 4 * DAY,
    held=2,
    conflicts=1,
    clone=True,
)


def test_every_red_field_offers_exactly_one_action() -> None:
    told = {"free_mb": 50, "battery_pct": 3, "clock_off_ms": 2 * HOUR, "forks": 9}
    unsent = {"events": 4, "blobs": 1, "oldest_ms": START_MS - 3 * HOUR}
    row = Row(app="0.0.9", last_seen_ms=START_MS - HOUR, unsent_json=unsent, health_json=told)

    found = shown(row, WORST)

    red = [one for one in signs(found) if one.look == BAD]
    assert len(red) >= 11
    assert all(one.action and one.action.words and one.action.href for one in red)
    assert not [one for one in signs(found) if one.look != BAD and one.action]


def test_two_streams_used_in_turn_ask_whether_the_phone_was_cloned() -> None:
    assert any(one.text == "clone?" for one in signs(shown(aside=Aside(clone=True))))
    assert not any(one.text == "clone?" for one in signs(shown()))


@pytest.mark.parametrize(("off", "words"), [(90_000, "right"), (-5 * MINUTE, "5 min slow")])
def test_a_wrong_clock_is_told_in_words(off: int, words: str) -> None:
    found = shown(Row(health_json={"clock_off_ms": off}))

    assert words in [one.text for one in found.signs[5]]


def test_without_a_backup_nothing_is_called_safe() -> None:
    ((sign,),) = (shown(aside=Aside(backed_up=False)).signs[2],)

    assert (sign.text, sign.look) == ("no backup", "warn")


def test_only_active_devices_with_something_unsent_are_counted() -> None:
    holding = {"events": 1, "blobs": 0}
    rows = [Row(unsent_json=holding), Row(unsent_json=holding, state="retired"), Row()]

    assert unsent_devices(rows) == 1
