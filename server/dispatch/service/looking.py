"""Look ahead: when each visit will be reached, how sure that is, who will be late."""

from collections.abc import Callable, Collection, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from sqlmodel import Session, col, select

from server.core.clock import from_ms
from server.core.db import Reads, Writer
from server.core.jobs import Handler, Job
from server.dispatch import rules
from server.dispatch.ground import Ground
from server.dispatch.seen import Seen, seconds_of, see, spans_in_seconds
from server.dispatch.shapes import Visit
from server.dispatch.tables import LatenessRow
from server.feed import service as feed
from server.runs import queries as runs
from server.runs import service as running
from server.runs.queries import RunView
from server.runs.service import Estimate
from server.sites import queries as sites
from shared.ids import RunId, SiteId
from shared.timeline import simulate

LOOK = "dispatch.look"
VISIT = "visit"
RUNS_PER_WORK = 10
NEAR_S = 7_200


def look(session: Session, site_id: SiteId, run_id: RunId, now: datetime) -> bool:
    """Estimate the open visits of a run and tell what will be late; says whether it moved."""
    session.flush()
    return look_at(session, site_id, runs.load(session, site_id, run_id), now)


def look_at(
    session: Session, site_id: SiteId, view: RunView, now: datetime, *, ground: Ground | None = None
) -> bool:
    """The same for a run that is read already, on a ground that may be measured already."""
    going = view.run.plan_state == "dispatched" and view.run.returned_at is None
    seen = see(session, site_id, view, now, ground=ground) if going else None
    found = _estimates(seen, now) if seen is not None else {}
    basis = "fact" if seen is not None and seen.progress.underway else "clock"
    given = _given(view, found, basis)
    moved = running.set_estimates(session, view, given, made_at=now) > 0
    marked = _mark(session, site_id, view, found, now)
    if moved or marked:
        feed.lock(session, site_id, now)
    return moved or marked


def follow(
    session: Session, site_id: SiteId, visit_ids: Collection[UUID], run_id: UUID, now: datetime
) -> None:
    """Let the marks of visits that went to another run be looked at there."""
    open_marks = select(LatenessRow).where(
        col(LatenessRow.site_id) == site_id,
        col(LatenessRow.visit_id).in_(list(visit_ids)),
        col(LatenessRow.over_at).is_(None),
    )
    for row in session.exec(open_marks).all():
        row.run_id, row.since_at = run_id, now


def look_job(writer: Writer) -> Handler:
    """The handler of `dispatch.look`; a run that is gone is no mistake."""

    def handle(job: Job, now: datetime) -> None:
        run_id = RunId(UUID(str(job.payload["run"])))

        def work(session: Session) -> None:
            if runs.known_runs(session, job.site_id, [run_id]):
                look(session, job.site_id, run_id, now)

        writer.run(work)

    return handle


def look_at_open_runs(reads: Reads, writer: Writer, now: datetime) -> int:
    """Look at every run that time can move, for the refresh timer; says how many there were."""
    count = 0
    for site_id in reads.run(sites.all_sites):
        open_runs = reads.run(_near_runs(site_id, now))
        for start in range(0, len(open_runs), RUNS_PER_WORK):
            writer.run(_look_at(site_id, open_runs[start : start + RUNS_PER_WORK], now))
        count += len(open_runs)
    return count


def _near_runs(site_id: SiteId, now: datetime) -> Callable[[Session], list[RunId]]:
    """Runs under way or about to leave, and those whose lateness still stands open.

    Time moves nothing about the others; a run that was called off has its marks taken away.
    """
    soon = now + timedelta(seconds=NEAR_S)

    def work(session: Session) -> list[RunId]:
        near = {
            row.id
            for row in runs.open_runs(session, site_id)
            if row.returned_at is None
            and (row.departed_at is not None or row.planned_departure_at <= soon)
        }
        marked = select(LatenessRow.run_id).where(
            col(LatenessRow.site_id) == site_id, col(LatenessRow.over_at).is_(None)
        )
        return sorted(RunId(one) for one in near | set(session.exec(marked)))

    return work


def _look_at(site_id: SiteId, run_ids: Sequence[RunId], now: datetime) -> Callable[[Session], None]:
    def work(session: Session) -> None:
        for run_id in run_ids:
            look(session, site_id, run_id, now)

    return work


