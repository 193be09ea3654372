"""Where vehicles were: kept only of open runs of the device, outside breaks (trust.md §11)."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel import Session

from server.core.clock import to_ms
from server.core.db import insert_if_absent
from server.facts import service as facts
from server.feed import queries as feed
from server.runs.fixes import Fix, duty, fixes_of
from server.runs.service.rows import run_scope
from server.runs.tables import PositionRow, RunRow
from shared.ids import DeviceId, RunId, SiteId
from shared.run import live
from shared.sync import POS_MAX_AGE_S, Positions

AHEAD_MS = 60_000


def keep_positions(
    session: Session, site_id: SiteId, device_id: DeviceId, given: Positions, now: datetime
) -> int:
    """Store the fixes of one exchange that may be stored; gives how many were new."""
    run = session.get(RunRow, (site_id, UUID(given.run)))
    if run is None or not _open(session, site_id, device_id, run):
        return 0
    spans = _on_duty(session, site_id, RunId(run.id))
    newest, oldest = to_ms(now) + AHEAD_MS, to_ms(now) - POS_MAX_AGE_S * 1000
    rows = [
        _row(site_id, device_id, run.id, fix)
        for fix in fixes_of(given)
        if oldest <= fix.t_ms <= newest and any(a <= fix.t_ms < b for a, b in spans)
    ]
    if not rows:
        return 0
    unique = {row["t_ms"]: row for row in rows}
    statement = insert_if_absent(PositionRow, unique.values())
    return len(session.execute(statement.returning(PositionRow.__table__.c.t_ms)).all())  # type: ignore[attr-defined]


def _open(session: Session, site_id: SiteId, device_id: DeviceId, run: RunRow) -> bool:
    if run.plan_state not in ("dispatched", "cancelled") or run.started_at is None:
        return False
    return run_scope(run.id) in feed.ever_scopes(session, site_id, device_id)


def _on_duty(session: Session, site_id: SiteId, run_id: RunId) -> list[tuple[int, int]]:
    """Spans between the start and the end of the run, breaks left out, by event order."""
    known = [fact.event for fact in facts.facts_of_runs(session, site_id, [run_id])]
    return duty(live(known))


def _row(site_id: SiteId, device_id: DeviceId, run_id: UUID, fix: Fix) -> dict[str, Any]:
    return {"site_id": site_id, "device_id": device_id, "run_id": run_id, **fix._asdict()}
