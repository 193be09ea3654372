"""Finds out who is asking from what the headers carry."""

from datetime import datetime

from sqlalchemy import update
from sqlmodel import Session, col

from server.core.access import Principal, Role
from server.core.clock import Clock, to_ms
from server.people import queries
from server.people.queries import Credential
from server.people.rules import API_TOKEN_PREFIX, TOKEN_PREFIX, sha256
from server.people.tables import ApiTokenRow, DeviceTokenRow, PersonRow, WebSessionRow
from shared.ids import DeviceId, DriverId, PersonId, SiteId, VehicleId
from shared.refusals import refuse
from shared.sync import RETIRED_DAYS, TOKEN_DAYS

SESSION_IDLE_H = 12
SEEN_EVERY_S = 300
HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS


class Porter:
    """The guard's door (`server.core.guard.Door`), with the clock it compares by."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def by_bearer(self, session: Session, token: str) -> Principal:
        """Find the device or API token, or refuse."""
        return by_bearer(session, token, self._clock.now())

    def by_cookie(self, session: Session, cookie: str) -> Principal:
        """Find the person, or refuse."""
        return by_cookie(session, cookie, self._clock.now())

    def note_use(self, session: Session, who: Principal) -> None:
        """Write down that the credential was used."""
        note_use(session, who, self._clock.now())


def by_bearer(session: Session, token: str, now: datetime) -> Principal:
    """The device or API token behind an Authorization header, or the refusal that fits."""
    if token.startswith(TOKEN_PREFIX):
        found = queries.device_credential(session, sha256(token))
        return _device(found, to_ms(now))
    if token.startswith(API_TOKEN_PREFIX):
        found = queries.api_credential(session, sha256(token))
        return _api_token(found, to_ms(now))
    raise refuse("bad_token")


def by_cookie(session: Session, cookie: str, now: datetime) -> Principal:
    """The person behind a session cookie."""
    found = queries.session_credential(session, sha256(cookie))
    if found is None or found.person is None or found.person.disabled_ms is not None:
        raise refuse("bad_token")
    row = found.token
    assert isinstance(row, WebSessionRow), "looked up among sessions"
    ms = to_ms(now)
    if ms >= row.ends_ms or ms - row.seen_ms >= SESSION_IDLE_H * HOUR_MS:
        raise refuse("token_expired")
    unseen = ms - row.seen_ms >= SEEN_EVERY_S * 1000
    return _person(found, found.person, session_hash=row.token_hash, unseen=unseen)


def _device(found: Credential | None, ms: int) -> Principal:
    if found is None or found.device is None:
        raise refuse("bad_token")
    row, token = found.device, found.token
    assert isinstance(token, DeviceTokenRow), "looked up among device tokens"
    if row.state == "stolen":
        raise refuse("device_stolen")
    if token.ended_ms is not None:
        raise refuse("bad_token")
    if row.state == "retired" and ms - row.state_since > RETIRED_DAYS * DAY_MS:
        raise refuse("device_retired")
    used = token.last_used_ms if token.last_used_ms is not None else token.issued_ms
    if ms - used > TOKEN_DAYS * DAY_MS:
        raise refuse("token_expired")
    return Principal(
        kind="device",
        site_id=SiteId(row.site_id),
        device_id=DeviceId(row.id),
        vehicle_id=VehicleId(row.vehicle_id) if row.vehicle_id else None,
        driver_id=DriverId(row.driver_id) if row.driver_id else None,
        roles=frozenset({Role.DEVICE, Role.DRIVER} if row.driver_id else {Role.DEVICE}),
        name=row.name,
        retired=row.state == "retired",
        token_hash=token.hash,
        unseen=token.last_used_ms is None or ms - used >= SEEN_EVERY_S * 1000,
    )


def _api_token(found: Credential | None, ms: int) -> Principal:
    if found is None or found.person is None or found.person.disabled_ms is not None:
        raise refuse("bad_token")
    row = found.token
    assert isinstance(row, ApiTokenRow), "looked up among API tokens"
    if ms >= row.ends_ms:
        raise refuse("token_expired")
    return _person(found, found.person, rights=frozenset(row.rights.split()))


def _person(
    found: Credential,
    person: PersonRow,
    *,
    session_hash: str | None = None,
    rights: frozenset[str] | None = None,
    unseen: bool = False,
) -> Principal:
    return Principal(
        kind="person",
        site_id=SiteId(person.site_id),
        person_id=PersonId(person.id),
        roles=frozenset(Role(grant.role) for grant in found.roles),
        carrier_id=queries.carrier_of(found.roles),
        name=person.name,
        lang=person.lang,
        rights=rights,
        token_hash=session_hash,
        unseen=unseen,
    )


def note_use(session: Session, who: Principal, now: datetime) -> None:
    """Write down that a token or session was used; a new token's first use ends the old ones."""
    ms = to_ms(now)
    if who.kind == "person":
        ours = col(WebSessionRow.token_hash) == who.token_hash
        session.execute(update(WebSessionRow).where(ours).values(seen_ms=ms))
        return
    this = (col(DeviceTokenRow.site_id) == who.site_id, col(DeviceTokenRow.hash) == who.token_hash)
    session.execute(update(DeviceTokenRow).where(*this).values(last_used_ms=ms))
    others = (
        col(DeviceTokenRow.site_id) == who.site_id,
        col(DeviceTokenRow.device_id) == who.device_id,
        col(DeviceTokenRow.hash) != who.token_hash,
        col(DeviceTokenRow.ended_ms).is_(None),
        col(DeviceTokenRow.last_used_ms).is_not(None) | (col(DeviceTokenRow.issued_ms) < ms),
    )
    session.execute(update(DeviceTokenRow).where(*others).values(ended_ms=ms))
