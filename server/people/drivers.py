"""Use cases of drivers: add and change them, and tell every device whom it may sign in."""

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
from server.people import queries
from server.people.rules import check_pin, pin_of, sha256
from server.people.tables import DriverRow
from shared.ids import CarrierId, DriverId, SiteId
from shared.refusals import refuse

SITE_SCOPE = "site"
KEYS = (
    "name", "lang", "skills", "shift", "zones", "carrier_id", "valid_until", "active",
    "badge_hash", "pin_salt", "pin_verifier",
)  # fmt: skip


def add_driver(
    session: Session,
    who: Principal,
    given: Mapping[str, Any],
    *,
    now: datetime,
) -> DriverRow:
    """Add a driver, from what `prepared` made of it."""
    carrier_id = given.get("carrier_id") or who.carrier_id
    allow(who, "write", resource=Resource("drivers", who.site_id, carrier_id=carrier_id))
    row = DriverRow(
        site_id=who.site_id,
        id=_fresh_id(session, who, given, now),
        **{"skills": [], "zones": [], **_columns(given), "carrier_id": carrier_id},
        created_at=now,
        updated_at=now,
    )
    session.add(row)
    session.flush()
    _tell(session, row, now)
    audit.record(session, who, "driver.made", ("driver", row.id), now=now)
    return row


def change_driver(
    session: Session,
    who: Principal,
    driver_id: DriverId,
    changed: Mapping[str, Any],
    *,
    now: datetime,
) -> DriverRow:
    """Change the keys that are given; a stale revision is refused."""
    row = queries.driver(session, who.site_id, driver_id)
    if row is None:
        raise refuse("not_found")
    allow(who, "write", resource=resource_of(row))
    if changed.get("expected_rev") not in (None, row.rev):
        raise refuse("rev")
    for key, value in _columns(changed).items():
        setattr(row, key, value)
    allow(who, "write", resource=resource_of(row))  # nor may it be given to another Carrier
    row.updated_at = now
    _tell(session, row, now)
    audit.record(
        session, who, "driver.changed", ("driver", row.id), now=now, after={"keys": sorted(changed)}
    )
    return row


def _columns(given: Mapping[str, Any]) -> dict[str, Any]:
    clearable = ("carrier_id", "valid_until", "shift", "badge_hash")
    return {
        key: given[key]
        for key in KEYS
        if key in given and (key in clearable or given[key] is not None)
    }


def _fresh_id(session: Session, who: Principal, given: Mapping[str, Any], now: datetime) -> UUID:
    wanted: UUID | None = given.get("id")
    if wanted and queries.driver(session, who.site_id, DriverId(wanted)) is not None:
        raise refuse("exists", what=str(wanted))
    return wanted or new_id(now)


def resource_of(row: DriverRow) -> Resource:
    """The driver as something one has rights on."""
    return Resource(
        "drivers",
        SiteId(row.site_id),
        carrier_id=CarrierId(row.carrier_id) if row.carrier_id else None,
        driver_id=DriverId(row.id),
    )


def prepared(given: Mapping[str, Any]) -> dict[str, Any]:
    """Replace PIN and badge by what is kept of them; takes long, so before any write."""
    columns = {key: value for key, value in given.items() if key not in ("pin", "badge")}
    for key in ("skills", "zones"):
        if columns.get(key) is not None:
            columns[key] = list(columns[key])
    if given.get("pin"):
        pin = pin_of(check_pin(given["pin"]))
        columns |= {"pin_salt": pin.salt, "pin_verifier": pin.verifier}
    if "badge" in given:
        columns["badge_hash"] = sha256(given["badge"]) if given["badge"] else None
    return columns


def _tell(session: Session, row: DriverRow, now: datetime) -> None:
    """Publish the driver to every device of the site; one who has left is withdrawn."""
    site_id = SiteId(row.site_id)
    row.rev = feed.lock(session, site_id, now)
    change = FeedChange(
        kind="driver",
        id=str(row.id),
        scope=SITE_SCOPE,
        plan=_plan(row) if row.active else None,
        fact=None,
        deleted=not row.active,
    )
    feed.publish(session, site_id, [change], now)


def _plan(row: DriverRow) -> dict[str, Any]:
    plan: dict[str, Any] = {"name": row.name, "lang": row.lang, "skills": list(row.skills)}
    for key in ("badge_hash", "pin_salt", "pin_verifier", "valid_until"):
        if (value := getattr(row, key)) is not None:
            plan[key] = value
    return plan
