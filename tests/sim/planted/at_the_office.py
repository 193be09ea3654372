"""Bugs in how the server takes facts and files."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from dataclasses import replace as changed
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, update
from sqlmodel import Session, col

from server.blobs import store
from server.blobs.store import FolderBlobs
from server.core.ids import new_id
from server.facts import queries as fact_queries
from server.facts import rules, taking
from server.facts import service as facts
from server.facts.tables import StreamPos, StreamRow
from server.plant.tables import EmptiesEntryRow
from server.runs.tables import StopVisitRow
from server.sync import effects, outbox, service
from shared.chain import doc_bytes, doc_sha, next_chain
from shared.refusals import refuse
from shared.road_facts import EmptiesTaken
from shared.sync import Push
from tests.sim.planted.bug import Bug, Swap

Any_ = Callable[..., Any]


def _skip_known_places(_original: Any_) -> Any_:
    def walk(push: Push, recv: int, _stored: Any) -> list[taking.Place]:
        chain, places = push.base_chain, []
        for sent in push.events:
            doc = doc_bytes(sent.doc)
            chain = next_chain(chain, sent.id, doc)
            if sent.seq > recv:
                places.append(taking.Place(sent, UUID(sent.id), doc, doc_sha(doc), chain))
        return places

    return walk


def _effects_again(original: Any_) -> Any_:
    def after_push(session: Session, who: Any, appended: Any, jobs: Any, *, now: Any) -> None:
        original(session, who, appended, jobs, now=now)
        for fact in fact_queries.facts_of(session, who.site_id, appended.known):
            streams = select(func.count(col(StreamPos.seq))).where(
                col(StreamPos.site_id) == who.site_id,
                col(StreamPos.event_id) == UUID(fact.event.id),
            )
            visit = session.get(StopVisitRow, (who.site_id, fact.visit_id))
            if session.execute(streams).scalar_one() > 1 and visit is not None:
                _once_more(session, visit, fact.event.body, now)
        session.flush()

    return after_push


def _once_more(session: Session, visit: StopVisitRow, body: Any, now: Any) -> None:
    """Count a fact that counts already, and book its empties again."""
    if visit.fact:
        visit.fact = {**visit.fact, "n": visit.fact.get("n", 0) + 1}
    if isinstance(body, EmptiesTaken):
        taken = body.qty if body.dir == "given" else -body.qty
        session.add(
            EmptiesEntryRow(
                site_id=visit.site_id,
                id=new_id(now),
                location_id=visit.location_id,
                container_type=body.container_type,
                kind="returned_empty" if taken < 0 else "delivered_full",
                qty=taken,
                visit_id=visit.id,
                at=now,
            )
        )


def _jump(session: Session, site_id: Any, push: Push) -> None:
    """Let the stream stand where the batch begins."""
    key = (col(StreamRow.site_id) == site_id) & (col(StreamRow.id) == UUID(push.stream))
    behind = key & (col(StreamRow.recv) < push.base_seq)
    values = {"recv": push.base_seq, "chain": push.base_chain}
    session.execute(update(StreamRow).where(behind).values(**values))


def _across_a_gap(original: Any_) -> Any_:
    def append(session: Session, site_id: Any, device_id: Any, push: Push, **named: Any) -> Any:
        _jump(session, site_id, push)
        return original(session, site_id, device_id, push, **named)

    return append


class _Placed(Exception):
    """The first of two transactions ends here."""


@dataclass
class _TwoSteps:
    """Lets one exchange commit its places before their effects."""

    step: int = 0
    appended: Any = None

    def exchange(self, original: Any_) -> Any_:
        def exchange(parts: Any, who: Any, envelope: Any) -> Any:
            writer, outer = parts.writer, self

            class Split:
                def run(self, work: Any) -> Any:
                    if outer.step:
                        return writer.run(work)
                    try:
                        outer.step = 1
                        writer.run(lambda session: outer.places(session, work))
                        outer.step = 2
                        return writer.run(work)
                    finally:
                        outer.step = 3

            self.step = 0
            try:
                return original(changed(parts, writer=Split()), who, envelope)
            finally:
                self.step, self.appended = 0, None

        return exchange

    def places(self, session: Session, work: Any) -> None:
        try:
            work(session)
        except _Placed:
            return

    def append(self, original: Any_) -> Any_:
        def append(*args: Any, **named: Any) -> Any:
            if self.step == 2 and self.appended is not None:
                appended, self.appended = self.appended, None
                return appended
            appended = original(*args, **named)
            if self.step == 1:
                self.appended = appended
                raise _Placed
            return appended

        return append


_two_steps = _TwoSteps()


def _seal_unread(_original: Any_) -> Any_:
    def seal(self: FolderBlobs, digest: Any, _size: int) -> None:
        with self._locked(digest) as file:
            os.fsync(file)
            place = self._place(digest)
            place.parent.mkdir(mode=0o700, exist_ok=True)
            self._part(digest).replace(place)
            store._sync_folder(place.parent)

    return seal


def _one_bad_refuses_all(original: Any_) -> Any_:
    def exchange(parts: Any, who: Any, envelope: Any) -> Any:
        for sent in envelope.push.events:
            if why := rules.read(sent.id, doc_bytes(sent.doc)).why:
                raise refuse("bad_envelope", why=why)
        return original(parts, who, envelope)

    return exchange


def _retired_are_refused(original: Any_) -> Any_:
    def exchange(parts: Any, who: Any, envelope: Any) -> Any:
        if who.retired:
            raise refuse("device_retired")
        return original(parts, who, envelope)

    return exchange


def _the_last_copy_tells_the_time(_original: Any_) -> Any_:
    def better(_new: tuple[int, bool], _old: tuple[int, bool]) -> bool:
        return True

    return better


def _places_on_a_broken_chain(original: Any_) -> Any_:
    walk = _skip_known_places(original)

    def forced(session: Session, at: Any, push: Push) -> Any:
        _jump(session, at.who.site_id, push)
        kept, taking.walk = taking.walk, walk
        try:
            return outbox._as_exchanged(session, at, push)
        finally:
            taking.walk = kept

    def in_stream(at: Any, push: Push) -> Any:
        taken = original(at, push)
        return taken or at.parts.writer.run(lambda session: forced(session, at, push))

    return in_stream


BUGS = (
    Bug(1, "Server skips every place up to its high-water mark without comparing id and chain",
        ("I1",), 50, (Swap(taking, "walk", _skip_known_places),)),
    Bug(3, "Server applies effects again when a known event id arrives in a new stream", ("I2",),
        20, (Swap(effects, "after_push", _effects_again),)),
    Bug(4, "Server takes events across a gap", ("I3",), 10,
        (Swap(facts, "append", _across_a_gap),)),
    Bug(7, "Blob finished without comparing its digest", ("I5",), 20,
        (Swap(FolderBlobs, "seal", _seal_unread),)),
    Bug(8, "Place and head committed before the effects, in two transactions", ("I2",), 50,
        (Swap(service, "exchange", _two_steps.exchange),
         Swap(facts, "append", _two_steps.append))),
    Bug(19, "Bad event answers 400 for the whole batch", ("I6", "I16"), 10,
        (Swap(service, "exchange", _one_bad_refuses_all),)),
    Bug(20, "Retired device's facts are refused instead of held", ("I1",), 50,
        (Swap(service, "exchange", _retired_are_refused),)),
    Bug(31, "Replayed late copy raises `reported_ms`", ("I8",), 100,
        (Swap(rules, "better", _the_last_copy_tells_the_time),)),
    Bug(37, "Import of an outbox takes places on a broken chain", ("I3",), 50,
        (Swap(outbox, "_in_stream", _places_on_a_broken_chain),)),
)  # fmt: skip
