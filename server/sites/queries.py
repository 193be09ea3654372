"""Reads of sites and places; every one names the site it reads."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam
from sqlmodel import Session, col, select

from server.core.access import Principal, Resource, may
from server.sites import rules
from server.sites.tables import CalendarRow, LocationRow, ShiftRow, SiteRow, ZoneRow
from shared.gate import ARRAY_MAX
from shared.geo import Point, distance_m
from shared.ids import SiteId
from shared.refusals import refuse
from shared.site import Location, Site

PAGE_MAX = 200
SAME_PLACE_M = 10.0
IN_MAX = 500


@dataclass(frozen=True)
class CalendarView:
    """Holidays, shutdowns and workdays of one calendar, and the breaks of its shifts."""

    country: str
    subdivision: str
    extra: tuple[str, ...]
    shutdowns: tuple[tuple[str, str], ...]
    workdays: tuple[str, ...]


_ZONE = select(SiteRow.tz).where(col(SiteRow.site_id) == bindparam("site"))


def all_sites(session: Session) -> list[SiteId]:
    """Every site of this server."""
    return [SiteId(one) for one in session.exec(select(SiteRow.site_id)).all()]


def site(session: Session, site_id: SiteId) -> SiteRow:
    """The site; a caller that has none is a bug."""
    row = session.get(SiteRow, site_id)
    assert row is not None, "a principal's site exists"
    return row


def zone_name(session: Session, site_id: SiteId) -> str:
    """The name of the site's time zone."""
    return session.exec(_ZONE, params={"site": site_id}).one()


def settings(session: Session, site_id: SiteId) -> rules.SiteSettings:
    """What the site has set, over the defaults."""
    return rules.read_settings(site(session, site_id).settings)


def reasons(session: Session, site_id: SiteId) -> list[rules.Reason]:
    """Reasons of the site, in the order people see them."""
    return [rules.Reason.model_validate(one) for one in site(session, site_id).reasons]


def location(session: Session, site_id: SiteId, location_id: UUID) -> LocationRow:
    """The place, or the one it was merged into; refuses `not_found`."""
    row = session.get(LocationRow, (site_id, location_id))
    if row is None:
        raise refuse("not_found")
    return row


# Every exchange asks this: building it anew costs more than asking.
_LOCATIONS = select(LocationRow).where(
    col(LocationRow.site_id) == bindparam("site"),
    col(LocationRow.id).in_(bindparam("ids", expanding=True)),
)


def locations(session: Session, site_id: SiteId, ids: Collection[UUID]) -> dict[UUID, LocationRow]:
    """The places of these ids; a missing one is left out."""
    wanted = list(set(ids))
    found: dict[UUID, LocationRow] = {}
    for start in range(0, len(wanted), IN_MAX):
        part = wanted[start : start + IN_MAX]
        rows = session.exec(_LOCATIONS, params={"site": site_id, "ids": part})
        found |= {row.id: row for row in rows}
    return found


def by_refs(session: Session, site_id: SiteId, refs: Collection[str]) -> dict[str, LocationRow]:
    """The places with these refs."""
    wanted = list(set(refs))
    found: dict[str, LocationRow] = {}
    for start in range(0, len(wanted), IN_MAX):
        rows = session.exec(
            select(LocationRow).where(
                col(LocationRow.site_id) == site_id,
                col(LocationRow.ref).in_(wanted[start : start + IN_MAX]),
            )
        )
        found |= {row.ref: row for row in rows if row.ref is not None}
    return found


def page(
    session: Session,
    site_id: SiteId,
    *,
    after: UUID | None = None,
    kind: str | None = None,
    text: str | None = None,
    limit: int = PAGE_MAX,
) -> list[LocationRow]:
    """Places in the order they were made, merged ones left out."""
    query = select(LocationRow).where(
        col(LocationRow.site_id) == site_id, col(LocationRow.merged_into).is_(None)
    )
    if after is not None:
        query = query.where(col(LocationRow.id) > after)
    if kind is not None:
        query = query.where(col(LocationRow.kind) == kind)
    if text:
        query = query.where(
            col(LocationRow.name).icontains(text, autoescape=True)
            | col(LocationRow.address).icontains(text, autoescape=True)
            | col(LocationRow.ref).icontains(text, autoescape=True)
        )
    return list(session.exec(query.order_by(col(LocationRow.id)).limit(min(limit, PAGE_MAX))))


