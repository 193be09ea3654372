"""What the plant adds to the board: andons that are still open."""

from collections.abc import Sequence
from typing import Any

from sqlmodel import Session

from server.core.access import Principal, reaches
from server.plant import queries as plant
from server.runs.queries import RunView
from server.sites import queries as sites
from server.web.formats import to_ms

Entries = dict[str, dict[str, dict[str, Any]]]


def plant_entries(session: Session, who: Principal, views: Sequence[RunView]) -> Entries:
    """The open andons of the site, with the names of station and run."""
    if not reaches(who, "andon", "read"):
        return {"andon": {}}
    rows = plant.andons(session, who.site_id)
    stations = sites.locations(
        session, who.site_id, {row.station_id for row in rows if row.station_id}
    )
    runs = {view.run.id: view.run.name for view in views}
    return {
        "andon": {
            str(row.id): {
                "id": str(row.id),
                "category": row.kind,
                "severity": row.severity,
                "level": row.level,
                "place": stations[row.station_id].name if row.station_id in stations else "",
                "run": str(row.run_id) if row.run_id else None,
                "run_name": runs.get(row.run_id, "") if row.run_id else "",
                "text": row.text or "",
                "at": to_ms(row.raised_at),
                "acknowledged": row.acknowledged_at is not None,
            }
            for row in rows
        }
    }
