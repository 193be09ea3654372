"""What a driver does at a stop of the road."""

from typing import Literal

from driver_app.actions.ctx import UNDO_WINDOW_S, Ctx
from driver_app.actions.outcomes import Missing, NotSaved, Outcome, Saved
from driver_app.actions.proofs import completion, failure, missing_of
from driver_app.actions.record import Act, record
from driver_app.state import DraftView, VisitView
from shared.fact import Body
from shared.gate import NOTE_MAX, clean
from shared.ids import EventId, VisitId
from shared.road_facts import (
    FactVoided,
    NoteAdded,
    ProofAdded,
    StopArrived,
    StopDeparted,
    StopReopened,
    StopServiceStarted,
    StopSkipped,
)

REASON_MAX = 200
# A stop reported failed or skipped may still be delivered; a delivered one is reopened first.
DELIVERED = ("done", "partly")


async def arrive(
    ctx: Ctx, visit: VisitId, source: Literal["manual", "geofence", "scan"] = "manual"
) -> Outcome:
    """Record that the vehicle reached the stop."""
    return await _at(ctx, visit, StopArrived(source=source))


async def start_service(ctx: Ctx, visit: VisitId) -> Outcome:
    """Record that service began (docks)."""
    return await _at(ctx, visit, StopServiceStarted())


async def complete_stop(
    ctx: Ctx, visit: VisitId, draft: DraftView, *, confirmed: bool = False
) -> Saved | Missing | NotSaved:
    """Record the proof: completed, or partly when a line is short; empties ride along."""
    if (view := ctx.state.session.visit(visit)) is None:
        return NotSaved("gone")
    if view.state in DELIVERED:
        return NotSaved("state")
    if (missing := missing_of(view, draft, confirmed=confirmed)) is not None:
        return missing
    saved = await record(
        ctx, Act(completion(view, draft), run=str(view.run), visit=str(visit), draft=draft)
    )
    _offer_undo(ctx, visit, saved)
    return saved


async def fail_stop(
    ctx: Ctx, visit: VisitId, draft: DraftView, *, confirmed: bool = False
) -> Saved | Missing | NotSaved:
    """Record that it could not be done; `draft.reason` says why."""
    if (view := ctx.state.session.visit(visit)) is None:
        return NotSaved("gone")
    if view.final:
        return NotSaved("state")
    if not draft.reason:
        return Missing(required=("reason",))
    if (missing := missing_of(view, draft, confirmed=confirmed, failed=True)) is not None:
        return missing
    saved = await record(
        ctx, Act([failure(view, draft)], run=str(view.run), visit=str(visit), draft=draft)
    )
    _offer_undo(ctx, visit, saved)
    return saved


async def skip_stop(ctx: Ctx, visit: VisitId, reason: str, *, return_later: bool) -> Outcome:
    """Record that the driver goes on without this stop."""
    view = ctx.state.session.visit(visit)
    if view is not None and view.final:
        return NotSaved("state")
    return await _at(ctx, visit, StopSkipped(reason=reason, return_later=return_later))


async def reopen_stop(ctx: Ctx, visit: VisitId, reason: str = "") -> Outcome:
    """Undo the result of this stop."""
    view = ctx.state.session.visit(visit)
    if view is None or view.result is None:
        return NotSaved("state")
    why = clean(reason, REASON_MAX) or None
    outcome = await _at(ctx, visit, StopReopened(undo=str(view.result), reason=why))
    view.undo_until_ms = 0
    return outcome


async def leave_stop(ctx: Ctx, visit: VisitId) -> Outcome:
    """Record that the vehicle left."""
    return await _at(ctx, visit, StopDeparted())


async def add_note(
    ctx: Ctx, visit: VisitId, text: str, about: Literal["visit", "location", "run"] = "visit"
) -> Outcome:
    """Record a note."""
    return await _at(ctx, visit, NoteAdded(text=clean(text, NOTE_MAX), about=about))


async def add_proof(ctx: Ctx, visit: VisitId, draft: DraftView) -> Outcome:
    """Add photos to a result already recorded."""
    view = ctx.state.session.visit(visit)
    if view is None or view.result is None:
        return NotSaved("state")
    body = ProofAdded(result=str(view.result), note=clean(draft.note, NOTE_MAX) or None)
    return await record(ctx, Act([body], run=str(view.run), visit=str(visit), draft=draft))


async def void_fact(ctx: Ctx, event: EventId, visit: VisitId, reason: str = "") -> Outcome:
    """Declare a scan, count or note void."""
    why = clean(reason, REASON_MAX) or None
    return await _at(ctx, visit, FactVoided(undo=str(event), reason=why))


async def _at(ctx: Ctx, visit: VisitId, body: Body) -> Outcome:
    view = ctx.state.session.visit(visit)
    run = str(view.run) if view else _run_of_depot(ctx, visit)
    if run is None:
        return NotSaved("gone")
    return await record(ctx, Act([body], run=run, visit=str(visit)))


def _run_of_depot(ctx: Ctx, visit: VisitId) -> str | None:
    for run in ctx.state.session.runs:
        if visit in (run.start_visit, run.end_visit):
            return str(run.id)
    return None


def _offer_undo(ctx: Ctx, visit: VisitId, outcome: Outcome) -> None:
    view: VisitView | None = ctx.state.session.visit(visit)
    if view is not None and isinstance(outcome, Saved):
        view.undo_until_ms = ctx.now_ms() + UNDO_WINDOW_S * 1000
