"""Routes of people, drivers, devices, pairing, tokens and sessions."""

from typing import Any
from uuid import UUID

from fastapi import Request
from sqlmodel import Session

from server.core import http
from server.core.access import Principal
from server.core.http import InClock, InParts, InReads, InWriter, Who, needs
from server.people import devices as pairing
from server.people import drivers as driving
from server.people import queries, service, wire
from shared.ids import DeviceId, DriverId, PersonId
from shared.refusals import refuse

router = http.router("/api/v1", tags=["people"])


@router.get("/people", openapi_extra=needs("people", "write"))
def people(who: Who, reads: InReads) -> wire.Items:
    """List who may sign in, with their roles."""
    rows, held = reads.run(
        lambda s: (queries.people(s, who.site_id), queries.grants(s, who.site_id))
    )
    return wire.Items(items=[wire.person_out(row, held) for row in rows])


@router.post("/people", status_code=201, openapi_extra=needs("people", "write"))
def add_person(body: wire.NewPerson, who: Who, parts: InParts) -> wire.PersonOut:
    """Add somebody who may sign in."""
    given = wire.new_person(body, service.hash_of(parts.passwords, body.password))
    now = parts.clock.now()
    return parts.writer.run(
        lambda s: _person(s, who, service.create_person(s, who, **given, now=now))
    )


@router.patch("/people/{person_id}", openapi_extra=needs("people", "write"))
def change_person(
    person_id: PersonId, body: wire.PersonChange, who: Who, parts: InParts
) -> wire.PersonOut:
    """Change language, roles or password of somebody, or disable them."""
    given = wire.person_change(body, service.hash_of(parts.passwords, body.password))
    now = parts.clock.now()

    def work(session: Session) -> wire.PersonOut:
        service.change_person(session, who, person_id, **given, now=now)
        return _person(session, who, person_id)

    return parts.writer.run(work)


def _person(session: Session, who: Principal, person_id: PersonId) -> wire.PersonOut:
    row = queries.person(session, who.site_id, person_id)
    return wire.person_out(row, queries.grants(session, who.site_id, person_id))


@router.get("/sessions", openapi_extra=needs("account", "read"))
def sessions(who: Who, reads: InReads) -> wire.Items:
    """List where one is signed in oneself."""
    rows = reads.run(lambda s: queries.sessions(s, who.site_id, service.own(who)))
    return wire.Items(items=[wire.session_out(row, who) for row in rows])


@router.delete("/sessions/{session_id}", status_code=204, openapi_extra=needs("account", "write"))
def end_session(session_id: UUID, who: Who, writer: InWriter) -> None:
    """Sign out somewhere else."""
    writer.run(lambda s: service.end_session(s, who, session_id))


@router.get("/tokens", openapi_extra=needs("account", "read"))
def tokens(who: Who, reads: InReads) -> wire.Items:
    """List one's own API tokens."""
    rows = reads.run(lambda s: queries.api_tokens(s, who.site_id, service.own(who)))
    return wire.Items(items=[wire.token_out(row) for row in rows])


@router.post("/tokens", status_code=201, openapi_extra=needs("account", "write"))
def make_token(body: wire.NewToken, who: Who, writer: InWriter, clock: InClock) -> dict[str, Any]:
    """Make an API token; it is shown this once."""
    ask = service.TokenAsk(body.name, body.rights, body.expires)
    now = clock.now()
    token_id, token = writer.run(lambda s: service.make_api_token(s, who, ask, now=now))
    return {"id": str(token_id), "token": token}


@router.delete("/tokens/{token_id}", status_code=204, openapi_extra=needs("account", "write"))
def end_token(token_id: UUID, who: Who, writer: InWriter, clock: InClock) -> None:
    """Revoke an API token."""
    writer.run(lambda s: service.end_api_token(s, who, token_id, now=clock.now()))


@router.get("/drivers", openapi_extra=needs("drivers", "read"))
def drivers(who: Who, reads: InReads) -> wire.Items:
    """List the drivers."""
    rows = reads.run(lambda s: queries.drivers(s, who))
    return wire.Items(items=[wire.driver_out(row) for row in rows])


@router.post("/drivers", status_code=201, openapi_extra=needs("drivers", "write"))
def add_driver(body: wire.NewDriver, who: Who, writer: InWriter, clock: InClock) -> wire.DriverOut:
    """Add a driver."""
    given, now = driving.prepared(body.model_dump(exclude_unset=True)), clock.now()
    row = writer.run(lambda s: driving.add_driver(s, who, given, now=now))
    return wire.driver_out(row)


@router.patch("/drivers/{driver_id}", openapi_extra=needs("drivers", "write"))
def change_driver(
    driver_id: DriverId, body: wire.DriverChange, who: Who, writer: InWriter, clock: InClock
) -> wire.DriverOut:
    """Change a driver."""
    given, now = driving.prepared(body.model_dump(exclude_unset=True)), clock.now()
    row = writer.run(lambda s: driving.change_driver(s, who, driver_id, given, now=now))
    return wire.driver_out(row)


@router.post("/devices/pair-codes", openapi_extra=needs("devices", "write"))
def pair_code(body: wire.NewPairCode, who: Who, parts: InParts) -> dict[str, Any]:
    """Make a code that pairs one device."""
    given, now = body.model_dump(), parts.clock.now()
    made = parts.writer.run(lambda s: pairing.issue_code(s, who, **given, now=now))
    settings = parts.settings
    link = pairing.pair_link(settings.origin, who.site_id, made.code, settings.fingerprint)
    return {"code": made.code, "expires": made.expires_ms, "qr": link}


@router.patch("/devices/{device_id}", openapi_extra=needs("devices", "write"))
def change_device(
    device_id: DeviceId, body: wire.DeviceChange, who: Who, parts: InParts
) -> wire.DeviceOut:
    """Rename a device or bind it to a vehicle."""
    changed, now, jobs = body.model_dump(exclude_unset=True), parts.clock.now(), parts.jobs
    row = parts.writer.run(lambda s: pairing.change(s, who, device_id, changed, jobs, now=now))
    return wire.device_out(row)


@router.post("/devices/{device_id}/state", openapi_extra=needs("devices", "write"))
def device_state(
    device_id: DeviceId, body: wire.DeviceState, who: Who, writer: InWriter, clock: InClock
) -> dict[str, Any]:
    """Take a device out of service, or lock it as stolen."""
    given, now = body.model_dump(), clock.now()
    row = writer.run(lambda s: pairing.set_state(s, who, device_id, **given, now=now))
    return {"id": str(row.id), "state": row.state, "since": row.state_since}


@router.post("/pair", openapi_extra=needs("public", "write"))
def pair(body: wire.PairAsk, request: Request, parts: InParts) -> dict[str, Any]:
    """Give a device its token in exchange for a code."""
    ask, now = pairing.Ask(**body.model_dump()), parts.clock.now()
    with pairing.tries(parts.throttle, request.scope["peer"]):
        paired = parts.writer.run(lambda s: pairing.pair(s, ask, now=now))
        if paired is None:
            raise refuse("bad_code")
    return {**wire.paired_out(paired), "server_id": parts.server_id, "now": parts.clock.ms()}
