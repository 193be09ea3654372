"""Folding on the server: any order, same rows; plan and facts never overwrite each other."""

from collections.abc import Sequence
from datetime import timedelta
from itertools import permutations
from typing import Any
from uuid import UUID

import pytest
from sqlmodel import Session

from server.core.clock import to_ms
from server.core.writer import AnyWriter, SnapshotReads
from server.facts import service as facts
from server.feed import queries as feed
from server.feed import service as telling
from server.runs import queries as runs
from server.runs import service as running
from server.runs.service import PlanDraft, VisitEdit, refold, write_plan
from server.schedule.service import dispatch_due, materialise
from shared.events import (
    BreakStarted,
    Event,
    PlanAcknowledged,
    RunStarted,
    StopArrived,
    StopCompleted,
    StopDeparted,
    StopFailed,
)
from shared.ids import DeviceId, EventId, RunId, VisitId
from tests.helpers.a_site import (
    MONDAY,
    NOON,
    SITE,
    SUPERVISOR,
    found_site,
    no_gate,
    only_run,
    publish_loop,
)
from tests.helpers.builders import START_MS, fact, id_of
from tests.server.facts.a_stream import Stream

LATER = NOON + timedelta(hours=5)
PROOF = {"kind": "delivery", "method": "none"}
DEVICE = DeviceId(id_of("van 4"))


@pytest.fixture
def view(writer: AnyWriter, reads: SnapshotReads) -> runs.RunView:
    """A dispatched run of three stops."""
    found_site(writer)
    publish_loop(writer)
    materialise(reads, writer, NOON)
    dispatch_due(reads, writer, no_gate, LATER)
    return only_run(reads)


def about(view: runs.RunView, stop: int | None, body: object, at: int, **more: object) -> Event:
    """A fact of this run, at one of its stops (0 is the start) or at none."""
    visit = None if stop is None else str(view.visits[stop].id)
    return fact(body, at=at, run=str(view.run.id), visit=visit, **more)  # type: ignore[arg-type]


def completed(view: runs.RunView, stop: int, at: int, **more: object) -> Event:
    """The driver completed a stop."""
    body = StopCompleted.model_validate({"proof": PROOF, "lines": []})
    return about(view, stop, body, at, **more)


def take(writer: AnyWriter, events: Sequence[Event], name: str = "stream") -> None:
    """Take facts as sync does, and fold what they touch."""

    def work(session: Session) -> None:
        push = Stream(name).record(*events).push()
        taken = facts.append(session, SITE, DEVICE, push, received_ms=START_MS + 60_000)
        run_ids = {one.run_id for one in taken.new if one.run_id}
        visit_ids = {one.visit_id for one in taken.new if one.visit_id}
        refold(session, SITE, run_ids, visit_ids, LATER)

    writer.run(work)


def send_out(writer: AnyWriter, view: runs.RunView) -> None:
    """Dispatch a run by hand."""
    writer.run(lambda s: running.dispatch(s, SUPERVISOR, RunId(view.run.id), now=NOON))


def exceptions(reads: SnapshotReads) -> list[str]:
    """Kinds of the open exceptions."""
    return sorted(item.kind for item in reads.run(lambda s: feed.exceptions(s, SITE)))


def cancel_visit(writer: AnyWriter, view: runs.RunView, stop: int) -> int:
    """Cancel a stop; gives the revision that said so."""
    gone = view.visits[stop].id
    draft = PlanDraft(
        order=[one for one in view.order if one != gone],
        edits={gone: VisitEdit(plan_state="cancelled")},
    )

    def work(session: Session) -> int:
        write_plan(
            session,
            SITE,
            RunId(view.run.id),
            draft,
            expected_version=1,
            by="Anna",
            now=LATER,
        )
        return feed.head(session, SITE)

    return writer.run(work)


def test_facts_in_any_order_and_twice_give_the_same_rows(
    writer: AnyWriter, reads: SnapshotReads
) -> None:
    found_site(writer)
    publish_loop(writer)
    materialise(reads, writer, NOON)
    days = [MONDAY + timedelta(days=n) for n in range(1, 13)]
    seen: list[list[Any]] = []

    for day, order in zip(days, permutations(range(4)), strict=False):
        view = only_run(reads, day)
        send_out(writer, view)
        events = [
            about(view, 0, StopDeparted(), 1_000),
            about(view, 1, StopArrived(source="manual"), 2_000),
            completed(view, 1, 3_000),
            about(view, 1, StopDeparted(), 4_000),
        ]
        for n in order:
            take(writer, [events[n]], f"{day} {n}")
        take(writer, [events[order[0]]], f"{day} again")
        after = only_run(reads, day)
        seen.append([after.run.fact, *[(one.fact_state, one.arrived_at) for one in after.visits]])

    assert all(one == seen[0] for one in seen)
    states = [state for state, _ in seen[0][1:]]
    assert states == ["none", "done", "en_route", "none", "none"]


def test_instants_of_a_visit_are_those_that_were_reported(
    writer: AnyWriter, reads: SnapshotReads, view: runs.RunView
) -> None:
    take(writer, [about(view, 1, StopArrived(source="manual"), 2_000), completed(view, 1, 3_000)])

    visit = only_run(reads).visits[1]
    assert visit.arrived_at is not None
    assert visit.service_end_at is not None
    assert to_ms(visit.arrived_at) == START_MS + 2_000
    assert visit.service_end_at - visit.arrived_at == timedelta(seconds=1)


