"""Runs as they were read last, so that a change of one run costs reading one run."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlmodel import Session

from server.runs import queries as runs
from server.runs.queries import RunView, stamps
from server.web.board_runs import ordered, stop_entry
from shared.ids import SiteId

FRESH_FOR = timedelta(seconds=120)  # names of places are no part of the stamp
KEPT_MAX = 2_000


@dataclass(frozen=True)
class SeenRun:
    """One run with its stops as entries, in the order they are driven."""

    stamp: tuple[object, ...]
    read_at: datetime
    view: RunView
    stops: tuple[dict[str, Any], ...]


class Kept:
    """What was read before, by run; several threads may look, the newest read wins."""

    def __init__(self) -> None:
        self._runs: dict[UUID, SeenRun] = {}

    def look(
        self, session: Session, site_id: SiteId, run_ids: Sequence[UUID], now: datetime
    ) -> list[SeenRun]:
        """Give these runs by departure; only those that differ from before are read."""
        now_at = stamps.stamps(session, site_id, run_ids)
        stale = [key for key, stamp in now_at.items() if self._stale(key, stamp, now)]
        fresh = {
            view.run.id: SeenRun(
                now_at[view.run.id],
                now,
                view,
                tuple(stop_entry(view, visit) for visit in ordered(view)),
            )
            for view in runs.views(session, site_id, stale)
        }
        if len(self._runs) + len(fresh) > KEPT_MAX:
            self._runs = {}
        self._runs |= fresh
        known = [fresh.get(key) or self._runs.get(key) for key in now_at]
        found = [one for one in known if one is not None]
        return sorted(found, key=lambda one: (one.view.run.planned_departure_at, one.view.run.id))

    def _stale(self, key: UUID, stamp: tuple[object, ...], now: datetime) -> bool:
        known = self._runs.get(key)
        return known is None or known.stamp != stamp or now - known.read_at > FRESH_FOR