def _estimates(seen: Seen, now: datetime) -> dict[UUID, rules.Estimated]:
    """Walk the open visits with the one timeline."""
    task = seen.task
    line = simulate(task.run, task.order, task.at)
    here, arrivals, ids = task.at.index, [], []
    for step in line.steps:
        if step.kind == "break":
            continue
        there = task.run.end_index if step.id is None else task.run.stops[step.id].index
        drive = 0 if there == here else task.run.durations[here][there]
        arrivals.append((step.arrival_s, drive))
        ids.append(_end_visit(seen) if step.id is None else seen.visits[step.id].id)
        here = there
    ranges = rules.ranges(arrivals, _overdue_s(seen, arrivals, now))
    return {one: found for one, found in zip(ids, ranges, strict=True) if one is not None}


def _end_visit(seen: Seen) -> UUID | None:
    return next((one.id for one in seen.visits if one.kind == "end"), None)


def _overdue_s(seen: Seen, arrivals: Sequence[tuple[int, int]], now: datetime) -> int:
    """Seconds since the next fact was to be expected: a departure, an arrival, a completion."""
    progress = seen.progress
    expected = progress.expected_s
    if progress.underway and progress.heading is not None and arrivals:
        expected = progress.leave_s + arrivals[0][1]
    return max(0, seconds_of(now) - expected)


def _given(
    view: RunView, found: dict[UUID, rules.Estimated], basis: str
) -> dict[UUID, Estimate | None]:
    """The estimates to be written; visits that are settled or off the plan have none."""
    given: dict[UUID, Estimate | None] = {
        one.id: None for one in view.visits if one.eta_at is not None and one.id not in found
    }
    for visit_id, eta in found.items():
        eta_at, low_at, high_at = (from_ms(s * 1000) for s in (eta.eta_s, eta.low_s, eta.high_s))
        given[visit_id] = Estimate(eta_at, low_at, high_at, basis)
    return given


def _mark(
    session: Session,
    site_id: SiteId,
    view: RunView,
    found: dict[UUID, rules.Estimated],
    now: datetime,
) -> bool:
    """Tell once per visit and step who is at risk or late, and when that is over."""
    rows = _lateness(session, site_id, view.run.id)
    changed = False
    for visit in view.stops:
        before = [row.step for row in rows.get(visit.id, ()) if row.over_at is None]
        eta = found.get(visit.id)
        closes = max((span[1] for span in spans_in_seconds(visit.windows)), default=None)
        after = (
            rules.late_steps(eta, closes, before)
            if eta is not None and closes is not None
            else set()
        )
        for step in rules.STEPS:
            if step in after and eta is not None and closes is not None:
                late_s = (eta.eta_s if step == rules.LATE else eta.high_s) - closes
                _raise(session, view, visit, _Late(step, late_s), now)
            elif step in before:
                _close(session, site_id, visit, step, now)
        changed = changed or after != set(before)
    return changed


def _lateness(session: Session, site_id: SiteId, run_id: UUID) -> dict[UUID, list[LatenessRow]]:
    rows: dict[UUID, list[LatenessRow]] = {}
    query = select(LatenessRow).where(
        col(LatenessRow.site_id) == site_id, col(LatenessRow.run_id) == run_id
    )
    for row in session.exec(query):
        rows.setdefault(row.visit_id, []).append(row)
    return rows


class _Late(NamedTuple):
    """A mark, and how far beyond its window the visit will be."""

    step: str
    late_s: int


def _raise(session: Session, view: RunView, visit: Visit, late: _Late, now: datetime) -> None:
    site_id = SiteId(view.run.site_id)
    row = session.get(LatenessRow, (site_id, visit.id, late.step))
    if row is None:
        row = LatenessRow(
            site_id=site_id,
            visit_id=visit.id,
            step=late.step,
            run_id=view.run.id,
            late_s=late.late_s,
            since_at=now,
        )
        session.add(row)
    if row.over_at is not None:
        row.since_at, row.over_at = now, None
    row.late_s, row.run_id = late.late_s, view.run.id
    place = view.places.get(visit.location_id)
    detail = {
        "run": str(view.run.id),
        "run_name": view.run.name,
        "visit": str(visit.id),
        "name": place.name if place is not None else "",
        "late_min": max(1, round(late.late_s / 60)),
    }
    feed.raise_exception(session, site_id, late.step, VISIT, visit.id, detail=detail, now=now)


def _close(session: Session, site_id: SiteId, visit: Visit, step: str, now: datetime) -> None:
    row = session.get(LatenessRow, (site_id, visit.id, step))
    if row is not None:
        row.over_at = now
    feed.close_exception(session, site_id, step, VISIT, visit.id, now=now)
