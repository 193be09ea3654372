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
from server.core.ids import new_id
from server.dispatch.answers import whole_order, write_price
from server.dispatch.drafting import drafted
from server.dispatch.ops import Ops
from server.dispatch.seen import Seen, progress_of, see
from server.dispatch.service.changeable import check_changeable
from server.dispatch.service.looking import look_at
from server.dispatch.service.transferring import is_transfer, undo_transfer
from server.dispatch.shapes import Made
from server.facts import queries as facts
from server.fleet import queries as fleet
from server.people import queries as people
from server.runs import queries as runs
from server.runs import service as running
from server.runs.queries import RunView
from server.runs.service import AddedVisit, PlanDraft
from server.runs.times import windows_of
from server.sites import queries as sites
from shared.events import RunOrderProposed
from shared.ids import DriverId, EventId, RunId, SiteId, VehicleId
from shared.local_time import local_day, zone
from shared.loop import Stop
from shared.plan import Insert, NewLine, PlanOp, write_op
from shared.proof import levels_of
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
    now: datetime,
) -> dict[str, Any]:
    """The price of these ops; nothing is written."""
    view = _changeable(session, who, run_id, ops)
    if expected_version is not None and expected_version != view.run.plan_version:
        raise refuse("plan_version", current=view.run.plan_version)
    seen, read = _read(session, who.site_id, view, ops, now)
    before = simulate(seen.task.run, seen.task.order, seen.task.at)
    price = what_if(read.task(), before=before)
    return write_price(seen, read, price, _cost(session, who.site_id, view))


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
    seen, read = _read(session, who.site_id, view, ops, now)
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


def _read(
    session: Session, site_id: SiteId, view: RunView, ops: Sequence[PlanOp], now: datetime
) -> tuple[Seen, Ops]:
    added = [_added(session, site_id, view, op, now) for op in ops if isinstance(op, Insert)]
    seen = see(session, site_id, view, now, more=[one.location_id for one in added])
    read = Ops(seen, added, proposals=_proposals(session, site_id, ops))
    read.read(ops)
    return seen, read


def _added(
    session: Session, site_id: SiteId, view: RunView, op: Insert, now: datetime
) -> AddedVisit:
    """The visit an insert makes: windows and service from the op, the order, or the place."""
    order = runs.order(session, site_id, op.order_id) if op.order_id is not None else None
    location_id = op.location_id if order is None else order.to_location
    assert location_id is not None, "either location_id or order_id"
    place = sites.as_location(sites.location(session, site_id, location_id))
    windows: list[tuple[int, int]] = list(op.windows or ())
    if op.windows is None and order is not None and order.windows:
        windows = [(span[0], span[1]) for span in order.windows]
    elif op.windows is None:
        tz = zone(sites.site(session, site_id).tz)
        leaves = view.run.planned_departure_at
        day = local_day(leaves, tz)
        spans = windows_of(Stop(location_id=location_id), place, day, leaves, tz)
        windows = [(_ms(first), _ms(last)) for first, last in spans]
    stay = op.service_s if order is None or op.service_s is not None else order.service_s
    return AddedVisit(
        id=new_id(now),
        location_id=location_id,
        windows=windows,
        service_s=place.service_fixed_s if stay is None else stay,
        proof=_levels(session, site_id, op),
        order_id=op.order_id,
        lines=_lines(op, order.lines if order is not None else ()),
    )


def _settle_proposal(view: RunView, ops: Sequence[PlanOp], who: Principal, now: datetime) -> None:
    """Remember that the driver's proposal was taken over, so that it is not asked again."""
    taken = {str(op.proposal) for op in ops if op.op == "accept_proposal"}
    asked = view.run.proposal or {}
    if asked.get("event") in taken:
        decided = {"state": "accepted", "by": who.name, "decided": to_ms(now)}
        view.run.proposal = {**asked, **decided}


def _lines(op: Insert, ordered: Sequence[Mapping[str, Any]]) -> list[NewLine]:
    return list(op.lines) or [NewLine.model_validate(line) for line in ordered]


def _levels(session: Session, site_id: SiteId, op: Insert) -> dict[str, str]:
    levels = levels_of(sites.settings(session, site_id).proof, {}, op.proof or {})
    return {str(part): str(level) for part, level in levels.items()}


def _ms(at: datetime) -> int:
    return int(at.timestamp() * 1000)


def _proposals(session: Session, site_id: SiteId, ops: Sequence[PlanOp]) -> dict[UUID, list[UUID]]:
    """Orders that drivers proposed, by the id of the fact that says so."""
    wanted = [EventId(op.proposal) for op in ops if op.op == "accept_proposal"]
    found = facts.facts_of(session, site_id, wanted) if wanted else []
    return {
        UUID(fact.event.id): [UUID(one) for one in fact.event.body.order]
        for fact in found
        if isinstance(fact.event.body, RunOrderProposed)
    }


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


def _cost(session: Session, site_id: SiteId, view: RunView) -> int | None:
    if view.run.vehicle_id is None:
        return None
    vehicle = fleet.vehicle(session, site_id, VehicleId(view.run.vehicle_id))
    return vehicle.cost_per_km_minor if vehicle is not None else None


def _check_known(session: Session, site_id: SiteId, assign: Mapping[str, UUID | None]) -> None:
    vehicle, driver = assign.get("vehicle_id"), assign.get("driver_id")
    if vehicle is not None and fleet.vehicle(session, site_id, VehicleId(vehicle)) is None:
        raise refuse("bad_input", errors=[("/ops/vehicle_id", "unknown")], why="vehicle_id")
    if driver is not None and people.driver(session, site_id, DriverId(driver)) is None:
        raise refuse("bad_input", errors=[("/ops/driver_id", "unknown")], why="driver_id")
