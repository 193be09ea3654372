"""Takes what a device sends, in one transaction, in the one order that loses nothing."""

from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, BinaryIO

from sqlmodel import Session

from server.blobs import confirm as confirming
from server.blobs import service as blobs
from server.blobs.service import Files, Progress
from server.core import audit
from server.core.access import Principal, Role
from server.core.clock import to_ms
from server.core.http import Parts
from server.core.jobs import Jobs
from server.core.logs import log
from server.facts import queries as facts_queries
from server.facts import service as facts
from server.facts.queries import HeldFact
from server.feed import service as feed
from server.people import devices
from server.people import queries as people
from server.runs.service.positions import keep_positions
from server.sync import effects, health, queries, rules
from server.sync import held as deciding
from server.sync.poke import Listener
from server.sync.rules import Envelope
from server.sync.wire import Attach, Correction, Dismiss, Release, Reopen
from shared.ids import DeviceId, EventId, RunId, Sha256, VisitId
from shared.refusals import refuse

PIECE = 1 << 16


@dataclass(frozen=True, slots=True)
class Taken:
    """Where the stream stands after the commit, and files that begin again."""

    seq: int
    chain: str
    durable: int
    restarted: list[Sha256]


def exchange(parts: Parts, who: Principal, envelope: Envelope) -> dict[str, Any]:
    """One round trip: take, commit, then read everything the device is told in one snapshot."""
    facts.read_ahead(envelope.push)
    now = parts.clock.now()
    backed_up = parts.settings.durability == "backup"
    taken = parts.writer.run(
        lambda s: take(s, who, envelope, parts.jobs, backed_up=backed_up, now=now)
    )
    for sha in taken.restarted:
        parts.blobs.drop_part(sha)
    _keep_positions(parts, who, envelope, now)
    refused = rules.pull_refused(envelope.v, retired=who.retired)
    view = parts.reads.run(
        lambda s: queries.view(s, who.site_id, _device(who), envelope.cursor, refused=refused)
    )
    ack = (taken.seq, taken.chain, taken.durable)
    now_ms = parts.clock.ms()
    return queries.answer(view, rid=envelope.rid, server_id=parts.server_id, now_ms=now_ms, ack=ack)


def take(
    session: Session,
    who: Principal,
    envelope: Envelope,
    jobs: Jobs,
    *,
    backed_up: bool,
    now: datetime,
) -> Taken:
    """Take one request of a device: facts, files, effects, then row versions (house.md §6).

    Without a backup what is committed is all the safety there is, so durable equals ack.
    """
    site_id, device_id = who.site_id, _device(who)
    feed.caused_by(session, device_id)
    appended = facts.append(
        session,
        site_id,
        device_id,
        envelope.push,
        received_ms=to_ms(now),
        hold_all=effects.RETIRED if who.retired else None,
        fork=envelope.fork,
    )
    restarted = blobs.declare(session, site_id, appended.declared)
    effects.look_for_runs(session, who, now, from_nothing=envelope.cursor is None)
    devices.seen(
        session,
        site_id,
        device_id,
        now=now,
        unsent=_still_unsent(envelope, appended.seq),
        health=_health(session, who, envelope, to_ms(now)),
        app=envelope.app,
    )
    effects.after_push(session, who, appended, jobs, now=now)
    durable = appended.durable if backed_up else appended.seq
    return Taken(appended.seq, appended.chain, durable, restarted)


def _health(
    session: Session, who: Principal, envelope: Envelope, now_ms: int
) -> Mapping[str, Any] | None:
    """The device's own report, with what only the server can tell: clock, and growth in a day."""
    if envelope.health is None:
        return None
    row = people.device(session, who.site_id, _device(who))
    before = row.health_json if row else None
    ahead_ms = envelope.push.clock.wall_ms - now_ms
    return health.kept_health(envelope.health, before, ahead_ms, now_ms)


def _still_unsent(envelope: Envelope, acked: int) -> dict[str, Any] | None:
    """The device's own report, less what this very request has brought."""
    told = envelope.unsent
    if told is None:
        return None
    brought = sum(1 for event in envelope.push.events if event.seq <= acked)
    left = max(0, told.events - brought)
    oldest_ms = told.oldest_ms if left or told.blobs else None
    return told.model_copy(update={"events": left, "oldest_ms": oldest_ms}).model_dump()


