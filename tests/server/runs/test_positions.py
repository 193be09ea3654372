"""Positions are kept of an open run of the device, outside breaks, and of nothing else."""

from datetime import timedelta

import pytest
from sqlmodel import Session

from server.core.clock import from_ms
from server.core.writer import AnyWriter, SnapshotReads
from server.facts import service as facts
from server.runs import queries as runs
from server.runs import service as running
from server.runs.fixes import fixes_of
from server.runs.service import keep_positions, refold
from server.schedule.service import materialise
from shared.events import BreakEnded, BreakStarted, Event, RunFinished, RunStarted
from shared.ids import DeviceId, RunId
from shared.sync import Positions
from tests.helpers.a_site import (
    NOON,
    SITE,
    SUPERVISOR,
    add_vehicle,
    found_site,
    only_run,
    pair_device,
    publish_loop,
    version,
)
from tests.helpers.builders import START_MS, fact, text_id
from tests.server.facts.a_stream import Stream

NOW = from_ms(START_MS + 600_000)


@pytest.fixture
def driving(writer: AnyWriter, reads: SnapshotReads) -> tuple[RunId, DeviceId]:
    """A dispatched run and the device in its van."""
    found_site(writer)
    van = add_vehicle(writer)
    device = pair_device(writer, "Van 4", van)
    publish_loop(writer, version(vehicle_ids=(van,)))
    materialise(reads, writer, NOON)
    run_id = RunId(only_run(reads).run.id)
    writer.run(lambda s: running.dispatch(s, SUPERVISOR, run_id, now=NOON))
    return run_id, device


def take(writer: AnyWriter, run_id: RunId, device: DeviceId, *events: Event) -> None:
    """Take facts of the device."""

    def work(session: Session) -> None:
        push = Stream().record(*events).push()
        facts.append(session, SITE, device, push, received_ms=START_MS + 600_000)
        refold(session, SITE, {run_id}, set(), NOW)

    writer.run(work)


def about(body: object, run_id: RunId, at: int) -> Event:
    """A fact of the run."""
    return fact(body, at=at, run=str(run_id), visit=None)  # type: ignore[arg-type]


def fixes(run_id: RunId, *seconds: int) -> Positions:
    """Fixes at these seconds after the start of the test's day."""
    given = {
        "run": str(run_id),
        "t0": START_MS,
        "lat0": 513000000,
        "lon0": 123000000,
        "d": [[s, 10, 10, 8] for s in seconds],
    }
    return Positions.model_validate(given)


def keep(writer: AnyWriter, device: DeviceId, given: Positions) -> int:
    """Keep the fixes of one exchange."""
    return writer.run(lambda s: keep_positions(s, SITE, device, given, NOW))


def kept(reads: SnapshotReads, run_id: RunId) -> list[int]:
    """Seconds of the fixes that are stored."""
    rows = reads.run(lambda s: runs.positions(s, SITE, run_id))
    return [(row.t_ms - START_MS) // 1000 for row in rows]


def test_fixes_before_the_start_in_a_break_and_after_the_end_are_dropped(
    writer: AnyWriter, reads: SnapshotReads, driving: tuple[RunId, DeviceId]
) -> None:
    run_id, device = driving
    pause = about(BreakStarted(kind="break"), run_id, 100_000)
    take(
        writer,
        run_id,
        device,
        about(RunStarted(vehicle=text_id("van")), run_id, 50_000),
        pause,
        about(BreakEnded(started=pause.id), run_id, 200_000),
        about(RunFinished(), run_id, 300_000),
    )

    keep(writer, device, fixes(run_id, 10, 60, 150, 250, 350))

    assert kept(reads, run_id) == [60, 250]


def test_a_run_that_was_not_started_keeps_no_position(
    writer: AnyWriter, reads: SnapshotReads, driving: tuple[RunId, DeviceId]
) -> None:
    run_id, device = driving

    assert keep(writer, device, fixes(run_id, 60)) == 0
    assert kept(reads, run_id) == []


def test_a_device_that_never_had_the_run_keeps_nothing(
    writer: AnyWriter, driving: tuple[RunId, DeviceId]
) -> None:
    run_id, device = driving
    take(writer, run_id, device, about(RunStarted(vehicle=text_id("van")), run_id, 0))
    stranger = pair_device(writer, "Stranger")

    assert keep(writer, stranger, fixes(run_id, 60)) == 0


def test_the_same_fixes_again_are_stored_once(
    writer: AnyWriter, reads: SnapshotReads, driving: tuple[RunId, DeviceId]
) -> None:
    run_id, device = driving
    take(writer, run_id, device, about(RunStarted(vehicle=text_id("van")), run_id, 0))

    first = keep(writer, device, fixes(run_id, 60, 75))
    again = keep(writer, device, fixes(run_id, 60, 75))

    assert (first, again, kept(reads, run_id)) == (2, 0, [60, 75])
    last = reads.run(lambda s: runs.last_positions(s, SITE, [run_id]))
    assert last[run_id].t_ms == START_MS + 75_000


def test_old_fixes_are_dropped(writer: AnyWriter, driving: tuple[RunId, DeviceId]) -> None:
    run_id, device = driving
    take(writer, run_id, device, about(RunStarted(vehicle=text_id("van")), run_id, 0))
    late = NOW + timedelta(days=2)

    count = writer.run(lambda s: keep_positions(s, SITE, device, fixes(run_id, 60), late))

    assert count == 0


def test_deltas_add_up_and_nonsense_is_left_out() -> None:
    entries = [[0, 0, 0, 9], [15, 5], [15, 180, -95, 8], [30, 1_800_000_000, 0, 8]]
    given = {"run": text_id("run"), "t0": 1000, "lat0": 10, "lon0": 20, "d": entries}

    found = fixes_of(Positions.model_validate(given))

    assert [(one.t_ms, one.lat, one.lon, one.acc_m) for one in found] == [
        (1000, 1e-06, 2e-06, 9),
        (16000, 1.9e-05, -7.5e-06, 8),
    ]


def test_positions_in_the_plant_are_metres_on_the_floor_plan() -> None:
    plan = text_id("floor")
    given = {"run": text_id("run"), "t0": 0, "plan": plan, "x0": 100, "y0": 250, "d": [[0, 50, 0]]}

    [found] = fixes_of(Positions.model_validate(given))

    assert (str(found.plan_id), found.x_m, found.y_m, found.lat) == (plan, 1.5, 2.5, None)
