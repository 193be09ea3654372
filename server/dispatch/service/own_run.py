"""A run of their own for visits that fit nowhere: opened empty, from the same depot and back."""

from collections.abc import Sequence
from datetime import date, datetime, time
from typing import Any
from uuid import UUID

from sqlmodel import Session

from server.core import audit
from server.core.access import Principal, Resource, allow
from server.core.clock import from_ms, to_ms
from server.dispatch.rules import leave_s
from server.dispatch.seen import seconds_of, see, spans_in_seconds
from server.dispatch.service.changeable import check_changeable
from server.runs import queries as runs
from server.runs import service as running
from server.runs.service import NewRun, NewVisit
from server.runs.times import windows_of
from server.sites import queries as sites
from server.travel import service as travel
from shared.ids import RunId, SiteId
from shared.local_time import local_day, resolve_local, zone
from shared.loop import Stop
from shared.plan import Insert
from shared.refusals import refuse
from shared.site import Location

AD_HOC = "ad_hoc"
PROFILE = "van"
FIRST_TIME = time(8)  # of a day that has not begun


def own_run(
    session: Session, who: Principal, run_id: RunId, visits: Sequence[UUID], *, now: datetime
) -> RunId:
    """Open the run; it leaves in time for the first of the visits, or at once."""
    allow(who, "write", resource=Resource("runs", who.site_id))
    check_changeable(session, who, run_id, ())
    view = runs.load(session, who.site_id, run_id)
    if not visits:
        raise refuse("bad_input", errors=[("/visits", "at least one")], why="visits")
    first = view.visit(visits[0])
    depot, ground = view.run.start_location, see(session, who.site_id, view, now).ground
    drive_s = ground.seconds[ground.numbers[depot]][ground.numbers[first.location_id]]
    leaves = from_ms(leave_s(seconds_of(now), drive_s, spans_in_seconds(first.windows)) * 1000)
    name = view.places[first.location_id].name
    run = NewRun(
        name=name,
        kind=AD_HOC,
        service_date=view.run.service_date,
        departure_at=leaves,
        return_at=leaves,
        start_location=depot,
        end_location=depot,
        visits=(NewVisit(depot, "start", leaves, leaves), NewVisit(depot, "end", leaves, leaves)),
        legs=((0, 0),),
    )
    opened = running.open_run(session, who.site_id, run, now=now)
    assert opened is not None, "a run without departure number has no rival"
    audit.record(session, who, "run.opened", ("run", opened), now=now, after={"name": name})
    return opened


def ad_hoc(
    session: Session, site_id: SiteId, place: Location, stop: Insert, *, on: date, now: datetime
) -> dict[str, Any]:
    """What a run from the depot to one new stop and back would take, and when it would leave."""
    depot = next(iter(sites.page(session, site_id, kind="depot", limit=1)), None)
    points = [sites.as_location(depot).point() if depot else None, place.point()]
    home, there = points
    if home is None or there is None:
        raise refuse("bad_input", errors=[("/stop", "no coordinate")], why=place.name)
    out, back = travel.legs(session, site_id, [home, there, home], PROFILE)
    tz = zone(sites.site(session, site_id).tz)
    ready = now if on <= local_day(now, tz) else resolve_local(on, FIRST_TIME, tz).utc
    spans = [
        (to_ms(first), to_ms(last))
        for first, last in windows_of(Stop(location_id=place_id(stop)), place, on, ready, tz)
    ]
    windows = spans_in_seconds(spans if stop.windows is None else stop.windows)
    leaves = leave_s(seconds_of(ready), out[0], windows)
    closes = max((span[1] for span in windows), default=leaves + out[0])
    stays = place.service_fixed_s if stop.service_s is None else stop.service_s
    return {
        "ad_hoc": True,
        "planned_departure": leaves * 1000,
        "arrival": (leaves + out[0]) * 1000,
        "delta_s": out[0] + back[0],
        "delta_m": out[1] + back[1],
        "delta_end_s": out[0] + stays + back[0],
        "late_s": max(0, leaves + out[0] - closes),
    }


def place_id(stop: Insert) -> UUID:
    """Where it is; only stops that are no orders are asked."""
    assert stop.location_id is not None, "an order has no place of its own"
    return stop.location_id
