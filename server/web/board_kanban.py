"""What cards add to the board: calls with their evidence, stock, handovers that wait."""

from collections.abc import Collection, Mapping
from typing import Any
from uuid import UUID

from sqlmodel import Session

from server.core.access import Principal, reaches
from server.people import queries as people
from server.plant import queries as plant
from server.plant.queries import lists
from server.plant.queries.forms import handover_out
from server.runs import queries as runs
from server.sites import queries as sites
from shared.ids import RunId

Entries = dict[str, dict[str, dict[str, Any]]]
CLOSED_SHOWN_MAX, RECENT_MAX = 10, 40


def kanban_entries(session: Session, who: Principal) -> Entries:
    """Calls, stock and handovers of the site, with names; empty for who may not see them."""
    if not reaches(who, "kanban", "read"):
        return {"call": {}, "stock": {}, "handover": {}}
    calls = lists.calls(session, who.site_id)
    recent = lists.calls(session, who.site_id, open_only=False, limit=RECENT_MAX)
    calls += [one for one in recent if "closed" in one][:CLOSED_SHOWN_MAX]
    stocks = lists.board_stocks(session, who.site_id)
    left = [handover_out(row) for row in plant.handovers(session, who.site_id, limit=10)]
    names = _Names(session, who, {one["station"] for one in (*calls, *stocks)})
    by_run = names.runs({one["run"] for one in (*calls, *left) if one.get("run")})
    return {
        "call": {one["id"]: _call(one, names, by_run) for one in calls},
        "stock": {one["id"]: {**one, "place": names.place(one["station"])} for one in stocks},
        "handover": {one["id"]: _handover(one, names, by_run) for one in left},
    }


def _call(one: dict[str, Any], names: "_Names", by_run: Mapping[str, str]) -> dict[str, Any]:
    return {
        **one,
        "place": names.place(one["station"]),
        "by_name": names.who(one.get("by")),
        "closed_by_name": names.who(one.get("closed_by")),
        "run_name": by_run.get(str(one.get("run")), ""),
        "scans": 1 + len(one.get("aliases", ())),
    }


def _handover(one: dict[str, Any], names: "_Names", by_run: Mapping[str, str]) -> dict[str, Any]:
    return {
        "id": one["id"],
        "text": one.get("text", ""),
        "at": one["written"],
        "by_name": names.who(one.get("by")),
        "run_name": by_run.get(str(one.get("run")), ""),
        "open": len(one.get("open", ())),
        "counts": one.get("counts", {}),
    }


class _Names:
    """Names of places and of those who record, read once."""

    def __init__(self, session: Session, who: Principal, places: Collection[str]) -> None:
        self._session, self._site_id = session, who.site_id
        found = sites.locations(session, who.site_id, {UUID(one) for one in places})
        self._places = {str(key): row.name for key, row in found.items()}
        drivers = people.drivers_of(session, who.site_id)
        self._people = {f"driver:{row.id}": row.name for row in drivers}
        devices = people.devices(session, who)
        self._people |= {f"device:{row.id}": row.name for row in devices}

    def place(self, key: object) -> str:
        """What a station is called."""
        return self._places.get(str(key), "?")

    def who(self, by: object) -> str:
        """What a driver or device is called; empty for the office."""
        return self._people.get(str(by), "")

    def runs(self, ids: Collection[str]) -> dict[str, str]:
        """What runs are called."""
        wanted = [RunId(UUID(one)) for one in ids]
        known = runs.known_runs(self._session, self._site_id, wanted) if wanted else ()
        found = (runs.run(self._session, self._site_id, one) for one in known)
        return {str(row.id): row.name for row in found}
