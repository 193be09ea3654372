"""Contingency stops are switched on at their place in the template, and off before arrival."""

from typing import Any
from uuid import UUID

import pytest

from server.core.writer import AnyWriter, SnapshotReads
from server.runs.queries import RunView
from shared.loop import ContingencyStop, Stop
from shared.refusals import Refusal
from tests.helpers.a_site import only_run
from tests.helpers.builders import id_of
from tests.server.dispatch.a_day import a_dispatched_run, change, happened
from tests.server.dispatch.test_editing import SOON


@pytest.fixture
def view(writer: AnyWriter, reads: SnapshotReads) -> RunView:
    stops = [
        Stop(location_id=id_of("bakery")),
        ContingencyStop(location_id=id_of("dairy")),
        Stop(location_id=id_of("mill")),
    ]
    return a_dispatched_run(writer, reads, own_stops=stops)


def dairy(view: RunView) -> UUID:
    return next(one.id for one in view.stops if one.kind == "contingency")


def on(view: RunView) -> dict[str, Any]:
    return {"op": "contingency_on", "visit": str(dairy(view))}


def test_it_is_switched_on_at_its_place(
    writer: AnyWriter, reads: SnapshotReads, view: RunView
) -> None:
    bakery, mill = view.order

    answer = change(writer, view, on(view))

    assert [UUID(one) for one in answer["order"]] == [bakery, dairy(view), mill]
    assert only_run(reads).visit(dairy(view)).plan_state == "planned"


def test_it_is_switched_off_again_but_not_after_arrival(
    writer: AnyWriter, reads: SnapshotReads, view: RunView
) -> None:
    off = {"op": "contingency_off", "visit": str(dairy(view))}
    change(writer, view, on(view))
    change(writer, only_run(reads), off)
    assert only_run(reads).visit(dairy(view)).plan_state == "optional_off"

    change(writer, only_run(reads), on(view))
    happened(writer, view, ["done", "arrived"], SOON)

    with pytest.raises(Refusal, match="locked_stop"):
        change(writer, only_run(reads), off, now=SOON)


def test_what_is_on_is_not_switched_on_again(
    writer: AnyWriter, reads: SnapshotReads, view: RunView
) -> None:
    change(writer, view, on(view))

    with pytest.raises(Refusal, match="bad_state"):
        change(writer, only_run(reads), on(view))


def test_a_fixed_stop_is_not_switched_off(writer: AnyWriter, view: RunView) -> None:
    with pytest.raises(Refusal, match="bad_state"):
        change(writer, view, {"op": "contingency_off", "visit": str(view.order[0])})


def test_others_may_come_behind_it_at_once(writer: AnyWriter, view: RunView) -> None:
    bakery, mill = view.order
    behind = {"op": "move", "visit": str(bakery), "after": str(dairy(view))}

    answer = change(writer, view, on(view), behind)

    assert [UUID(one) for one in answer["order"]] == [dairy(view), bakery, mill]
