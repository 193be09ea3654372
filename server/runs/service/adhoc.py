"""Open a run without a loop: point to point, urgent, today."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field
from sqlmodel import Session

from server.core import audit
from server.core.access import Principal
from server.core.clock import from_ms
from server.runs import rules, times
from server.runs.rules import NewLine, NewRun, NewVisit
from server.runs.service.opening import open_run
from server.sites import queries as sites
from server.travel import service as travel
from shared.gate import Day, Many, Millis, Text, Uid, Wire
from shared.geo import PlantPoint, Point
from shared.ids import RunId, SiteId
from shared.local_time import zone
from shared.loop import Stop
from shared.plan import Insert
from shared.proof import levels_of
from shared.refusals import refuse
from shared.site import Interval, Location

AD_HOC = "ad_hoc"


class NewAdHoc(Wire):
    """An ad hoc run to open: its stops in order, from a depot and back."""

    service_date: Day
    planned_departure: Millis
    stops: Annotated[Many[Insert], Field(min_length=1)]
    name: Text = ""
    start_location: Uid | None = None
    vehicle_id: Uid | None = None
    driver_id: Uid | None = None


def open_ad_hoc(session: Session, who: Principal, given: NewAdHoc, *, now: datetime) -> RunId:
    """Open a run of these stops; nothing refuses it but places that are not there."""
    leaves = from_ms(given.planned_departure)
    depot = given.start_location or _depot(session, who.site_id)
    wanted = [depot, *(_place_of(stop) for stop in given.stops)]
    rows = sites.locations(session, who.site_id, wanted)
    if set(wanted) - rows.keys():
        raise refuse("bad_input", errors=[("/stops", "unknown location")], why="stops")
    places = {key: sites.as_location(row) for key, row in rows.items()}
    points = [_point(places[one]) for one in (*wanted, depot)]
    legs = travel.legs(session, who.site_id, points, "van")
    tz = zone(sites.site(session, who.site_id).tz)
    windows = [_windows(stop, places[_place_of(stop)], leaves, tz.key) for stop in given.stops]
    stays = [_service(stop, places[_place_of(stop)]) for stop in given.stops]
    timed = times.walk(leaves, legs, stays, windows)
    site_proof = sites.settings(session, who.site_id).proof
    visits = [
        NewVisit(
            location_id=_place_of(stop),
            kind="fixed",
            arrival=timed.times[n][0],
            departure=timed.times[n][1],
            windows=tuple(windows[n]),
            proof=levels_of(site_proof, {}, stop.proof or {}),
            service_s=stays[n],
        )
        for n, stop in enumerate(given.stops)
    ]
    name = given.name or places[_place_of(given.stops[0])].name
    run = NewRun(
        name=name,
        kind=AD_HOC,
        service_date=given.service_date,
        departure_at=leaves,
        return_at=timed.return_at,
        start_location=depot,
        end_location=depot,
        visits=(
            NewVisit(depot, rules.START, leaves, leaves),
            *visits,
            NewVisit(depot, rules.END, timed.return_at, timed.return_at),
        ),
        legs=tuple(legs),
        vehicle_id=given.vehicle_id,
        driver_id=given.driver_id,
        lines=tuple(
            rules.line_at(n, line) for n, stop in enumerate(given.stops) for line in stop.lines
        ),
    )
    opened = open_run(session, who.site_id, run, now=now)
    assert opened is not None, "a run without departure number has no rival"
    audit.record(session, who, "run.opened", ("run", opened), now=now, after={"name": name})
    return opened


def _depot(session: Session, site_id: SiteId) -> UUID:
    found = sites.page(session, site_id, kind="depot", limit=1)
    if not found:
        raise refuse("bad_input", errors=[("/start_location", "no depot yet")], why="depot")
    return found[0].id


def _place_of(stop: Insert) -> UUID:
    if stop.location_id is None:
        raise refuse("bad_input", errors=[("/stops", "location_id")], why="location_id")
    return stop.location_id


def _point(place: Location) -> Point | PlantPoint:
    found = place.point()
    if found is None:
        raise refuse("bad_input", errors=[("/stops", "no coordinate")], why=place.name)
    return found


def _windows(stop: Insert, place: Location, leaves: datetime, tz: str) -> Sequence[Interval]:
    if stop.windows is not None:
        return [(from_ms(first), from_ms(last)) for first, last in stop.windows]
    day = leaves.astimezone(zone(tz)).date()
    return times.windows_of(_as_stop(stop), place, day, leaves, zone(tz))


def _as_stop(stop: Insert) -> Stop:
    return Stop(location_id=_place_of(stop))


def _service(stop: Insert, place: Location) -> int:
    return stop.service_s if stop.service_s is not None else place.service_fixed_s


def _lines(stops: Sequence[Insert]) -> tuple[NewLine, ...]:
    return tuple(rules.line_at(n, line) for n, stop in enumerate(stops) for line in stop.lines)
