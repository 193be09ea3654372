"""Taking a run over onto the device in hand, and marks that come and go."""

from datetime import timedelta

import pytest
from sqlmodel import Session

from server.core.writer import AnyWriter, SnapshotReads
from server.facts import service as facts
from server.feed import queries as feed
from server.feed import service as telling
from server.people import devices
from server.runs import service as running
from server.runs.service import refold
from server.schedule.service import materialise, sweep
from shared.departure import Departure
from shared.events import Event, RunClaimed, RunFinished, RunStarted, StopDeparted
from shared.ids import DeviceId, DriverId, RunId
from tests.helpers.a_site import (
    NOON,
    SITE,
    SUPERVISOR,
    add_driver,
    add_vehicle,
    found_site,
    only_run,
    pair_device,
    publish_loop,
    version,
)
from tests.helpers.builders import START_MS, fact, text_id
from tests.server.facts.a_stream import Stream

LEAVES = NOON + timedelta(hours=19)  # 08:00 in Berlin on the next day


@pytest.fixture
def run_id(writer: AnyWriter, reads: SnapshotReads) -> RunId:
    """A dispatched run of Kaya in van 4."""
    found_site(writer)
    line = {
        "departure_no": 1,
        "time_local": "08:00",
        "vehicle_id": add_vehicle(writer),
        "driver_id": add_driver(writer),
    }
    publish_loop(writer, version(Departure.model_validate(line)))
    materialise(reads, writer, NOON)
    found = RunId(only_run(reads).run.id)
    writer.run(lambda s: running.dispatch(s, SUPERVISOR, found, now=NOON))
    return found


def take(writer: AnyWriter, run_id: RunId, device: DeviceId, event: Event) -> None:
    """Take one fact of a device."""

    def work(session: Session) -> None:
        push = Stream(event.id).record(event).push()
        facts.append(session, SITE, device, push, received_ms=START_MS + 60_000)
        refold(session, SITE, {run_id}, set(), NOON)

    writer.run(work)


def about(run_id: RunId, body: object, by: str = "driver Kaya", visit: str | None = None) -> Event:
    """A fact of the run."""
    return fact(body, run=str(run_id), visit=visit, by=by)  # type: ignore[arg-type]


def has(reads: SnapshotReads, device: DeviceId, run_id: RunId) -> bool:
    """Whether the device has the run."""
    return f"run:{run_id}" in reads.run(lambda s: feed.scopes_of(s, SITE, device))


def open_kinds(reads: SnapshotReads) -> list[str]:
    """Kinds of the open exceptions."""
    return sorted(one.kind for one in reads.run(lambda s: feed.exceptions(s, SITE)))


def test_the_assigned_driver_takes_the_run_over_at_once(
    writer: AnyWriter, reads: SnapshotReads, run_id: RunId
) -> None:
    van = only_run(reads).run.vehicle_id
    old = pair_device(writer, "In the van", van)  # type: ignore[arg-type]
    writer.run(lambda s: running.rescope(s, SITE, NOON, vehicles=[van]))  # type: ignore[list-item]
    phone = pair_device(writer, "Phone of Kaya")
    before = has(reads, old, run_id)

    take(writer, run_id, phone, about(run_id, RunClaimed()))

    assert before
    assert has(reads, phone, run_id)
    assert not has(reads, old, run_id)


def test_anybody_else_waits_for_the_office(
    writer: AnyWriter, reads: SnapshotReads, run_id: RunId
) -> None:
    mila = add_driver(writer, "Mila")
    phone = pair_device(writer, "Phone of Mila")

    take(writer, run_id, phone, about(run_id, RunClaimed(), by="driver Mila"))
    waiting = has(reads, phone, run_id)
    writer.run(
        lambda s: running.assign(
            s, SUPERVISOR, run_id, driver_id=DriverId(mila), expected_version=1, now=NOON
        )
    )

    assert not waiting
    assert has(reads, phone, run_id)
    assert only_run(reads).run.driver_id == mila


def test_a_departure_that_did_not_happen_is_late_then_missed_then_made_up_for(
    writer: AnyWriter, reads: SnapshotReads, run_id: RunId
) -> None:
    seen = []
    for minutes in (4, 5, 119, 120):
        sweep(reads, writer, LEAVES + timedelta(minutes=minutes))
        seen.append(open_kinds(reads))
    start = str(only_run(reads).start_visit)
    take(writer, run_id, DeviceId(run_id), about(run_id, StopDeparted(), visit=start))
    sweep(reads, writer, LEAVES + timedelta(minutes=121))

    assert seen == [[], ["late_departure"], ["late_departure"], ["missed"]]
    assert open_kinds(reads) == ["overdue_return", "plan_not_seen"]


def test_a_mark_somebody_settled_is_not_raised_again(
    writer: AnyWriter, reads: SnapshotReads, run_id: RunId
) -> None:
    assert only_run(reads).run.id == run_id
    sweep(reads, writer, LEAVES + timedelta(minutes=10))
    [item] = reads.run(lambda s: feed.exceptions(s, SITE))
    writer.run(lambda s: telling.settle_exception(s, SUPERVISOR, item.id, reason="ok", now=NOON))

    again = sweep(reads, writer, LEAVES + timedelta(minutes=20))

    assert (again, open_kinds(reads)) == (0, [])


def test_after_a_long_stop_of_the_server_each_missed_run_is_marked_once(
    writer: AnyWriter, reads: SnapshotReads, run_id: RunId
) -> None:
    later = LEAVES + timedelta(days=1, hours=3)

    first = sweep(reads, writer, later)
    second = sweep(reads, writer, later)

    assert only_run(reads).run.id == run_id
    assert (first, second) == (2, 0)
    assert open_kinds(reads) == ["missed", "missed"]


def test_a_run_is_closed_a_day_after_its_end_and_leaves_the_device(
    writer: AnyWriter, reads: SnapshotReads, run_id: RunId
) -> None:
    device = pair_device(writer, "Phone")
    take(writer, run_id, device, about(run_id, RunClaimed()))
    take(writer, run_id, device, about(run_id, RunStarted(vehicle=text_id("van"))))
    take(writer, run_id, device, about(run_id, RunFinished()))
    ended = only_run(reads).run.returned_at
    assert ended is not None

    sweep(reads, writer, ended + timedelta(hours=23))
    before = only_run(reads).run.plan_state
    sweep(reads, writer, ended + timedelta(hours=24))

    assert (before, only_run(reads).run.plan_state) == ("dispatched", "closed")
    assert not has(reads, device, run_id)


@pytest.mark.parametrize("unsent", [{"events": 1, "blobs": 0}, {"events": 0, "blobs": 2}])
def test_a_run_stays_open_while_its_device_still_holds_something(
    writer: AnyWriter, reads: SnapshotReads, run_id: RunId, unsent: dict[str, int]
) -> None:
    device = pair_device(writer, "Phone")
    take(writer, run_id, device, about(run_id, RunClaimed()))
    take(writer, run_id, device, about(run_id, RunStarted(vehicle=text_id("van"))))
    take(writer, run_id, device, about(run_id, RunFinished()))
    ended = only_run(reads).run.returned_at
    assert ended is not None

    def report(told: dict[str, int]) -> None:
        writer.run(lambda s: devices.seen(s, SITE, device, now=NOON, unsent=told))

    report(unsent)
    sweep(reads, writer, ended + timedelta(hours=25))
    held = only_run(reads).run.plan_state
    report({"events": 0, "blobs": 0})
    sweep(reads, writer, ended + timedelta(hours=26))

    assert (held, only_run(reads).run.plan_state) == ("dispatched", "closed")
