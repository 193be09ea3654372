"""What is said about people, drivers and devices on the wire."""

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from pydantic import Field

from server.core.access import Principal, Role
from server.people.devices import Paired
from server.people.queries import (
    ApiTokenRow,
    DeviceRow,
    DriverRow,
    PersonRow,
    RoleGrantRow,
    WebSessionRow,
)
from server.people.service import Grant
from shared.gate import Label, Many, Millis, Text, Uid, Wire
from shared.ids import CarrierId

Password = Annotated[str, Field(min_length=1, max_length=128)]
Rev = Annotated[int, Field(ge=0, le=2**53)]
Lang = Literal["en", "de"]
SignInRole = Literal["supervisor", "planner", "dispatcher", "carrier_manager"]


class RoleGiven(Wire):
    """A role, and the Carrier of a carrier manager."""

    role: SignInRole
    carrier_id: Uid | None = None


class NewPerson(Wire):
    """Somebody who shall sign in."""

    name: Label
    email: Text | None = None
    lang: Lang = "en"
    roles: Many[RoleGiven]
    password: Password | None = None


class PersonChange(Wire):
    """Changed keys of a person."""

    email: Text | None = None
    lang: Lang | None = None
    disabled: bool | None = None
    roles: Many[RoleGiven] | None = None
    password: Password | None = None


class PersonOut(Wire):
    """A person as it is answered."""

    id: Uid
    name: str
    email: str | None
    lang: str
    disabled_ms: int | None
    roles: list[RoleGiven]


class DriverFields(Wire):
    """What may be said about a driver; absent keys stay as they are."""

    name: Label | None = None
    lang: Lang | None = None
    skills: Many[Label] | None = None
    zones: Many[Label] | None = None
    carrier_id: Uid | None = None
    valid_until: Millis | None = None
    active: bool | None = None
    pin: Annotated[str, Field(max_length=12)] | None = None
    badge: Text | None = None


class NewDriver(DriverFields):
    """A driver to be added."""

    id: Uid | None = None
    name: Label


class DriverChange(DriverFields):
    """Changed keys of a driver, and the revision they were seen at."""

    expected_rev: Rev | None = None


class DriverOut(Wire):
    """A driver as it is answered: never PIN or badge, only whether there is one."""

    id: Uid
    rev: int
    name: str
    lang: str
    skills: list[str]
    zones: list[str]
    carrier_id: Uid | None
    valid_until: int | None
    active: bool
    has_pin: bool
    has_badge: bool


class DeviceOut(Wire):
    """A device as it is answered."""

    id: Uid
    name: str
    vehicle_id: Uid | None
    driver_id: Uid | None
    platform: str
    app: str
    state: str
    since: int
    paired_ms: int
    last_seen_ms: int | None
    unsent: dict[str, Any] | None
    health: dict[str, Any] | None
    health_ms: int | None


class DeviceChange(Wire):
    """Changed keys of a device."""

    name: Label | None = None
    vehicle_id: Uid | None = None


class DeviceState(Wire):
    """A device is taken out of service."""

    state: Literal["retired", "stolen"]
    reason: Text = ""


class NewPairCode(Wire):
    """For which device a code shall be."""

    device_id: Uid | None = None
    name: Text = ""
    vehicle_id: Uid | None = None


class PairAsk(Wire):
    """A device asks to be paired."""

    code: Annotated[str, Field(min_length=1, max_length=40)]
    name: Text = ""
    platform: Text = ""
    app: Text = ""
    device_id: Uid | None = None
    old_token: Annotated[str, Field(max_length=100)] | None = None


class NewToken(Wire):
    """An API token to be made."""

    name: Label
    rights: Literal["read", "read write"] = "read"
    expires: Millis


def new_person(body: NewPerson, password_hash: str | None) -> dict[str, Any]:
    """Somebody new as the service takes them."""
    return {
        "name": body.name,
        "mail": body.email,
        "lang": body.lang,
        "grants": grants(body.roles),
        "password_hash": password_hash,
    }


def person_change(body: PersonChange, password_hash: str | None) -> dict[str, Any]:
    """A change as the service takes it."""
    return {
        "mail": body.email,
        "lang": body.lang,
        "disabled": body.disabled,
        "grants": grants(body.roles) if body.roles is not None else None,
        "password_hash": password_hash,
    }


def grants(given: Sequence[RoleGiven]) -> list[Grant]:
    """The roles as the service takes them."""
    return [
        Grant(Role(one.role), CarrierId(one.carrier_id) if one.carrier_id else None)
        for one in given
    ]


class Items(Wire):
    """A page of anything; short lists have one page."""

    items: list[Any]
    next: None = None


def person_out(row: PersonRow, held: Sequence[RoleGrantRow]) -> PersonOut:
    """Answer with a person and the roles it holds."""
    roles = [
        RoleGiven.model_validate({"role": grant.role, "carrier_id": grant.carrier_id})
        for grant in held
        if grant.person_id == row.id
    ]
    return PersonOut(
        id=row.id,
        name=row.name,
        email=row.mail,
        lang=row.lang,
        disabled_ms=row.disabled_ms,
        roles=roles,
    )


def driver_out(row: DriverRow) -> DriverOut:
    """Answer with a driver."""
    return DriverOut(
        id=row.id,
        rev=row.rev,
        name=row.name,
        lang=row.lang,
        skills=list(row.skills),
        zones=list(row.zones),
        carrier_id=row.carrier_id,
        valid_until=row.valid_until,
        active=row.active,
        has_pin=row.pin_verifier is not None,
        has_badge=row.badge_hash is not None,
    )


def device_out(row: DeviceRow) -> DeviceOut:
    """Answer with a device."""
    return DeviceOut(
        id=row.id,
        name=row.name,
        vehicle_id=row.vehicle_id,
        driver_id=row.driver_id,
        platform=row.platform,
        app=row.app,
        state=row.state,
        since=row.state_since,
        paired_ms=row.paired_ms,
        last_seen_ms=row.last_seen_ms,
        unsent=row.unsent_json,
        health=row.health_json,
        health_ms=row.health_ms,
    )


def session_out(row: WebSessionRow, who: Principal) -> dict[str, Any]:
    """Answer with a session, and whether it is the one asking."""
    return {
        "id": str(row.id),
        "made_ms": row.made_ms,
        "seen_ms": row.seen_ms,
        "ends_ms": row.ends_ms,
        "this": row.token_hash == who.token_hash,
    }


def token_out(row: ApiTokenRow) -> dict[str, Any]:
    """Answer with an API token, never its secret."""
    return {"id": str(row.id), "name": row.name, "rights": row.rights, "expires": row.ends_ms}


def paired_out(paired: Paired) -> dict[str, str]:
    """Answer a device that is paired now."""
    return {
        "device_id": str(paired.device_id),
        "site_id": str(paired.site_id),
        "token": paired.token,
    }
