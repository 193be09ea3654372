"""Dispatch: a run goes to the devices that should have it, with rows of exactly these keys."""

from datetime import timedelta

import pytest

from server.core.writer import AnyWriter, SnapshotReads
from server.feed import queries as feed
from server.people import devices
from server.runs import service as running
from server.runs.service import rescope
from server.schedule.service import dispatch_due, hand_over_tomorrow, materialise
from shared.departure import Departure
from shared.ids import DeviceId, DriverId, RunId
from shared.refusals import Refusal
from tests.helpers.a_site import (
    MONDAY,
    NOON,
    SITE,
    SUPERVISOR,
    add_driver,
    add_vehicle,
    found_site,
    no_gate,
    only_run,
    pair_device,
    publish_loop,
    version,
)

RUN_KEYS = {
    "name", "kind", "loop", "service_date", "departure_no", "state", "plan_version",
    "planned_departure", "planned_return", "vehicle", "driver", "utc_offset_s", "driver_order",
    "start_location", "end_location", "order", "legs", "leg_factor",
}  # fmt: skip
STOP_KEYS = {
    "no", "name", "run", "location", "kind", "attempt", "state", "windows", "planned_arrival",
    "planned_departure", "service_s", "proof", "offset_s",
}  # fmt: skip
LEAVES_IN_14_H = NOON + timedelta(hours=5)


def a_day(writer: AnyWriter, reads: SnapshotReads) -> tuple[RunId, DeviceId]:
    """A loop with a van, a driver and a device in the van; its runs exist."""
    found_site(writer)
    vehicle = add_vehicle(writer)
    driver = add_driver(writer)
    device = pair_device(writer, "Van 4", vehicle)
    line = {"departure_no": 1, "time_local": "08:00", "vehicle_id": vehicle, "driver_id": driver}
    publish_loop(writer, version(Departure.model_validate(line)))
    materialise(reads, writer, NOON)
    return RunId(only_run(reads).run.id), device


def scopes(reads: SnapshotReads, device: DeviceId) -> set[str]:
    """Scopes the device has."""
    return set(reads.run(lambda s: feed.scopes_of(s, SITE, device)))


def test_a_due_run_reaches_the_device_of_its_vehicle(
    writer: AnyWriter, reads: SnapshotReads
) -> None:
    run_id, device = a_day(writer, reads)
    other = pair_device(writer, "Van 7")

    early = dispatch_due(reads, writer, no_gate, NOON)
    due = dispatch_due(reads, writer, no_gate, LEAVES_IN_14_H)
    again = dispatch_due(reads, writer, no_gate, LEAVES_IN_14_H)

    assert (early, due, again) == ((0, 0), (1, 0), (0, 0))
    assert f"run:{run_id}" in scopes(reads, device)
    assert f"run:{run_id}" not in scopes(reads, other)


def test_rows_of_a_dispatched_run_have_the_keys_of_the_wire(
    writer: AnyWriter, reads: SnapshotReads
) -> None:
    _, device = a_day(writer, reads)
    dispatch_due(reads, writer, no_gate, LEAVES_IN_14_H)

    page = reads.run(lambda s: feed.pull(s, SITE, device, None))

    rows = {kind: [row for row in page.rows if row.kind == kind] for kind in ("run", "stop")}
    assert [set(row.plan or {}) for row in rows["run"]] == [RUN_KEYS]
    assert [set(row.plan or {}) for row in rows["stop"]] == [STOP_KEYS] * 5
    plan = rows["run"][0].plan or {}
    stops = {row.id: row.plan or {} for row in rows["stop"]}
    assert [stops[one]["no"] for one in plan["order"]] == [1, 2, 3]
    assert sorted(one["kind"] for one in stops.values()) == ["end", *["fixed"] * 3, "start"]
    assert len(plan["legs"]) == len(plan["order"]) + 1
    assert plan["utc_offset_s"] == 3600


def test_devices_learn_only_the_places_of_their_runs(
    writer: AnyWriter, reads: SnapshotReads
) -> None:
    _, device = a_day(writer, reads)
    before = reads.run(lambda s: feed.pull(s, SITE, device, None))
    dispatch_due(reads, writer, no_gate, LEAVES_IN_14_H)

    after = reads.run(lambda s: feed.pull(s, SITE, device, None))

    assert [row for row in before.rows if row.kind == "location"] == []
    names = sorted((row.plan or {})["name"] for row in after.rows if row.kind == "location")
    assert names == ["Bakery", "Dairy", "Depot", "Mill"]


def test_a_blocked_run_stays_and_says_why(writer: AnyWriter, reads: SnapshotReads) -> None:
    run_id, device = a_day(writer, reads)

    def gate(*_about: object) -> list[tuple[str, str, str]]:
        return [("no_vehicle", "block", "No vehicle is assigned.")]

    found = dispatch_due(reads, writer, gate, LEAVES_IN_14_H)
    dispatch_due(reads, writer, gate, LEAVES_IN_14_H + timedelta(minutes=1))

    assert found == (0, 1)
    assert only_run(reads).run.plan_state == "planned"
    assert f"run:{run_id}" not in scopes(reads, device)
    [item] = reads.run(lambda s: feed.exceptions(s, SITE))
    assert (item.kind, item.detail["why"]) == ("not_dispatched", ["No vehicle is assigned."])


