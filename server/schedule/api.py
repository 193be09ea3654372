"""Routes that need the gate or the calendar: dispatch a run, preview a loop's dates."""

from datetime import date
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query
from pydantic import BeforeValidator

from server.core import http
from server.core.access import Resource, allow
from server.core.http import InClock, InReads, InWriter, Who, needs
from server.dispatch.service import gate
from server.runs.queries import forms
from server.schedule import dispatcher, preview
from shared.gate import Many, Note, Text, Uid, Wire, read_array
from shared.ids import LoopId, RunId

router = http.router("/api/v1", tags=["schedule"])
Override = Annotated[tuple[Text, Note], BeforeValidator(read_array)]
First = Annotated[date, Query(alias="from")]
Last = Annotated[date, Query(alias="to")]


class Dispatch(Wire):
    """Blocks that somebody takes upon himself, each with a reason."""

    overrides: Many[Override] = ()


class DispatchMany(Wire):
    """Runs to dispatch as far as nothing blocks them."""

    runs: Many[Uid]


@router.post("/runs/{run_id}/dispatch", openapi_extra=needs("runs", "write"))
def dispatch(
    run_id: UUID, given: Dispatch, who: Who, writer: InWriter, clock: InClock
) -> dict[str, Any]:
    """Give a run to its devices; a block without a reason refuses."""
    key, now = RunId(run_id), clock.now()
    view = writer.run(
        lambda s: dispatcher.dispatch_one(s, who, key, gate, overrides=given.overrides, now=now)
    )
    return forms.write_run(view.run)


@router.post("/runs/dispatch", openapi_extra=needs("runs", "write"))
def dispatch_many(
    given: DispatchMany, who: Who, writer: InWriter, clock: InClock
) -> dict[str, Any]:
    """Dispatch every one that nothing blocks; says why the others stayed."""
    keys, now = [RunId(one) for one in given.runs], clock.now()
    stayed = writer.run(lambda s: dispatcher.dispatch_all(s, who, keys, gate, now=now))
    return {"stayed": {str(key): why for key, why in stayed.items()}}


@router.get("/loops/{loop_id}/preview", openapi_extra=needs("loops", "read"))
def preview_loop(
    loop_id: UUID, first: First, last: Last, who: Who, reads: InReads
) -> dict[str, Any]:
    """Departures of a loop's newest version on these service dates, and the dates without."""
    allow(who, "read", resource=Resource("loops", who.site_id))
    key = LoopId(loop_id)
    lines = reads.run(lambda s: preview.of_loop(s, who.site_id, key, first, last))
    return {"items": lines, "next": None}
