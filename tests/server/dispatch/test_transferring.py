"""A visit goes to another run with its goods, and comes back by a further version."""

from typing import Any
from uuid import UUID

import pytest
from sqlmodel import Session

from server.core.access import Principal, Role
from server.core.clock import to_ms
from server.core.writer import AnyWriter, SnapshotReads
from server.dispatch import service
from server.dispatch.service import Place
from server.feed import queries as feed
from server.runs import queries as runs
from server.runs.queries import RunView
from server.runs.service import dispatch
from shared.ids import PersonId, RunId
from shared.refusals import Refusal
from tests.helpers.a_site import SITE, SUPERVISOR
from tests.helpers.builders import id_of
from tests.server.dispatch.a_day import EIGHT, EVENING, change, happened
from tests.server.dispatch.two_runs import both, send_over, two_runs


@pytest.fixture
def pair(writer: AnyWriter, reads: SnapshotReads) -> tuple[RunView, RunView]:
    return two_runs(writer, reads)


def order(view: RunView) -> list[UUID]:
    return list(view.order)


def rows_of(reads: SnapshotReads, kind: str, id_: UUID) -> dict[str, bool]:
    """Where a row is told, and whether it is gone there."""
    found = reads.run(lambda s: feed.rows_above(s, SITE, 0, kinds=[kind], limit=10_000))
    return {row.scope: row.deleted for row in found if row.id == str(id_)}


def test_a_visit_goes_to_another_run_with_its_goods(
    writer: AnyWriter, reads: SnapshotReads, pair: tuple[RunView, RunView]
) -> None:
    a, b = pair
    bakery, dairy, mill = a.order

    told = send_over(writer, a, b, dairy)

    after_a, after_b = both(reads)
    assert order(after_a) == [bakery, mill]
    assert order(after_b) == [dairy, *b.order]
    assert (told["plan_version"], told["to_plan_version"]) == (2, 2)
    assert {line.part_no for line in after_b.loads} == {"P-mill", "P-dairy"}
    assert {line.part_no for line in after_a.loads} == {"P-bakery", "P-mill"}
    assert len(after_a.plan.legs) == 3
    assert len(after_b.plan.legs) == 3
    assert [one.pos for one in after_b.visits] == [0, 1, 2, 3]
    assert set(after_b.plan.times) == {str(one.id) for one in after_b.visits}


def test_the_old_devices_get_a_tombstone_and_the_new_ones_the_rows(
    writer: AnyWriter, reads: SnapshotReads, pair: tuple[RunView, RunView]
) -> None:
    a, b = pair
    [line] = [one for one in a.loads if one.part_no == "P-dairy"]

    send_over(writer, a, b, a.order[1])

    moved = {f"run:{a.run.id}": True, f"run:{b.run.id}": False}
    assert rows_of(reads, "stop", a.order[1]) == moved
    assert rows_of(reads, "load", line.id) == moved


def test_a_run_nobody_has_yet_takes_a_visit_from_a_run_somebody_has(
    writer: AnyWriter, reads: SnapshotReads
) -> None:
    a, b = two_runs(writer, reads, dispatched=False)
    writer.run(lambda s: dispatch(s, SUPERVISOR, RunId(a.run.id), now=EVENING))

    send_over(writer, a, b, a.order[0])

    assert rows_of(reads, "stop", a.order[0])[f"run:{a.run.id}"] is True


def take_back(writer: AnyWriter, view: RunView) -> None:
    run = view.run
    version = run.plan_version
    writer.run(
        lambda s: service.undo(s, SUPERVISOR, RunId(run.id), expected_version=version, now=EVENING)
    )


@pytest.mark.parametrize("back", ["from", "to"])
def test_undo_on_either_run_brings_it_back_to_its_place(
    writer: AnyWriter, reads: SnapshotReads, pair: tuple[RunView, RunView], back: str
) -> None:
    a, b = pair
    send_over(writer, a, b, a.order[1])

    take_back(writer, both(reads)[0 if back == "from" else 1])

    after_a, after_b = both(reads)
    assert (order(after_a), order(after_b)) == (order(a), order(b))
    assert (after_a.run.plan_version, after_b.run.plan_version) == (3, 3)
    assert {one.part_no for one in after_a.loads} == {"P-bakery", "P-dairy", "P-mill"}


