"""Move visits from one run to another, and take that back."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel import Session

from server.core import audit
from server.core.access import Principal
from server.dispatch.ops import Ops
from server.dispatch.seen import see
from server.dispatch.service.changeable import check_changeable
from server.dispatch.service.crossing import IN, OUT, Crossing, Place, carry_over
from server.dispatch.service.own_run import AD_HOC, own_run
from server.runs import queries as runs
from server.runs import service as running
from server.runs.queries import RunView
from server.runs.service import Wish
from shared.ids import RunId, SiteId
from shared.refusals import refuse


@dataclass(frozen=True)
class Transfer:
    """Visits that go to another run, with the versions of both plans they were looked at."""

    visits: Sequence[UUID]
    to_run: RunId | None
    """None is a run of their own that is opened for them."""
    expected_version: int
    expected_to_version: int
    place: Place = field(default_factory=Place)
    reason: str = ""


def transfer(
    session: Session, who: Principal, run_id: RunId, asked: Transfer, *, now: datetime
) -> dict[str, Any]:
    """Move open visits with their goods to another run; both plans get their next version.

    Refuses `plan_version` for a stale look at either plan, `locked_stop` for a visit that is done
    or being served, `bad_state` for a run that is over.
    """
    to_run = asked.to_run or own_run(session, who, run_id, asked.visits, now=now)
    source, target = _locked(session, who, run_id, to_run, now)
    running.check_version(session, source.run, asked.expected_version)
    running.check_version(session, target.run, asked.expected_to_version)
    _check_open(session, source, asked.visits, now)
    way = Crossing(
        source,
        target,
        asked.visits,
        by=who.name,
        reason=asked.reason,
        now=now,
        wish=Wish(who.name, asked.reason, now),
        place=asked.place,
    )
    left, joined = carry_over(session, way)
    _audited(session, who, "plan.transferred", way)
    return {
        "plan_version": left.run.plan_version,
        "to_run": str(to_run),
        "to_plan_version": joined.run.plan_version,
        "order": list(left.plan.order),
        "to_order": list(joined.plan.order),
    }


def is_transfer(view: RunView) -> bool:
    """Whether the newest version of a plan is one half of a move between runs."""
    return any(op.get("op") in (OUT, IN) for op in view.plan.ops)


def undo_transfer(
    session: Session, who: Principal, view: RunView, *, now: datetime
) -> dict[str, Any]:
    """Bring the visits of the newest version back to where they were, by a version of both."""
    [op] = [op for op in view.plan.ops if op.get("op") in (OUT, IN)]
    visits = [UUID(one) for one in op["visits"]]
    here, there = RunId(view.run.id), RunId(UUID(op["run"]))
    ends = (there, here) if op["op"] == OUT else (here, there)
    source, target = _locked(session, who, *ends, now)
    _check_open(session, source, visits, now)
    before = _order_before(session, target, visits)
    way = Crossing(
        source,
        target,
        visits,
        by=who.name,
        reason="undo",
        now=now,
        wish=Wish(who.name, "undo", now),
        place=Place(cheapest=not before, before=before),
    )
    left, joined = carry_over(session, way)
    _audited(session, who, "plan.undone", way)
    if left.run.kind == AD_HOC and not left.plan.order:
        running.cancel(session, who, RunId(left.run.id), reason="undo", now=now)
    plan = (left if left.run.id == view.run.id else joined).plan
    return {
        "plan_version": plan.version,
        "order": plan.order,
        "times": plan.times,
        "violations": plan.violations,
    }


def _check_open(
    session: Session, source: RunView, visit_ids: Sequence[UUID], now: datetime
) -> None:
    if not visit_ids or len(set(visit_ids)) < len(visit_ids):
        raise refuse("bad_input", errors=[("/visits", "each once, at least one")], why="visits")
    read = Ops(see(session, SiteId(source.run.site_id), source, now), [])
    for one in visit_ids:
        read.open_visit(one)


def _locked(
    session: Session, who: Principal, from_run: RunId, to_run: RunId, now: datetime
) -> tuple[RunView, RunView]:
    """Both runs, kept from everybody else until the commit, always in the same order."""
    if from_run == to_run:
        raise refuse("bad_input", errors=[("/to_run", "another run")], why="to_run")
    both = sorted((from_run, to_run))
    for run_id in both:
        check_changeable(session, who, run_id, ())
    views = {one: running.locked_view(session, who.site_id, one, now) for one in both}
    for run_id in both:
        check_changeable(session, who, run_id, ())
    return views[from_run], views[to_run]


def _order_before(session: Session, target: RunView, visits: Sequence[UUID]) -> list[UUID]:
    """How the run was driven when it last had these visits."""
    wanted = {str(one) for one in visits}
    for plan in runs.plans(session, SiteId(target.run.site_id), target.run.id):
        order = (plan.before or {}).get("order", ())
        if wanted <= set(order):
            return [UUID(one) for one in order]
    return []


def _audited(session: Session, who: Principal, what: str, way: Crossing) -> None:
    after = {"visits": [str(one) for one in way.visits], "to": str(way.target.run.id)}
    about = ("run", way.source.run.id)
    audit.record(session, who, what, about, now=way.now, after=after, reason=way.reason)
