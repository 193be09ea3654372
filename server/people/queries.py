"""Reads of people, sessions, drivers and devices."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, or_
from sqlalchemy import select as columns
from sqlmodel import Session, col, select

from server.core.access import Principal, Role, reaches
from server.core.matrix import Reach
from server.people.tables import (
    ApiTokenRow,
    DeviceRow,
    DeviceTokenRow,
    DriverRow,
    PersonRow,
    RoleGrantRow,
    WebSessionRow,
)
from shared.ids import CarrierId, DeviceId, DriverId, PersonId, SiteId, VehicleId
from shared.refusals import refuse

# Rows that other files of this room name in their signatures.
__all__ = [
    "ApiTokenRow",
    "DeviceRow",
    "DriverRow",
    "PersonRow",
    "RoleGrantRow",
    "WebSessionRow",
]


def anybody(session: Session) -> bool:
    """Whether a person exists at all on this server."""
    return session.exec(select(PersonRow.id).limit(1)).first() is not None


def first_site(session: Session) -> SiteId | None:
    """The site of the first person, for commands that name none."""
    found = session.exec(select(PersonRow.site_id).order_by(col(PersonRow.id)).limit(1)).first()
    return SiteId(found) if found else None


def person(session: Session, site_id: SiteId, person_id: PersonId) -> PersonRow:
    """One person of the site; absent is refused."""
    row = session.get(PersonRow, (site_id, person_id))
    if row is None:
        raise refuse("not_found")
    return row


def person_by_login(session: Session, login: str) -> PersonRow | None:
    """Who signs in under this folded name or mail address."""
    same = or_(col(PersonRow.login) == login, func.lower(PersonRow.mail) == login)
    return session.exec(select(PersonRow).where(same).order_by(col(PersonRow.id))).first()


def people(session: Session, site_id: SiteId) -> Sequence[PersonRow]:
    """Everybody who signs in at the site, by name."""
    return session.exec(
        select(PersonRow).where(col(PersonRow.site_id) == site_id).order_by(col(PersonRow.name))
    ).all()


def grants(
    session: Session, site_id: SiteId, person_id: PersonId | None = None
) -> Sequence[RoleGrantRow]:
    """The roles of one person or of everybody."""
    query = select(RoleGrantRow).where(col(RoleGrantRow.site_id) == site_id)
    if person_id is not None:
        query = query.where(col(RoleGrantRow.person_id) == person_id)
    return session.exec(query.order_by(col(RoleGrantRow.role))).all()


def sessions(session: Session, site_id: SiteId, person_id: PersonId) -> Sequence[WebSessionRow]:
    """Where somebody is signed in."""
    return session.exec(
        select(WebSessionRow)
        .where(col(WebSessionRow.site_id) == site_id, col(WebSessionRow.person_id) == person_id)
        .order_by(col(WebSessionRow.made_ms))
    ).all()


def api_tokens(session: Session, site_id: SiteId, person_id: PersonId) -> Sequence[ApiTokenRow]:
    """Somebody's API tokens."""
    return session.exec(
        select(ApiTokenRow)
        .where(col(ApiTokenRow.site_id) == site_id, col(ApiTokenRow.person_id) == person_id)
        .order_by(col(ApiTokenRow.id))
    ).all()


def drivers(session: Session, who: Principal) -> Sequence[DriverRow]:
    """The drivers a principal may see, by name."""
    query = select(DriverRow).where(col(DriverRow.site_id) == who.site_id)
    if not who.roles & {Role.SUPERVISOR, Role.PLANNER, Role.DISPATCHER}:
        query = query.where(col(DriverRow.carrier_id) == who.carrier_id)
    return session.exec(query.order_by(col(DriverRow.name))).all()


def drivers_of(session: Session, site_id: SiteId) -> Sequence[DriverRow]:
    """Every active driver of the site, by name."""
    return session.exec(
        select(DriverRow)
        .where(col(DriverRow.site_id) == site_id, col(DriverRow.active).is_(True))
        .order_by(col(DriverRow.name))
    ).all()


def driver(session: Session, site_id: SiteId, driver_id: DriverId) -> DriverRow | None:
    """One driver of the site."""
    return session.get(DriverRow, (site_id, driver_id))


def device(session: Session, site_id: SiteId, device_id: DeviceId) -> DeviceRow | None:
    """One device of the site."""
    return session.get(DeviceRow, (site_id, device_id))


