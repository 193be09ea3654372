"""Marks of change of runs, for who follows them: cheap to read, different as soon as they are."""

from uuid import UUID

from sqlalchemy import func, select
from sqlmodel import Session, col

from server.runs.queries import IN_MAX, Ids
from server.runs.tables import RunRow, StopVisitRow
from shared.ids import SiteId


def stamps(session: Session, site_id: SiteId, run_ids: Ids) -> dict[UUID, tuple[object, ...]]:
    """What differs as soon as anything of a run does: cheap to compare, for who follows runs."""
    visits = (
        func.count(),
        func.max(col(StopVisitRow.rev)),
        func.max(col(StopVisitRow.updated_at)),
        func.max(col(StopVisitRow.eta_made_at)),
    )
    found: dict[UUID, tuple[object, ...]] = {}
    ordered = sorted(set(run_ids))
    for part in (ordered[n : n + IN_MAX] for n in range(0, len(ordered), IN_MAX)):
        mine = (col(RunRow.site_id) == site_id, col(RunRow.id).in_(part))
        query = select(
            col(RunRow.id),
            col(RunRow.rev),
            col(RunRow.updated_at),
            col(RunRow.acked_plan_version),
        )
        found |= {row[0]: tuple(row[1:]) for row in session.execute(query.where(*mine))}
        theirs = (col(StopVisitRow.site_id) == site_id, col(StopVisitRow.run_id).in_(part))
        grouped = select(col(StopVisitRow.run_id), *visits).where(*theirs)
        for row in session.execute(grouped.group_by(col(StopVisitRow.run_id))):
            found[row[0]] = (*found.get(row[0], ()), *row[1:])
    return found