def _device(who: Principal) -> DeviceId:
    if who.device_id is None:
        raise refuse("not_allowed")
    return who.device_id


def _keep_positions(parts: Parts, who: Principal, envelope: Envelope, now: datetime) -> None:
    """Store the fixes of an open run; a lane that may be dropped fails nothing else."""
    given = envelope.positions
    if given is None or who.retired:
        return
    try:
        parts.writer.run(lambda s: keep_positions(s, who.site_id, _device(who), given, now))
    except Exception as error:  # noqa: BLE001 - positions may be lost, facts may not
        log.warning("positions dropped", count=len(given.d), exc_info=error)


def after_start(parts: Parts) -> None:
    """Compare table and store of files, and judge again what waits: this server may know more."""
    blobs.check(files(parts))
    for site_id, device_id in parts.reads.run(facts_queries.devices_with_held):
        now = parts.clock.now()
        retry = partial(
            effects.retry,
            site_id=site_id,
            device_id=device_id,
            jobs=parts.jobs,
            now=now,
            upgraded=True,
        )
        parts.writer.run(retry)


def listener(who: Principal, allowed: Callable[[], Awaitable[bool]]) -> Listener:
    """The device that wants to be woken."""
    return Listener(who.site_id, _device(who), allowed)


def files(parts: Parts) -> Files:
    """What the room of files needs of the parts."""
    return Files(parts.reads, parts.writer, parts.blobs, parts.jobs, parts.clock)


def progress(parts: Parts, who: Principal, sha: str) -> Progress:
    """How far a file of this device has come."""
    _declared(parts, who, sha)
    return blobs.progress(files(parts), who.site_id, Sha256(sha))


def checked(parts: Parts, who: Principal, sha: str) -> Progress:
    """The same after reading the file anew; one that is spoilt begins again from nothing."""
    _declared(parts, who, sha)
    confirming.confirm(files(parts), who.site_id, Sha256(sha))
    return progress(parts, who, sha)


def add(parts: Parts, who: Principal, sha: str, offset: int, chunk: bytes) -> Progress:
    """Add bytes to a file this device has declared."""
    _declared(parts, who, sha)
    return blobs.add(files(parts), who.site_id, Sha256(sha), offset, chunk)


def _declared(parts: Parts, who: Principal, sha: str) -> None:
    """Files of other devices look as if nobody had declared them."""
    among = partial(
        facts_queries.declared_among, site_id=who.site_id, device_id=_device(who), shas=[sha]
    )
    if not parts.reads.run(among):
        raise refuse("blob_not_declared")


def original(parts: Parts, who: Principal, sha: str) -> Iterator[bytes]:
    """The bytes as they came, for a supervisor; everybody else sees copies."""
    if Role.SUPERVISOR not in who.roles:
        raise refuse("not_found")
    blobs.whole(files(parts), who.site_id, Sha256(sha))
    file: BinaryIO = parts.blobs.read(Sha256(sha))
    now = parts.clock.now()
    parts.writer.run(lambda s: audit.record(s, who, "blob.export", ("blob", sha), now=now))
    return _pieces(file)


def _pieces(file: BinaryIO) -> Iterator[bytes]:
    with file:
        while piece := file.read(PIECE):
            yield piece


def held(session: Session, who: Principal) -> list[HeldFact]:
    """The facts of the site that wait."""
    return facts_queries.held(session, who.site_id)


def decide(
    session: Session,
    who: Principal,
    event_id: EventId,
    decision: Attach | Release | Dismiss | Reopen,
    jobs: Jobs,
    *,
    now: datetime,
) -> None:
    """Carry out what a person decided about a held fact."""
    match decision:
        case Attach(visit=visit):
            deciding.attach(session, who, event_id, VisitId(visit), jobs, now=now)
        case Release():
            deciding.release(session, who, event_id, jobs, now=now)
        case Dismiss(reason=reason):
            deciding.dismiss(session, who, event_id, reason, now=now)
        case Reopen():
            deciding.reopen(session, who, event_id, now=now)


def correct(
    session: Session, who: Principal, said: Correction, jobs: Jobs, *, now: datetime
) -> EventId:
    """Record a correction."""
    return deciding.correct(
        session,
        who,
        said.type,
        said.body,
        jobs,
        run_id=RunId(said.run) if said.run else None,
        visit_id=VisitId(said.visit) if said.visit else None,
        now=now,
    )
