"""Routes of runs: look, open, recall, call off; dispatching needs the gate, so it is a floor up."""

from datetime import date
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Query

from server.core import http
from server.core.access import Resource, allow
from server.core.http import InClock, InReads, InWriter, Who, needs
from server.runs import queries, service
from server.runs.queries import forms
from server.runs.service import NewAdHoc
from shared.gate import Note, Wire
from shared.ids import RunId

router = http.router("/api/v1", tags=["runs"])
OnDay = Annotated[date, Query(alias="date")]
OfLoop = Annotated[UUID | None, Query(alias="loop")]


class Why(Wire):
    """A reason."""

    reason: Note = ""


class ClaimDecision(Why):
    """Whether somebody may take the run over."""

    do: Literal["grant", "refuse"]


@router.get("/runs", openapi_extra=needs("runs", "read"))
def list_runs(
    on: OnDay, who: Who, reads: InReads, loop: OfLoop = None, state: str | None = None
) -> dict[str, Any]:
    """Runs of a service date, by departure."""
    rows = reads.run(lambda s: queries.day(s, who, on, loop_id=loop, state=state))
    return {"items": [forms.write_run(row) for row in rows], "next": None}


@router.post("/runs", status_code=201, openapi_extra=needs("runs", "write"))
def open_run(given: NewAdHoc, who: Who, writer: InWriter, clock: InClock) -> dict[str, Any]:
    """Open an ad hoc run."""
    allow(who, "write", resource=Resource("runs", who.site_id))
    run_id = writer.run(lambda s: service.open_ad_hoc(s, who, given, now=clock.now()))
    return writer.run(lambda s: forms.write_view(queries.load(s, who.site_id, run_id)))


@router.get("/runs/{run_id}", openapi_extra=needs("runs", "read"))
def read_run(run_id: UUID, who: Who, reads: InReads) -> dict[str, Any]:
    """A run with visits, loads, plan and facts."""
    return reads.run(lambda s: forms.write_whole(s, who, run_id))


@router.get("/runs/{run_id}/plans", openapi_extra=needs("plan", "read"))
def read_plans(run_id: UUID, who: Who, reads: InReads) -> dict[str, Any]:
    """Every version of the plan, the newest first."""
    rows = reads.run(lambda s: queries.allowed_plans(s, who, run_id))
    return {"items": [forms.write_plan(row) for row in rows], "next": None}


@router.get("/runs/{run_id}/positions", openapi_extra=needs("positions", "read"))
def read_positions(run_id: UUID, who: Who, reads: InReads, clock: InClock) -> dict[str, Any]:
    """Where the vehicle was."""
    rows = reads.run(lambda s: queries.allowed_positions(s, who, run_id, clock.now()))
    return {"items": [forms.write_position(row) for row in rows], "next": None}


@router.post("/runs/{run_id}/recall", openapi_extra=needs("runs", "write"))
def recall(run_id: UUID, given: Why, who: Who, writer: InWriter, clock: InClock) -> dict[str, Any]:
    """Take a dispatched run back, as long as nothing happened on it."""
    key, now = RunId(run_id), clock.now()
    row = writer.run(lambda s: service.recall(s, who, key, reason=given.reason, now=now))
    return forms.write_run(row)


@router.post("/runs/{run_id}/cancel", openapi_extra=needs("runs", "write"))
def cancel(run_id: UUID, given: Why, who: Who, writer: InWriter, clock: InClock) -> dict[str, Any]:
    """Call a run off."""
    key, now = RunId(run_id), clock.now()
    row = writer.run(lambda s: service.cancel(s, who, key, reason=given.reason, now=now))
    return forms.write_run(row)


@router.post("/runs/{run_id}/claim", openapi_extra=needs("runs", "write"))
def decide_claim(
    run_id: UUID, given: ClaimDecision, who: Who, writer: InWriter, clock: InClock
) -> dict[str, Any]:
    """Let whoever asked first take the run over, or not."""
    key, now = RunId(run_id), clock.now()
    row = writer.run(
        lambda s: service.decide_claim(s, who, key, given.do, reason=given.reason, now=now)
    )
    return forms.write_run(row)
