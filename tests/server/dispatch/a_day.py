"""A dispatched run of three stops, ops in short, and facts that a driver reports."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from server.core.access import Principal
from server.core.db import Reads
from server.core.writer import AnyWriter
from server.dispatch import service
from server.runs import queries as runs
from server.schedule.service import dispatch_due, materialise
from shared.ids import RunId
from shared.plan import read_ops
from tests.helpers.a_site import (
    NOON,
    SITE,
    SUPERVISOR,
    add_vehicle,
    found_site,
    no_gate,
    only_run,
    publish_loop,
    version,
)

EVENING = NOON + timedelta(hours=5)
EIGHT = datetime(2026, 3, 3, 7, 0, tzinfo=UTC)  # 08:00 in Berlin, the departure


def a_dispatched_run(writer: AnyWriter, reads: Reads, **more: Any) -> runs.RunView:
    found_site(writer)
    van = add_vehicle(writer)
    publish_loop(writer, version(vehicle_ids=(van,), **more))
    materialise(reads, writer, NOON)
    dispatch_due(reads, writer, no_gate, EVENING)
    return only_run(reads)


def price(
    reads: Reads, view: runs.RunView, *ops: dict[str, Any], now: datetime = EVENING
) -> dict[str, Any]:
    key = RunId(view.run.id)
    return reads.run(lambda s: service.whatif(s, SUPERVISOR, key, read_ops(ops), now=now))


def change(
    writer: AnyWriter,
    view: runs.RunView,
    *ops: dict[str, Any],
    now: datetime = EVENING,
    who: Principal = SUPERVISOR,
    **more: Any,
) -> dict[str, Any]:
    key, given = RunId(view.run.id), read_ops(ops)
    options = {"expected_version": view.run.plan_version, **more}
    return writer.run(lambda s: service.edit(s, who, key, given, now=now, **options))


def happened(
    writer: AnyWriter, view: runs.RunView, states: Sequence[str], at: datetime, **times: Any
) -> None:
    """Let the first stops have these fact states, as the fold would have written them."""

    def work(session: Any) -> None:
        again = runs.load(session, SITE, view.run.id)
        again.run.departed_at = EIGHT
        for visit_id, state in zip(again.order, states, strict=False):
            visit = again.visit(visit_id)
            visit.fact_state = state
            visit.arrived_at = None if state in ("none", "en_route") else at
            if state == "done":
                visit.service_end_at = visit.departed_at = at
            for key, value in times.items():
                setattr(visit, key, value)

    writer.run(work)
