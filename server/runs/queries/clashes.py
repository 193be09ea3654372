"""Runs that want the same vehicle or driver at the same time."""

from sqlalchemy import or_
from sqlmodel import Session, col, select

from server.runs.tables import RunRow
from shared.ids import SiteId

CLASHES_MAX = 20


def clashes(session: Session, site_id: SiteId, run: RunRow) -> list[RunRow]:
    """Other open runs that overlap this one with its vehicle or its driver, by departure."""
    same = []
    if run.vehicle_id is not None:
        same.append(col(RunRow.vehicle_id) == run.vehicle_id)
    if run.driver_id is not None:
        same.append(col(RunRow.driver_id) == run.driver_id)
    if not same:
        return []
    query = select(RunRow).where(
        col(RunRow.site_id) == site_id,
        col(RunRow.id) != run.id,
        col(RunRow.plan_state).in_(("planned", "dispatched")),
        col(RunRow.returned_at).is_(None),
        col(RunRow.planned_departure_at) < run.planned_return_at,
        col(RunRow.planned_return_at) > run.planned_departure_at,
        or_(*same),
    )
    return list(session.exec(query.order_by(col(RunRow.planned_departure_at)).limit(CLASHES_MAX)))
