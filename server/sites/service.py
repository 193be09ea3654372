"""Use cases of a site: found it, set it, add and change its places."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import ValidationError
from sqlmodel import Session

from server.core import audit
from server.core.access import Principal, Resource, allow
from server.core.clock import to_ms
from server.core.ids import new_id, new_ids
from server.feed import service as feed
from server.sites import queries, rules
from server.sites.rules import Calendar
from server.sites.tables import CalendarRow, LocationRow, ShiftRow, SiteRow, ZoneRow
from shared.ids import LocationId, SiteId
from shared.local_time import zone
from shared.refusals import Refusal, refuse
from shared.site import Location, Site, Zone

SITE_SCOPE = "site"
COORDINATE_DIGITS = 7  # a centimetre
SITE_KEYS = frozenset(Site.model_fields)


def create_site(session: Session, site_id: SiteId, about: Site, *, now: datetime) -> SiteRow:
    """Found a site with the default settings and reasons, and give its devices both."""
    row = SiteRow(
        site_id=site_id,
        **about.model_dump(mode="json"),
        settings=rules.write_settings(rules.SiteSettings()),
        reasons=list(rules.REASONS),
        created_at=now,
        updated_at=now,
    )
    _check_zone(about.tz)
    session.add(row)
    session.flush()
    row.rev = feed.lock(session, site_id, now)
    feed.publish(session, site_id, [*_reason_rows(row), _policy_row(row)], now)
    return row


def change_settings(
    session: Session, who: Principal, change: Mapping[str, Any], *, now: datetime
) -> SiteRow:
    """Change what the site may set; a key that is absent stays, each change is audited."""
    row = queries.site(session, who.site_id)
    allow(who, "write", resource=Resource("settings", who.site_id))
    about = _changed(Site, _about(row), {k: v for k, v in change.items() if k in SITE_KEYS})
    rest = {k: v for k, v in change.items() if k not in SITE_KEYS}
    settings = _changed(rules.SiteSettings, row.settings, rest)
    _check_zone(str(about["tz"]))
    before = {**_about(row), **row.settings}
    row.sqlmodel_update({**about, "settings": settings, "updated_at": now})
    after = {**about, **settings}
    changed = {key for key in after if after[key] != before.get(key)}
    audit.record(
        session,
        who,
        "settings.changed",
        ("site", row.site_id),
        now=now,
        before={key: before.get(key) for key in changed},
        after={key: after[key] for key in changed},
    )
    row.rev = feed.lock(session, who.site_id, now)
    feed.publish(session, who.site_id, [_policy_row(row)], now)
    return row


def put_reason(
    session: Session, who: Principal, key: str, given: rules.Reason, *, now: datetime
) -> rules.Reason:
    """Add a reason or change its words; its key never changes."""
    allow(who, "write", resource=Resource("loops", who.site_id))
    if key != given.id:
        raise refuse("bad_input", errors=[("/id", "differs from the address")], why="id")
    row = queries.site(session, who.site_id)
    kept = [one for one in row.reasons if one["id"] != key]
    row.reasons = [*kept, given.model_dump(mode="json")]
    row.updated_at = now
    audit.record(session, who, "reason.changed", ("reason", key), now=now)
    row.rev = feed.lock(session, who.site_id, now)
    feed.publish(session, who.site_id, _reason_rows(row), now)
    return given


def add_location(
    session: Session,
    who: Principal,
    given: Location,
    *,
    location_id: LocationId | None = None,
    now: datetime,
) -> LocationRow:
    """Add one place; an id or ref that exists already is refused or, if equal, answered again."""
    [row] = add_locations(session, who, [(location_id, given)], now=now)
    return row


def add_locations(
    session: Session,
    who: Principal,
    given: Sequence[tuple[LocationId | None, Location]],
    *,
    now: datetime,
) -> list[LocationRow]:
    """Add places in one go; at most WORK_ROWS_MAX of them per work."""
    allow(who, "write", resource=Resource("places", who.site_id))
    refs = [one.ref for _, one in given if one.ref is not None]
    ids = [one for one, _ in given if one is not None]
    known = queries.locations(session, who.site_id, ids)
    taken = {ref for ref, row in queries.by_refs(session, who.site_id, refs).items()
             if row.id not in known}  # fmt: skip
    rows = []
    rev = feed.lock(session, who.site_id, now)
    fresh = new_ids(now, len(given))
    for place, (location_id, one) in enumerate(given):
        if location_id is not None and location_id in known:
            rows.append(known[location_id])
            continue
        if one.ref is not None and one.ref in taken:
            raise refuse("exists", what=one.ref)
        row = LocationRow(
            site_id=who.site_id,
            id=location_id or fresh[place],
            **_columns(one),
            note_at=now if one.note else None,
            note_by=who.name if one.note else "",
            rev=rev,
            created_at=now,
            updated_at=now,
        )
        rows.append(row)
        taken |= {one.ref} if one.ref else set()
        session.add(row)
    session.flush()
    audit.record(session, who, "locations.added", ("location", rows[0].id if rows else ""),
                 now=now, after={"count": len(rows)})  # fmt: skip
    return rows


def change_location(
    session: Session,
    who: Principal,
    location_id: LocationId,
    change: Mapping[str, Any],
    *,
    expected_rev: int | None = None,
    now: datetime,
) -> LocationRow:
    """Change a place; a dispatcher may write its note only."""
    only_note = set(change) <= {"note"}
    verb = "notes" if only_note else "write"
    row = queries.location(session, who.site_id, location_id)
    allow(who, verb, resource=Resource("places", who.site_id))
    if expected_rev is not None and expected_rev != row.rev:
        raise refuse("rev", members={"current": row.rev})
    given = _validated(Location, {**_given(row), **change})
    if given.ref != row.ref and given.ref is not None:
        _check_ref_free(session, who.site_id, given.ref)
    before = _plain(Location.model_validate(_given(row)), change)
    if given.note != row.note:
        row.note_at, row.note_by = now, who.name
    row.sqlmodel_update({**_columns(given), "updated_at": now})
    audit.record(session, who, "location.changed", ("location", row.id), now=now,
                 before=before, after=_plain(given, change))  # fmt: skip
    row.rev = feed.lock(session, who.site_id, now)
    session.flush()
    if row.in_feed:
        feed.publish(session, who.site_id, [location_row(row)], now)
    return row


def merge_location(
    session: Session,
    who: Principal,
    location_id: LocationId,
    into: LocationId,
    *,
    now: datetime,
) -> LocationRow:
    """Keep one of two rows of the same place; the other points to it from now on."""
    allow(who, "write", resource=Resource("places", who.site_id))
    row = queries.location(session, who.site_id, location_id)
    kept = queries.location(session, who.site_id, into)
    if row.id == kept.id or kept.merged_into is not None:
        raise refuse("bad_state", why="merge into another, living place")
    row.merged_into, row.ref, row.updated_at = kept.id, None, now
    row.rev = feed.lock(session, who.site_id, now)
    audit.record(session, who, "location.merged", ("location", row.id), now=now,
                 after={"into": str(kept.id)})  # fmt: skip
    session.flush()
    return kept


def remove_locations(
    session: Session, who: Principal, ids: Sequence[LocationId], *, now: datetime
) -> None:
    """Remove places nobody uses, as undoing an import does; one shown to devices stays."""
    allow(who, "write", resource=Resource("places", who.site_id))
    rows = queries.locations(session, who.site_id, ids)
    for row in rows.values():
        if row.in_feed:
            raise refuse("bad_state", why=row.name)
        session.delete(row)
    feed.lock(session, who.site_id, now)
    audit.record(session, who, "locations.removed", ("location", ids[0] if ids else ""),
                 now=now, after={"count": len(rows)})  # fmt: skip
    session.flush()


def add_zone(session: Session, who: Principal, given: Zone, *, now: datetime) -> UUID:
    """Add a territory."""
    allow(who, "write", resource=Resource("places", who.site_id))
    row = ZoneRow(
        site_id=who.site_id,
        id=new_id(now),
        name=given.name,
        strength=given.strength,
        postcodes=list(given.postcodes),
        polygon=[[corner.lat, corner.lon] for corner in given.polygon],
        penalty_s=given.penalty_s,
        driver_ids=[str(one) for one in given.driver_ids],
        created_at=now,
        updated_at=now,
    )
    session.add(row)
    session.flush()
    return row.id


def put_calendar(
    session: Session, who: Principal, calendar_id: UUID, given: Calendar, *, now: datetime
) -> UUID:
    """Write a calendar whole: holidays, shutdowns, workdays and shifts with their breaks."""
    allow(who, "write", resource=Resource("loops", who.site_id))
    plain = given.model_dump(mode="json")
    stamps: dict[str, Any] = {"created_at": now, "updated_at": now}
    for row in queries.shifts(session, who.site_id, calendar_id):
        session.delete(row)
    for shift in plain.pop("shifts"):
        one = ShiftRow(
            site_id=who.site_id, id=new_id(now), calendar_id=calendar_id, **shift, **stamps
        )
        session.add(one)
    rev = feed.lock(session, who.site_id, now)
    session.merge(CalendarRow(site_id=who.site_id, id=calendar_id, rev=rev, **plain, **stamps))
    audit.record(session, who, "calendar.changed", ("calendar", calendar_id), now=now)
    session.flush()
    return calendar_id


def show_to_devices(
    session: Session, site_id: SiteId, location_ids: Iterable[UUID]
) -> list[feed.FeedChange]:
    """Rows of places that devices do not have yet; a place stays private until a run needs it."""
    return shown(queries.locations(session, site_id, list(location_ids)).values())


def shown(rows: Iterable[LocationRow]) -> list[feed.FeedChange]:
    """The same of places that are read already."""
    fresh = [row for row in rows if not row.in_feed]
    for row in fresh:
        row.in_feed = True
    return [location_row(row) for row in fresh]


def keep_empties(
    session: Session, site_id: SiteId, location_id: UUID, held: Mapping[str, int], *, now: datetime
) -> None:
    """Tell devices how many returnable units wait at a place: that is what to take there."""
    row = session.get(LocationRow, (site_id, location_id))
    if row is None:
        return
    row.empties = {**(row.empties or {}), **held}
    row.rev, row.updated_at = feed.lock(session, site_id, now), now
    session.flush()
    if row.in_feed:
        feed.publish(session, site_id, [location_row(row)], now)


def _degrees(told: float | None) -> float | None:
    """As many digits as a place on the ground has: more only make every row longer."""
    return None if told is None else round(told, COORDINATE_DIGITS)


def location_row(row: LocationRow) -> feed.FeedChange:
    """Write the feed row of a place, keys as sync.md §3.3."""
    plan: dict[str, Any] = {
        "kind": row.kind,
        "name": row.name,
        "address": row.address,
        "geofence_m": row.geofence_m if row.geofence_m is not None else 80,
        "empties": {kind: max(0, n) for kind, n in sorted((row.empties or {}).items())},
        "last_service_s": [],
    }
    if row.lat is not None:
        plan |= {"lat": _degrees(row.lat), "lon": _degrees(row.lon)}
    elif row.x_m is not None:
        plan |= {"plan": str(row.plan_id), "x_m": row.x_m, "y_m": row.y_m}
    note_ms = to_ms(row.note_at) if row.note_at else 0
    optional = {
        "ref": row.ref,
        "side": (row.access or {}).get("side"),
        "access": row.access,
        "hours": row.windows,
        "contact": row.contact,
        "note": row.note and {"text": row.note, "by": row.note_by, "at": note_ms},
    }
    plan |= {key: value for key, value in optional.items() if value}
    return feed.FeedChange("location", str(row.id), SITE_SCOPE, plan, None)


def _reason_rows(row: SiteRow) -> list[feed.FeedChange]:
    return [
        feed.FeedChange("reason", one["id"], SITE_SCOPE, {**one, "no": no}, None)
        for no, one in enumerate(row.reasons)
    ]


def _policy_row(row: SiteRow) -> feed.FeedChange:
    keys = ("geofence_m", "proof", "distance_unit", "keep_s", "max_moved_stops", "andon_steps_s")
    plan = {**_about(row), **{key: row.settings.get(key) for key in keys}}
    return feed.FeedChange("policy", str(row.site_id), SITE_SCOPE, plan, None)


def _about(row: SiteRow) -> dict[str, Any]:
    return {key: getattr(row, key) for key in SITE_KEYS}


def _plain(given: Location, keys: Iterable[str]) -> dict[str, Any]:
    return given.model_dump(mode="json", include=set(keys))


def _columns(given: Location) -> dict[str, Any]:
    plain = given.model_dump(mode="json")
    return {**plain, "plan_id": given.plan_id, "parent_id": given.parent_id}


def _given(row: LocationRow) -> dict[str, Any]:
    return {name: getattr(row, name) for name in Location.model_fields}


def _changed(
    model: type[Site] | type[rules.SiteSettings], old: Mapping[str, Any], new: Mapping[str, Any]
) -> dict[str, Any]:
    found: dict[str, Any] = _validated(model, {**old, **new}).model_dump(mode="json")
    return found


def _validated(model: Any, given: Mapping[str, Any]) -> Any:
    try:
        return model.model_validate(dict(given))
    except ValidationError as error:
        raise refuse_fields(error) from error


def refuse_fields(error: ValidationError) -> Refusal:
    """Turn pydantic's list of faults into the refusal that marks the fields."""
    found = [("/" + "/".join(map(str, item["loc"])), item["msg"]) for item in error.errors()]
    return refuse("bad_input", errors=found, why=", ".join(one for one, _ in found)[:200])


def _check_zone(name: str) -> None:
    try:
        zone(name)
    except (KeyError, ValueError, OSError) as error:
        raise refuse("bad_input", errors=[("/tz", "no such time zone")], why="tz") from error


def _check_ref_free(session: Session, site_id: SiteId, ref: str) -> None:
    if ref in queries.by_refs(session, site_id, [ref]):
        raise refuse("exists", what=ref)
