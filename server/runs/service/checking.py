"""Folds runs again on a copy of the database and compares with what is stored."""

from collections.abc import Collection
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel import Session, col, select

from server.runs.service.folding import refold
from server.runs.tables import RunRow, StopVisitRow
from shared.ids import RunId, SiteId


def driven_runs(session: Session) -> list[tuple[SiteId, RunId]]:
    """Every run of every site that any fact is about."""
    rows = session.exec(
        select(RunRow.site_id, RunRow.id)
        .where(col(RunRow.fact).is_not(None))
        .order_by(col(RunRow.id))
    )
    return [(SiteId(site_id), RunId(run_id)) for site_id, run_id in rows]


def differing(
    session: Session, site_id: SiteId, run_ids: Collection[RunId], now: datetime
) -> list[RunId]:
    """The runs whose stored fact halves are not what their facts say; leaves the copy refolded."""
    before = _halves(session, site_id, run_ids)
    refold(session, site_id, run_ids, (), now)
    session.flush()
    after = _halves(session, site_id, run_ids)
    return sorted({run for run, key in before if before[run, key] != after.get((run, key))})


def _halves(
    session: Session, site_id: SiteId, run_ids: Collection[RunId]
) -> dict[tuple[RunId, UUID], Any]:
    """The fact half of each run and of each of its visits."""
    runs = session.exec(
        select(RunRow.id, RunRow.fact).where(
            col(RunRow.site_id) == site_id, col(RunRow.id).in_(run_ids)
        )
    )
    found: dict[tuple[RunId, UUID], Any] = {(RunId(key), key): fact for key, fact in runs}
    visits = session.exec(
        select(StopVisitRow.run_id, StopVisitRow.id, StopVisitRow.fact).where(
            col(StopVisitRow.site_id) == site_id, col(StopVisitRow.run_id).in_(run_ids)
        )
    )
    found.update({(RunId(run), key): fact for run, key, fact in visits})
    return found
