"""Plans are versions: the expected one is replaced, any other is refused with what happened."""

from datetime import timedelta

import pytest

from server.core.clock import to_ms
from server.core.ids import new_id
from server.core.writer import AnyWriter, SnapshotReads
from server.feed import queries as feed
from server.runs import queries as runs
from server.runs.service import AddedVisit, PlanDraft, VisitEdit, undo_draft, write_plan
from server.schedule.service import dispatch_due, materialise
from shared.ids import RunId
from shared.plan import NewLine
from shared.refusals import Refusal
from tests.helpers.a_site import NOON, SITE, found_site, no_gate, only_run, publish_loop, version
from tests.helpers.builders import id_of

LATER = NOON + timedelta(hours=5)


@pytest.fixture
def view(writer: AnyWriter, reads: SnapshotReads) -> runs.RunView:
    """A dispatched run of three stops."""
    found_site(writer)
    publish_loop(writer)
    materialise(reads, writer, NOON)
    dispatch_due(reads, writer, no_gate, LATER)
    return only_run(reads)


def write(writer: AnyWriter, view: runs.RunView, draft: PlanDraft, expected: int) -> int:
    """Write the next plan of the run."""
    return writer.run(
        lambda s: write_plan(
            s,
            SITE,
            RunId(view.run.id),
            draft,
            expected_version=expected,
            by="Anna",
            reason="road closed",
            now=LATER,
        )
    )


def test_a_stale_version_is_refused_with_the_current_one_and_what_changed(
    writer: AnyWriter, reads: SnapshotReads, view: runs.RunView
) -> None:
    a, b, c = view.order
    move = {"op": "move", "visit": str(c), "after": str(a)}
    write(writer, view, PlanDraft(order=[a, c, b], ops=[move]), 1)

    with pytest.raises(Refusal) as refused:
        write(writer, view, PlanDraft(order=[c, b, a]), 1)

    assert refused.value.code == "plan_version"
    assert refused.value.members["current"] == 2
    changes = refused.value.members["changes"]
    assert isinstance(changes, list)
    [change] = changes
    assert (change["who"], change["op"], change["when"]) == ("Anna", [move], to_ms(LATER))
    assert only_run(reads).order == (a, c, b)


def test_a_new_plan_is_numbered_reasoned_and_told_to_the_devices(
    writer: AnyWriter, reads: SnapshotReads, view: runs.RunView
) -> None:
    a, b, c = view.order

    write(writer, view, PlanDraft(order=[c, a, b], times={c: (1, 2)}), 1)

    [row] = reads.run(lambda s: feed.rows_of(s, SITE, "run", ids=[str(view.run.id)]))
    plan = row.plan or {}
    assert plan["order"] == [str(c), str(a), str(b)]
    assert plan["change"] == {
        "version": 2, "by": "Anna", "at": to_ms(LATER), "reason": "road closed",
    }  # fmt: skip
    stops = reads.run(lambda s: feed.rows_of(s, SITE, "stop"))
    numbers = {one.id: (one.plan or {})["no"] for one in stops}
    assert [numbers[str(one)] for one in (c, a, b)] == [1, 2, 3]


def test_an_inserted_stop_brings_its_goods(
    writer: AnyWriter, reads: SnapshotReads, view: runs.RunView
) -> None:
    a, b, c = view.order
    fresh = new_id(NOON)
    line = NewLine(part_no="4711", name="Cups", qty=12, unit="box")
    added = AddedVisit(id=fresh, location_id=id_of("dairy"), service_s=120, lines=[line])

    write(writer, view, PlanDraft(order=[a, fresh, b, c], added=[added]), 1)

    after = only_run(reads)
    assert [one.id for one in after.stops] == [a, fresh, b, c]
    assert [(one.part_no, one.qty, one.drop_visit) for one in after.loads] == [("4711", 12, fresh)]
    loads = reads.run(lambda s: feed.rows_of(s, SITE, "load"))
    assert [(one.plan or {})["drop"] for one in loads] == [str(fresh)]


def test_undo_brings_back_order_windows_and_cancelled_stops(
    writer: AnyWriter, reads: SnapshotReads, view: runs.RunView
) -> None:
    a, b, c = view.order
    gone = VisitEdit(plan_state="cancelled")
    moved = VisitEdit(windows=[(5, 6)], lock={"as": "first"})
    write(writer, view, PlanDraft(order=[c, a], edits={b: gone, c: moved}), 1)

    draft = reads.run(lambda s: undo_draft(runs.load(s, SITE, view.run.id)))
    write(writer, view, draft, 2)

    after = only_run(reads)
    assert after.order == (a, b, c)
    assert [one.plan_state for one in after.stops] == ["planned"] * 3
    assert [one.windows for one in after.stops] == [one.windows for one in view.stops]
    assert [one.lock for one in after.stops] == [None] * 3
    assert after.run.plan_version == 3


def test_plans_are_only_added(writer: AnyWriter, reads: SnapshotReads, view: runs.RunView) -> None:
    a, b, c = view.order
    write(writer, view, PlanDraft(order=[b, a, c]), 1)

    plans = reads.run(lambda s: runs.plans(s, SITE, view.run.id))

    assert [one.version for one in plans] == [2, 1]
    assert plans[1].order == [str(one) for one in (a, b, c)]


def test_a_contingency_stop_keeps_its_place_between_its_neighbours(
    writer: AnyWriter, reads: SnapshotReads
) -> None:
    found_site(writer)
    base = version()
    stops = [base.stops[0], base.stops[1].model_copy(update={"kind": "contingency"}), base.stops[2]]
    publish_loop(writer, version(own_stops=stops))
    materialise(reads, writer, NOON)
    view = only_run(reads)
    first, off, last = view.stops

    assert off.plan_state == "optional_off"
    assert view.order == (first.id, last.id)
    write(
        writer,
        view,
        PlanDraft(
            order=[first.id, off.id, last.id], edits={off.id: VisitEdit(plan_state="planned")}
        ),
        1,
    )
    assert [one.id for one in only_run(reads).stops] == [first.id, off.id, last.id]