def test_an_undone_move_can_be_made_again_by_undoing_that(
    writer: AnyWriter, reads: SnapshotReads, pair: tuple[RunView, RunView]
) -> None:
    a, b = pair
    send_over(writer, a, b, a.order[1])
    for _ in range(2):
        take_back(writer, both(reads)[0])

    assert order(both(reads)[1]) == [a.order[1], *b.order]


def test_several_visits_go_behind_a_stop_in_their_order(
    writer: AnyWriter, reads: SnapshotReads, pair: tuple[RunView, RunView]
) -> None:
    a, b = pair
    bakery, dairy, mill = a.order
    place = Place(cheapest=False, after=b.order[0])

    send_over(writer, a, b, mill, bakery, place=place)

    assert order(both(reads)[1]) == [b.order[0], mill, bakery]
    assert order(both(reads)[0]) == [dairy]


def refused(call: Any) -> str:
    with pytest.raises(Refusal) as found:
        call()
    return found.value.code


def test_what_is_done_or_being_served_stays(
    writer: AnyWriter, reads: SnapshotReads, pair: tuple[RunView, RunView]
) -> None:
    a, b = pair
    happened(writer, a, ["done", "arrived"], EIGHT)
    a, b = both(reads)

    codes = {refused(lambda one=one: send_over(writer, a, b, one)) for one in a.order[:2]}

    assert codes == {"locked_stop"}


@pytest.mark.parametrize("behind", [(1, 0), (0, 1)])
def test_an_old_look_at_either_plan_is_refused(
    writer: AnyWriter, pair: tuple[RunView, RunView], behind: tuple[int, int]
) -> None:
    a, b = pair

    assert refused(lambda: send_over(writer, a, b, a.order[0], behind=behind)) == "plan_version"


def test_a_visit_goes_nowhere_without_the_right_to_change_both_runs(
    writer: AnyWriter, pair: tuple[RunView, RunView]
) -> None:
    a, b = pair
    planner = Principal(
        kind="person", site_id=SITE, person_id=PersonId(id_of("pat")),
        roles=frozenset({Role.PLANNER}), name="Pat",
    )  # fmt: skip

    assert refused(lambda: send_over(writer, a, b, a.order[0], who=planner)) == "not_allowed"
    assert refused(lambda: send_over(writer, a, a, a.order[0])) == "bad_input"
    assert refused(lambda: send_over(writer, a, b)) == "bad_input"
    assert refused(lambda: send_over(writer, a, b, id_of("nowhere"))) == "not_found"


def test_goods_of_two_stops_go_only_with_both(writer: AnyWriter, reads: SnapshotReads) -> None:
    a, b = two_runs(writer, reads)
    bakery, dairy, _ = a.order

    def pair_up(session: Session) -> None:
        line = runs.load(session, SITE, a.run.id).loads[0]
        line.pickup_visit, line.drop_visit = bakery, dairy

    writer.run(pair_up)

    assert refused(lambda: send_over(writer, a, b, bakery)) == "bad_state"
    send_over(writer, a, b, bakery, dairy)
    order_of_b = order(both(reads)[1])
    assert order_of_b.index(bakery) < order_of_b.index(dairy)


def test_a_late_stop_is_late_no_more_on_a_run_that_gets_there_in_time(
    writer: AnyWriter, reads: SnapshotReads, pair: tuple[RunView, RunView]
) -> None:
    a, b = pair
    mill = a.order[-1]
    arrival = to_ms(b.visit(b.order[0]).planned_arrival_at)
    op = {"op": "window", "visit": str(mill), "windows": [[to_ms(EIGHT), arrival + 900_000]]}
    change(writer, a, op, {"op": "late", "delay_s": 7_200})
    assert ("late", str(mill)) in told(reads)

    send_over(writer, *both(reads), mill)

    assert ("late", str(mill)) not in told(reads)


def told(reads: SnapshotReads) -> list[tuple[str, str]]:
    return [(one.kind, one.subject_id) for one in reads.run(lambda s: feed.exceptions(s, SITE))]
