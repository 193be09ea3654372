"""Takes facts once, in order, whatever they say; holds odd ones and lets people decide."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from uuid import UUID, uuid5

from sqlalchemy import Table, Update, bindparam, insert, select, update
from sqlalchemy.dialects.postgresql import Insert
from sqlalchemy.dialects.postgresql import insert as insert_or
from sqlmodel import Session, SQLModel, col

from server.core.clock import to_ms
from server.core.ids import new_id
from server.facts import rules, taking
from server.facts.queries import (
    HeldFact,
    StoredFact,
    StreamHead,
    chunks,
    facts_about,
    facts_of,
    facts_of_runs,
    facts_of_visits,
    held,
    highest_hlc,
    locked_stream,
)
from server.facts.tables import (
    EventBlob,
    EventConflict,
    EventRow,
    EventState,
    StreamPos,
    StreamRow,
)
from server.facts.taking import Appended, Declared, NewFact, Origin, Place
from shared.chain import CHAIN_ZERO, doc_bytes
from shared.events import EVENT_FORMAT, Body, Envelope, write_doc
from shared.ids import DeviceId, EventId, RunId, SiteId, StreamId, VisitId, next_hlc
from shared.refusals import refuse
from shared.sync import DeviceClock, Fork, Push, SentEvent

__all__ = [
    "Appended",
    "Declared",
    "HeldFact",
    "NewFact",
    "StoredFact",
    "append",
    "attach",
    "dismiss",
    "facts_about",
    "facts_of",
    "facts_of_runs",
    "facts_of_visits",
    "held",
    "hold",
    "keep_aside",
    "read_ahead",
    "record",
    "release",
    "reopen",
]

OWN_STREAM = UUID("6d696c6b-7275-5e00-8000-000000000001")
OWN_BOOT = "00000000"
FORK_REASON_MAX = 200


def _table(model: type[SQLModel]) -> Table:
    table: Table = model.__table__  # type: ignore[attr-defined]
    return table


def _absent(model: type[SQLModel]) -> Insert:
    return insert_or(_table(model)).on_conflict_do_nothing()


# Every exchange says these: building them anew costs more than saying them.
_STREAMS = _table(StreamRow)
_MOVE_ON = update(_STREAMS).where(
    _STREAMS.c.site_id == bindparam("site"), _STREAMS.c.id == bindparam("stream")
)
_PLACES, _STATES = insert(_table(StreamPos)), insert(_table(EventState))
_TAKE = _absent(EventRow).returning(_table(EventRow).c.id)


def read_ahead(push: Push) -> None:
    """Read the docs of a request before it enters the writer, where others wait."""
    for sent in push.events:
        rules.read(sent.id, doc_bytes(sent.doc))


def append(
    session: Session,
    site_id: SiteId,
    device_id: DeviceId | None,
    push: Push,
    *,
    received_ms: int,
    hold_all: str | None = None,
    fork: Fork | None = None,
) -> Appended:
    """Take a batch into its stream: each place once, each fact once, or refuse `stream_fork`.

    A batch that begins behind a gap changes nothing and is told where the stream stands.
    """
    origin = Origin(site_id, UUID(push.stream), device_id, received_ms, push.clock, hold_all)
    stream = _locked_stream(session, origin, fork)
    answer = Appended(stream.recv, stream.chain, stream.durable)
    if push.base_seq > stream.recv:
        return answer
    places = taking.walk(push, stream.recv, _stored_places(session, site_id, stream, push))
    fresh = [place for place in places if place.sent.seq > stream.recv]
    if fresh:
        rows = [taking.place_row(origin, place) for place in fresh]
        session.execute(_PLACES, rows)
        answer.seq, answer.chain = fresh[-1].sent.seq, fresh[-1].chain
        _insert_facts(session, origin, answer, fresh)
    _recognise(session, origin, answer, places)
    if places:
        _advance(session, origin, answer)
    return answer


def keep_aside(
    session: Session,
    site_id: SiteId,
    device_id: DeviceId | None,
    push: Push,
    *,
    received_ms: int,
    why: str,
) -> Appended:
    """Take facts of an unproven file: each once, held, and without a place in any stream."""
    origin = Origin(site_id, UUID(push.stream), device_id, received_ms, push.clock, why)
    answer = Appended(0, CHAIN_ZERO, 0)
    places = taking.beside(push)
    _insert_facts(session, origin, answer, places)
    _recognise(session, origin, answer, places)
    return answer


def _locked_stream(session: Session, origin: Origin, fork: Fork | None) -> StreamHead:
    row = locked_stream(session, origin.site_id, origin.stream_id)
    if row is None:
        first = {
            "site_id": origin.site_id,
            "id": origin.stream_id,
            "device_id": origin.device_id,
            "recv": 0,
            "chain": CHAIN_ZERO,
            "durable": 0,
            "forked_from": rules.uuid_or_none(fork.from_) if fork else None,
            "reason": fork.reason[:FORK_REASON_MAX] if fork else None,
            "made_ms": origin.received_ms,
            "last_ms": origin.received_ms,
        }
        session.execute(_absent(StreamRow), [first])
        row = locked_stream(session, origin.site_id, origin.stream_id)
        assert row is not None, "just inserted"
    if row.device_id != origin.device_id:
        raise refuse("stream_fork")
    return row


def _stored_places(
    session: Session, site_id: SiteId, stream: StreamHead, push: Push
) -> dict[int, taking.Known]:
    places = dict(taking.Start)
    if push.base_seq == stream.recv:
        places[push.base_seq] = (None, stream.chain)
        return places
    rows = session.execute(
        select(col(StreamPos.seq), col(StreamPos.event_id), col(StreamPos.chain)).where(
            col(StreamPos.site_id) == site_id,
            col(StreamPos.stream_id) == stream.id,
            col(StreamPos.seq).between(push.base_seq, push.base_seq + len(push.events)),
        )
    )
    places.update({seq: (event_id, chain) for seq, event_id, chain in rows})
    return places


def _insert_facts(
    session: Session, origin: Origin, answer: Appended, fresh: Sequence[Place]
) -> None:
    """Insert the facts whose id is not known yet; the key decides, not a look beforehand."""
    first = taking.first_of_each(fresh)
    read = {key: rules.read(str(key), place.doc) for key, place in first.items()}
    # Sorted by id, so that two devices that send the same facts never wait for each other.
    rows = [taking.event_row(origin, first[key], read[key]) for key in sorted(first)]
    new = set(session.execute(_TAKE, rows).scalars())
    facts = [
        taking.new_fact(origin, place, read[key]) for key, place in first.items() if key in new
    ]
    if not facts:
        return
    session.execute(_STATES, [taking.state_row(origin, fact) for fact in facts])
    files = [row for fact in facts for row in taking.file_rows(origin, fact)]
    if files:
        session.execute(insert(_table(EventBlob)), files)
    answer.new = facts
    answer.declared = taking.declared(fact.event for fact in facts)


def _recognise(session: Session, origin: Origin, answer: Appended, places: Sequence[Place]) -> None:
    """Compare known ids with their stored bytes; equal ones may tell the time better."""
    new = {(fact.id, fact.seq) for fact in answer.new}
    again = [place for place in places if (place.id, place.sent.seq) not in new]
    if not again:
        return
    stored = _states(session, origin.site_id, [place.id for place in again])
    others: dict[tuple[UUID, str], Place] = {}
    same: dict[UUID, Place] = {}
    times: dict[UUID, tuple[int, bool]] = {}
    for place in again:
        sha, old = stored[place.id]
        if sha != place.sha:
            others[place.id, place.sha] = place
            continue
        same[place.id] = place
        told = rules.reported(origin.received_ms, origin.clock, rules.clk_of(place.doc))
        if rules.better(told, old):
            times[place.id] = told
    beside = [others[key] for key in sorted(others)]
    if beside:
        rows = [taking.conflict_row(origin, one) for one in beside]
        session.execute(_absent(EventConflict), rows)
        if files := [row for one in beside for row in taking.rows_beside(origin, one)]:
            session.execute(_absent(EventBlob), files)
    answer.known = [EventId(key) for key in same]
    answer.conflicts = [EventId(key) for key, _ in others]
    answer.declared += taking.declared_again([*same.values(), *beside])
    answer.retimed = _retime(session, origin.site_id, times)


def _states(
    session: Session, site_id: SiteId, ids: Collection[UUID]
) -> dict[UUID, tuple[str, tuple[int, bool]]]:
    found: dict[UUID, tuple[str, tuple[int, bool]]] = {}
    for some in chunks(ids):
        rows = session.execute(
            select(
                col(EventRow.id),
                col(EventRow.doc_sha),
                col(EventState.reported_ms),
                col(EventState.uncertain),
            )
            .join(
                EventState,
                (col(EventState.site_id) == col(EventRow.site_id))
                & (col(EventState.event_id) == col(EventRow.id)),
            )
            .where(col(EventRow.site_id) == site_id, col(EventRow.id).in_(some))
        )
        found.update({id_: (sha, (at_ms, bool(unsure))) for id_, sha, at_ms, unsure in rows})
    return found


def _retime(
    session: Session, site_id: SiteId, times: Mapping[UUID, tuple[int, bool]]
) -> list[EventId]:
    if times:
        rows = [
            {"key": key, "reported_ms": times[key][0], "uncertain": times[key][1]}
            for key in sorted(times)
        ]
        session.connection().execute(_state_update(site_id), rows)
    return [EventId(key) for key in times]


def _state_update(site_id: SiteId) -> Update:
    table = _table(EventState)
    return update(table).where(
        table.c.site_id == site_id,
        table.c.event_id == bindparam("key", type_=table.c.event_id.type),
    )


def _advance(session: Session, origin: Origin, answer: Appended) -> None:
    values = {"recv": answer.seq, "chain": answer.chain, "last_ms": origin.received_ms}
    session.connection().execute(
        _MOVE_ON, {"site": origin.site_id, "stream": origin.stream_id, **values}
    )


def hold(session: Session, site_id: SiteId, why: Mapping[EventId, str]) -> None:
    """Let these facts wait with their reason; they count no longer until released."""
    if why:
        rows = [{"key": key, "status": rules.HELD, "why": why[key]} for key in sorted(why)]
        session.connection().execute(_state_update(site_id), rows)


def release(
    session: Session, site_id: SiteId, ids: Collection[EventId], *, by: str, now: datetime
) -> list[StoredFact]:
    """Let held facts count after all, and give those that do; unreadable ones stay held."""
    readable = [
        fact.id
        for fact in held(session, site_id, ids=ids, limit=len(ids))
        if fact.doc is not None and rules.read(str(fact.id), fact.doc).event is not None
    ]
    _decide(session, site_id, readable, {"status": rules.OK, "why": None, **_marks(by, now)})
    return facts_of(session, site_id, readable)


def attach(
    session: Session,
    site_id: SiteId,
    event_id: EventId,
    visit_id: VisitId,
    *,
    by: str,
    now: datetime,
) -> StoredFact:
    """Let a held fact count for this visit."""
    waiting = _waiting(session, site_id, event_id)
    if waiting.doc is None or rules.read(str(event_id), waiting.doc).event is None:
        raise refuse("bad_state", why="this entry cannot be read")
    change = {"status": rules.OK, "why": None, "visit_id": visit_id, **_marks(by, now)}
    _decide(session, site_id, [event_id], change)
    return facts_of(session, site_id, [event_id])[0]


def dismiss(
    session: Session, site_id: SiteId, event_id: EventId, *, by: str, now: datetime
) -> HeldFact:
    """Decide that a held fact will not count; it stays stored."""
    waiting = _waiting(session, site_id, event_id)
    _decide(session, site_id, [event_id], {"status": rules.DISMISSED, **_marks(by, now)})
    return waiting


def reopen(session: Session, site_id: SiteId, event_id: EventId, *, by: str, now: datetime) -> None:
    """Let a dismissed fact wait again, for the reason it waited before."""
    row = session.get(EventState, (site_id, event_id), populate_existing=True)
    if row is None or row.status != rules.DISMISSED:
        raise refuse("not_found")
    _decide(session, site_id, [event_id], {"status": rules.HELD, **_marks(by, now)})


def _waiting(session: Session, site_id: SiteId, event_id: EventId) -> HeldFact:
    found = held(session, site_id, ids=[event_id], limit=1)
    if not found:
        raise refuse("not_found")
    return found[0]


def _marks(by: str, now: datetime) -> dict[str, object]:
    return {"changed_by": by, "changed_ms": to_ms(now)}


def _decide(
    session: Session,
    site_id: SiteId,
    ids: Sequence[EventId],
    change: Mapping[str, object],
) -> None:
    if ids:
        rows = [{"key": key, **change} for key in sorted(ids)]
        session.connection().execute(_state_update(site_id), rows)


def record(
    session: Session,
    site_id: SiteId,
    by: str,
    body: Body,
    *,
    run_id: RunId | None,
    visit_id: VisitId | None,
    plan_rev: int = 0,
    now: datetime,
) -> NewFact:
    """Record what a supervisor corrects, as a fact of the server's own stream.

    Its stamp is later than every fact it is about, so that a correction always comes last.
    """
    now_ms = to_ms(now)
    envelope = Envelope(
        v=EVENT_FORMAT,
        type=body.type,
        run=str(run_id) if run_id else None,
        visit=str(visit_id) if visit_id else None,
        hlc=next_hlc(highest_hlc(session, site_id, run_id, visit_id), now_ms),
        clk=(OWN_BOOT, now_ms, now_ms),
        plan_rev=plan_rev,
        by=by,
    )
    stream_id = StreamId(uuid5(OWN_STREAM, str(site_id)))
    clock = DeviceClock(OWN_BOOT, now_ms, now_ms)
    empty = Push(str(stream_id), 0, CHAIN_ZERO, (), clock)
    at = append(session, site_id, None, empty, received_ms=now_ms)
    sent = SentEvent(at.seq + 1, str(new_id(now)), write_doc(envelope, body))
    push = Push(str(stream_id), at.seq, at.chain, (sent,), clock)
    return append(session, site_id, None, push, received_ms=now_ms).new[0]