def test_a_result_stays_when_the_stop_was_cancelled_and_the_driver_did_not_know(
    writer: AnyWriter, reads: SnapshotReads, view: runs.RunView
) -> None:
    rev = cancel_visit(writer, view, 2)

    take(writer, [completed(view, 2, 3_000, plan_rev=rev - 1)])

    visit = next(one for one in only_run(reads).visits if one.id == view.visits[2].id)
    assert (visit.plan_state, visit.outcome, visit.off_plan) == ("cancelled", "done", True)
    assert exceptions(reads) == ["cancel_not_seen"]


def test_a_result_on_a_stop_known_to_be_cancelled_says_so(
    writer: AnyWriter, reads: SnapshotReads, view: runs.RunView
) -> None:
    rev = cancel_visit(writer, view, 2)

    take(writer, [completed(view, 2, 3_000, plan_rev=rev)])

    assert exceptions(reads) == ["completed_after_cancel"]


def test_a_settled_conflict_is_not_raised_again_by_the_next_fact(
    writer: AnyWriter, reads: SnapshotReads, view: runs.RunView
) -> None:
    rev = cancel_visit(writer, view, 2)
    take(writer, [completed(view, 2, 3_000, plan_rev=rev)])
    [item] = reads.run(lambda s: feed.exceptions(s, SITE))
    writer.run(lambda s: telling.settle_exception(s, SUPERVISOR, item.id, reason="fine", now=LATER))

    take(writer, [about(view, 2, StopDeparted(), 4_000)], "second")

    assert exceptions(reads) == []


def test_a_run_that_was_cancelled_keeps_its_facts_as_off_plan(
    writer: AnyWriter, reads: SnapshotReads, view: runs.RunView
) -> None:
    writer.run(
        lambda s: running.cancel(s, SUPERVISOR, RunId(view.run.id), reason="snow", now=LATER)
    )

    take(writer, [completed(view, 1, 3_000)])

    after = only_run(reads)
    assert (after.run.plan_state, after.run.off_plan) == ("cancelled", True)
    assert after.visits[1].outcome == "done"
    assert exceptions(reads) == ["off_plan"]


def test_a_completed_stop_stays_completed_after_the_order_changes(
    writer: AnyWriter, reads: SnapshotReads, view: runs.RunView
) -> None:
    take(writer, [completed(view, 1, 3_000)])
    a, b, c = view.order

    writer.run(
        lambda s: write_plan(
            s,
            SITE,
            RunId(view.run.id),
            PlanDraft(order=[a, c, b]),
            expected_version=1,
            by="Anna",
            now=LATER,
        )
    )

    after = only_run(reads)
    assert [one.id for one in after.stops] == [a, c, b]
    assert after.visits[1].outcome == "done"


def test_two_results_of_different_rank_are_a_conflict_and_the_better_one_counts(
    writer: AnyWriter, reads: SnapshotReads, view: runs.RunView
) -> None:
    failed = StopFailed.model_validate(
        {"reason": "closed", "proof": {**PROOF, "kind": "failure"}, "attempt": 1}
    )

    take(writer, [about(view, 1, failed, 1_000)])
    only_failed = exceptions(reads)
    take(writer, [completed(view, 1, 3_000)], "other device")

    assert only_run(reads).visits[1].outcome == "done"
    assert only_failed == ["failed_visit"]
    assert exceptions(reads) == ["result_conflict"]


def test_the_acknowledged_plan_version_is_the_largest_one(
    writer: AnyWriter, reads: SnapshotReads, view: runs.RunView
) -> None:
    seen = PlanAcknowledged(plan_version=1, plan_rev=2)

    take(writer, [about(view, None, seen, 1_000)])

    run = only_run(reads).run
    assert (run.acked_plan_version, run.fact_state) == (1, "acknowledged")


def test_folding_publishes_run_and_stop_with_their_facts(
    writer: AnyWriter, reads: SnapshotReads, view: runs.RunView
) -> None:
    take(writer, [completed(view, 1, 3_000)])

    rows = reads.run(
        lambda s: [
            *feed.rows_of(s, SITE, "stop", ids=[str(view.visits[1].id)]),
            *feed.rows_of(s, SITE, "run", ids=[str(view.run.id)]),
        ]
    )
    assert [(row.kind, (row.fact or {})["state"]) for row in rows] == [
        ("stop", "done"),
        ("run", "underway"),
    ]


def test_a_break_is_part_of_the_fact_half_of_the_run(
    writer: AnyWriter, reads: SnapshotReads, view: runs.RunView
) -> None:
    started = about(view, None, RunStarted(vehicle=str(id_of("van"))), 1_000)
    pause = about(view, None, BreakStarted(kind="break"), 2_000)

    take(writer, [started, pause])

    assert (only_run(reads).run.fact or {})["on_break"] == pause.id


def test_a_fact_of_a_visit_attached_by_hand_counts(
    writer: AnyWriter, reads: SnapshotReads, view: runs.RunView
) -> None:
    lost = fact(
        StopCompleted.model_validate({"proof": PROOF, "lines": []}),
        at=3_000,
        run=None,
        visit=str(id_of("nowhere")),
    )
    take(writer, [lost])

    def attach(session: Session) -> None:
        key, visit = EventId(UUID(lost.id)), VisitId(view.visits[3].id)
        facts.hold(session, SITE, {key: "unknown_visit"})
        facts.attach(session, SITE, key, visit, by="Anna", now=LATER)
        refold(session, SITE, set(), {visit}, LATER)

    writer.run(attach)

    assert only_run(reads).visits[3].outcome == "done"
