"""Which devices have a run: those of its vehicle, its driver's, or the one it was taken over on."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from sqlmodel import Session, col, or_, select

from server.feed import service as feed
from server.fleet import queries as fleet
from server.people import queries as people
from server.runs.service.rows import run_scope
from server.runs.tables import RunRow
from server.sites import queries as sites
from shared.ids import DeviceId, DriverId, RunId, SiteId, VehicleId
from shared.local_time import local_day, zone


def devices_of(session: Session, site_id: SiteId, run: RunRow, now: datetime) -> set[DeviceId]:
    """Devices that have this run in scope now (sync.md S9)."""
    if not _in_hand(session, site_id, run, now):
        return set()
    if run.device_id is not None:
        return {DeviceId(run.device_id)}
    found: set[DeviceId] = set()
    if run.vehicle_id is not None:
        found |= set(people.devices_of_vehicle(session, site_id, VehicleId(run.vehicle_id)))
    if run.driver_id is not None:
        found |= set(people.devices_of_driver(session, site_id, DriverId(run.driver_id)))
    return found


def _in_hand(session: Session, site_id: SiteId, run: RunRow, now: datetime) -> bool:
    """Dispatched runs up to tomorrow, and those called off that a device may still show."""
    today = local_day(now, zone(sites.site(session, site_id).tz))
    if run.service_date > today + timedelta(days=1):
        return False
    called_off = run.plan_state == "cancelled" and run.dispatched_at is not None
    return run.plan_state == "dispatched" or (called_off and run.service_date >= today)


def rescope_runs(session: Session, site_id: SiteId, runs: Iterable[RunRow], now: datetime) -> None:
    """Give the scopes of these runs to exactly the devices that should have them."""
    session.flush()
    for run in runs:
        devices = devices_of(session, site_id, run, now)
        feed.set_devices(session, site_id, run_scope(run.id), devices, now)


def rescope(
    session: Session,
    site_id: SiteId,
    now: datetime,
    *,
    drivers: Iterable[UUID] = (),
    vehicles: Iterable[UUID] = (),
    run_ids: Iterable[RunId] | None = None,
) -> None:
    """Look again at the runs of these drivers and vehicles; without any, at every run in hand.

    To be called when a driver signed in elsewhere or a device was bound to another vehicle.
    """
    query = select(RunRow).where(
        col(RunRow.site_id) == site_id, col(RunRow.plan_state).in_(("dispatched", "cancelled")),
        col(RunRow.dispatched_at).is_not(None),
        col(RunRow.planned_departure_at) >= now - timedelta(days=14),
    )  # fmt: skip
    wanted = (
        col(RunRow.driver_id).in_(list(drivers)),
        col(RunRow.vehicle_id).in_(list(vehicles)),
    )
    if list(drivers) or list(vehicles):
        query = query.where(or_(*wanted))
    if run_ids is not None:
        query = query.where(col(RunRow.id).in_(list(run_ids)))
    rescope_runs(session, site_id, session.exec(query).all(), now)


def assigned(session: Session, site_id: SiteId, run: RunRow, now: datetime) -> None:
    """Bring Carrier and scopes in line after a run got another vehicle or driver."""
    run.carrier_id = carrier_of(session, site_id, run)
    claim = run.claim or {}
    wished = claim.get("driver")
    if wished is not None and wished == str(run.driver_id):
        run.device_id, run.claim = UUID(claim["device"]), None
    rescope_runs(session, site_id, [run], now)


def carrier_of(session: Session, site_id: SiteId, run: RunRow) -> UUID | None:
    """The Carrier whose vehicle drives, else whose driver does."""
    if run.vehicle_id is not None:
        vehicle = fleet.vehicle(session, site_id, VehicleId(run.vehicle_id))
        if vehicle is not None and vehicle.carrier_id is not None:
            return vehicle.carrier_id
    if run.driver_id is None:
        return None
    driver = people.driver(session, site_id, DriverId(run.driver_id))
    return driver.carrier_id if driver is not None else None
