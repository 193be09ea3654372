"""What a driver does with a whole run."""

from collections.abc import Sequence
from typing import Literal
from uuid import UUID

from driver_app.actions.changes import snapshot
from driver_app.actions.ctx import Ctx
from driver_app.actions.outcomes import NotSaved, Outcome
from driver_app.actions.reading import seen_key
from driver_app.actions.record import Act, Beside, record
from driver_app.state import RunView
from driver_app.store import meta, rows
from driver_app.store.meta import Db
from shared.events import RunDeparted, RunMissed, RunReturned
from shared.fact import Body
from shared.gate import NOTE_MAX, TEXT_MAX, clean
from shared.ids import RunId, VisitId
from shared.road_facts import (
    BreakEnded,
    BreakStarted,
    PlanAcknowledged,
    RunClaimed,
    RunDisrupted,
    RunFinished,
    RunStarted,
    StopDeparted,
)

Disruption = Literal["delay", "window_missed", "customer_cancelled", "extra_stop"]
Rest = Literal["break", "rest", "waiting", "other"]


async def claim_run(ctx: Ctx, run: RunId) -> Outcome:
    """Ask for an open run, or take one over onto this device."""
    return await _on(ctx, run, RunClaimed())


async def start_run(ctx: Ctx, run: RunId, overrides: Sequence[tuple[str, str]] = ()) -> Outcome:
    """Start; `overrides` = open gate items with the driver's reason."""
    if (view := ctx.state.session.run(run)) is None:
        return NotSaved("gone")
    given = [(item, clean(reason, TEXT_MAX)) for item, reason in overrides]
    bodies: list[Body] = [RunStarted(vehicle=view.vehicle or None, overrides=given or None)]
    if view.acked_version < view.plan_version:
        bodies.insert(0, _seen(ctx, view))
    return await record(ctx, Act(bodies, run=str(run), beside=_understood(view)))


async def acknowledge_plan(ctx: Ctx, run: RunId) -> Outcome:
    """Record that the driver has seen the plan now shown."""
    if (view := ctx.state.session.run(run)) is None:
        return NotSaved("gone")
    return await record(ctx, Act([_seen(ctx, view)], run=str(run), beside=_understood(view)))


async def depart(ctx: Ctx, run: RunId, late_reason: str = "") -> Outcome:
    """Record that the train left its supermarket, or the vehicle its depot."""
    if (view := ctx.state.session.run(run)) is None:
        return NotSaved("gone")
    if not view.tugger and view.start_visit is not None:
        return await record(ctx, Act([StopDeparted()], run=str(run), visit=str(view.start_visit)))
    body = RunDeparted(loop=_uuid(view.loop), late_reason=late_reason or None)
    bodies: list[Body] = [body]
    if view.started_ms is None:
        bodies.insert(0, RunStarted(vehicle=view.vehicle or None))
    return await record(ctx, Act(bodies, run=str(run)))


async def return_run(ctx: Ctx, run: RunId) -> Outcome:
    """Record that the train is back: the cycle time ends."""
    return await _on(ctx, run, RunReturned())


async def miss_run(ctx: Ctx, run: RunId, reason: str) -> Outcome:
    """Record why a cycle was not driven."""
    return await _on(ctx, run, RunMissed(reason=reason))


async def finish_run(ctx: Ctx, run: RunId, note: str = "") -> Outcome:
    """End the run; what is unsent stays on the device and goes later."""
    return await _on(ctx, run, RunFinished(note=clean(note, NOTE_MAX) or None))


async def disrupt(
    ctx: Ctx,
    run: RunId,
    kind: Disruption,
    *,
    visit: VisitId | None = None,
    delay_s: int = 0,
    text: str = "",
) -> Outcome:
    """Tell the office about a delay, a missed window, a cancellation or an extra stop."""
    body = RunDisrupted(
        kind=kind,
        delay_s=delay_s if kind == "delay" else None,
        text=clean(text, NOTE_MAX) or None,
    )
    return await record(ctx, Act([body], run=str(run), visit=str(visit) if visit else None))


async def start_break(ctx: Ctx, run: RunId, kind: Rest = "break") -> Outcome:
    """Begin a break; positions stop."""
    return await _on(ctx, run, BreakStarted(kind=kind))


async def end_break(ctx: Ctx, run: RunId) -> Outcome:
    """End the break."""
    view = ctx.state.session.run(run)
    if view is None or view.break_started is None:
        return NotSaved("state")
    return await _on(ctx, run, BreakEnded(started=str(view.break_started)))


async def _on(ctx: Ctx, run: RunId, body: Body) -> Outcome:
    if ctx.state.session.run(run) is None:
        return NotSaved("gone")
    return await record(ctx, Act([body], run=str(run)))


def _seen(ctx: Ctx, view: RunView) -> Body:
    return PlanAcknowledged(plan_version=view.plan_version, plan_rev=ctx.state.sync.plan_rev)


def _understood(view: RunView) -> Beside:
    """Keep the plan now understood, in the transaction of its fact."""
    run, visits = str(view.id), list(view.visits)

    def keep(db: Db) -> None:
        row = rows.one(db, "run", run)
        if row is not None:
            meta.put_ui(db, seen_key(run), snapshot(row.plan, visits))

    return keep


def _uuid(text: str) -> str | None:
    try:
        return str(UUID(text))
    except ValueError:
        return None
