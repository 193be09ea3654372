"""Whose plan may be changed by whom."""

from collections.abc import Sequence
from typing import Any

from sqlmodel import Session

from server.core.access import Principal
from server.runs import queries as runs
from shared.ids import RunId
from shared.plan import Assign, PlanOp
from shared.refusals import refuse

OPEN_STATES = ("draft", "planned", "dispatched")


def may_be_driven(row: Any) -> bool:
    """Whether a run is open and not back: it can take a stop, and its vehicle is busy."""
    return row.plan_state in OPEN_STATES and row.returned_at is None


def check_changeable(
    session: Session, who: Principal, run_id: RunId, ops: Sequence[PlanOp]
) -> None:
    """Refuse what is not open or not theirs; a Carrier's manager may only assign it."""
    only_assigns = bool(ops) and all(isinstance(op, Assign) for op in ops)
    verb, kind = ("assign", "runs") if only_assigns else ("write", "plan")
    row = runs.allowed_run(session, who, run_id, verb, kind)
    if row.plan_state not in OPEN_STATES:
        raise refuse("bad_state", why=f"the run is {row.plan_state}")