def visible(
    session: Session,
    who: Principal,
    *,
    after: UUID | None = None,
    kind: str | None = None,
    text: str | None = None,
) -> list[LocationRow]:
    """Places for a list; who may see only those of its own runs gets them with the runs."""
    if not may(who, "read", resource=Resource("places", who.site_id)):
        return []
    return page(session, who.site_id, after=after, kind=kind, text=text)


def count_locations(session: Session, site_id: SiteId) -> int:
    """How many places the site has."""
    rows = session.exec(select(LocationRow.id).where(col(LocationRow.site_id) == site_id))
    return len(rows.all())


def placed(session: Session, site_id: SiteId) -> list[tuple[UUID, str, float, float]]:
    """Id, name and coordinates of every place on the earth, for finding doubles."""
    rows = session.exec(
        select(LocationRow.id, LocationRow.name, LocationRow.lat, LocationRow.lon).where(
            col(LocationRow.site_id) == site_id,
            col(LocationRow.merged_into).is_(None),
            col(LocationRow.lat).is_not(None),
        )
    )
    return [(one, name, lat, lon) for one, name, lat, lon in rows if lat is not None and lon]


def neighbours(
    session: Session, site_id: SiteId, at: Point, *, within_m: float = SAME_PLACE_M
) -> list[UUID]:
    """Places within a few metres: probably the same one twice."""
    return [
        one
        for one, _name, lat, lon in placed(session, site_id)
        if distance_m(at, Point(lat=lat, lon=lon)) <= within_m
    ]


def as_location(row: LocationRow) -> Location:
    """The row as the value everybody computes with."""
    given = {name: getattr(row, name) for name in Location.model_fields}
    return Location.model_validate({**given, "windows": row.windows[:ARRAY_MAX]})


def write_location(row: LocationRow) -> dict[str, Any]:
    """The row as JSON of the REST interface."""
    return {
        "id": str(row.id),
        **as_location(row).model_dump(mode="json"),
        "note_at": row.note_at and int(row.note_at.timestamp() * 1000),
        "note_by": row.note_by,
        "merged_into": row.merged_into and str(row.merged_into),
        "rev": row.rev,
    }


def calendar(session: Session, site_id: SiteId, calendar_id: UUID | None) -> CalendarView | None:
    """The calendar, or nothing when a loop has none."""
    row = session.get(CalendarRow, (site_id, calendar_id)) if calendar_id is not None else None
    if row is None:
        return None
    spans = tuple((first, last) for first, last in row.shutdowns)
    return CalendarView(row.country, row.subdivision, tuple(row.extra), spans, tuple(row.workdays))


def write_site(row: SiteRow) -> dict[str, Any]:
    """The site and its settings as JSON of the REST interface."""
    about = {name: getattr(row, name) for name in Site.model_fields}
    return {"id": str(row.site_id), **about, **row.settings, "rev": row.rev}


def write_calendar(session: Session, site_id: SiteId, calendar_id: UUID) -> dict[str, Any]:
    """A calendar with its shifts as JSON of the REST interface; refuses `not_found`."""
    row = session.get(CalendarRow, (site_id, calendar_id))
    if row is None:
        raise refuse("not_found")
    keys = [name for name in rules.Calendar.model_fields if name != "shifts"]
    parts = ("name", "start_local", "end_local", "breaks")
    found = shifts(session, site_id, calendar_id)
    return {
        "id": str(calendar_id),
        **{key: getattr(row, key) for key in keys},
        "shifts": [{part: getattr(one, part) for part in parts} for one in found],
    }


def shifts(session: Session, site_id: SiteId, calendar_id: UUID) -> Sequence[ShiftRow]:
    """Shifts of a calendar, by start."""
    rows = session.exec(
        select(ShiftRow)
        .where(col(ShiftRow.site_id) == site_id, col(ShiftRow.calendar_id) == calendar_id)
        .order_by(col(ShiftRow.start_local))
    )
    return rows.all()


def zones(session: Session, site_id: SiteId) -> Iterable[ZoneRow]:
    """Territories of the site."""
    return session.exec(select(ZoneRow).where(col(ZoneRow.site_id) == site_id)).all()
