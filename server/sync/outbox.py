"""Takes the outbox file of a device through the same door as its exchanges (sync.md §15)."""

import tempfile
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any, BinaryIO
from uuid import UUID

import anyio.to_thread
from sqlmodel import Session
from starlette.requests import ClientDisconnect

from server.blobs import service as blobs
from server.core import audit
from server.core.access import Principal, Resource, Role, allow
from server.core.clock import to_ms
from server.core.http import Parts
from server.core.words import _
from server.facts import rules
from server.facts import service as facts
from server.facts.service import Appended
from server.feed import service as feed
from server.people import queries as people
from server.sync import effects
from server.sync.outbox_file import Entry, OutboxFile, Soundness, batches, opened
from server.sync.service import files
from shared.ids import DeviceId, EventId, Sha256
from shared.refusals import LookAgain, Refusal, refuse
from shared.sync import BATCH_BYTES, BATCH_EVENTS, DeviceClock, Push

UNVERIFIED, BROKEN = "import_unverified", "import_chain"
TRIES = 3


@dataclass
class Taking:
    """An import under way: whose it is, whether it is believed, what came of it."""

    parts: Parts
    who: Principal
    device: Principal | None
    clock: DeviceClock
    stream: str
    why: str | None
    """Why its facts must wait; None while they count."""
    base: tuple[int, str] = (0, "")
    new: int = 0
    known: int = 0
    held: int = 0
    declared: set[str] = field(default_factory=set)

    @property
    def device_id(self) -> DeviceId | None:
        """The device the facts are of, if this site knows it."""
        return self.device.device_id if self.device else None


async def hand_in(stream: AsyncIterator[bytes], parts: Parts, who: Principal) -> dict[str, Any]:
    """Write the body to the disk piece by piece, then take it; one that was cut takes nothing."""
    allow(who, "write", resource=Resource("import", who.site_id))
    try:
        with tempfile.TemporaryFile(dir=parts.settings.data) as file:
            async for chunk in stream:
                await anyio.to_thread.run_sync(file.write, chunk)
            return await anyio.to_thread.run_sync(import_outbox, parts, who, file)
    except ClientDisconnect as error:
        raise refuse("bad_file", why=_("it is damaged or was not copied to its end")) from error
    except OSError as error:
        raise refuse("server_full") from error


def import_outbox(parts: Parts, who: Principal, file: BinaryIO) -> dict[str, Any]:
    """Take the facts and files of an outbox; nothing before all of it was read and understood."""
    allow(who, "write", resource=Resource("import", who.site_id))
    with opened(file) as outbox:
        sound = outbox.check()
        taking = _begin(parts, who, outbox, sound)
        for batch in batches(outbox.entries(), BATCH_EVENTS, BATCH_BYTES):
            _take(taking, batch)
        missing = sorted(sha for sha in taking.declared if not _store(taking, outbox, sha))
        answer = {
            "new": taking.new,
            "known": taking.known,
            "held": taking.held,
            "blobs": len(taking.declared) - len(missing),
            "missing_blobs": missing,
        }
        now = parts.clock.now()
        about = ("device", outbox.manifest.device_id)
        said = {**answer, "missing_blobs": len(missing), "why": taking.why}
        parts.writer.run(
            lambda s: audit.record(s, who, "import.outbox", about, now=now, after=said)
        )
    return answer


def _begin(parts: Parts, who: Principal, outbox: OutboxFile, sound: Soundness) -> Taking:
    manifest = outbox.manifest
    device, believed = parts.reads.run(lambda s: _device(s, who, outbox))
    why = None if believed and sound.whole else UNVERIFIED
    if why is None and not sound.chained:
        why = BROKEN
    # No clock of the device is at hand: its facts are dated by its wall clock, set right.
    clock = DeviceClock("", 0, parts.clock.ms() + sound.wall_ahead_ms)
    base = (manifest.base.seq, manifest.base.chain)
    return Taking(parts, who, device, clock, str(manifest.stream), why, base)


