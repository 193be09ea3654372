"""Reads of the fleet."""

from collections.abc import Iterable, Sequence

from sqlmodel import Session, col, select

from server.core.access import Principal, Role
from server.fleet.tables import CarrierRow, VehicleRow
from shared.ids import CarrierId, SiteId, VehicleId

WHOLE_SITE = frozenset({Role.SUPERVISOR, Role.PLANNER, Role.DISPATCHER})


def vehicles(session: Session, who: Principal) -> Sequence[VehicleRow]:
    """The vehicles a principal may see, by name."""
    query = select(VehicleRow).where(col(VehicleRow.site_id) == who.site_id)
    if not who.roles & WHOLE_SITE:
        mine = (col(VehicleRow.carrier_id) == who.carrier_id) & (who.carrier_id is not None)
        query = query.where(mine | (col(VehicleRow.id) == who.vehicle_id))
    return session.exec(query.order_by(col(VehicleRow.name), col(VehicleRow.id))).all()


def vehicles_of(
    session: Session, site_id: SiteId, vehicle_ids: Iterable[VehicleId] | None = None
) -> dict[VehicleId, VehicleRow]:
    """Vehicles of the site by id; all of them unless ids are given."""
    query = select(VehicleRow).where(col(VehicleRow.site_id) == site_id)
    if vehicle_ids is not None:
        query = query.where(col(VehicleRow.id).in_(list(vehicle_ids)))
    return {VehicleId(row.id): row for row in session.exec(query)}


def vehicle(session: Session, site_id: SiteId, vehicle_id: VehicleId) -> VehicleRow | None:
    """One vehicle of the site."""
    return session.get(VehicleRow, (site_id, vehicle_id))


def carriers(session: Session, who: Principal) -> Sequence[CarrierRow]:
    """The Carriers a principal may see, by name."""
    query = select(CarrierRow).where(col(CarrierRow.site_id) == who.site_id)
    if not who.roles & WHOLE_SITE:
        query = query.where(col(CarrierRow.id) == who.carrier_id)
    return session.exec(query.order_by(col(CarrierRow.name), col(CarrierRow.id))).all()


def carrier(session: Session, site_id: SiteId, carrier_id: CarrierId) -> CarrierRow | None:
    """One Carrier of the site."""
    return session.get(CarrierRow, (site_id, carrier_id))
