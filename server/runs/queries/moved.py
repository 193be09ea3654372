"""Visits that people gave to another run: few, so that facts about all others cost nothing."""

from sqlalchemy import null
from sqlmodel import Session, col, select

from server.runs.queries import IN_MAX, Ids
from server.runs.tables import StopVisitRow
from shared.ids import SiteId


def moved(session: Session, site_id: SiteId, visit_ids: Ids) -> list[StopVisitRow]:
    """Those of the visits that were moved between runs, by id."""
    found: list[StopVisitRow] = []
    ordered = sorted(set(visit_ids))
    for start in range(0, len(ordered), IN_MAX):
        query = select(StopVisitRow).where(
            col(StopVisitRow.site_id) == site_id,
            col(StopVisitRow.id).in_(ordered[start : start + IN_MAX]),
            col(StopVisitRow.moves).is_not(null()),
        )
        found += session.exec(query).all()
    return sorted(found, key=lambda one: one.id)