def devices(session: Session, who: Principal) -> Sequence[DeviceRow]:
    """The devices a principal may see, by name; a Carrier's cannot be told apart yet."""
    if not reaches(who, "devices", "read") & {Reach.ANY, Reach.SELF}:
        return []
    query = select(DeviceRow).where(col(DeviceRow.site_id) == who.site_id)
    if who.kind == "device":
        query = query.where(col(DeviceRow.id) == who.device_id)
    return session.exec(query.order_by(col(DeviceRow.name), col(DeviceRow.id))).all()


def devices_of_vehicle(
    session: Session, site_id: SiteId, vehicle_id: VehicleId
) -> Sequence[DeviceId]:
    """The active devices bound to a vehicle."""
    return _active_where(session, site_id, col(DeviceRow.vehicle_id) == vehicle_id)


def devices_of_driver(session: Session, site_id: SiteId, driver_id: DriverId) -> Sequence[DeviceId]:
    """The active device a driver last signed in on."""
    return _active_where(session, site_id, col(DeviceRow.driver_id) == driver_id)


def active_devices(session: Session, site_id: SiteId) -> Sequence[DeviceId]:
    """Every active device of the site."""
    return _active_where(session, site_id)


def devices_with_unsent(session: Session, site_id: SiteId) -> frozenset[DeviceId]:
    """Active devices that said they still hold facts or files."""
    rows = session.execute(
        columns(col(DeviceRow.id), col(DeviceRow.unsent_json)).where(
            col(DeviceRow.site_id) == site_id,
            col(DeviceRow.state) == "active",
            col(DeviceRow.unsent_json).is_not(None),
        )
    )
    return frozenset(
        DeviceId(key) for key, told in rows if told.get("events", 0) + told.get("blobs", 0) > 0
    )


def _active_where(session: Session, site_id: SiteId, *where: object) -> Sequence[DeviceId]:
    found = session.exec(
        select(DeviceRow.id)
        .where(
            col(DeviceRow.site_id) == site_id,
            col(DeviceRow.state) == "active",
            *where,  # type: ignore[arg-type]
        )
        .order_by(col(DeviceRow.id))
    )
    return [DeviceId(device_id) for device_id in found]


@dataclass(frozen=True)
class Credential:
    """A stored secret that was presented, with its owner."""

    token: DeviceTokenRow | WebSessionRow | ApiTokenRow
    device: DeviceRow | None = None
    person: PersonRow | None = None
    roles: Sequence[RoleGrantRow] = ()


def device_credential(session: Session, token_hash: str) -> Credential | None:
    """The device that was given this token."""
    token = session.exec(
        select(DeviceTokenRow).where(col(DeviceTokenRow.hash) == token_hash)
    ).first()
    if token is None:
        return None
    device_row = session.get(DeviceRow, (token.site_id, token.device_id))
    assert device_row is not None, "a token belongs to a device"
    return Credential(token, device=device_row)


def device_token_hashes(session: Session, site_id: SiteId, device_id: DeviceId) -> list[str]:
    """SHA-256 of every token a device was ever given: files it wrote may be older than the last."""
    query = select(DeviceTokenRow.hash).where(
        col(DeviceTokenRow.site_id) == site_id, col(DeviceTokenRow.device_id) == device_id
    )
    return list(session.exec(query))


def session_credential(session: Session, token_hash: str) -> Credential | None:
    """The person whose browser holds this session."""
    row = session.exec(
        select(WebSessionRow).where(col(WebSessionRow.token_hash) == token_hash)
    ).first()
    return None if row is None else _with_person(session, row)


def api_credential(session: Session, token_hash: str) -> Credential | None:
    """The person whose API token this is."""
    row = session.exec(select(ApiTokenRow).where(col(ApiTokenRow.token_hash) == token_hash)).first()
    return None if row is None else _with_person(session, row)


def _with_person(session: Session, row: WebSessionRow | ApiTokenRow) -> Credential:
    owner = session.get(PersonRow, (row.site_id, row.person_id))
    assert owner is not None, "a session belongs to a person"
    roles = grants(session, SiteId(row.site_id), PersonId(row.person_id))
    return Credential(row, person=owner, roles=roles)


def carrier_of(roles: Sequence[RoleGrantRow]) -> CarrierId | None:
    """The Carrier somebody manages."""
    return next((CarrierId(grant.carrier_id) for grant in roles if grant.carrier_id), None)
