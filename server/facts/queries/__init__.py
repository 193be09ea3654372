"""Reads of facts: what folds need, what is held, what a device declared."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Integer,
    Select,
    bindparam,
    exists,
    func,
    literal_column,
    select,
)
from sqlmodel import Session, col

from server.facts import rules
from server.facts.queries.counting import (
    IN_MAX,
    StoredFact,
    any_of_type,
    chunks,
    facts_about,
    facts_of,
    facts_of_runs,
    facts_of_visits,
)
from server.facts.tables import EventBlob, EventConflict, EventRow, EventState, StreamPos, StreamRow
from shared.events import DriverSignedIn
from shared.ids import DeviceId, EventId, RunId, SiteId, VisitId
from shared.sync import HELD_MAX

# What a file of its own asks, for those who ask this room.
__all__ = [
    "IN_MAX",
    "StoredFact",
    "any_of_type",
    "chunks",
    "facts_about",
    "facts_of",
    "facts_of_runs",
    "facts_of_visits",
]

# Written out, not bound: only so does SQLite see that a partial index serves.
_IS_HELD = col(EventState.status) == literal_column(f"'{rules.HELD}'")
_IS_SIGN_IN = col(EventRow.type) == literal_column(f"'{DriverSignedIn.type}'")


@dataclass(frozen=True, slots=True)
class HeldFact:
    """A fact that is stored and acknowledged but waits."""

    id: EventId
    why: str
    type: str | None
    by: str | None
    run_id: RunId | None
    visit_id: VisitId | None
    device_id: DeviceId | None
    reported_ms: int
    doc: bytes | None


@dataclass(frozen=True, slots=True)
class StreamHead:
    """Where a stream stands on the server."""

    id: UUID
    device_id: DeviceId | None
    recv: int
    chain: str
    durable: int


def _with_state(*conditions: ColumnElement[bool]) -> Select[*tuple[Any, ...]]:
    """Facts with what became of them, in the order of HeldFact; the site and the most are bound."""
    return (
        select(
            col(EventRow.id),
            func.coalesce(col(EventState.why), ""),
            col(EventRow.type),
            col(EventRow.by),
            col(EventRow.run_id),
            col(EventRow.visit_id),
            col(EventRow.device_id),
            col(EventState.reported_ms),
            col(EventRow.doc),
        )
        .join(
            EventState,
            (col(EventState.site_id) == col(EventRow.site_id))
            & (col(EventState.event_id) == col(EventRow.id)),
        )
        .where(col(EventRow.site_id) == bindparam("site"), *conditions)
        .limit(bindparam("most", type_=Integer))
    )


def _held_facts(*conditions: ColumnElement[bool]) -> Select[*tuple[Any, ...]]:
    # A subquery, so that no database walks through all facts to find the few that wait.
    waiting = select(col(EventState.event_id)).where(
        col(EventState.site_id) == bindparam("site"), _IS_HELD
    )
    order = col(EventRow.received_ms).desc(), col(EventRow.id).desc()
    return _with_state(col(EventRow.id).in_(waiting), *conditions).order_by(*order)


# Every exchange asks more than once what waits: building these anew costs more than asking.
_HELD_ALL = _held_facts()
_HELD_OF = _held_facts(col(EventRow.device_id) == bindparam("device"))
_HELD_AMONG = _held_facts(col(EventRow.id).in_(bindparam("ids", expanding=True)))
_HEAD = (
    select(
        col(StreamRow.id),
        col(StreamRow.device_id),
        col(StreamRow.recv),
        col(StreamRow.chain),
        col(StreamRow.durable),
    )
    .where(col(StreamRow.site_id) == bindparam("site"), col(StreamRow.id) == bindparam("stream"))
    .with_for_update()
)
_DISMISSED = _with_state(col(EventState.status) == rules.DISMISSED).order_by(
    col(EventState.changed_ms).desc(), col(EventRow.id).desc()
)


def last_signed_in_on(session: Session, site_id: SiteId, by: str) -> DeviceId | None:
    """The device a driver signed in on last, by the order of the facts, not of their arrival."""
    found = session.execute(
        select(col(EventRow.device_id))
        .where(
            col(EventRow.site_id) == site_id,
            col(EventRow.by) == by,
            _IS_SIGN_IN,
        )
        .order_by(col(EventRow.hlc).desc(), col(EventRow.id).desc())
        .limit(1)
    ).scalar_one_or_none()
    return DeviceId(found) if found else None


def highest_hlc(
    session: Session, site_id: SiteId, run_id: RunId | None, visit_id: VisitId | None
) -> int:
    """The latest stamp among the facts of a run or visit, 0 without any."""
    found = 0
    for about in (col(EventRow.run_id) == run_id, col(EventRow.visit_id) == visit_id):
        statement = select(func.max(EventRow.hlc)).where(col(EventRow.site_id) == site_id, about)
        found = max(found, session.execute(statement).scalar() or 0)
    return found


def held(
    session: Session,
    site_id: SiteId,
    *,
    device_id: DeviceId | None = None,
    ids: Collection[EventId] | None = None,
    limit: int = HELD_MAX,
) -> list[HeldFact]:
    """Facts that wait, newest first; of one device, or these, or all."""
    assert device_id is None or ids is None, "of one device or these, not both"
    if ids is not None and not ids:
        return []
    values: dict[str, Any] = {"site": site_id, "most": limit}
    statement = _HELD_ALL
    if ids is not None:
        statement, values["ids"] = _HELD_AMONG, list(ids)
    elif device_id is not None:
        statement, values["device"] = _HELD_OF, device_id
    return [HeldFact(*row) for row in session.execute(statement, values)]


def dismissed(session: Session, site_id: SiteId, limit: int = HELD_MAX) -> list[HeldFact]:
    """Facts that somebody decided not to count, the newest decision first."""
    rows = session.execute(_DISMISSED, {"site": site_id, "most": limit})
    return [HeldFact(*row) for row in rows]


def devices_with_held(session: Session) -> list[tuple[SiteId, DeviceId]]:
    """Every device of every site that has facts waiting."""
    waiting = select(col(EventState.site_id), col(EventState.event_id)).where(_IS_HELD)
    keys = [(SiteId(site_id), EventId(event_id)) for site_id, event_id in session.execute(waiting)]
    found: set[tuple[SiteId, DeviceId]] = set()
    for site_id in sorted({site_id for site_id, _ in keys}):
        for some in chunks([event_id for at, event_id in keys if at == site_id]):
            devices = session.execute(
                select(col(EventRow.device_id)).where(
                    col(EventRow.site_id) == site_id, col(EventRow.id).in_(some)
                )
            ).scalars()
            found.update((site_id, DeviceId(one)) for one in devices if one is not None)
    return sorted(found)


def stream(session: Session, site_id: SiteId, stream_id: UUID) -> StreamHead | None:
    """Where a stream stands, None if it is not known."""
    row = session.get(StreamRow, (site_id, stream_id))
    if row is None:
        return None
    owner = DeviceId(row.device_id) if row.device_id else None
    return StreamHead(row.id, owner, row.recv, row.chain, row.durable)


def locked_stream(session: Session, site_id: SiteId, stream_id: UUID) -> StreamHead | None:
    """The same, and no other transaction goes on with this stream before ours ends."""
    row = session.execute(_HEAD, {"site": site_id, "stream": stream_id}).first()
    return StreamHead(*row) if row else None


def declared_among(
    session: Session, site_id: SiteId, device_id: DeviceId, shas: Sequence[str]
) -> set[str]:
    """Which of these files the device declared, in any of its streams."""
    by_device = exists(
        select(col(StreamPos.seq))
        .join(
            StreamRow,
            (col(StreamRow.site_id) == col(StreamPos.site_id))
            & (col(StreamRow.id) == col(StreamPos.stream_id)),
        )
        .where(
            col(StreamPos.site_id) == col(EventBlob.site_id),
            col(StreamPos.event_id) == col(EventBlob.event_id),
            col(StreamRow.device_id) == device_id,
        )
        .correlate(EventBlob)
    )
    found: set[str] = set()
    for start in range(0, len(shas), IN_MAX):
        some = col(EventBlob.sha).in_(list(shas[start : start + IN_MAX]))
        statement = select(col(EventBlob.sha)).where(col(EventBlob.site_id) == site_id, some)
        found.update(session.execute(statement.where(by_device).distinct()).scalars())
    return found


Body = tuple[bytes | None, int, str | None]


def conflicts_of(
    session: Session, site_id: SiteId, ids: Collection[EventId]
) -> list[tuple[EventId, Body, list[Body]]]:
    """Facts of which other bytes came: the first ones, and the others, each with when and whence.

    A body is its bytes, when it was received, and the device it came from.
    """
    found = []
    for key in sorted(ids):
        row = session.get(EventRow, (site_id, key))
        if row is None:
            continue
        rows = session.execute(
            select(col(EventConflict.doc), col(EventConflict.received_ms), col(StreamRow.device_id))
            .join(
                StreamRow,
                (col(StreamRow.site_id) == col(EventConflict.site_id))
                & (col(StreamRow.id) == col(EventConflict.stream_id)),
            )
            .where(col(EventConflict.site_id) == site_id, col(EventConflict.event_id) == key)
            .order_by(col(EventConflict.received_ms), col(EventConflict.doc_sha))
        )
        others: list[Body] = [
            (bytes(doc), at_ms, str(device) if device else None) for doc, at_ms, device in rows
        ]
        first = (row.doc, row.received_ms, str(row.device_id) if row.device_id else None)
        found.append((EventId(key), first, others))
    return found


def docs_after(
    session: Session, site_id: SiteId, after: EventId | None, limit: int = IN_MAX
) -> list[tuple[EventId, bytes | None, str]]:
    """Bytes and digest of the facts that are whole, by id, from behind this one on."""
    query = select(col(EventRow.id), col(EventRow.doc), col(EventRow.doc_sha)).where(
        col(EventRow.site_id) == site_id, col(EventRow.redacted_ms).is_(None)
    )
    if after is not None:
        query = query.where(col(EventRow.id) > after)
    rows = session.execute(query.order_by(col(EventRow.id)).limit(limit))
    return [(EventId(id_), None if doc is None else bytes(doc), sha) for id_, doc, sha in rows]


def conflicts(session: Session, site_id: SiteId) -> int:
    """How many other bodies came under known ids."""
    statement = select(func.count(col(EventConflict.event_id)))
    count: int = session.execute(
        statement.where(col(EventConflict.site_id) == site_id)
    ).scalar_one()
    return count
