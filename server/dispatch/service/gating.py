"""Ask the gate about a run: read what it looks at, in the language of the site."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlmodel import Session

from server.core import words
from server.core.access import Principal
from server.dispatch import gate as rules
from server.dispatch.gate import Called, Checked, GateItem
from server.dispatch.ground import PLANT
from server.dispatch.seen import Seen, see
from server.fleet import queries as fleet
from server.loops import queries as loops
from server.people import queries as people
from server.runs import queries as runs
from server.runs.queries import RunView
from server.runs.queries.clashes import clashes
from server.sites import queries as sites
from shared.ids import DriverId, RunId, SiteId, VehicleId
from shared.local_time import local_day, zone
from shared.task import Amount
from shared.timeline import simulate

CLOSED = "closed"


def gate(session: Session, site_id: SiteId, run_id: RunId, now: datetime) -> list[GateItem]:
    """What blocks the dispatch of this run, and what is only worth knowing."""
    with words.speaking(sites.site(session, site_id).lang):
        return rules.items(_checked(session, site_id, runs.load(session, site_id, run_id), now))


def gate_items(session: Session, who: Principal, run_id: RunId, *, now: datetime) -> dict[str, Any]:
    """The gate of a run as the API answers it, in the reader's language."""
    runs.allowed_run(session, who, run_id)
    with words.speaking(who.lang):
        view = runs.load(session, who.site_id, run_id)
        found = rules.items(_checked(session, who.site_id, view, now))
    items = [{"item": one.item, "level": one.level, "sentence": one.sentence} for one in found]
    return {"items": items}


def _checked(session: Session, site_id: SiteId, view: RunView, now: datetime) -> Checked:
    run = view.run
    seen = see(session, site_id, view, now)
    rows = sites.locations(session, site_id, [one.location_id for one in view.visits])
    driver = people.driver(session, site_id, DriverId(run.driver_id)) if run.driver_id else None
    day = local_day(run.planned_departure_at, zone(sites.site(session, site_id).tz))
    seen_version = run.acked_plan_version or 0
    return Checked(
        places=[sites.as_location(row) for row in rows.values()],
        needs_points=run.kind != PLANT,
        unreachable=_unreachable(seen),
        vehicle=_called(session, site_id, view),
        has_driver=run.driver_id is not None,
        driver_skills=frozenset(driver.skills if driver is not None else ()),
        needed_skills=_skills(session, site_id, view),
        clashes=[other.name for other in clashes(session, site_id, run)],
        peak=_peak(seen),
        capacity=seen.task.run.capacity,
        partial_load=sites.settings(session, site_id).partial_load,
        devices=_devices(session, site_id, view),
        plan_seen=run.plan_state != "dispatched" or seen_version >= run.plan_version,
        service_date=day,
    )


def _called(session: Session, site_id: SiteId, view: RunView) -> Called | None:
    vehicle_id = view.run.vehicle_id
    row = fleet.vehicle(session, site_id, VehicleId(vehicle_id)) if vehicle_id else None
    if row is None:
        return None
    kind = row.vehicle_class or row.kind
    return Called(row.name, kind, row.height_m, frozenset(row.skills), row.service_due_date)


def _unreachable(seen: Seen) -> list[str]:
    """Driving straight there from the start is too late already, or nothing is open that day."""
    task = seen.task
    found = []
    for number in task.order:
        alone = simulate(task.run, (number,), task.at)
        if any(one.cause == "delay" and one.id == number for one in alone.violations):
            found.append(_name(seen, number))
    ahead = {seen.visits[number].stop_id: number for number in task.order}
    for violation in seen.view.plan.violations:
        if violation.get("cause") == CLOSED:
            stop = next((n for key, n in ahead.items() if str(key) == violation.get("stop")), None)
            found += [_name(seen, stop)] if stop is not None else []
    return list(dict.fromkeys(found))


def _name(seen: Seen, number: int) -> str:
    return str(seen.view.places[seen.visits[number].location_id].name)


def _skills(session: Session, site_id: SiteId, view: RunView) -> Mapping[str, list[str]]:
    """Skills that the stops of the loop's version ask for, by name of the place."""
    if view.run.loop_version_id is None:
        return {}
    wanted = {
        row.id: row.skills for row in loops.stop_rows(session, site_id, view.run.loop_version_id)
    }
    return {
        str(view.places[one.location_id].name): wanted[one.stop_id]
        for one in view.stops
        if one.stop_id in wanted and one.plan_state == "planned" and wanted[one.stop_id]
    }


def _peak(seen: Seen) -> Amount:
    """The most that is ever on board, in each dimension."""
    task = seen.task
    line = simulate(task.run, task.order, task.at)
    loads = [task.at.load, *(step.load for step in line.steps)]
    return tuple(max(load[n] for load in loads) for n in range(len(task.run.capacity)))


def _devices(session: Session, site_id: SiteId, view: RunView) -> int:
    """Devices that would show the run: its vehicle's, its driver's, the one it is on."""
    run = view.run
    found = {run.device_id} if run.device_id else set()
    if run.vehicle_id is not None:
        found |= set(people.devices_of_vehicle(session, site_id, VehicleId(run.vehicle_id)))
    if run.driver_id is not None:
        found |= set(people.devices_of_driver(session, site_id, DriverId(run.driver_id)))
    return len(found)
