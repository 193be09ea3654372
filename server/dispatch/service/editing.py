"""Price a change before it is made, make it, take it back."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel import Session

from server.core import audit
from server.core.access import Principal
from server.core.clock import to_ms
from server.dispatch.answers import whole_order, write_price
from server.dispatch.drafting import drafted
from server.dispatch.ops import Ops
from server.dispatch.seen import Seen, progress_of, see
from server.dispatch.service.changeable import check_changeable
from server.dispatch.service.explaining import Asked, unfit
from server.dispatch.service.looking import look_at
from server.dispatch.service.reading import read_ops
from server.dispatch.service.transferring import is_transfer, undo_transfer
from server.dispatch.shapes import Made
from server.fleet import queries as fleet
from server.people import queries as people
from server.runs import queries as runs
from server.runs import service as running
from server.runs.queries import RunView
from server.runs.service import PlanDraft
from shared.ids import DriverId, RunId, SiteId, VehicleId
from shared.plan import PlanOp, write_op
from shared.refusals import refuse
from shared.resequence import keep_order, what_if
from shared.task import Answer
from shared.timeline import simulate

KEY = "key"


def whatif(
    session: Session,
    who: Principal,
    run_id: RunId,
    ops: Sequence[PlanOp],
    *,
    expected_version: int | None = None,
    brief: bool = False,
    now: datetime,
) -> dict[str, Any]:
    """The price of these ops, and what helps where something does not fit; nothing is written.

    A `brief` one is for the moment something is dragged: no times, and the first remedy only.
    """
    view = _changeable(session, who, run_id, ops)
    if expected_version is not None and expected_version != view.run.plan_version:
        raise refuse("plan_version", current=view.run.plan_version)
    seen, read = read_ops(session, who.site_id, view, ops, now)
    standing = (
        see(session, who.site_id, view, now).task if "vehicle_id" in read.assign else seen.task
    )
    before = simulate(standing.run, standing.order, standing.at)
    task = read.task()
    price = what_if(task, before=before)
    told = write_price(
        seen, read, price, seen.vehicle.cost_per_km_minor if seen.vehicle else None, brief=brief
    )
    asked = Asked(seen, read, ops, task, price)
    return {**told, "unfit": unfit(session, who, asked, brief=brief)}


def edit(
    session: Session,
    who: Principal,
    run_id: RunId,
    ops: Sequence[PlanOp],
    *,
    reason: str = "",
    expected_version: int,
    key: str | None = None,
    now: datetime,
) -> dict[str, Any]:
    """Make these ops the next version of the plan; the same key twice makes one version."""
    view = _locked(session, who, run_id, ops, now)
    done = _done_before(session, who.site_id, view, expected_version, key)
    if done is not None:
        return done
    running.check_version(session, view.run, expected_version)
    seen, read = read_ops(session, who.site_id, view, ops, now)
    answer = keep_order(read.task())
    draft = _draft(seen, read, answer, ops, key)
    _check_known(session, who.site_id, read.assign)
    _settle_proposal(view, ops, who, now)
    after = running.change_plan(session, view, draft, by=who.name, reason=reason, now=now)
    version = after.run.plan_version
    audit.record(
        session, who, "plan.changed", ("run", run_id), now=now,
        before={"plan_version": expected_version},
        after={"plan_version": version, "ops": [dict(op) for op in draft.ops]}, reason=reason,
    )  # fmt: skip
    if any(one.fact for one in after.visits if one.id in draft.edits):
        running.refold(session, who.site_id, {run_id}, (), now)
    # Another vehicle may drive at another speed; else the ground is still the one just measured.
    look_at(session, who.site_id, after, now, ground=None if read.assign else seen.ground)
    return _written(after.plan)


def undo(
    session: Session, who: Principal, run_id: RunId, *, expected_version: int, now: datetime
) -> dict[str, Any]:
    """Make the plan before the last version the next one; what is settled keeps its place."""
    view = _locked(session, who, run_id, (), now)
    running.check_version(session, view.run, expected_version)
    if is_transfer(view):
        return undo_transfer(session, who, view, now=now)
    draft = running.undo_draft(view)
    settled = progress_of(view, now).settled
    order = [*settled, *(one for one in draft.order if one not in settled)]
    draft = replace(draft, order=order)
    after = running.change_plan(session, view, draft, by=who.name, reason="undo", now=now)
    audit.record(
        session, who, "plan.undone", ("run", run_id), now=now,
        before={"plan_version": expected_version},
        after={"plan_version": after.run.plan_version},
    )  # fmt: skip
    look_at(session, who.site_id, after, now)
    return _written(after.plan)


def _changeable(session: Session, who: Principal, run_id: RunId, ops: Sequence[PlanOp]) -> RunView:
    """A run whose plan this person may change."""
    check_changeable(session, who, run_id, ops)
    return runs.load(session, who.site_id, run_id)


def _locked(
    session: Session, who: Principal, run_id: RunId, ops: Sequence[PlanOp], now: datetime
) -> RunView:
    """The same, kept from everybody else until the commit."""
    check_changeable(session, who, run_id, ops)
    view = running.locked_view(session, who.site_id, run_id, now)
    check_changeable(session, who, run_id, ops)  # it may have changed hands while we waited
    return view


def _settle_proposal(view: RunView, ops: Sequence[PlanOp], who: Principal, now: datetime) -> None:
    """Remember that the driver's proposal was taken over, so that it is not asked again."""
    taken = {str(op.proposal) for op in ops if op.op == "accept_proposal"}
    asked = view.run.proposal or {}
    if asked.get("event") in taken:
        decided = {"state": "accepted", "by": who.name, "decided": to_ms(now)}
        view.run.proposal = {**asked, **decided}


def _draft(
    seen: Seen, read: Ops, answer: Answer, ops: Sequence[PlanOp], key: str | None
) -> PlanDraft:
    made = drafted(seen, read, answer, whole_order(seen, read, answer.order))
    note = {**(made.planner or {}), **({KEY: key} if key else {})}
    return replace(made, ops=[write_op(op) for op in ops], planner=note)


def _done_before(
    session: Session, site_id: SiteId, view: RunView, expected_version: int, key: str | None
) -> dict[str, Any] | None:
    """The answer to the same request, if it was carried out already."""
    if key is None or view.run.plan_version == expected_version:
        return None
    made = runs.plan(session, site_id, view.run.id, expected_version + 1)
    if made is None or (made.note or {}).get(KEY) != key:
        return None
    return _written(made)


def _written(row: Made) -> dict[str, Any]:
    return {
        "plan_version": row.version,
        "order": row.order,
        "times": row.times,
        "violations": row.violations,
    }


def _check_known(session: Session, site_id: SiteId, assign: Mapping[str, UUID | None]) -> None:
    vehicle, driver = assign.get("vehicle_id"), assign.get("driver_id")
    if vehicle is not None and fleet.vehicle(session, site_id, VehicleId(vehicle)) is None:
        raise refuse("bad_input", errors=[("/ops/vehicle_id", "unknown")], why="vehicle_id")
    if driver is not None and people.driver(session, site_id, DriverId(driver)) is None:
        raise refuse("bad_input", errors=[("/ops/driver_id", "unknown")], why="driver_id")
