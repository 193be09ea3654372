"""Routes of loops, their versions and exceptions."""

from datetime import date
from typing import Annotated, Any
from uuid import UUID

from fastapi import Body

from server.core import http
from server.core.access import Resource, allow, allow_list
from server.core.http import InClock, InParts, InReads, InWriter, Who, needs
from server.loops import queries, service
from server.travel import service as travel
from shared.gate import Day, Note, Uid, Wire
from shared.ids import LoopId
from shared.loop import LifeState, Loop, LoopVersion

router = http.router("/api/v1", tags=["loops"])
Change = Annotated[dict[str, Any], Body()]


class NewLoop(Loop):
    """A loop to draw; its id may be made by the caller."""

    id: Uid | None = None


class Publish(Wire):
    """From which service date a version holds."""

    valid_from: Day


class ToState(Wire):
    """A step in the life of a loop."""

    to: LifeState
    reason: Note


class Exceptions(Wire):
    """What is special about one service date."""

    rows: list[dict[str, Any]]


@router.get("/loops", openapi_extra=needs("loops", "read"))
def list_loops(who: Who, reads: InReads) -> dict[str, Any]:
    """Every loop of the site."""
    allow_list(who, "loops")
    rows = reads.run(lambda s: queries.visible(s, who))
    return {"items": [queries.write_loop(row) for row in rows], "next": None}


@router.post("/loops", status_code=201, openapi_extra=needs("loops", "write"))
def create_loop(given: NewLoop, who: Who, writer: InWriter, clock: InClock) -> dict[str, Any]:
    """Draw a loop."""
    loop = Loop(**{name: getattr(given, name) for name in Loop.model_fields})
    key = LoopId(given.id) if given.id else None
    row = writer.run(lambda s: service.create_loop(s, who, loop, loop_id=key, now=clock.now()))
    return queries.write_loop(row)


@router.get("/loops/{loop_id}", openapi_extra=needs("loops", "read"))
def read_loop(loop_id: UUID, who: Who, reads: InReads) -> dict[str, Any]:
    """A loop with all its versions."""
    allow(who, "read", resource=Resource("loops", who.site_id))
    return reads.run(lambda s: queries.write_whole(s, who.site_id, loop_id))


@router.patch("/loops/{loop_id}", openapi_extra=needs("loops", "write"))
def change_loop(loop_id: UUID, change: Change, who: Who, parts: InParts) -> dict[str, Any]:
    """Change name, calendar or departure policy."""
    key, now = LoopId(loop_id), parts.clock.now()
    row = parts.writer.run(
        lambda s: service.change_loop(s, who, key, change, jobs=parts.jobs, now=now)
    )
    return queries.write_loop(row)


@router.post("/loops/{loop_id}/versions", status_code=201, openapi_extra=needs("loops", "write"))
def draft(
    loop_id: UUID, given: LoopVersion, who: Who, writer: InWriter, clock: InClock
) -> dict[str, Any]:
    """Draw a new version."""
    key, now = LoopId(loop_id), clock.now()
    row, found = writer.run(lambda s: service.write_draft(s, who, key, given, now=now))
    return {"version": row.version, "violations": [one._asdict() for one in found]}


@router.put("/loops/{loop_id}/versions/{n}", openapi_extra=needs("loops", "write"))
def redraft(loop_id: UUID, n: int, given: LoopVersion, who: Who, parts: InParts) -> dict[str, Any]:
    """Write over a draft."""
    key, now = LoopId(loop_id), parts.clock.now()
    row, found = parts.writer.run(
        lambda s: service.write_draft(s, who, key, given, version=n, now=now)
    )
    return {"version": row.version, "violations": [one._asdict() for one in found]}


@router.post("/loops/{loop_id}/versions/{n}/publish", openapi_extra=needs("loops", "write"))
def publish(loop_id: UUID, n: int, given: Publish, who: Who, parts: InParts) -> dict[str, Any]:
    """Publish a draft from a service date on."""
    return parts.writer.run(
        lambda s: queries.write_version(
            s, service.publish(s, who, LoopId(loop_id), n, valid_from=given.valid_from,
                               legs_of=travel.legs, jobs=parts.jobs, now=parts.clock.now())
        )
    )  # fmt: skip


@router.post("/loops/{loop_id}/state", openapi_extra=needs("loops", "write"))
def set_state(loop_id: UUID, given: ToState, who: Who, parts: InParts) -> dict[str, Any]:
    """Move a loop in its life."""
    key, now = LoopId(loop_id), parts.clock.now()
    row = parts.writer.run(
        lambda s: service.set_state(
            s, who, key, given.to, reason=given.reason, jobs=parts.jobs, now=now
        )
    )
    return queries.write_loop(row)


@router.put("/loops/{loop_id}/exceptions/{day}", openapi_extra=needs("loops", "write"))
def put_exceptions(
    loop_id: UUID, day: date, given: Exceptions, who: Who, parts: InParts
) -> dict[str, Any]:
    """Say what is special about one service date."""
    key, now = LoopId(loop_id), parts.clock.now()
    row = parts.writer.run(
        lambda s: service.put_exception(s, who, key, day, given.rows, jobs=parts.jobs, now=now)
    )
    return queries.write_loop(row)


@router.delete("/loops/{loop_id}/exceptions/{day}", openapi_extra=needs("loops", "write"))
def drop_exceptions(loop_id: UUID, day: date, who: Who, parts: InParts) -> dict[str, Any]:
    """Make a service date ordinary again."""
    key, now = LoopId(loop_id), parts.clock.now()
    row = parts.writer.run(
        lambda s: service.put_exception(s, who, key, day, (), jobs=parts.jobs, now=now)
    )
    return queries.write_loop(row)
