"""How a batch becomes places and facts: the pure part of taking it, and what is told about it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from server.facts import rules
from shared.chain import CHAIN_ZERO, doc_bytes, doc_sha, next_chain
from shared.events import Event
from shared.ids import DeviceId, EventId, RunId, SiteId, VisitId
from shared.refusals import refuse
from shared.sync import DeviceClock, Push, SentEvent

Row = dict[str, Any]
Known = tuple[UUID | None, str]  # event and chain at a place
Start: Mapping[int, Known] = {0: (None, CHAIN_ZERO)}


@dataclass(frozen=True, slots=True)
class NewFact:
    """A fact stored just now; `why` is set when it is held."""

    id: EventId
    seq: int
    event: Event | None
    why: str | None
    type: str | None
    run_id: RunId | None
    visit_id: VisitId | None
    device_id: DeviceId | None
    reported_ms: int
    uncertain: bool
    received_ms: int


@dataclass(frozen=True, slots=True)
class Declared:
    """A file a fact speaks of; its bytes come later."""

    sha: str
    size: int
    media: str
    role: str


@dataclass(slots=True)
class Appended:
    """What one request did to its stream: where it stands, what was new, what was not."""

    seq: int
    chain: str
    durable: int
    new: list[NewFact] = field(default_factory=list)
    known: list[EventId] = field(default_factory=list)
    conflicts: list[EventId] = field(default_factory=list)
    retimed: list[EventId] = field(default_factory=list)
    declared: list[Declared] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Place:
    """One event of a batch with its bytes, their hash, and the chain after it."""

    sent: SentEvent
    id: UUID
    doc: bytes
    sha: str
    chain: str


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a batch comes from and when it arrived."""

    site_id: SiteId
    stream_id: UUID
    device_id: DeviceId | None
    received_ms: int
    clock: DeviceClock
    hold_all: str | None = None


def walk(push: Push, recv: int, stored: Mapping[int, Known]) -> list[Place]:
    """Extend the chain over the batch; refuse it when a stored place says otherwise."""
    if stored.get(push.base_seq, (None, ""))[1] != push.base_chain:
        raise refuse("stream_fork")
    chain, places = push.base_chain, []
    for sent in push.events:
        doc = doc_bytes(sent.doc)
        chain = next_chain(chain, sent.id, doc)
        place = Place(sent, UUID(sent.id), doc, doc_sha(doc), chain)
        if sent.seq <= recv and stored.get(sent.seq) != (place.id, chain):
            raise refuse("stream_fork")
        places.append(place)
    return places


def beside(push: Push) -> list[Place]:
    """The events of a batch that get no place: no chain leads to them."""
    return [
        Place(sent, UUID(sent.id), doc := doc_bytes(sent.doc), doc_sha(doc), "")
        for sent in push.events
    ]


def first_of_each(places: Iterable[Place]) -> dict[UUID, Place]:
    """The first place of every id, in stream order: an id used twice is taken once."""
    first: dict[UUID, Place] = {}
    for place in places:
        first.setdefault(place.id, place)
    return first


def place_row(origin: Origin, place: Place) -> Row:
    """The row of `stream_pos`."""
    return {
        "site_id": origin.site_id,
        "stream_id": origin.stream_id,
        "seq": place.sent.seq,
        "event_id": place.id,
        "chain": place.chain,
    }


def event_row(origin: Origin, place: Place, reading: rules.Reading) -> Row:
    """The row of `event`."""
    return {
        "site_id": origin.site_id,
        "id": place.id,
        "stream_id": origin.stream_id,
        "seq": place.sent.seq,
        "device_id": origin.device_id,
        "type": reading.type,
        "run_id": reading.run,
        "visit_id": reading.visit,
        "by": reading.by,
        "hlc": reading.hlc,
        "plan_rev": reading.plan_rev,
        "doc": place.doc,
        "doc_sha": place.sha,
        "received_ms": origin.received_ms,
    }


def new_fact(origin: Origin, place: Place, reading: rules.Reading) -> NewFact:
    """What the rooms above are told of a fact that was not known before."""
    reported_ms, uncertain = rules.reported(origin.received_ms, origin.clock, reading.clk)
    return NewFact(
        id=EventId(place.id),
        seq=place.sent.seq,
        event=reading.event,
        why=reading.why or origin.hold_all,
        type=reading.type,
        run_id=RunId(reading.run) if reading.run else None,
        visit_id=VisitId(reading.visit) if reading.visit else None,
        device_id=origin.device_id,
        reported_ms=reported_ms,
        uncertain=uncertain,
        received_ms=origin.received_ms,
    )


def state_row(origin: Origin, fact: NewFact) -> Row:
    """The row of `event_state`."""
    return {
        "site_id": origin.site_id,
        "event_id": fact.id,
        "status": rules.HELD if fact.why else rules.OK,
        "why": fact.why,
        "reported_ms": fact.reported_ms,
        "uncertain": fact.uncertain,
    }


def file_rows(origin: Origin, fact: NewFact) -> list[Row]:
    """The rows of `event_blob`; a file named twice by one fact stands once."""
    blobs = {blob[0]: blob for blob in (fact.event.envelope.blobs if fact.event else [])}
    return [
        {
            "site_id": origin.site_id,
            "event_id": fact.id,
            "sha": sha,
            "media": blob[2],
            "role": blob[3],
            "source": blob[4] if len(blob) == 5 else None,
        }
        for sha, blob in blobs.items()
    ]


def rows_beside(origin: Origin, place: Place) -> list[Row]:
    """The files of other bytes under a known id: evidence as well, and their device sends them."""
    reading = rules.read(str(place.id), place.doc)
    return file_rows(origin, new_fact(origin, place, reading))


def conflict_row(origin: Origin, place: Place) -> Row:
    """The row of `event_conflict`: other bytes under a known id."""
    return {
        "site_id": origin.site_id,
        "event_id": place.id,
        "doc_sha": place.sha,
        "doc": place.doc,
        "stream_id": origin.stream_id,
        "seq": place.sent.seq,
        "received_ms": origin.received_ms,
    }


def declared(events: Iterable[Event | None]) -> list[Declared]:
    """The files these facts speak of."""
    return [
        Declared(blob[0], blob[1], blob[2], blob[3])
        for event in events
        if event is not None
        for blob in event.envelope.blobs
    ]


def declared_again(places: Sequence[Place]) -> list[Declared]:
    """The files of facts that were known; only a doc that may name files is read again."""
    readings = (rules.read(str(one.id), one.doc) for one in places if b'"blobs"' in one.doc)
    return declared(reading.event for reading in readings)
