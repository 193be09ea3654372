"""Which runs and visits there are: a column or two, where whole rows would be read for nothing."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, select
from sqlmodel import Session, col

from server.runs.tables import RunRow, StopVisitRow
from shared.ids import CarrierId, RunId, SiteId, VisitId

IN_MAX = 500
Ids = Collection[UUID]

_KNOWN_RUNS = select(col(RunRow.id), col(RunRow.carrier_id)).where(
    col(RunRow.site_id) == bindparam("site"), col(RunRow.id).in_(bindparam("ids", expanding=True))
)
_KNOWN_VISITS = select(col(StopVisitRow.id), col(StopVisitRow.run_id)).where(
    col(StopVisitRow.site_id) == bindparam("site"),
    col(StopVisitRow.id).in_(bindparam("ids", expanding=True)),
)


def pieces(ids: Ids) -> list[list[UUID]]:
    """The ids in order, in pieces that fit into one statement."""
    ordered = sorted(set(ids))
    return [ordered[n : n + IN_MAX] for n in range(0, len(ordered), IN_MAX)]


def _columns(session: Session, statement: Any, site_id: SiteId, ids: Ids) -> list[Any]:
    found: list[Any] = []
    for part in pieces(ids):
        found += session.execute(statement, {"site": site_id, "ids": part}).all()
    return found


def known_runs(session: Session, site_id: SiteId, run_ids: Ids) -> set[RunId]:
    """Which of these runs exist."""
    return {RunId(key) for key, _ in _columns(session, _KNOWN_RUNS, site_id, run_ids)}


def carriers_of(session: Session, site_id: SiteId, run_ids: Ids) -> dict[RunId, CarrierId]:
    """The Carrier of each of these runs that has one."""
    rows = _columns(session, _KNOWN_RUNS, site_id, run_ids)
    return {RunId(key): CarrierId(carrier) for key, carrier in rows if carrier is not None}


def known_visits(session: Session, site_id: SiteId, visit_ids: Ids) -> dict[VisitId, RunId]:
    """Which of these visits exist, and the run each is planned on."""
    rows = _columns(session, _KNOWN_VISITS, site_id, visit_ids)
    return {VisitId(key): RunId(run_id) for key, run_id in rows}
