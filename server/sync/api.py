"""Routes of devices, and of people who decide about facts."""

from typing import Any
from uuid import UUID

from fastapi import Request, Response
from starlette.responses import StreamingResponse

from server.core import http
from server.core.access import allow_list
from server.core.guard import still_allowed
from server.core.http import InClock, InParts, InReads, InWriter, Who, needs
from server.sync import beside, health, outbox, queries, rules, service, wire
from server.sync.poke import pokes
from server.sync.wire import Correction, Decision, Digest, Naming, RawBody, SuggestionDecision
from shared.ids import DriverId, EventId

router = http.router("/api/v1", tags=["sync"])


@router.post("/sync", openapi_extra=needs("sync", "write"))
def sync(body: RawBody, request: Request, who: Who, parts: InParts) -> Response:
    """Take facts and give rows, in one round trip."""
    return wire.packed(request, service.exchange(parts, who, rules.open_envelope(body)))


@router.get("/poke", openapi_extra=needs("sync", "read"))
async def poke(request: Request, who: Who, parts: InParts, since: int = 0) -> Response:
    """Say when there is something to fetch."""
    listener = service.listener(who, lambda: still_allowed(request))
    stream = pokes(parts.bus, parts.reads, listener, since)
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(stream, media_type="text/event-stream", headers=headers)


@router.head("/blobs/{sha}", openapi_extra=needs("sync", "write"))
async def blob_offset(sha: Digest, request: Request, who: Who, parts: InParts) -> Response:
    """Say where an upload goes on; asked for the digest, read the file and tell it (RFC 9530)."""
    work = service.checked if wire.wants_digest(request) else service.progress
    return await wire.uploaded(request, parts, 200, lambda: work(parts, who, sha))


@router.patch("/blobs/{sha}", openapi_extra=needs("sync", "write"))
async def blob_add(sha: Digest, request: Request, who: Who, parts: InParts) -> Response:
    """Take the next bytes of a file; what arrived before a cut is kept."""
    offset, chunk = wire.offset_of(request), await wire.arrived(request)
    return await wire.uploaded(
        request, parts, 204, lambda: service.add(parts, who, sha, offset, chunk)
    )


@router.get("/blobs/{sha}", openapi_extra=needs("export", "read"))
def blob(sha: Digest, who: Who, parts: InParts) -> Response:
    """Give the original bytes to a supervisor; every time is written down."""
    return StreamingResponse(service.original(parts, who, sha), headers=wire.attachment(sha))


@router.post("/imports/outbox", openapi_extra=needs("import", "write"))
async def import_outbox(request: Request, who: Who, parts: InParts) -> dict[str, Any]:
    """Take the outbox file of a device that cannot reach the server; the body is the file."""
    return await outbox.hand_in(request.stream(), parts, who)


@router.get("/devices", openapi_extra=needs("devices", "read"))
def devices(who: Who, parts: InParts) -> dict[str, Any]:
    """List the devices, what they last said of themselves, and how that is to be judged."""
    allow_list(who, "devices")
    told = parts.reads.run(lambda s: health.told(s, who, parts.settings, parts.clock.ms()))
    return {"items": told, "next": None}


@router.get("/held", openapi_extra=needs("facts", "held"))
def held(who: Who, reads: InReads) -> dict[str, Any]:
    """List the facts that wait for a decision."""
    items = reads.run(lambda session: service.held(session, who))
    return {"items": [wire.held_out(one) for one in items], "next": None}


@router.post("/held/{event_id}", openapi_extra=needs("facts", "held"))
def decide(
    event_id: UUID, decision: Decision, who: Who, parts: InParts, clock: InClock
) -> dict[str, str]:
    """Attach, release or dismiss a fact that waits."""
    now = clock.now()
    parts.writer.run(
        lambda s: service.decide(s, who, EventId(event_id), decision, parts.jobs, now=now)
    )
    return {"status": "ok"}


@router.post("/facts", status_code=201, openapi_extra=needs("facts", "correct"))
def correct(said: Correction, who: Who, parts: InParts, clock: InClock) -> dict[str, str]:
    """Record a correction as a fact of its own."""
    now = clock.now()
    event_id = parts.writer.run(lambda s: service.correct(s, who, said, parts.jobs, now=now))
    return {"id": str(event_id)}


@router.get("/suggestions", openapi_extra=needs("facts", "held"))
def suggestions(who: Who, reads: InReads) -> dict[str, Any]:
    """What drivers suggest and nobody has decided."""
    rows = reads.run(
        lambda s: [wire.suggestion_out(one) for one in queries.suggestions(s, who.site_id)]
    )
    return {"items": rows, "next": None}


@router.post("/suggestions/{event_id}", openapi_extra=needs("facts", "held"))
def decide_suggestion(
    event_id: UUID, said: SuggestionDecision, who: Who, writer: InWriter, clock: InClock
) -> dict[str, str]:
    """Say what became of a suggestion."""
    key, state, why, now = EventId(event_id), said.state, said.reason, clock.now()
    writer.run(lambda s: beside.decide(s, who, key, state, reason=why, now=now))
    return {"status": "ok"}


@router.get("/sign-ins", openapi_extra=needs("facts", "held"))
def sign_ins(who: Who, reads: InReads) -> dict[str, Any]:
    """Who signed in under a typed name."""
    rows = reads.run(lambda s: [wire.sign_in_out(one) for one in queries.sign_ins(s, who.site_id)])
    return {"items": rows, "next": None}


@router.post("/sign-ins/{event_id}", openapi_extra=needs("facts", "held"))
def name_driver(
    event_id: UUID, said: Naming, who: Who, writer: InWriter, clock: InClock
) -> dict[str, str]:
    """Say who that was."""
    key, driver, now = EventId(event_id), DriverId(said.driver), clock.now()
    writer.run(lambda s: beside.name_driver(s, who, key, driver, now=now))
    return {"status": "ok"}
