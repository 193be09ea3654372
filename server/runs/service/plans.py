"""Write the next version of a plan, and remember what it replaced so that it can be undone."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel import Session, col, select

from server.core.clock import from_ms, to_ms
from server.core.db import write_alike
from server.core.ids import new_id
from server.feed import service as feed
from server.runs import queries
from server.runs.queries import RunView
from server.runs.rules import DEPOTS
from server.runs.service.rows import rows_of
from server.runs.service.scoping import assigned
from server.runs.tables import LoadLineRow, PlanRow, RunRow, StopVisitRow
from server.sites import queries as sites
from shared.ids import RunId, SiteId
from shared.plan import NewLine
from shared.refusals import Refusal, refuse

UNCHANGED = object()
Span = tuple[int, int]


@dataclass(frozen=True)
class VisitEdit:
    """What changes in the plan half of one visit; None leaves a value as it is."""

    plan_state: str | None = None
    windows: Sequence[Span] | None = None
    service_s: int | None = None
    lock: object = UNCHANGED  # a mapping {"as": place, "before"?: visit}, or None to unlock


@dataclass(frozen=True)
class AddedVisit:
    """A place put into the run, with the goods it brings or takes."""

    id: UUID
    location_id: UUID
    kind: str = "fixed"
    windows: Sequence[Span] = ()
    service_s: int = 0
    proof: Mapping[str, str] = field(default_factory=dict)
    attempt: int = 1
    order_id: UUID | None = None
    lines: Sequence[NewLine] = ()


@dataclass(frozen=True)
class PlanDraft:
    """The next version of a plan: `order` is what is driven to, depots left out.

    `times` are planned arrival and departure in epoch ms per visit, depots included where they
    change; `legs` run start -> first ... last -> end, one more than `order` has visits.
    """

    order: Sequence[UUID]
    times: Mapping[UUID, Span] = field(default_factory=dict)
    legs: Sequence[tuple[int, int]] | None = None
    return_ms: int | None = None
    ops: Sequence[Mapping[str, Any]] = ()
    violations: Sequence[Mapping[str, Any]] = ()
    edits: Mapping[UUID, VisitEdit] = field(default_factory=dict)
    added: Sequence[AddedVisit] = ()
    assign: Mapping[str, UUID | None] = field(default_factory=dict)
    note: str | None = None
    planner: Mapping[str, Any] | None = None


def write_plan(
    session: Session,
    site_id: SiteId,
    run_id: RunId,
    plan: PlanDraft,
    *,
    expected_version: int,
    by: str,
    reason: str = "",
    now: datetime,
) -> int:
    """Make `plan` the next version of the run and tell its devices; refuses a stale version."""
    view = locked_view(session, site_id, run_id, now)
    check_version(session, view.run, expected_version)
    return change_plan(session, view, plan, by=by, reason=reason, now=now).run.plan_version


def change_plan(
    session: Session, view: RunView, plan: PlanDraft, *, by: str, reason: str = "", now: datetime
) -> RunView:
    """The same for a run that was read under its lock; gives the run as it is afterwards."""
    run, site_id = view.run, SiteId(view.run.site_id)
    rev = feed.lock(session, site_id, now)
    before = _snapshot(view)
    _edit(view, plan, rev)
    made, lines = _add(session, view, plan, now)
    visits = {one.id: one for one in (*view.visits, *made)}
    _arrange(visits.values(), [one for one in plan.order if one in visits])
    _retime(run, visits, plan)
    _stamp(session, visits.values(), rev, now)
    run.plan_version, run.pinned, run.rev, run.updated_at = run.plan_version + 1, True, rev, now
    run.change = {"version": run.plan_version, "by": by, "at": to_ms(now), "reason": reason}
    for key in ("vehicle_id", "driver_id"):
        if key in plan.assign:
            setattr(run, key, plan.assign[key])
    if plan.note is not None:
        run.note = {"text": plan.note, "by": by, "at": to_ms(now)} if plan.note else None
    row = _plan_row(view, plan, before, by=by, reason=reason, now=now)
    session.add(row)
    if plan.assign:
        run.device_id = None if "driver_id" in plan.assign else run.device_id
        assigned(session, site_id, run, now)
    session.flush()
    after = _after(session, view, row, visits.values(), lines)
    if run.in_feed:
        feed.publish(session, site_id, rows_of(session, site_id, after), now)
    return after


def locked_view(session: Session, site_id: SiteId, run_id: RunId, now: datetime) -> RunView:
    """A whole run for who changes it: read after feed and run are locked, so that nothing is old.

    The feed first, as everybody does who folds facts: two that wait for each other never move.
    """
    feed.lock(session, site_id, now)
    locked_run(session, site_id, run_id)
    session.flush()
    return queries.load(session, site_id, run_id)


def check_version(session: Session, run: RunRow, expected_version: int) -> None:
    """Refuse to change a plan that moved on meanwhile."""
    if run.plan_version != expected_version:
        raise stale(session, run, expected_version)


def locked_run(session: Session, site_id: SiteId, run_id: RunId) -> RunRow:
    """Lock and read the newest state of a run until the commit; refuses `not_found`."""
    query = select(RunRow).where(col(RunRow.site_id) == site_id, col(RunRow.id) == run_id)
    found = session.exec(
        query.with_for_update(), execution_options={"populate_existing": True}
    ).first()
    if found is None:
        raise refuse("not_found")
    return found


def stale(session: Session, run: RunRow, expected_version: int) -> Refusal:
    """Say that the plan moved on, with what happened meanwhile."""
    newer = [
        {"who": row.made_by, "when": to_ms(row.created_at), "op": row.ops, "version": row.version}
        for row in queries.plans(session, SiteId(run.site_id), run.id)
        if row.version > expected_version
    ]
    members = {"current": run.plan_version, "changes": newer}
    return refuse("plan_version", members=members, current=run.plan_version)


def undo_draft(view: RunView) -> PlanDraft:
    """Draft the plan before the last version again; visits added by that version are cancelled."""
    before = view.plan.before
    if before is None:
        raise refuse("bad_state", why="nothing to undo")
    stored: Mapping[str, Mapping[str, Any]] = before["visits"]
    edits = {
        UUID(key): VisitEdit(
            plan_state=old["plan_state"],
            windows=[(first, last) for first, last in old["windows"]],
            service_s=old["service_s"],
            lock=old["lock"],
        )
        for key, old in stored.items()
    }
    fresh = [one for one in view.visits if str(one.id) not in stored]
    edits |= {one.id: VisitEdit(plan_state="cancelled") for one in fresh}
    return PlanDraft(
        order=[UUID(one) for one in before["order"]],
        times={UUID(key): (first, last) for key, (first, last) in before["times"].items()},
        legs=[(seconds, metres) for seconds, metres in before["legs"]],
        return_ms=before["return_ms"],
        ops=[{"op": "undo", "version": view.run.plan_version}],
        violations=before["violations"],
        edits=edits,
        assign={
            key: UUID(before[key]) if before[key] else None for key in ("vehicle_id", "driver_id")
        },
        note=before["note"],
    )


def _snapshot(view: RunView) -> dict[str, Any]:
    run = view.run
    return {
        "order": list(view.plan.order),
        "times": dict(view.plan.times),
        "legs": list(view.plan.legs),
        "violations": list(view.plan.violations),
        "return_ms": to_ms(run.planned_return_at),
        "vehicle_id": run.vehicle_id and str(run.vehicle_id),
        "driver_id": run.driver_id and str(run.driver_id),
        "note": (run.note or {}).get("text", ""),
        "visits": {
            str(one.id): {
                "plan_state": one.plan_state,
                "windows": one.windows,
                "service_s": one.service_s,
                "lock": one.lock,
            }
            for one in view.visits
        },
    }


def _edit(view: RunView, plan: PlanDraft, rev: int) -> None:
    for visit_id, edit in plan.edits.items():
        visit = view.visit(visit_id)
        if edit.plan_state is not None and edit.plan_state != visit.plan_state:
            visit.plan_state = edit.plan_state
            visit.cancelled_rev = rev if edit.plan_state == "cancelled" else None
            _put_off_plan(visit)
        if edit.windows is not None:
            visit.windows = [list(span) for span in edit.windows]
        if edit.service_s is not None:
            visit.service_s = edit.service_s
        if edit.lock is not UNCHANGED:
            assert edit.lock is None or isinstance(edit.lock, Mapping)
            visit.lock = dict(edit.lock) if edit.lock else None


def _put_off_plan(visit: StopVisitRow) -> None:
    """Say on both halves whether facts lie on a visit that is not planned, as the fold does."""
    visit.off_plan = visit.plan_state != "planned" and visit.fact is not None
    if visit.fact is not None:
        rest = {key: value for key, value in visit.fact.items() if key != "off_plan"}
        visit.fact = {**rest, "off_plan": True} if visit.off_plan else rest


def _add(
    session: Session, view: RunView, plan: PlanDraft, now: datetime
) -> tuple[list[StopVisitRow], list[LoadLineRow]]:
    made, lines = [], []
    for one in plan.added:
        arrival, departure = plan.times.get(one.id, (to_ms(now), to_ms(now)))
        row = StopVisitRow(
            site_id=view.run.site_id,
            id=one.id,
            run_id=view.run.id,
            location_id=one.location_id,
            kind=one.kind,
            attempt=one.attempt,
            pos=0,
            windows=[list(span) for span in one.windows],
            proof=dict(one.proof),
            planned_arrival_at=from_ms(arrival),
            planned_departure_at=from_ms(departure),
            service_s=one.service_s,
            created_at=now,
            updated_at=now,
        )
        made.append(row)
        session.add(row)
        lines += [_line_row(view.run, one, line, now) for line in one.lines]
    session.add_all(lines)
    return made, lines


def _stamp(session: Session, visits: Iterable[StopVisitRow], rev: int, now: datetime) -> None:
    """Mark the visits that the plan has changed; what stays as it was keeps its row."""
    touched = [one for one in visits if session.is_modified(one)]
    for visit in touched:
        visit.rev, visit.updated_at = rev, now
    kept = [one for one in touched if one not in session.new]
    write_alike(kept, "pos", "planned_arrival_at", "planned_departure_at")


def _after(
    session: Session,
    view: RunView,
    plan: PlanRow,
    visits: Iterable[StopVisitRow],
    lines: Sequence[LoadLineRow],
) -> RunView:
    """The run as it would be read again, without reading it again."""
    fresh = {one.location_id for one in visits} - view.places.keys()
    places = sites.locations(session, SiteId(view.run.site_id), fresh) if fresh else {}
    return RunView(
        view.run,
        tuple(sorted(visits, key=lambda one: (one.pos, one.id))),
        plan,
        tuple(sorted((*view.loads, *lines), key=lambda one: one.id)),
        {**view.places, **places},
    )


def _line_row(run: RunRow, visit: AddedVisit, line: NewLine, now: datetime) -> LoadLineRow:
    plain: dict[str, Any] = line.model_dump(exclude={"unit", "direction", "labels"})
    return LoadLineRow(
        site_id=run.site_id,
        id=new_id(now),
        run_id=run.id,
        order_id=visit.order_id,
        unit_label=line.unit,
        labels=list(line.labels),
        pickup_visit=visit.id if line.direction == "pickup" else None,
        drop_visit=visit.id if line.direction == "drop" else None,
        created_at=now,
        updated_at=now,
        **plain,
    )


def _arrange(visits: Any, order: Sequence[UUID]) -> None:
    """Number the visits: the driven ones by the order, each other one behind its neighbour."""
    rows = sorted(visits, key=lambda one: (one.pos, one.id))
    rank = {one: n for n, one in enumerate(order, start=1)}
    place: dict[UUID, tuple[float, int]] = {}
    last = 0.0
    for n, row in enumerate(rows):
        if row.kind in DEPOTS:
            place[row.id] = (0.0 if row.kind == "start" else len(order) + 1.0, n)
        elif row.id in rank:
            last = float(rank[row.id])
            place[row.id] = (last, 0)
        else:
            place[row.id] = (last + 0.5, n)
    for pos, row in enumerate(sorted(rows, key=lambda one: place[one.id])):
        if row.pos != pos:
            row.pos = pos


def _retime(run: RunRow, visits: Mapping[UUID, StopVisitRow], plan: PlanDraft) -> None:
    for visit_id, (arrival, departure) in plan.times.items():
        if visit_id in visits:
            _set_times(visits[visit_id], from_ms(arrival), from_ms(departure))
    if plan.return_ms is not None:
        run.planned_return_at = from_ms(plan.return_ms)
        for visit in visits.values():
            if visit.kind == "end":
                _set_times(visit, run.planned_return_at, run.planned_return_at)


def _set_times(visit: StopVisitRow, arrival: datetime, departure: datetime) -> None:
    if (visit.planned_arrival_at, visit.planned_departure_at) != (arrival, departure):
        visit.planned_arrival_at, visit.planned_departure_at = arrival, departure


def _plan_row(
    view: RunView,
    plan: PlanDraft,
    before: dict[str, Any],
    *,
    by: str,
    reason: str,
    now: datetime,
) -> PlanRow:
    run, old = view.run, view.plan
    times = {**old.times, **{str(key): list(span) for key, span in plan.times.items()}}
    kept = {str(one) for one in plan.order}
    kept |= {str(one.id) for one in view.visits if one.kind in DEPOTS}
    return PlanRow(
        site_id=run.site_id,
        id=new_id(now),
        run_id=run.id,
        version=run.plan_version,
        base_version=run.plan_version - 1,
        made_by=by,
        reason=reason,
        ops=[dict(op) for op in plan.ops],
        order=[str(one) for one in plan.order],
        times={key: span for key, span in times.items() if key in kept},
        legs=[list(leg) for leg in (old.legs if plan.legs is None else plan.legs)],
        violations=[dict(found) for found in plan.violations],
        before=before,
        note=dict(plan.planner) if plan.planner else None,
        created_at=now,
    )
