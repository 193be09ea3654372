"""Routes of dispatch: price, change, undo, gate; and resequencing of any task."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Header, Query, Request, Response

from server.core import http
from server.core.http import InClock, InParts, InReads, InWriter, Who, needs
from server.dispatch import service, wire
from server.dispatch.command import BUDGET_MS, PlanQuery, plan_body, plan_later, task_body
from shared.ids import RunId

router = http.router("/api/v1", tags=["dispatch"])
Answer = dict[str, Any]
Key = Annotated[str | None, Header(alias="Idempotency-Key", max_length=100)]
BudgetMs = Annotated[int, Query(ge=0, le=10_000)]
Seed = Annotated[int, Query(ge=0, le=2**31)]


@router.post("/runs/{run_id}/whatif", openapi_extra=needs("runs", "assign"))
def whatif(run_id: UUID, given: wire.WhatIf, who: Who, reads: InReads, clock: InClock) -> Answer:
    """Price a change before it is made."""
    key, now = RunId(run_id), clock.now()
    return reads.run(lambda s: service.whatif(s, who, key, given.ops, now=now, **given.options()))


@router.post("/runs/{run_id}/order", openapi_extra=needs("runs", "assign"))
def edit(run_id: UUID, given: wire.PlanEdit, who: Who, parts: InParts, key: Key = None) -> Answer:
    """Make a change the next version of the plan."""
    run, now, version = RunId(run_id), parts.clock.now(), given.expected_plan_version
    return parts.writer.run(
        lambda s: service.edit(
            s, who, run, given.ops, reason=given.reason, expected_version=version, key=key, now=now
        )
    )


@router.post("/runs/{run_id}/better", openapi_extra=needs("plan", "write"))
def better(run_id: UUID, who: Who, parts: InParts) -> Answer:
    """Look for a better order of what lies ahead; nothing is changed."""
    key, now = RunId(run_id), parts.clock.now()
    return service.better_order(parts.reads, parts.solver, who, key, now=now)


@router.post("/offers", openapi_extra=needs("plan", "write"))
def offers(given: wire.SeekingPlace, who: Who, reads: InReads, clock: InClock) -> Answer:
    """The runs of a day in which a new stop fits best, and an ad hoc run; nothing is written."""
    now = clock.now()
    return reads.run(lambda s: service.offers(s, who, given.asked(), now=now))


@router.post("/runs/{run_id}/undo", openapi_extra=needs("plan", "write"))
def undo(run_id: UUID, given: wire.Undo, who: Who, writer: InWriter, clock: InClock) -> Answer:
    """Take the last version back."""
    key, now, version = RunId(run_id), clock.now(), given.expected_plan_version
    return writer.run(lambda s: service.undo(s, who, key, expected_version=version, now=now))


@router.post("/runs/{run_id}/transfer", openapi_extra=needs("plan", "write"))
def transfer(
    run_id: UUID, given: wire.Transfer, who: Who, writer: InWriter, clock: InClock
) -> Answer:
    """Move visits to another run."""
    key, now, asked = RunId(run_id), clock.now(), given.asked()
    return writer.run(lambda s: service.transfer(s, who, key, asked, now=now))


@router.post("/runs/{run_id}/proposals/{event_id}", openapi_extra=needs("plan", "write"))
def decide_proposal(
    run_id: UUID, event_id: UUID, given: wire.Refusing, who: Who, parts: InParts
) -> Answer:
    """Refuse the order a driver proposed; taking it over is an op of the plan."""
    key, why, now = RunId(run_id), given.reason, parts.clock.now()
    work = service.refuse_proposal
    parts.writer.run(lambda s: work(s, who, key, event_id, reason=why, now=now))
    return {"status": "ok"}


@router.get("/runs/{run_id}/gate", openapi_extra=needs("runs", "read"))
def gate(run_id: UUID, who: Who, reads: InReads, clock: InClock) -> Answer:
    """What blocks the departure, and what is worth knowing."""
    key, now = RunId(run_id), clock.now()
    return reads.run(lambda s: service.gate_items(s, who, key, now=now))


@router.post("/resequence", openapi_extra=needs("planner", "write"))
async def resequence(
    request: Request, who: Who, parts: InParts, budget_ms: BudgetMs = BUDGET_MS, seed: Seed = 1
) -> Answer:
    """Answer a resequencing task of planner-json."""
    del who
    body = await request.body()
    return await task_body(body, parts.solver, budget_ms=budget_ms, seed=seed)


@router.post("/plan", openapi_extra=needs("planner", "write"))
async def plan(
    request: Request, response: Response, who: Who, parts: InParts,
    asked: Annotated[PlanQuery, Query()],
) -> Answer:  # fmt: skip
    """Plan a problem of planner-json, or check the routes it brought along; long ones later."""
    given = (await request.body(), parts.solver, parts.travel, asked.options())
    if not asked.long:
        return await plan_body(*given)
    job = parts.plans.begin(who.site_id, await plan_later(*given))
    response.status_code, response.headers["Location"] = 202, job.link
    return {"job": job.told()}


@router.get("/jobs/{job_id}", openapi_extra=needs("planner", "write"))
def job(job_id: UUID, who: Who, parts: InParts) -> Answer:
    """How far a long search is, and its answer for an hour after it has ended."""
    told: Answer = parts.plans.look(who.site_id, job_id)
    return told
