"""How the streams of devices stand: in use, not yet safe, waiting, differing."""

from collections.abc import Collection
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import func, select
from sqlmodel import Session, col

from server.facts.queries import IN_MAX
from server.facts.rules import HELD
from server.facts.tables import (
    EventBlob,
    EventRow,
    EventState,
    StreamPos,
    StreamRow,
)
from shared.ids import DeviceId, SiteId

UNREADABLE = "device.blob_unreadable"
UNREADABLE_MAX = 1_000


class StreamUse(NamedTuple):
    """A stream of a device: when it began, when it last grew, and what it came from."""

    device_id: DeviceId
    stream_id: UUID
    made_ms: int
    last_ms: int
    forked_from: UUID | None


def uses(session: Session, site_id: SiteId, since_ms: int) -> list[StreamUse]:
    """Streams of devices that grew since then, oldest first."""
    rows = session.execute(
        select(
            col(StreamRow.device_id),
            col(StreamRow.id),
            col(StreamRow.made_ms),
            col(StreamRow.last_ms),
            col(StreamRow.forked_from),
        )
        .where(
            col(StreamRow.site_id) == site_id,
            col(StreamRow.device_id).is_not(None),
            col(StreamRow.last_ms) >= since_ms,
        )
        .order_by(col(StreamRow.made_ms), col(StreamRow.id))
    )
    return [StreamUse(*row) for row in rows]


def oldest_unsafe(session: Session, site_id: SiteId) -> dict[DeviceId, int]:
    """When the oldest fact came that is in no verified backup, by device."""
    rows = session.execute(
        select(col(StreamRow.device_id), func.min(col(EventRow.received_ms)))
        .join(
            StreamPos,
            (col(StreamPos.site_id) == col(StreamRow.site_id))
            & (col(StreamPos.stream_id) == col(StreamRow.id))
            & (col(StreamPos.seq) == col(StreamRow.durable) + 1),
        )
        .join(
            EventRow,
            (col(EventRow.site_id) == col(StreamPos.site_id))
            & (col(EventRow.id) == col(StreamPos.event_id)),
        )
        .where(col(StreamRow.site_id) == site_id, col(StreamRow.device_id).is_not(None))
        .group_by(col(StreamRow.device_id))
    )
    return {DeviceId(device_id): at_ms for device_id, at_ms in rows}


def waiting(session: Session, site_id: SiteId) -> dict[DeviceId, int]:
    """How many facts of each device wait for a decision."""
    held = select(col(EventState.event_id)).where(
        col(EventState.site_id) == site_id, col(EventState.status) == HELD
    )
    return _counted(session, EventRow, site_id, col(EventRow.id).in_(held))


def _counted(
    session: Session, model: type[EventRow], site_id: SiteId, condition: Any
) -> dict[DeviceId, int]:
    rows = session.execute(
        select(col(model.device_id), func.count())
        .where(col(model.site_id) == site_id, col(model.device_id).is_not(None), condition)
        .group_by(col(model.device_id))
    )
    return {DeviceId(device_id): count for device_id, count in rows}


def declared_since(
    session: Session, site_id: SiteId, shas: Collection[str]
) -> dict[DeviceId, tuple[int, int]]:
    """Of these files: how many each device declared, and when the first fact of them came."""
    found: dict[DeviceId, tuple[int, int]] = {}
    ordered = sorted(shas)
    for start in range(0, len(ordered), IN_MAX):
        rows = session.execute(
            select(
                col(EventRow.device_id),
                func.count(col(EventBlob.sha).distinct()),
                func.min(col(EventRow.received_ms)),
            )
            .join(
                EventBlob,
                (col(EventBlob.site_id) == col(EventRow.site_id))
                & (col(EventBlob.event_id) == col(EventRow.id)),
            )
            .where(
                col(EventRow.site_id) == site_id,
                col(EventRow.device_id).is_not(None),
                col(EventBlob.sha).in_(ordered[start : start + IN_MAX]),
            )
            .group_by(col(EventRow.device_id))
        )
        for device_id, count, at_ms in rows:
            before = found.get(device_id, (0, at_ms))
            found[DeviceId(device_id)] = (before[0] + count, min(before[1], at_ms))
    return found


def unreadable(session: Session, site_id: SiteId) -> list[tuple[DeviceId, str, bytes]]:
    """What devices said of files they can no longer read, newest first: device, id and doc."""
    rows = session.execute(
        select(col(EventRow.device_id), col(EventRow.id), col(EventRow.doc))
        .where(
            col(EventRow.site_id) == site_id,
            col(EventRow.type) == UNREADABLE,
            col(EventRow.device_id).is_not(None),
            col(EventRow.doc).is_not(None),
        )
        .order_by(col(EventRow.received_ms).desc())
        .limit(UNREADABLE_MAX)
    )
    return [(DeviceId(device_id), str(id_), doc) for device_id, id_, doc in rows]
