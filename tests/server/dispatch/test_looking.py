"""Looking ahead: estimates follow facts, waiting absorbs delay, lateness is told once."""

from datetime import timedelta
from typing import Any

import pytest

from server.core.clock import to_ms
from server.core.jobs import Job
from server.core.writer import AnyWriter, SnapshotReads
from server.dispatch import service
from server.feed import queries as feed
from server.runs import queries as runs
from server.runs import service as running
from server.runs.queries import RunView
from shared.ids import RunId
from tests.helpers.a_site import SITE, SUPERVISOR, only_run
from tests.helpers.builders import id_of
from tests.server.dispatch.a_day import EIGHT, a_dispatched_run, change, happened

SOON = EIGHT + timedelta(minutes=20)


@pytest.fixture
def view(writer: AnyWriter, reads: SnapshotReads) -> RunView:
    return a_dispatched_run(writer, reads)


def look(writer: AnyWriter, view: RunView, now: Any = EIGHT) -> bool:
    return writer.run(lambda s: service.look(s, SITE, RunId(view.run.id), now))


def etas(reads: SnapshotReads) -> list[int | None]:
    view = only_run(reads)
    found = [view.visit(one).eta_at for one in view.order]
    return [None if at is None else to_ms(at) // 1000 for at in found]


def told(reads: SnapshotReads) -> list[tuple[str, str]]:
    return [(one.kind, one.subject_id) for one in reads.run(lambda s: feed.exceptions(s, SITE))]


def close_at(writer: AnyWriter, view: RunView, minutes: int) -> RunView:
    """Let the last visit close so many minutes after its planned arrival."""
    last = view.visit(view.order[-1])
    end = to_ms(last.planned_arrival_at) + minutes * 60_000
    op = {"op": "window", "visit": str(last.id), "windows": [[to_ms(EIGHT), end]]}
    change(writer, view, op)
    return view


def test_before_departure_the_estimates_are_the_plan(
    writer: AnyWriter, reads: SnapshotReads, view: RunView
) -> None:
    assert look(writer, view)

    planned = [to_ms(view.visit(one).planned_arrival_at) // 1000 for one in view.order]
    assert etas(reads) == planned
    row = only_run(reads).visit(view.order[0])
    assert row.eta_basis == "clock"
    assert row.eta_low_at is not None
    assert row.eta_high_at is not None
    assert row.eta_low_at < row.eta_at < row.eta_high_at  # type: ignore[operator]


def test_looking_again_moves_nothing(writer: AnyWriter, view: RunView) -> None:
    look(writer, view)

    assert not look(writer, view)


def test_a_late_departure_slides_every_estimate(
    writer: AnyWriter, reads: SnapshotReads, view: RunView
) -> None:
    look(writer, view)
    before = etas(reads)

    look(writer, view, EIGHT + timedelta(minutes=10))

    assert [after - was for after, was in zip(etas(reads), before, strict=True)] == [600] * 3  # type: ignore[operator]


def test_what_is_done_has_no_estimate_and_the_rest_follows_from_the_facts(
    writer: AnyWriter, reads: SnapshotReads, view: RunView
) -> None:
    happened(writer, view, ["done", "en_route"], SOON)

    look(writer, view, SOON)

    first, second, third = etas(reads)
    assert first is None
    assert second == to_ms(SOON) // 1000 + view.plan.legs[1][0]
    assert third is not None
    assert only_run(reads).visit(view.order[1]).eta_basis == "fact"


def test_an_overdue_arrival_slides_to_now_and_widens_the_range(
    writer: AnyWriter, reads: SnapshotReads, view: RunView
) -> None:
    happened(writer, view, ["done", "en_route"], SOON)
    look(writer, view, SOON)
    narrow = only_run(reads).visit(view.order[1])
    later = SOON + timedelta(seconds=view.plan.legs[1][0] + 600)

    look(writer, view, later)

    wide = only_run(reads).visit(view.order[1])
    assert wide.eta_at == later
    assert wide.eta_high_at - wide.eta_at > narrow.eta_high_at - narrow.eta_at  # type: ignore[operator]


def test_a_late_visit_is_told_once_and_closed_when_it_is_on_time_again(
    writer: AnyWriter, reads: SnapshotReads, view: RunView
) -> None:
    last = str(close_at(writer, view, 15).order[-1])
    assert told(reads) == []

    look(writer, view, EIGHT + timedelta(minutes=20))
    assert told(reads) == [("late", last)]

    look(writer, view, EIGHT)
    assert told(reads) == []


def test_a_visit_that_may_come_late_is_at_risk(
    writer: AnyWriter, reads: SnapshotReads, view: RunView
) -> None:
    last = str(close_at(writer, view, 1).order[-1])

    assert told(reads) == [("at_risk", last)]


def test_a_run_that_is_back_has_no_estimates(
    writer: AnyWriter, reads: SnapshotReads, view: RunView
) -> None:
    look(writer, view)

    def come_back(session: Any) -> None:
        runs.load(session, SITE, view.run.id).run.returned_at = SOON

    writer.run(come_back)

    assert look(writer, view, SOON)
    assert etas(reads) == [None, None, None]


def test_the_job_looks_and_forgives_a_run_that_is_gone(
    writer: AnyWriter, reads: SnapshotReads, view: RunView
) -> None:
    handle = service.look_job(writer)

    for run_id in (view.run.id, id_of("gone")):
        handle(Job("dispatch.look", SITE, str(run_id), {"run": str(run_id)}), EIGHT)

    assert None not in etas(reads)


def test_the_refresh_looks_at_every_run_that_is_near(
    writer: AnyWriter, reads: SnapshotReads, view: RunView
) -> None:
    assert view.run.plan_state == "dispatched"
    assert service.look_at_open_runs(reads, writer, EIGHT - timedelta(hours=3)) == 0
    assert service.look_at_open_runs(reads, writer, EIGHT) == 1
    assert None not in etas(reads)


def test_a_run_that_was_called_off_is_late_no_more(
    writer: AnyWriter, reads: SnapshotReads, view: RunView
) -> None:
    last = str(close_at(writer, view, 15).order[-1])
    look(writer, view, EIGHT + timedelta(minutes=20))
    assert told(reads) == [("late", last)]

    key = RunId(view.run.id)
    writer.run(lambda s: running.cancel(s, SUPERVISOR, key, reason="snow", now=SOON))
    service.look_at_open_runs(reads, writer, SOON)

    assert told(reads) == []
