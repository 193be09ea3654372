"""Bodies and headers of the device doors, and of what people decide about facts."""

import base64
import gzip
import json
from collections.abc import Callable
from typing import Annotated, Any, Literal

import anyio.to_thread
from fastapi import Depends, Path, Request, Response
from pydantic import Field
from starlette.requests import ClientDisconnect

from server.blobs.service import Progress
from server.core import http
from server.core.http import Parts
from server.facts import rules
from server.facts.queries import HeldFact
from server.sync.queries import SignInView, SuggestionView
from shared.gate import Note, Uid, Wire, Word
from shared.refusals import Refusal, refuse
from shared.sync import GZIP_FROM

UPLOAD_MEDIA = "application/offset+octet-stream"
JSON_MEDIA = "application/json"
OFFSET_DIGITS_MAX = 15
Digest = Annotated[str, Path(pattern=r"^[0-9a-f]{64}$")]


async def _body(request: Request) -> bytes:
    media = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if media != JSON_MEDIA:
        raise refuse("bad_encoding", wanted=JSON_MEDIA)
    return await request.body()


RawBody = Annotated[bytes, Depends(_body)]


def packed(request: Request, told: dict[str, Any]) -> Response:
    """Write an answer, packed when that is worth it and welcome."""
    text = json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode()
    headers = {"Cache-Control": "no-store", "Vary": "Accept-Encoding"}
    if len(text) >= GZIP_FROM and "gzip" in request.headers.get("accept-encoding", ""):
        text = gzip.compress(text, 9, mtime=0)
        headers["Content-Encoding"] = "gzip"
    return Response(text, media_type=JSON_MEDIA, headers=headers)


def offset_of(request: Request) -> int:
    """The offset an upload names."""
    if request.headers.get("content-type", "") != UPLOAD_MEDIA:
        raise refuse("bad_encoding", wanted=UPLOAD_MEDIA)
    text = request.headers.get("upload-offset", "")
    if not text.isascii() or not text.isdigit() or len(text) > OFFSET_DIGITS_MAX:
        raise refuse("bad_envelope", why="Upload-Offset")
    return int(text)


async def arrived(request: Request) -> bytes:
    """The bytes of an upload; of one that was cut, what arrived until then."""
    found = bytearray()
    try:
        async for chunk in request.stream():
            found += chunk
    except ClientDisconnect:
        pass
    return bytes(found)


async def uploaded(
    request: Request, parts: Parts, status: int, work: Callable[[], Progress]
) -> Response:
    """Answer how far an upload has come, refusals with the offset to go on from."""
    try:
        at = await anyio.to_thread.run_sync(work)
    except Refusal as refusal:
        return _refused(request, parts, refusal)
    headers = {
        "Upload-Offset": str(at.offset),
        "Upload-Length": str(at.size),
        "Upload-Complete": "?1" if at.complete else "?0",
        "Cache-Control": "no-store",
    }
    if at.complete and wants_digest(request):
        digest = base64.b64encode(bytes.fromhex(request.path_params["sha"])).decode()
        headers["Repr-Digest"] = f"sha-256=:{digest}:"
    return Response(status_code=status, headers=headers)


def wants_digest(request: Request) -> bool:
    """Whether the digest is asked for that the bytes have now (RFC 9530)."""
    return "sha-256" in request.headers.get("want-repr-digest", "")


def _refused(request: Request, parts: Parts, refusal: Refusal) -> Response:
    answer = http.problem(refusal, http.language(request), members={"server_id": parts.server_id})
    if refusal.code == "blob_not_declared":
        answer.headers["Upload-Declared"] = "?0"
    elif refusal.code == "digest_mismatch":
        answer.headers["Upload-Offset"] = "0"
    elif "offset" in refusal.members:
        answer.headers["Upload-Offset"] = str(refusal.members["offset"])
    return answer


def attachment(sha: str) -> dict[str, str]:
    """Headers of original bytes: to be kept, never to be shown by a browser."""
    return {
        "Content-Type": "application/octet-stream",
        "Content-Disposition": f'attachment; filename="{sha}"',
        "Content-Security-Policy": "sandbox",
        "Cache-Control": "private, no-store",
        "ETag": f'"{sha}"',
    }


class Attach(Wire):
    """Let a held fact count for a visit."""

    action: Literal["attach"]
    visit: Uid


class Release(Wire):
    """Let a held fact count as it is."""

    action: Literal["release"]


class Dismiss(Wire):
    """Decide that a held fact does not count."""

    action: Literal["dismiss"]
    reason: Annotated[Note, Field(min_length=1)]


class Reopen(Wire):
    """Let a dismissed fact wait again."""

    action: Literal["reopen"]


Decision = Annotated[Attach | Release | Dismiss | Reopen, Field(discriminator="action")]


class SuggestionDecision(Wire):
    """What became of a driver's suggestion."""

    state: Literal["done", "dismissed"]
    reason: Note = ""


class Naming(Wire):
    """Who somebody was who signed in under a typed name."""

    driver: Uid


class Correction(Wire):
    """A supervisor's correction of what was recorded."""

    type: Annotated[str, Field(pattern=r"^[a-z_]+\.[a-z_]+$", max_length=64)]
    run: Uid | None = None
    visit: Uid | None = None
    body: dict[Word, Any]


def held_out(fact: HeldFact) -> dict[str, Any]:
    """A held fact in the list of sync.md §2."""
    return {
        "id": str(fact.id),
        "why": fact.why,
        "type": fact.type,
        "by": fact.by,
        "device": str(fact.device_id) if fact.device_id else None,
        "run": str(fact.run_id) if fact.run_id else None,
        "visit": str(fact.visit_id) if fact.visit_id else None,
        "reported_ms": fact.reported_ms,
        "doc": rules.shown(fact.doc),
    }


def suggestion_out(row: SuggestionView) -> dict[str, Any]:
    """A driver's suggestion."""
    return {
        "id": str(row.event_id),
        "about": row.about,
        "subject": row.subject_id,
        "field": row.field,
        "value": row.value,
        "rating": row.rating,
        "by": row.by,
        "reported_ms": row.reported_ms,
        "state": row.state,
    }


def sign_in_out(row: SignInView) -> dict[str, Any]:
    """Somebody who signed in under a typed name."""
    return {
        "id": str(row.event_id),
        "device": str(row.device_id) if row.device_id else None,
        "name": row.name,
        "reported_ms": row.reported_ms,
        "driver": str(row.driver_id) if row.driver_id else None,
    }
