"""A change is priced before it is made, made as a version, and can be taken back."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from server.core.access import Principal, Role
from server.core.clock import to_ms
from server.core.writer import AnyWriter, SnapshotReads
from server.dispatch import service
from server.facts import service as facts
from server.fleet import service as fleet
from server.runs import queries as runs
from server.runs.queries import RunView
from shared.events import RunOrderProposed
from shared.ids import CarrierId, RunId, VehicleId
from shared.refusals import Refusal
from tests.helpers.a_site import SITE, SUPERVISOR, add_driver, only_run
from tests.helpers.builders import id_of
from tests.server.dispatch.a_day import EIGHT, EVENING, a_dispatched_run, change, happened, price

SOON = EIGHT + timedelta(minutes=20)


@pytest.fixture
def view(writer: AnyWriter, reads: SnapshotReads) -> RunView:
    return a_dispatched_run(writer, reads)


def order(answer: dict[str, Any]) -> list[UUID]:
    return [UUID(one) for one in answer["order"]]


def move(visit: UUID, after: UUID | None) -> dict[str, Any]:
    return {"op": "move", "visit": str(visit), "after": None if after is None else str(after)}


def refused(call: Any) -> Refusal:
    with pytest.raises(Refusal) as found:
        call()
    return found.value


def test_a_price_tells_what_a_move_costs_and_writes_nothing(
    reads: SnapshotReads, view: RunView
) -> None:
    a, b, c = view.order

    found = price(reads, view, move(c, None))

    assert order(found) == [c, a, b]
    assert (found["moved_stops"], found["cost_minor"], found["told"]) == (1, None, [])
    assert found["delta_s"] == found["delta_end_s"] > 0
    assert found["delta_m"] > 0
    assert set(found["etas"]) == {str(one) for one in view.order}
    assert found["violations"] == {"new": [], "worse": [], "cleared": []}
    assert only_run(reads).run.plan_version == 1


def test_a_price_names_the_lateness_before_and_after(reads: SnapshotReads, view: RunView) -> None:
    a, _, c = view.order
    tight = {"op": "window", "visit": str(c), "windows": [[0, to_ms(EIGHT)]]}

    found = price(reads, view, tight)

    [(visit, (before, after))] = found["late"].items()
    assert (visit, before) == (str(c), 0)
    assert after > 0
    assert found["violations"]["new"] == [{"cause": "delay", "visit": str(c), "duration_s": after}]
    assert str(a) not in found["late"]


def test_an_edit_becomes_the_next_version_with_times_and_legs(
    writer: AnyWriter, reads: SnapshotReads, view: RunView
) -> None:
    a, b, c = view.order
    expected = price(reads, view, move(c, a))

    answer = change(writer, view, move(c, a), reason="road closed")

    plan = only_run(reads).plan
    assert (answer["plan_version"], order(answer)) == (2, [a, c, b])
    assert (plan.version, plan.reason, plan.made_by) == (2, "road closed", "Anna")
    assert len(plan.legs) == 4
    back = only_run(reads).run.planned_return_at
    assert answer["times"][str(view.visits[-1].id)] == [to_ms(back), to_ms(back)]
    assert {key: span[0] for key, span in answer["times"].items() if key in expected["etas"]} == (
        expected["etas"]
    )


def test_a_stale_version_is_refused_unless_it_is_the_same_request_again(
    writer: AnyWriter, view: RunView
) -> None:
    a, b, c = view.order
    first = change(writer, view, move(c, a), key="k-1")

    again = change(writer, view, move(c, a), key="k-1")
    other = refused(lambda: change(writer, view, move(b, None), key="k-2"))

    assert again == first
    assert other.code == "plan_version"
    assert other.members["current"] == 2


def test_an_inserted_place_keeps_the_order_of_the_rest(
    writer: AnyWriter, reads: SnapshotReads, view: RunView
) -> None:
    insert = {"op": "insert", "location_id": str(id_of("dairy")), "service_s": 60}

    answer = change(writer, view, insert)

    found = order(answer)
    assert [one for one in found if one in view.order] == list(view.order)
    [new] = [one for one in found if one not in view.order]
    row = only_run(reads).visit(new)
    assert (row.location_id, row.service_s, row.plan_state) == (id_of("dairy"), 60, "planned")
    # The place is visited already: right before or after it costs nothing.
    dairy = view.order[1]
    assert abs(found.index(new) - found.index(dairy)) == 1


def test_an_inserted_place_comes_where_a_person_says(writer: AnyWriter, view: RunView) -> None:
    insert = {"op": "insert", "location_id": str(id_of("mill")), "after": None}

    found = order(change(writer, view, insert))

    assert found[1:] == list(view.order)


def test_a_cancelled_visit_leaves_the_order_of_the_rest(
    writer: AnyWriter, reads: SnapshotReads, view: RunView
) -> None:
    a, b, c = view.order

    answer = change(writer, view, {"op": "cancel", "visit": str(b)})

    assert order(answer) == [a, c]
    assert only_run(reads).visit(b).plan_state == "cancelled"


def test_undo_brings_the_plan_before_back(
    writer: AnyWriter, reads: SnapshotReads, view: RunView
) -> None:
    a, b, c = view.order
    change(writer, view, {"op": "cancel", "visit": str(b)}, move(c, None))

    undone = writer.run(
        lambda s: service.undo(s, SUPERVISOR, RunId(view.run.id), expected_version=2, now=EVENING)
    )

    assert (undone["plan_version"], order(undone)) == (3, [a, b, c])
    assert only_run(reads).visit(b).plan_state == "planned"


def test_swap_and_reverse_lay_the_order_by_hand(writer: AnyWriter, view: RunView) -> None:
    a, b, c = view.order
    swap = {"op": "swap", "a": str(a), "b": str(c)}
    reverse = {"op": "reverse", "from": str(c), "to": str(b)}

    assert order(change(writer, view, swap, reverse)) == [b, c, a]


def test_what_is_done_or_being_served_cannot_move(writer: AnyWriter, view: RunView) -> None:
    a, b, c = view.order
    happened(writer, view, ["done", "in_service"], SOON)

    for op in (move(a, c), move(b, None), {"op": "cancel", "visit": str(a)}):
        found = refused(lambda op=op: change(writer, view, op, now=SOON))
        assert found.code == "locked_stop"
    assert "Dairy" in refused(lambda: change(writer, view, move(b, None), now=SOON)).sentence()


def test_the_visit_driven_to_may_be_cancelled_but_not_moved(
    writer: AnyWriter, view: RunView
) -> None:
    a, b, c = view.order
    happened(writer, view, ["done", "en_route"], SOON)

    assert refused(lambda: change(writer, view, move(b, c), now=SOON)).code == "locked_stop"
    answer = change(writer, view, {"op": "cancel", "visit": str(b)}, now=SOON)
    assert order(answer) == [a, c]


def test_a_locked_visit_cannot_move_until_it_is_unlocked(
    writer: AnyWriter, reads: SnapshotReads, view: RunView
) -> None:
    a, b, _ = view.order
    change(writer, view, {"op": "lock", "visit": str(b), "as": "place"})
    view = only_run(reads)

    assert refused(lambda: change(writer, view, move(b, None))).code == "locked_stop"
    answer = change(writer, view, {"op": "unlock", "visit": str(b)}, move(b, None))
    assert order(answer)[:2] == [b, a]


def test_a_broken_lock_of_another_stop_is_a_violation_not_a_refusal(
    reads: SnapshotReads, view: RunView
) -> None:
    a, _, c = view.order
    last = {"op": "lock", "visit": str(a), "as": "last"}

    found = price(reads, view, last, move(c, None))

    assert {"cause": "order", "visit": str(a)} in found["violations"]["new"]


def test_a_delay_moves_the_times_and_the_estimates(
    writer: AnyWriter, reads: SnapshotReads, view: RunView
) -> None:
    before = change(writer, view, {"op": "note", "text": "ring twice"})["times"]
    view = only_run(reads)

    after = change(writer, view, {"op": "late", "delay_s": 600})["times"]

    first = str(view.order[0])
    assert after[first][0] - before[first][0] == 600_000
    row = only_run(reads).visit(view.order[0])
    assert row.eta_at is not None
    assert to_ms(row.eta_at) == after[first][0]
    assert only_run(reads).run.note["text"] == "ring twice"  # type: ignore[index]


def test_an_assignment_is_part_of_the_plan(
    writer: AnyWriter, reads: SnapshotReads, view: RunView
) -> None:
    kaya = add_driver(writer)

    change(writer, view, {"op": "assign", "driver_id": str(kaya)})

    assert only_run(reads).run.driver_id == kaya


def test_an_unknown_driver_is_refused(writer: AnyWriter, view: RunView) -> None:
    op = {"op": "assign", "driver_id": str(id_of("nobody"))}

    assert refused(lambda: change(writer, view, op)).code == "bad_input"


def test_a_carriers_manager_assigns_but_changes_no_order(writer: AnyWriter, view: RunView) -> None:
    roles = frozenset({Role.CARRIER_MANAGER})
    carrier = CarrierId(id_of("carrier"))
    manager = Principal(kind="person", site_id=SITE, roles=roles, carrier_id=carrier, name="Eva")
    a, _, c = view.order

    assert refused(lambda: change(writer, view, move(c, a), who=manager)).code == "not_found"


def test_a_run_that_was_called_off_is_not_changed(
    writer: AnyWriter, reads: SnapshotReads, view: RunView
) -> None:
    def call_off(session: Any) -> None:
        only = only_run(reads).run.id
        runs.load(session, SITE, only).run.plan_state = "cancelled"

    writer.run(call_off)

    a, _, c = view.order
    assert refused(lambda: change(writer, only_run(reads), move(c, a))).code == "bad_state"


def test_a_proposal_of_the_driver_is_taken_over(writer: AnyWriter, view: RunView) -> None:
    a, b, c = view.order
    body = RunOrderProposed(order=[str(c), str(a)], base_version=1, reason="traffic")
    run = RunId(view.run.id)
    fact = writer.run(
        lambda s: facts.record(
            s, SITE, f"driver:{id_of('kaya')}", body, run_id=run, visit_id=None, now=EVENING
        )
    )

    answer = change(writer, view, {"op": "accept_proposal", "proposal": str(fact.id)})

    assert order(answer) == [c, a, b]


def test_a_proposal_nobody_made_is_not_found(writer: AnyWriter, view: RunView) -> None:
    op = {"op": "accept_proposal", "proposal": str(id_of("nothing"))}

    assert refused(lambda: change(writer, view, op)).code == "not_found"


def test_a_lock_before_another_stop_needs_that_stop(writer: AnyWriter, view: RunView) -> None:
    a, b, _ = view.order
    alone = {"op": "lock", "visit": str(b), "as": "before"}

    assert refused(lambda: change(writer, view, alone)).code == "bad_input"
    found = change(writer, view, {**alone, "before": str(a)})
    assert {"cause": "order", "visit": str(b)} in found["violations"]


@pytest.mark.parametrize("wrong", ["self", "cancelled", "stranger"])
def test_a_stop_comes_behind_one_that_is_on_the_way(
    writer: AnyWriter, view: RunView, wrong: str
) -> None:
    _, b, c = view.order
    behind = {"self": c, "cancelled": b, "stranger": id_of("?")}[wrong]
    cancel = {"op": "cancel", "visit": str(b)}

    found = refused(lambda: change(writer, view, cancel, move(c, behind)))

    assert found.code == "bad_input"


def test_behind_what_is_done_or_the_depot_means_first(writer: AnyWriter, view: RunView) -> None:
    a, b, c = view.order
    depot = view.start_visit
    assert order(change(writer, view, move(c, depot))) == [c, a, b]


def test_goods_that_are_fetched_need_room(
    writer: AnyWriter, reads: SnapshotReads, view: RunView
) -> None:
    assert view.run.vehicle_id is not None
    van, room = VehicleId(view.run.vehicle_id), {"capacity_units": 3.0}
    writer.run(lambda s: fleet.change_vehicle(s, SUPERVISOR, van, room, now=EVENING))
    line = {"part_no": "crate", "qty": 4, "direction": "pickup"}
    insert = {"op": "insert", "location_id": str(id_of("mill")), "lines": [line]}

    found = price(reads, view, insert)

    assert [one["cause"] for one in found["violations"]["new"]][:1] == ["load"]
    assert found["violations"]["new"][0]["amount"] == [1]


def test_a_price_of_an_old_version_is_refused(reads: SnapshotReads, view: RunView) -> None:
    key = RunId(view.run.id)
    found = refused(
        lambda: reads.run(
            lambda s: service.whatif(s, SUPERVISOR, key, [], expected_version=9, now=EVENING)
        )
    )

    assert found.code == "plan_version"
