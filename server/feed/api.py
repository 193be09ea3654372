"""Routes of exceptions: what a supervisor must look at, and who does."""

from typing import Any
from uuid import UUID

from server.core import http
from server.core.access import allow_list
from server.core.http import InClock, InReads, InWriter, Who, needs
from server.feed import queries, service, wire

router = http.router("/api/v1", tags=["exceptions"])


@router.get("/exceptions", openapi_extra=needs("exceptions", "read"))
def exceptions(who: Who, reads: InReads) -> dict[str, Any]:
    """List the open exceptions, gravest first."""
    allow_list(who, "exceptions")
    found = reads.run(lambda session: queries.exceptions_for(session, who))
    return {"items": [wire.exception_out(one) for one in found], "next": None}


@router.post("/exceptions/{item_id}", openapi_extra=needs("exceptions", "write"))
def act(
    item_id: UUID, deed: wire.Deed, who: Who, writer: InWriter, clock: InClock
) -> dict[str, Any]:
    """Take an exception on, or settle it."""
    now = clock.now()
    item = writer.run(
        lambda s: service.act_on(s, who, item_id, deed.do, reason=deed.reason, now=now)
    )
    return wire.exception_out(item)
