"""Fold again what was folded, and say where the rows differ from it."""

from collections.abc import Collection
from datetime import date

from sqlmodel import Session, col, select

from server.facts import queries as facts
from server.feed import queries as feed
from server.runs import queries
from server.runs.tables import RunRow, StopVisitRow
from shared.events import Event
from shared.ids import SiteId, VisitId
from shared.run import fold_visit


def visits_since(session: Session, site_id: SiteId, since: date) -> list[VisitId]:
    """Every visit of the runs from this service date on, by id."""
    query = (
        select(StopVisitRow.id)
        .join(
            RunRow,
            (col(RunRow.site_id) == col(StopVisitRow.site_id))
            & (col(RunRow.id) == col(StopVisitRow.run_id)),
        )
        .where(col(StopVisitRow.site_id) == site_id, col(RunRow.service_date) >= since)
    )
    return [VisitId(one) for one in session.exec(query.order_by(col(StopVisitRow.id)))]


def differing(
    session: Session, site_id: SiteId, visit_ids: Collection[VisitId]
) -> list[tuple[VisitId, str]]:
    """Visits whose row, or the row that devices have, is not what their facts say."""
    told: dict[str, list[Event]] = {}
    for fact in facts.facts_of_visits(session, site_id, visit_ids):
        told.setdefault(fact.event.envelope.visit or "", []).append(fact.event)
    rows = feed.rows_of(session, site_id, "stop", ids=[str(one) for one in visit_ids])
    shown = {row.id: row.fact for row in rows}
    found: list[tuple[VisitId, str]] = []
    for row in queries.visits(session, site_id, visit_ids):
        folded = fold_visit(told.get(str(row.id), ()))
        off_plan = row.plan_state != "planned" and folded.count > 0
        half = folded.half(off_plan=off_plan) or None
        if half != row.fact:
            found.append((VisitId(row.id), "visit"))
        elif str(row.id) in shown and shown[str(row.id)] != row.fact:
            found.append((VisitId(row.id), "feed"))
    return found
