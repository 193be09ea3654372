"""Use cases of devices: pair by code, take them out of service, note what they report."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote

from sqlalchemy import Table, bindparam, update
from sqlmodel import Session, col

from server.core import audit
from server.core.access import Principal, Resource, allow
from server.core.clock import to_ms
from server.core.ids import new_id
from server.core.jobs import Job, Jobs
from server.core.throttle import Limit, Throttle
from server.people import queries
from server.people.rules import TOKEN_PREFIX, new_code, new_token, read_code, sha256
from server.people.tables import DeviceRow, DeviceTokenRow, PairCodeRow
from shared.ids import DeviceId, DriverId, SiteId, VehicleId
from shared.refusals import SignIn, refuse
from shared.sync import PAIR_CODE_S, PAIR_TRIES

BY_PEER = Limit("pair.peer", PAIR_TRIES, PAIR_CODE_S)
BY_SERVER = Limit("pair.server", PAIR_TRIES * 10, PAIR_CODE_S)
STATES = ("active", "retired", "stolen")
EVERYBODY = "server"
BOUND = "people.device_bound"


@dataclass(frozen=True)
class PairCode:
    """A code as it is shown once."""

    code: str
    expires_ms: int


@dataclass(frozen=True)
class Ask:
    """What a device that wants to be paired says about itself."""

    code: str
    name: str
    platform: str = ""
    app: str = ""
    device_id: DeviceId | None = None
    old_token: str | None = None


@dataclass(frozen=True)
class Paired:
    """What a device is given."""

    device_id: DeviceId
    site_id: SiteId
    token: str


def issue_code(
    session: Session,
    who: Principal,
    *,
    name: str,
    device_id: DeviceId | None = None,
    vehicle_id: VehicleId | None = None,
    now: datetime,
) -> PairCode:
    """Make a code that pairs one device within ten minutes, once."""
    allow(who, "write", resource=Resource("devices", who.site_id))
    if device_id is not None and queries.device(session, who.site_id, device_id) is None:
        raise refuse("not_found")
    code = PairCode(new_code(), to_ms(now) + PAIR_CODE_S * 1000)
    session.add(
        PairCodeRow(
            site_id=who.site_id,
            code_hash=sha256(code.code),
            device_id=device_id,
            name=name,
            vehicle_id=vehicle_id,
            made_by=who.by,
            expires_ms=code.expires_ms,
        )
    )
    audit.record(session, who, "pair_code.made", ("device", device_id or name), now=now)
    return code


def pair_link(origin: str, site_id: SiteId, code: str, fingerprint: str | None = None) -> str:
    """The link a QR carries: address, site, code, and the digest of a private certificate."""
    link = f"milkrun://pair?u={quote(origin, safe='')}&s={site_id}&c={code}"
    return f"{link}&f={fingerprint}" if fingerprint else link


@contextmanager
def tries(throttle: Throttle, peer: str) -> Iterator[None]:
    """Let somebody try a code; wrong ones are counted per peer and for the whole server."""
    throttle.check(BY_PEER, peer)
    throttle.check(BY_SERVER, EVERYBODY)
    try:
        yield
    except SignIn:
        throttle.count(BY_PEER, peer)
        throttle.count(BY_SERVER, EVERYBODY)
        raise


def pair(session: Session, ask: Ask, *, now: datetime) -> Paired | None:
    """Use up the code and give the device its token; None when the code does not hold.

    A wrong code is no exception, so that the caller can count it after the work.
    """
    ms = to_ms(now)
    code_hash = sha256(read_code(ask.code))
    unused = (
        col(PairCodeRow.code_hash) == code_hash,
        col(PairCodeRow.used_ms).is_(None),
        col(PairCodeRow.expires_ms) > ms,
    )
    statement = update(PairCodeRow).where(*unused).values(used_ms=ms)
    codes = session.scalars(statement.returning(PairCodeRow)).all()
    if not codes:
        return None
    code = codes[0]
    site_id = SiteId(code.site_id)
    row = _again(session, site_id, code, ask) or _new_device(session, site_id, code, ask, now)
    row.platform, row.app, row.paired_ms = ask.platform, ask.app, ms
    row.state, row.state_since = "active", ms
    session.flush()
    token = new_token(TOKEN_PREFIX)
    session.add(DeviceTokenRow(site_id=site_id, hash=sha256(token), device_id=row.id, issued_ms=ms))
    who = Principal(kind="device", site_id=site_id, device_id=DeviceId(row.id), name=row.name)
    audit.record(session, who, "device.paired", ("device", row.id), now=now)
    return Paired(DeviceId(row.id), site_id, token)


def _again(session: Session, site_id: SiteId, code: PairCodeRow, ask: Ask) -> DeviceRow | None:
    """The device as it was, if it proves itself by its old token, expired or not."""
    if ask.device_id is None or ask.old_token is None:
        return None
    old = session.get(DeviceTokenRow, (site_id, sha256(ask.old_token)))
    row = queries.device(session, site_id, ask.device_id)
    if old is None or row is None or old.device_id != row.id or row.state == "stolen":
        return None
    if code.vehicle_id is not None:
        row.vehicle_id = code.vehicle_id
    return row


def _new_device(
    session: Session, site_id: SiteId, code: PairCodeRow, ask: Ask, now: datetime
) -> DeviceRow:
    row = DeviceRow(
        site_id=site_id,
        id=new_id(now),
        name=code.name or ask.name,
        vehicle_id=code.vehicle_id,
        state_since=to_ms(now),
        paired_ms=to_ms(now),
    )
    session.add(row)
    return row


def set_state(
    session: Session, who: Principal, device_id: DeviceId, *, state: str, reason: str, now: datetime
) -> DeviceRow:
    """Retire a device, or lock it as stolen, which supervisors alone may do."""
    row = _writable(session, who, device_id)
    if state == "stolen":
        allow(who, "stolen", resource=_resource(row))
    if state not in STATES:
        raise refuse("bad_input", errors=[("/state", "retired or stolen")], why="state")
    if state == "active":
        raise refuse("bad_state", why="pair it again")
    before = {"state": row.state}
    row.state, row.state_since = state, to_ms(now)
    audit.record(
        session,
        who,
        f"device.{state}",
        ("device", row.id),
        now=now,
        before=before,
        after={"state": state},
        reason=reason,
    )
    return row


def change(
    session: Session,
    who: Principal,
    device_id: DeviceId,
    changed: Mapping[str, Any],
    jobs: Jobs,
    *,
    now: datetime,
) -> DeviceRow:
    """Rename a device or bind it to a vehicle; keys that are absent stay.

    The runs of both vehicles change hands by a job.
    """
    row = _writable(session, who, device_id)
    before = {key: getattr(row, key) for key in changed}
    if changed.get("vehicle_id", row.vehicle_id) != row.vehicle_id:
        jobs.submit(session, Job(BOUND, who.site_id, "devices"))
    for key in ("name", "vehicle_id"):
        if key in changed and not (key == "name" and not changed[key]):
            setattr(row, key, changed[key])
    audit.record(
        session,
        who,
        "device.changed",
        ("device", row.id),
        now=now,
        before=_texts(before),
        after=_texts(changed),
    )
    return row


_DEVICES: Table = DeviceRow.__table__  # type: ignore[attr-defined]
_SEEN = update(_DEVICES).where(
    _DEVICES.c.site_id == bindparam("site"), _DEVICES.c.id == bindparam("device")
)


def seen(
    session: Session,
    site_id: SiteId,
    device_id: DeviceId,
    *,
    now: datetime,
    unsent: Mapping[str, Any] | None = None,
    health: Mapping[str, Any] | None = None,
    app: str | None = None,
) -> None:
    """Note an exchange, and what the device said about itself; called by sync in its work."""
    ms = to_ms(now)
    changed: dict[str, Any] = {"last_seen_ms": ms}
    if unsent is not None:
        changed["unsent_json"] = dict(unsent)
    if health is not None:
        changed |= {"health_json": dict(health), "health_ms": ms}
    if app:
        changed["app"] = app
    session.connection().execute(_SEEN, {"site": site_id, "device": device_id, **changed})


def driver_signed_in(
    session: Session, site_id: SiteId, device_id: DeviceId, driver_id: DriverId | None
) -> None:
    """Note who signed in on the device last; None when somebody signed out."""
    if driver_id is not None:
        elsewhere = (
            col(DeviceRow.site_id) == site_id,
            col(DeviceRow.driver_id) == driver_id,
            col(DeviceRow.id) != device_id,
        )
        session.execute(update(DeviceRow).where(*elsewhere).values(driver_id=None))
    this = (col(DeviceRow.site_id) == site_id, col(DeviceRow.id) == device_id)
    session.execute(update(DeviceRow).where(*this).values(driver_id=driver_id))


def _writable(session: Session, who: Principal, device_id: DeviceId) -> DeviceRow:
    row = queries.device(session, who.site_id, device_id)
    if row is None:
        raise refuse("not_found")
    allow(who, "write", resource=_resource(row))
    return row


def _resource(row: DeviceRow) -> Resource:
    return Resource("devices", SiteId(row.site_id), device_ids=frozenset({DeviceId(row.id)}))


def _texts(values: Mapping[str, Any]) -> dict[str, Any]:
    return {key: None if value is None else str(value) for key, value in values.items()}
