"""Reads for the clocks: which runs leave soon, and which were dispatched long before."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import func
from sqlmodel import Session, col, select

from server.runs.tables import RunRow
from shared.ids import SiteId


def leaving_between(
    session: Session, site_id: SiteId, until: datetime, *, since: datetime
) -> list[UUID]:
    """Planned runs that leave between these instants, by departure."""
    query = select(RunRow.id).where(
        col(RunRow.site_id) == site_id,
        col(RunRow.plan_state) == "planned",
        col(RunRow.planned_departure_at).between(since, until),
    )
    return list(session.exec(query.order_by(col(RunRow.planned_departure_at))))


def next_departure(session: Session, site_id: SiteId, since: datetime) -> datetime | None:
    """When the next planned run leaves."""
    query = select(func.min(RunRow.planned_departure_at)).where(
        col(RunRow.site_id) == site_id,
        col(RunRow.plan_state) == "planned",
        col(RunRow.planned_departure_at) > since,
    )
    return session.exec(query).one()


def dispatched_before(
    session: Session, site_id: SiteId, service_date: date, before: datetime
) -> list[UUID]:
    """Runs of this service date that were dispatched before this instant."""
    query = select(RunRow.id).where(
        col(RunRow.site_id) == site_id,
        col(RunRow.service_date) == service_date,
        col(RunRow.plan_state) == "dispatched",
        col(RunRow.dispatched_at) < before,
    )
    return list(session.exec(query.order_by(col(RunRow.id))))
