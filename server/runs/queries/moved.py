"""Visits that people gave to another run: few, so that facts about all others cost nothing."""

from sqlalchemy import bindparam, null
from sqlmodel import Session, col, select

from server.runs.queries import IN_MAX, Ids
from server.runs.tables import StopVisitRow
from shared.ids import SiteId

_MOVED = select(StopVisitRow).where(
    col(StopVisitRow.site_id) == bindparam("site"),
    col(StopVisitRow.id).in_(bindparam("ids", expanding=True)),
    col(StopVisitRow.moves).is_not(null()),
)


def moved(session: Session, site_id: SiteId, visit_ids: Ids) -> list[StopVisitRow]:
    """Those of the visits that were moved between runs, by id."""
    found: list[StopVisitRow] = []
    ordered = sorted(set(visit_ids))
    for start in range(0, len(ordered), IN_MAX):
        values = {"site": site_id, "ids": ordered[start : start + IN_MAX]}
        found += session.exec(_MOVED, params=values).all()
    return sorted(found, key=lambda one: one.id)
