"""A better order for a run, looked for by the solver: what could be saved, or who stays late."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlmodel import Session

from server.core.access import Principal
from server.core.db import Reads
from server.dispatch.answers import whole_order, write_violations
from server.dispatch.ops import Ops
from server.dispatch.seen import Seen, see
from server.dispatch.service.changeable import check_changeable
from server.planner.ladder import Budget, Resequenced, resequence
from server.planner.pool import SolverPool
from server.runs import queries as runs
from shared.ids import RunId
from shared.keeping import moves_to

SUGGEST_S = 0.6


def better_order(
    reads: Reads, solver: SolverPool | None, who: Principal, run_id: RunId, *, now: datetime
) -> dict[str, Any]:
    """The moves that lead to a better order, with what they save; nothing is written."""
    seen, read = reads.run(lambda session: _seen(session, who, run_id, now))
    task = read.task()
    found = resequence(task, Budget(SUGGEST_S), pool=solver)
    order, saved = _chosen(found, task.order)
    timeline = found.answer.timeline
    stays = [violation for violation in timeline.violations if not violation.soft]
    return {
        "plan_version": seen.view.run.plan_version,
        "ops": [_move(read, *move) for move in moves_to(task.order, order)],
        "order": [str(one) for one in whole_order(seen, read, order)],
        "delta_s": saved,
        "feasible": timeline.feasible,
        "stays": write_violations(read, stays),
        "engine": found.engine,
    }


def _seen(session: Session, who: Principal, run_id: RunId, now: datetime) -> tuple[Seen, Ops]:
    check_changeable(session, who, run_id, ())
    seen = see(session, who.site_id, runs.load(session, who.site_id, run_id), now)
    read = Ops(seen, [])
    read.read([])
    return seen, read


def _chosen(found: Resequenced, standing: Sequence[int]) -> tuple[Sequence[int], int]:
    """What mends broken rules goes before what only saves time; saved seconds are negative."""
    answer, proposal = found.answer, found.proposal
    if answer.order != tuple(standing) or proposal is None:
        return answer.order, answer.delta_s
    return proposal.order, proposal.delta_s


def _move(read: Ops, stop: int, after: int | None) -> dict[str, Any]:
    behind = None if after is None else str(read.id_of(after))
    return {"op": "move", "visit": str(read.id_of(stop)), "after": behind}
