"""Use cases of the fleet: add and change vehicles and Carriers, and tell the devices."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel import Session

from server.core import audit
from server.core.access import Principal, Resource, allow
from server.core.ids import new_id
from server.feed import service as feed
from server.feed.service import FeedChange
from server.fleet import queries
from server.fleet.tables import CarrierRow, VehicleRow
from shared.ids import CarrierId, SiteId, VehicleId
from shared.refusals import refuse

SITE_SCOPE = "site"
CLEARABLE = frozenset({
    "capacity_kg", "capacity_l", "capacity_units", "goods_carriers", "height_m", "range_m",
    "cost_per_km_minor", "carrier_id", "service_due_date", "service_due_m",
})  # fmt: skip
TOLD = ("name", "plate", "kind", "capacity_kg", "capacity_l", "capacity_units", "goods_carriers",
        "height_m", "energy", "range_m", "skills", "carrier_id")  # fmt: skip


def add_vehicle(
    session: Session, who: Principal, given: Mapping[str, Any], *, now: datetime
) -> VehicleRow:
    """Add a vehicle; an id that exists is refused."""
    carrier_id = given.get("carrier_id") or who.carrier_id
    allow(who, "write", resource=Resource("fleet", who.site_id, carrier_id=carrier_id))
    vehicle_id = _fresh(session, VehicleRow, who.site_id, given.get("id"), now)
    columns = {**_present(given), "carrier_id": carrier_id, "id": vehicle_id}
    columns["skills"] = list(columns.get("skills") or ())
    row = VehicleRow(site_id=who.site_id, **columns, created_at=now, updated_at=now)
    session.add(row)
    session.flush()
    _tell(session, row, now)
    audit.record(session, who, "vehicle.made", ("vehicle", row.id), now=now)
    return row


def change_vehicle(
    session: Session,
    who: Principal,
    vehicle_id: VehicleId,
    changed: Mapping[str, Any],
    *,
    now: datetime,
) -> VehicleRow:
    """Change the keys that are given; a stale revision is refused."""
    row = queries.vehicle(session, who.site_id, vehicle_id)
    if row is None:
        raise refuse("not_found")
    allow(who, "write", resource=resource_of(row))
    _apply(row, changed)
    allow(who, "write", resource=resource_of(row))  # nor may it be given to another Carrier
    row.updated_at = now
    _tell(session, row, now)
    audit.record(
        session, who, "vehicle.changed", ("vehicle", row.id), now=now,
        after={"keys": sorted(changed)},
    )  # fmt: skip
    return row


def add_carrier(
    session: Session, who: Principal, given: Mapping[str, Any], *, now: datetime
) -> CarrierRow:
    """Add a Carrier."""
    allow(who, "write", resource=Resource("fleet", who.site_id))
    carrier_id = _fresh(session, CarrierRow, who.site_id, given.get("id"), now)
    columns = {**_present(given), "id": carrier_id}
    row = CarrierRow(site_id=who.site_id, **columns, created_at=now, updated_at=now)
    session.add(row)
    session.flush()
    _tell(session, row, now)
    audit.record(session, who, "carrier.made", ("carrier", row.id), now=now)
    return row


def change_carrier(
    session: Session,
    who: Principal,
    carrier_id: CarrierId,
    changed: Mapping[str, Any],
    *,
    now: datetime,
) -> CarrierRow:
    """Change the keys that are given; a stale revision is refused."""
    row = queries.carrier(session, who.site_id, carrier_id)
    if row is None:
        raise refuse("not_found")
    allow(who, "write", resource=Resource("fleet", who.site_id, carrier_id=carrier_id))
    _apply(row, changed)
    row.updated_at = now
    _tell(session, row, now)
    audit.record(session, who, "carrier.changed", ("carrier", row.id), now=now)
    return row


def resource_of(row: VehicleRow) -> Resource:
    """The vehicle as something one has rights on."""
    return Resource(
        "fleet",
        SiteId(row.site_id),
        carrier_id=CarrierId(row.carrier_id) if row.carrier_id else None,
        vehicle_id=VehicleId(row.id),
    )


def _fresh(
    session: Session, table: type[VehicleRow | CarrierRow], site_id: SiteId, given: UUID | None,
    now: datetime,
) -> UUID:  # fmt: skip
    if given is not None and session.get(table, (site_id, given)) is not None:
        raise refuse("exists", what=str(given))
    return given or new_id(now)


def _present(given: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in given.items() if value is not None and key != "id"}


def _apply(row: VehicleRow | CarrierRow, changed: Mapping[str, Any]) -> None:
    expected = changed.get("expected_rev")
    if expected is not None and expected != row.rev:
        raise refuse("rev")
    for key, value in changed.items():
        if key in CLEARABLE or (value is not None and key != "expected_rev"):
            setattr(row, key, list(value) if key == "skills" else value)


def _tell(session: Session, row: VehicleRow | CarrierRow, now: datetime) -> None:
    """Publish the row to every device of the site; an inactive one is withdrawn."""
    site_id = SiteId(row.site_id)
    row.rev = feed.lock(session, site_id, now)
    vehicle = isinstance(row, VehicleRow)
    change = FeedChange(
        kind="vehicle" if vehicle else "carrier",
        id=str(row.id),
        scope=SITE_SCOPE,
        plan=_plan(row) if row.active else None,
        fact=None,
        deleted=not row.active,
    )
    feed.publish(session, site_id, [change], now)


def _plan(row: VehicleRow | CarrierRow) -> dict[str, Any]:
    if isinstance(row, CarrierRow):
        return {"name": row.name, "contact": row.contact}
    plan = {key: getattr(row, key) for key in TOLD}
    plan["carrier_id"] = str(row.carrier_id) if row.carrier_id else None
    return {key: value for key, value in plan.items() if value not in (None, "")}
