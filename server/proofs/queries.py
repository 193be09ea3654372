"""Reads of proofs: lists by day, run and visit, one with its parts, and who may see them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, select, tuple_
from sqlmodel import Session, col

from server.blobs import queries as blobs
from server.blobs.queries import BlobView
from server.core.access import Principal, Resource, allow, reaches
from server.core.matrix import Reach
from server.proofs.tables import ProofPart, ProofRow
from shared.ids import CarrierId, DeviceId, DriverId, RunId, SiteId, VisitId
from shared.refusals import refuse

PAGE = 100


@dataclass(frozen=True, slots=True)
class PartView:
    """One piece of evidence and how far its bytes have come."""

    id: UUID
    role: str
    sha: str | None
    size: int | None
    source: str | None
    text: str | None
    by: str
    made_at: datetime
    arrived: bool
    shown: bool
    unreadable: str | None


@dataclass(frozen=True, slots=True)
class ProofView:
    """Evidence of one result with its parts."""

    id: UUID
    run_id: RunId | None
    visit_id: VisitId | None
    device_id: DeviceId | None
    outcome: str
    kind: str | None
    method: str | None
    signer: str | None
    signer_role: str | None
    drop_point: str | None
    pin_ok: bool | None
    no_proof_reason: str | None
    note: str | None
    lines: list[Any] | None
    short: list[Any] | None
    by: str
    hlc: int
    reported_at: datetime
    received_at: datetime
    lat_e7: int | None
    lon_e7: int | None
    acc_m: int | None
    parts: list[PartView]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which proofs are asked for; a day is one of UTC."""

    run_id: UUID | None = None
    visit_id: UUID | None = None
    day: date | None = None
    after: tuple[datetime, UUID] | None = None
    limit: int = PAGE


ALL = Wanted()


def proofs(session: Session, who: Principal, wanted: Wanted = ALL) -> list[ProofView]:
    """Proofs this principal may see, newest first."""
    conditions = _visible(who)
    if wanted.day is not None:
        since = datetime.combine(wanted.day, time(), UTC)
        conditions.append(col(ProofRow.reported_at).between(since, since + timedelta(days=1)))
    if wanted.run_id is not None:
        conditions.append(col(ProofRow.run_id) == wanted.run_id)
    if wanted.visit_id is not None:
        conditions.append(col(ProofRow.visit_id) == wanted.visit_id)
    if wanted.after is not None:
        place = tuple_(col(ProofRow.reported_at), col(ProofRow.id))
        conditions.append(place < tuple_(*wanted.after))
    rows = session.execute(
        select(ProofRow)
        .where(*conditions)
        .order_by(col(ProofRow.reported_at).desc(), col(ProofRow.id).desc())
        .limit(wanted.limit)
    ).scalars()
    return _views(session, who.site_id, list(rows))


def proof(session: Session, who: Principal, proof_id: UUID) -> ProofView:
    """One proof; foreign and absent look the same."""
    row = session.execute(
        select(ProofRow).where(*_visible(who), col(ProofRow.id) == proof_id)
    ).scalar_one_or_none()
    if row is None:
        raise refuse("not_found")
    allow(who, "read", resource=_resource(row))
    return _views(session, who.site_id, [row])[0]


def part_of(session: Session, who: Principal, sha: str) -> BlobView:
    """The file of a part of some proof this principal may see."""
    found = session.execute(
        select(col(ProofPart.id))
        .join(
            ProofRow,
            (col(ProofRow.site_id) == col(ProofPart.site_id))
            & (col(ProofRow.id) == col(ProofPart.proof_id)),
        )
        .where(*_visible(who), col(ProofPart.sha) == sha)
        .limit(1)
    ).first()
    blob = blobs.blob(session, who.site_id, sha) if found else None
    if blob is None:
        raise refuse("not_found")
    return blob


def _visible(who: Principal) -> list[ColumnElement[bool]]:
    """What the principal's roles let it see, as conditions of the query."""
    conditions: list[ColumnElement[bool]] = [col(ProofRow.site_id) == who.site_id]
    reach = reaches(who, "proofs", "read")
    if Reach.ANY in reach:
        return conditions
    if Reach.CARRIER in reach and who.carrier_id is not None:
        return [*conditions, col(ProofRow.carrier_id) == who.carrier_id]
    return [*conditions, col(ProofRow.driver_id) == who.driver_id]


def _resource(row: ProofRow) -> Resource:
    return Resource(
        "proofs",
        SiteId(row.site_id),
        carrier_id=CarrierId(row.carrier_id) if row.carrier_id else None,
        driver_id=DriverId(row.driver_id) if row.driver_id else None,
    )


def _views(session: Session, site_id: SiteId, rows: Sequence[ProofRow]) -> list[ProofView]:
    parts = _parts(session, site_id, [row.id for row in rows])
    shas = [part.sha for some in parts.values() for part in some if part.sha]
    files = blobs.blobs(session, site_id, shas)
    return [_view(row, parts.get(row.id, []), files) for row in rows]


def _parts(session: Session, site_id: SiteId, ids: Sequence[UUID]) -> dict[UUID, list[ProofPart]]:
    found: dict[UUID, list[ProofPart]] = {}
    if not ids:
        return found
    rows = session.execute(
        select(ProofPart)
        .where(col(ProofPart.site_id) == site_id, col(ProofPart.proof_id).in_(ids))
        .order_by(col(ProofPart.made_at), col(ProofPart.event_id), col(ProofPart.place))
    ).scalars()
    for row in rows:
        found.setdefault(row.proof_id, []).append(row)
    return found


def _view(row: ProofRow, parts: Sequence[ProofPart], files: dict[str, BlobView]) -> ProofView:
    known = {name: getattr(row, name) for name in ProofView.__dataclass_fields__ if name != "parts"}
    return ProofView(**known, parts=[_part(one, files) for one in parts])


def _part(row: ProofPart, files: dict[str, BlobView]) -> PartView:
    file = files.get(row.sha) if row.sha else None
    return PartView(
        id=row.id,
        role=row.role,
        sha=row.sha,
        size=row.size,
        source=row.source,
        text=row.text,
        by=row.by,
        made_at=row.made_at,
        arrived=file is not None and file.done,
        shown=file is not None and file.look == blobs.READY,
        unreadable=file.look_why if file is not None else None,
    )
