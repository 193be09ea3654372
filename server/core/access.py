"""Who may do what with what: one table, one question."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from server.core.matrix import ACCESS, Reach
from shared.ids import CarrierId, DeviceId, DriverId, PersonId, SiteId, VehicleId
from shared.refusals import refuse


class Role(StrEnum):
    """What a principal may be at its site."""

    SUPERVISOR = "supervisor"
    PLANNER = "planner"
    DISPATCHER = "dispatcher"
    CARRIER_MANAGER = "carrier_manager"
    DRIVER = "driver"
    DEVICE = "device"


@dataclass(frozen=True)
class Principal:
    """Who is asking, as found from the headers alone."""

    kind: str  # person | device | link
    site_id: SiteId
    person_id: PersonId | None = None
    device_id: DeviceId | None = None
    driver_id: DriverId | None = None
    vehicle_id: VehicleId | None = None
    roles: frozenset[Role] = frozenset()
    carrier_id: CarrierId | None = None
    name: str = ""
    lang: str = "en"
    rights: frozenset[str] | None = None  # an API token acts with a subset: "read", "write"
    token_hash: str | None = None  # of the session or device token presented
    unseen: bool = False  # its last use is worth writing down again
    retired: bool = False  # a retired device may still hand in its facts, nothing else

    @property
    def by(self) -> str:
        """The name of the actor in facts and audit entries."""
        if self.person_id is not None:
            return f"user:{self.person_id}"
        return f"device:{self.device_id}" if self.device_id is not None else "link"


SYSTEM_NAME = "system"


def system(site_id: SiteId) -> Principal:
    """Who acts when a clock or a job acts."""
    return Principal(
        kind=SYSTEM_NAME, site_id=site_id, roles=frozenset({Role.SUPERVISOR}), name=SYSTEM_NAME
    )


@dataclass(frozen=True)
class Resource:
    """One object, or all of a kind, and whose it is."""

    kind: str
    site_id: SiteId
    carrier_id: CarrierId | None = None
    driver_id: DriverId | None = None
    device_ids: frozenset[DeviceId] = field(default_factory=frozenset)
    vehicle_id: VehicleId | None = None
    person_id: PersonId | None = None
    today: bool = False


NO_RIGHTS: Mapping[str, Reach] = MappingProxyType({})


def reaches(principal: Principal, kind: str, verb: str) -> frozenset[Reach]:
    """How far the principal's roles carry this verb on this kind of thing."""
    if kind == "public":
        return frozenset({Reach.ANY})
    if not _within_token(principal, verb):
        return frozenset()
    rights = ACCESS[kind]
    found = (rights.get(role.value, NO_RIGHTS).get(verb) for role in principal.roles)
    return frozenset(reach for reach in found if reach is not None)


def may(principal: Principal, verb: str, *, resource: Resource) -> bool:
    """Say whether the principal may do this with that object."""
    if principal.site_id != resource.site_id:
        return False
    return any(
        _covers(reach, principal, resource) for reach in reaches(principal, resource.kind, verb)
    )


def allow(principal: Principal, verb: str, *, resource: Resource) -> None:
    """Refuse what the principal may not do: absent if it may not even read, else not allowed."""
    if may(principal, verb, resource=resource):
        return
    if verb != "read" and may(principal, "read", resource=resource):
        raise refuse("not_allowed")
    raise refuse("not_found")


def allow_list(principal: Principal, kind: str) -> None:
    """Refuse a list that cannot be narrowed to what is the principal's own."""
    if not reaches(principal, kind, "read") & {Reach.ANY, Reach.SELF}:
        raise refuse("not_allowed")


def allow_route(principal: Principal, kind: str, verb: str, *, one_object: bool) -> None:
    """Refuse at the door who has this right on no object at all."""
    if reaches(principal, kind, verb):
        return
    readable = bool(reaches(principal, kind, "read"))
    raise refuse("not_found" if one_object and not readable else "not_allowed")


def _within_token(principal: Principal, verb: str) -> bool:
    if principal.rights is None or "write" in principal.rights:
        return True
    return verb == "read" and "read" in principal.rights


def _covers(reach: Reach, who: Principal, what: Resource) -> bool:
    """Say whether the object lies within this reach."""
    match reach:
        case Reach.ANY:
            return True
        case Reach.TODAY:
            return what.today
        case Reach.CARRIER:
            return who.carrier_id is not None and who.carrier_id == what.carrier_id
        case Reach.OWN:
            return who.driver_id is not None and who.driver_id == what.driver_id
        case Reach.SCOPE:
            return _in_scope(who, what)
        case Reach.SELF:
            return _is_self(who, what)


def _in_scope(who: Principal, what: Resource) -> bool:
    if who.device_id is not None and who.device_id in what.device_ids:
        return True
    return who.vehicle_id is not None and who.vehicle_id == what.vehicle_id


def _is_self(who: Principal, what: Resource) -> bool:
    if who.person_id is not None:
        return who.person_id == what.person_id
    return who.device_id is not None and who.device_id in what.device_ids
