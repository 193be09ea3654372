"""What visits bring and take: folded, then booked as empties and as stock."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel import Session

from server.facts import queries as facts
from server.feed import queries as feed_rows
from server.plant import queries, rules
from server.plant.rules import Told
from server.plant.service import empties, stock
from server.plant.service.empties import Account
from server.plant.service.stock import Came
from server.plant.tables import ControlCycleRow
from shared.calls import Moment
from shared.ids import LocationId, SiteId, VisitId
from shared.run import VisitFold, fold_visit


def places_of(
    session: Session, site_id: SiteId, visit_ids: Iterable[VisitId]
) -> dict[VisitId, LocationId]:
    """Where visits are, as devices were told: plant and runs stand side by side."""
    ids = [str(one) for one in visit_ids]
    if not ids:
        return {}
    rows = feed_rows.rows_of(session, site_id, "stop", ids=ids)
    return {
        VisitId(UUID(row.id)): LocationId(UUID(row.plan["location"])) for row in rows if row.plan
    }


def book(
    session: Session, site_id: SiteId, counting: Iterable[Told], now: datetime
) -> set[stock.Part]:
    """Fold what each visit gave and took, and let the ledgers say exactly that."""
    places = _places(session, site_id, counting)
    by_visit: dict[VisitId, list[Any]] = {visit: [] for visit in places}
    for fact in facts.facts_of_visits(session, site_id, list(places)):
        if fact.visit_id in by_visit:
            by_visit[fact.visit_id].append(fact.event)
    touched: set[stock.Part] = set()
    for visit, location in sorted(places.items(), key=lambda one: str(one[0])):
        account, fold = Account(site_id, location), fold_visit(by_visit[visit])
        parts = _parts(session, account, fold.qty)
        full = _by_type(parts)
        empties.book_visit(session, account, visit, empties.lines(fold.empties, full, visit), now)
        touched |= _stock(session, account, visit, fold, {c.part_no: n for c, n in parts})
    return touched


def _places(
    session: Session, site_id: SiteId, counting: Iterable[Told]
) -> dict[VisitId, LocationId]:
    """Visits whose ledgers may change; scans and counts of the road change none."""
    kinds: dict[VisitId, set[str]] = {}
    for fact in counting:
        if fact.visit_id is not None and fact.event and fact.event.type in rules.BOOKING:
            kinds.setdefault(fact.visit_id, set()).add(fact.event.type)
    places = places_of(session, site_id, kinds)
    only_loads = {visit for visit, types in kinds.items() if types <= rules.LOADS} & places.keys()
    if not only_loads:
        return places
    at = {places[visit] for visit in only_loads}
    stations = {row.station_id for row in queries.control_cycles(session, site_id, at)}
    return {v: p for v, p in places.items() if v not in only_loads or p in stations}


def _parts(
    session: Session, account: Account, lines: Mapping[str, int]
) -> list[tuple[ControlCycleRow, int]]:
    """Boxes that were left of each part the station has a control cycle for."""
    if not lines:
        return []
    rows = queries.control_cycles(session, account.site_id, [account.location_id])
    cycles = {cycle.part_no: cycle for cycle in rows}
    left: dict[str, int] = {}
    for load in feed_rows.rows_of(session, account.site_id, "load", ids=list(lines)):
        part = (load.plan or {}).get("part_no", "")
        if part in cycles:
            left[part] = left.get(part, 0) + lines[load.id]
    return [(cycles[part], n) for part, n in sorted(left.items())]


def _by_type(parts: Iterable[tuple[ControlCycleRow, int]]) -> dict[str, int]:
    found: dict[str, int] = {}
    for cycle, n in parts:
        if cycle.container_type:
            found[cycle.container_type] = found.get(cycle.container_type, 0) + n
    return found


def _stock(
    session: Session, account: Account, visit: VisitId, fold: VisitFold, left: Mapping[str, int]
) -> set[stock.Part]:
    result = fold.result
    moment = Moment(result.envelope.hlc, result.id) if result is not None else None
    came = [
        Came(rules.entry_id(visit, "stock", part), account.location_id, part, n, moment, visit)
        for part, n in left.items()
    ]
    return stock.book_visit(session, account.site_id, visit, came)
