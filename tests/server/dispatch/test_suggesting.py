"""A better order is looked for on demand: what it saves, the moves that lead to it, what stays."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from server.core.writer import AnyWriter, SnapshotReads
from server.dispatch import service
from server.planner.pool import SolverPool
from server.runs.queries import RunView
from shared.ids import RunId
from shared.refusals import Refusal
from tests.helpers.a_site import SUPERVISOR, only_run
from tests.helpers.builders import id_of
from tests.server.dispatch.a_day import EVENING, a_dispatched_run, change, price
from tests.server.planner.conftest import pool

__all__ = ["pool"]


@pytest.fixture
def view(writer: AnyWriter, reads: SnapshotReads) -> RunView:
    return a_dispatched_run(writer, reads)


def better(reads: SnapshotReads, pool: SolverPool | None, view: RunView) -> dict[str, Any]:
    return service.better_order(reads, pool, SUPERVISOR, RunId(view.run.id), now=EVENING)


def test_a_good_order_is_left_alone(reads: SnapshotReads, view: RunView, pool: SolverPool) -> None:
    found = better(reads, pool, view)

    assert (found["ops"], found["stays"], found["feasible"]) == ([], [], True)
    assert only_run(reads).run.plan_version == 1


def test_a_late_stop_is_brought_forward_by_moves_that_can_be_priced(
    reads: SnapshotReads, writer: AnyWriter, view: RunView, pool: SolverPool
) -> None:
    *_, last = view.order
    leaves = view.run.planned_departure_at
    early = [[_ms(leaves), _ms(leaves + timedelta(minutes=25))]]
    change(writer, view, {"op": "window", "visit": str(last), "windows": early})
    view = only_run(reads)

    found = better(reads, pool, view)

    assert found["feasible"]
    assert found["ops"]
    priced = price(reads, view, *found["ops"])
    assert priced["order"] == found["order"]
    assert [one["cause"] for one in priced["violations"]["cleared"]] == ["delay"]


def test_what_no_order_mends_is_told(
    reads: SnapshotReads, writer: AnyWriter, view: RunView, pool: SolverPool
) -> None:
    *_, last = view.order
    leaves = view.run.planned_departure_at
    never = [[_ms(leaves), _ms(leaves + timedelta(seconds=5))]]
    change(writer, view, {"op": "window", "visit": str(last), "windows": never})

    found = better(reads, pool, only_run(reads))

    assert not found["feasible"]
    assert [UUID(one["visit"]) for one in found["stays"]] == [last]
    assert found["stays"][0]["duration_s"] > 0


@pytest.mark.usefixtures("view")
def test_nobody_looks_into_a_run_that_is_not_theirs(reads: SnapshotReads) -> None:
    with pytest.raises(Refusal):
        service.better_order(reads, None, SUPERVISOR, RunId(id_of("other")), now=EVENING)


def _ms(at: datetime) -> int:
    return int(at.timestamp() * 1000)
