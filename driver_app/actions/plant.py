"""What a tugger driver does at a station."""

from typing import Literal

from driver_app.actions.ctx import UNDO_WINDOW_S, Ctx
from driver_app.actions.outcomes import NotSaved, Outcome, Saved
from driver_app.actions.proofs import station
from driver_app.actions.record import Act, record
from driver_app.state import DraftView
from shared.events import (
    AndonAcknowledged,
    AndonCleared,
    AndonRaised,
    HandoverWritten,
    StationMissed,
)
from shared.fact import Body
from shared.gate import ARRAY_MAX, NOTE_MAX, clean
from shared.ids import RunId, VisitId

Category = Literal["material", "vehicle", "path", "safety", "quality"]


async def station_done(ctx: Ctx, visit: VisitId, draft: DraftView) -> Outcome:
    """Record one served station: calls filled, empties, checklist; one tap when nothing differs."""
    if (view := ctx.state.session.visit(visit)) is None:
        return NotSaved("gone")
    if view.state == "done":
        return NotSaved("state")
    run = ctx.state.session.run(view.run)
    calls = [one for one in (run.calls if run else ()) if one.open and one.visit == visit]
    body = station(view, draft, calls)
    outcome = await record(ctx, Act([body], run=str(view.run), visit=str(visit), draft=draft))
    if isinstance(outcome, Saved):
        view.undo_until_ms = ctx.now_ms() + UNDO_WINDOW_S * 1000
    return outcome


async def station_missed(ctx: Ctx, visit: VisitId, reason: str) -> Outcome:
    """Record why a station could not be served."""
    if (view := ctx.state.session.visit(visit)) is None:
        return NotSaved("gone")
    return await record(
        ctx, Act([StationMissed(reason=reason)], run=str(view.run), visit=str(visit))
    )


async def raise_andon(
    ctx: Ctx,
    run: RunId,
    category: Category,
    *,
    severity: int = 2,
    visit: VisitId | None = None,
    text: str = "",
) -> Outcome:
    """Call for help; sent without waiting."""
    place = ctx.state.session.visit(visit) if visit is not None else None
    body = AndonRaised(
        andon=str(ctx.ports.ids.new(ctx.now_ms())),
        category=category,
        severity=severity,
        location=str(place.location) if place and place.location else None,
        text=clean(text, NOTE_MAX) or None,
    )
    at = str(visit) if visit is not None else None
    return await record(ctx, Act([body], run=str(run), visit=at, urgent=True))


async def ack_andon(ctx: Ctx, run: RunId, andon: str) -> Outcome:
    """Record that the andon was seen."""
    return await _of_run(ctx, run, AndonAcknowledged(andon=andon))


async def clear_andon(ctx: Ctx, run: RunId, andon: str, cause: str = "", text: str = "") -> Outcome:
    """Record that the cause is gone."""
    said = clean(text, NOTE_MAX) or None
    return await _of_run(ctx, run, AndonCleared(andon=andon, cause=cause or None, text=said))


async def hand_over(ctx: Ctx, run: RunId, text: str) -> Outcome:
    """Write the state for the next shift."""
    if (view := ctx.state.session.run(run)) is None:
        return NotSaved("gone")
    counts = {
        "done": view.done,
        "open": sum(1 for visit in view.visits if visit.open),
        "missed": sum(1 for visit in view.visits if visit.state == "failed"),
    }
    left = [one for one in view.calls if one.open][:ARRAY_MAX]
    stuck = [(one.id, one.reason) for one in left if one.reason]
    body = HandoverWritten(
        open=[one.id for one in left],
        stuck=stuck or None,
        text=clean(text, NOTE_MAX),
        counts=counts,
    )
    return await _of_run(ctx, run, body)


async def _of_run(ctx: Ctx, run: RunId, body: Body) -> Outcome:
    if ctx.state.session.run(run) is None:
        return NotSaved("gone")
    return await record(ctx, Act([body], run=str(run), urgent=body.type.startswith("andon.")))
