"""Facts decide where a visit belongs that people moved between runs (sync-events.md R13)."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlmodel import Session

from server.dispatch.service.crossing import Crossing, Place, carry_over
from server.facts import queries as facts
from server.runs import service as running
from server.runs.queries.moved import moved
from shared.events import Event
from shared.ids import RunId, SiteId, VisitId
from shared.run import fold_visit

BY, REASON = "facts", "moved_after_done"


def bring_home(
    session: Session, site_id: SiteId, visit_ids: Collection[VisitId], now: datetime
) -> set[RunId]:
    """Hang moved visits into the run their counted result names, or where people want them.

    So the run of a visit follows from the moves and the set of facts alone, in any order of
    arrival. Gives the runs that changed. The feed is locked already.
    """
    rows = moved(session, site_id, visit_ids)
    if not rows:
        return set()
    told: dict[UUID, list[Event]] = {}
    keys = [VisitId(row.id) for row in rows]
    for fact in facts.facts_of_visits(session, site_id, keys):
        if fact.event.envelope.visit is not None:
            told.setdefault(UUID(fact.event.envelope.visit), []).append(fact.event)
    changed: set[RunId] = set()
    for row in rows:
        result = fold_visit(told.get(row.id, ())).result
        wanted, every = running.homes_of(row)
        done_on = result.envelope.run if result is not None else None
        known = {str(one): one for one in every}
        home = RunId(known.get(done_on or "", wanted))
        if home != row.run_id:
            here = RunId(row.run_id)
            place = Place(settled=[row.id] if result is not None else ())
            _carry_home(session, site_id, _Trip(row.id, here, home, place), now)
            changed |= {here, home}
    return changed


@dataclass(frozen=True)
class _Trip:
    """A visit that goes from where people put it to where facts say it belongs, or back."""

    visit: UUID
    source: RunId
    target: RunId
    place: Place


def _carry_home(session: Session, site_id: SiteId, trip: _Trip, now: datetime) -> None:
    ends = sorted((trip.source, trip.target))
    views = {one: running.locked_view(session, site_id, one, now) for one in ends}
    source, target = views[trip.source], views[trip.target]
    way = Crossing(source, target, [trip.visit], BY, REASON, now, place=trip.place)
    carry_over(session, way)