def _device(session: Session, who: Principal, outbox: OutboxFile) -> tuple[Principal | None, bool]:
    """The device the file names, and whether it is really of that device."""
    named = rules.uuid_or_none(outbox.manifest.device_id)
    row = people.device(session, who.site_id, DeviceId(named)) if named else None
    if row is None:
        return None, False
    device = Principal(
        kind="device",
        site_id=who.site_id,
        device_id=DeviceId(row.id),
        roles=frozenset({Role.DEVICE}),
        name=row.name,
        retired=row.state == "retired",
    )
    hashes = people.device_token_hashes(session, who.site_id, DeviceId(row.id))
    return device, row.state != "stolen" and outbox.signed_by(hashes)


def _take(taking: Taking, batch: list[Entry]) -> None:
    """Take one batch as an exchange would, or beside the stream if it does not continue it."""
    parts = taking.parts
    sent = tuple(entry.sent for entry in batch)
    push = Push(taking.stream, *taking.base, sent, taking.clock)
    facts.read_ahead(push)
    appended = None if taking.why else _in_stream(taking, push)
    if appended is None:
        taking.why = taking.why or BROKEN
        appended = parts.writer.run(lambda s: _beside(s, taking, push))
    taking.base = (batch[-1].sent.seq, batch[-1].chain)
    ids = [EventId(UUID(one.id)) for one in sent]
    site_id = taking.who.site_id
    waiting = parts.reads.run(lambda s: facts.held(s, site_id, ids=ids, limit=len(ids)))
    taking.new += len(appended.new)
    taking.known += len(set(ids)) - len(appended.new) - len(appended.conflicts)
    taking.held += len(waiting)
    for entry in batch:
        event = rules.read(entry.sent.id, entry.sent.doc.encode("utf-8", "surrogatepass")).event
        taking.declared.update(blob[0] for blob in (event.envelope.blobs if event else ()))


def _in_stream(taking: Taking, push: Push) -> Appended | None:
    """Into the stream, with all that follows; None if the stream goes on differently here."""
    try:
        appended = taking.parts.writer.run(lambda s: _as_exchanged(s, taking, push))
    except LookAgain:
        return None
    return None if appended.seq < push.base_seq else appended


def _as_exchanged(session: Session, taking: Taking, push: Push) -> Appended:
    parts, device = taking.parts, taking.device
    assert device is not None, "only a known device is believed"
    now = parts.clock.now()
    appended = facts.append(
        session,
        device.site_id,
        device.device_id,
        push,
        received_ms=to_ms(now),
        hold_all=effects.RETIRED if device.retired else None,
    )
    for sha in blobs.declare(session, device.site_id, appended.declared):
        parts.blobs.drop_part(sha)
    effects.after_push(session, device, appended, parts.jobs, now=now)
    return appended


def _beside(session: Session, taking: Taking, push: Push) -> Appended:
    """Keep facts that nobody vouches for: they take no places and wait for a decision."""
    parts, site_id = taking.parts, taking.who.site_id
    now = parts.clock.now()
    appended = facts.keep_aside(
        session, site_id, taking.device_id, push, received_ms=to_ms(now), why=str(taking.why)
    )
    for sha in blobs.declare(session, site_id, appended.declared):
        parts.blobs.drop_part(sha)
    if taking.device_id is not None and (appended.new or appended.conflicts):
        feed.lock(session, site_id, now)
        effects.tell_held(session, site_id, taking.device_id, now=now)
        effects.tell_conflicts(session, site_id, taking.device_id, appended.conflicts, now)
    return appended


def _store(taking: Taking, outbox: OutboxFile, sha: str) -> bool:
    """Whether the bytes of a file are here now."""
    kept, site_id = files(taking.parts), taking.who.site_id
    for _try in range(TRIES):
        try:
            at = blobs.progress(kept, site_id, Sha256(sha))
            content = None if at.complete else outbox.blob(sha)
            if content is None or len(content) != at.size:
                return at.complete
            rest = content[at.offset :]
            return blobs.add(kept, site_id, Sha256(sha), at.offset, rest).complete
        except Refusal as refusal:
            if refusal.code == "server_full":
                raise
            if refusal.code == "blob_not_declared":
                return False
    return False
