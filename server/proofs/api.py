"""Routes of proofs: lists, one with its parts, pictures, comments."""

from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Query, Response

from server.core import http
from server.core.http import InClock, InParts, InReads, InWriter, Who, needs
from server.proofs import pictures, queries, service, wire
from server.proofs.wire import Asked, Comment, Digest

router = http.router("/api/v1", tags=["proofs"])


@router.get("/proofs", openapi_extra=needs("proofs", "read"))
def proofs(asked: Annotated[Asked, Query()], who: Who, reads: InReads) -> dict[str, Any]:
    """List proofs, newest first."""
    wanted = wire.wanted_of(asked)
    found = reads.run(lambda session: queries.proofs(session, who, wanted))
    return wire.page_out(found, wanted.limit)


@router.get("/proofs/{proof_id}", openapi_extra=needs("proofs", "read"))
def proof(proof_id: UUID, who: Who, writer: InWriter, clock: InClock) -> dict[str, Any]:
    """Show one proof; that somebody looked is written down."""
    now = clock.now()
    return wire.proof_out(writer.run(lambda s: service.look_at(s, who, proof_id, now=now)))


@router.post("/proofs/{proof_id}/comment", openapi_extra=needs("proofs", "read"))
def comment(
    proof_id: UUID, said: Comment, who: Who, writer: InWriter, clock: InClock
) -> dict[str, Any]:
    """Add what the office says about a proof."""
    now = clock.now()
    found = writer.run(lambda s: service.comment(s, who, proof_id, said.text, now=now))
    return wire.proof_out(found)


@router.get("/photos/{sha}", openapi_extra=needs("proofs", "read"))
def photo(
    sha: Digest, who: Who, parts: InParts, form: Literal["view", "thumb"] = "view"
) -> Response:
    """Show a photo or a signature as the server has drawn it."""
    media, content = pictures.picture(parts.reads, parts.blobs, who, sha, form)
    return Response(content, headers=wire.shown_headers(media))
