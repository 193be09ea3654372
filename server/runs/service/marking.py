"""What did not happen in time: read from rows, raised once, taken back when it does happen."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlmodel import Session

from server.feed import service as feed
from server.runs import queries
from server.runs.marks import Standing, marks
from server.runs.tables import RunRow
from shared.ids import SiteId

SWEPT = frozenset({"late_departure", "missed", "overdue_return", "plan_not_seen"})
LOOK_BACK_D = 2


class Marked(NamedTuple):
    """A run whose marks differ from those that were told."""

    run: RunRow
    marks: frozenset[str]


def unmarked(session: Session, site_id: SiteId, now: datetime) -> list[Marked]:
    """Runs whose marks must be told or taken back."""
    return [
        Marked(row, found)
        for row in _in_question(session, site_id, now)
        if (found := frozenset(marks_of(row, now)) & SWEPT) != set(row.marked or ())
    ]


def mark_runs(session: Session, site_id: SiteId, now: datetime) -> int:
    """Raise the marks that are new and close those that are gone; gives how many."""
    count = 0
    for row, found in unmarked(session, site_id, now):
        before = set(row.marked or ())
        detail = {"run": str(row.id), "run_name": row.name}
        for mark in sorted(found - before):
            feed.raise_exception(session, site_id, mark, "run", row.id, detail=detail, now=now)
        for mark in sorted(before - found):
            feed.close_exception(session, site_id, mark, "run", row.id, now=now)
        row.marked = sorted(found)
        count += len(found ^ before)
    session.flush()
    return count


def marks_of(row: RunRow, now: datetime) -> list[str]:
    """Marks of a run now; `ready` when its gate had no block."""
    blocked = any(item[1] == "block" for item in row.gate or ())
    standing = Standing(
        kind=row.kind,
        plan_state=row.plan_state,
        gate_passed=row.gate is not None and not blocked,
        departure_at=row.planned_departure_at,
        return_at=row.planned_return_at,
        departed_at=row.departed_at,
        returned_at=row.returned_at,
        started=row.started_at is not None or row.fact_state in ("underway", "loading"),
        takt_s=row.takt_s,
        plan_seen=row.acked_plan_version == row.plan_version,
    )
    return marks(standing, now)


def _in_question(session: Session, site_id: SiteId, now: datetime) -> Iterator[RunRow]:
    yield from queries.open_runs(session, site_id)
    for row in queries.planned_from(session, site_id, now - timedelta(days=LOOK_BACK_D)):
        if row.planned_departure_at <= now:
            yield row
