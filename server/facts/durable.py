"""How far each stream is in a backup with all its files, and the note of it (sync.md S12)."""

from collections.abc import Collection, Iterator, Mapping
from uuid import UUID

from sqlalchemy import func, select, update
from sqlmodel import Session, col

from server.facts.tables import EventBlob, StreamPos, StreamRow
from shared.ids import SiteId, StreamId

IN_MAX = 500
Stream = tuple[SiteId, StreamId]
FileKey = tuple[UUID, str]  # site, digest


def heads(session: Session) -> dict[Stream, tuple[int, str]]:
    """Place and chain every stream has reached."""
    rows = session.execute(
        select(col(StreamRow.site_id), col(StreamRow.id), col(StreamRow.recv), col(StreamRow.chain))
    )
    return {(SiteId(site), StreamId(key)): (recv, chain) for site, key, recv, chain in rows}


def safe_places(session: Session, settled: Collection[FileKey]) -> dict[Stream, int]:
    """The largest n of each stream whose places 1..n are here with all their files settled."""
    whole = _unbroken(session)
    for stream, seq in _lacking(session, settled):
        whole[stream] = min(whole[stream], seq - 1)
    return whole


def _unbroken(session: Session) -> dict[Stream, int]:
    """How many places follow each other without a gap, from the first."""
    at = (col(StreamPos.site_id), col(StreamPos.stream_id))
    counted = session.execute(
        select(*at, func.count(), func.max(col(StreamPos.seq))).group_by(*at)
    ).all()
    found = dict.fromkeys(heads(session), 0)
    for site, key, count, last in counted:
        stream = SiteId(site), StreamId(key)
        found[stream] = count if count == last else _until_gap(session, stream)
    return found


def _until_gap(session: Session, stream: Stream) -> int:
    places = session.execute(
        select(col(StreamPos.seq))
        .where(col(StreamPos.site_id) == stream[0], col(StreamPos.stream_id) == stream[1])
        .order_by(col(StreamPos.seq))
    ).scalars()
    reached = 0
    for seq in places:
        if seq != reached + 1:
            break
        reached = seq
    return reached


def _lacking(session: Session, settled: Collection[FileKey]) -> Iterator[tuple[Stream, int]]:
    """Every place whose event declares a file that is not settled."""
    declared = session.execute(
        select(col(EventBlob.site_id), col(EventBlob.event_id), col(EventBlob.sha))
    )
    events = sorted({(site, event) for site, event, sha in declared if (site, sha) not in settled})
    for start in range(0, len(events), IN_MAX):
        some = events[start : start + IN_MAX]
        rows = session.execute(
            select(
                col(StreamPos.site_id),
                col(StreamPos.stream_id),
                col(StreamPos.seq),
                col(StreamPos.event_id),
            ).where(
                col(StreamPos.site_id).in_({site for site, _ in some}),
                col(StreamPos.event_id).in_([event for _, event in some]),
            )
        )
        wanted = set(some)
        for site, key, seq, event in rows:
            if (site, event) in wanted:
                yield (SiteId(site), StreamId(key)), seq


def note_durable(session: Session, places: Mapping[Stream, int]) -> None:
    """Write down how far these streams are safe; less than before is written as well."""
    for (site_id, stream_id), place in sorted(places.items()):
        session.execute(
            update(StreamRow)
            .where(
                col(StreamRow.site_id) == site_id,
                col(StreamRow.id) == stream_id,
                col(StreamRow.durable) != place,
            )
            .values(durable=place)
        )