def test_a_block_is_overridden_only_with_a_reason(writer: AnyWriter, reads: SnapshotReads) -> None:
    run_id, _ = a_day(writer, reads)
    gate = [("skill", "block", "Skill is missing.")]

    with pytest.raises(Refusal) as refused:
        writer.run(lambda s: running.dispatch(s, SUPERVISOR, run_id, gate=gate, now=NOON))
    writer.run(
        lambda s: running.dispatch(
            s, SUPERVISOR, run_id, gate=gate, overrides=[("skill", "boss agreed")], now=NOON
        )
    )

    assert refused.value.code == "gate_blocked"
    run = only_run(reads).run
    assert (run.plan_state, run.gate_overrides) == ("dispatched", [["skill", "boss agreed"]])


def test_recall_takes_the_run_from_the_device(writer: AnyWriter, reads: SnapshotReads) -> None:
    run_id, device = a_day(writer, reads)
    dispatch_due(reads, writer, no_gate, LEAVES_IN_14_H)

    writer.run(lambda s: running.recall(s, SUPERVISOR, run_id, reason="van broken", now=NOON))

    assert only_run(reads).run.plan_state == "planned"
    assert f"run:{run_id}" not in scopes(reads, device)


def test_the_run_follows_its_driver_to_the_device_he_signed_in_on(
    writer: AnyWriter, reads: SnapshotReads
) -> None:
    run_id, _ = a_day(writer, reads)
    phone = pair_device(writer, "Phone of Kaya")
    driver = DriverId(only_run(reads).run.driver_id)  # type: ignore[arg-type]
    dispatch_due(reads, writer, no_gate, LEAVES_IN_14_H)

    def sign_in(session: object) -> None:
        devices.driver_signed_in(session, SITE, phone, driver)  # type: ignore[arg-type]
        rescope(session, SITE, LEAVES_IN_14_H, drivers=[driver])  # type: ignore[arg-type]

    writer.run(sign_in)

    assert f"run:{run_id}" in scopes(reads, phone)


def test_an_open_run_is_shown_to_the_whole_site(writer: AnyWriter, reads: SnapshotReads) -> None:
    found_site(writer)
    device = pair_device(writer, "Any phone")
    publish_loop(writer)
    materialise(reads, writer, NOON)
    dispatch_due(reads, writer, no_gate, LEAVES_IN_14_H)

    page = reads.run(lambda s: feed.pull(s, SITE, device, None))

    assert [row.scope for row in page.rows if row.kind == "run"] == ["site"]
    assert [row for row in page.rows if row.kind == "stop"] == []


def test_assigning_another_van_moves_the_run_between_devices(
    writer: AnyWriter, reads: SnapshotReads
) -> None:
    run_id, device = a_day(writer, reads)
    van = add_vehicle(writer, "Van 7")
    other = pair_device(writer, "Van 7", van)
    dispatch_due(reads, writer, no_gate, LEAVES_IN_14_H)

    made = writer.run(
        lambda s: running.assign(
            s, SUPERVISOR, run_id, vehicle_id=van, expected_version=1, now=LEAVES_IN_14_H
        )
    )

    assert made == 2
    assert f"run:{run_id}" in scopes(reads, other)
    assert f"run:{run_id}" not in scopes(reads, device)


def test_a_run_dispatched_days_ahead_reaches_the_device_when_its_day_is_tomorrow(
    writer: AnyWriter, reads: SnapshotReads
) -> None:
    _, device = a_day(writer, reads)
    day = MONDAY + timedelta(days=3)
    run_id = RunId(only_run(reads, day).run.id)
    writer.run(lambda s: running.dispatch(s, SUPERVISOR, run_id, now=NOON))
    scope = f"run:{run_id}"

    seen = {}
    for days in (0, 1, 2):
        hand_over_tomorrow(reads, writer, NOON + timedelta(days=days))
        seen[days] = scope in scopes(reads, device)

    assert seen == {0: False, 1: False, 2: True}


def test_looking_at_tomorrow_again_changes_nothing(writer: AnyWriter, reads: SnapshotReads) -> None:
    a_day(writer, reads)
    run_id = RunId(only_run(reads, MONDAY + timedelta(days=3)).run.id)
    writer.run(lambda s: running.dispatch(s, SUPERVISOR, run_id, now=NOON))
    hand_over_tomorrow(reads, writer, NOON + timedelta(days=2))
    before = reads.run(lambda s: feed.head(s, SITE))

    hand_over_tomorrow(reads, writer, NOON + timedelta(days=2, hours=1))

    assert reads.run(lambda s: feed.head(s, SITE)) == before
