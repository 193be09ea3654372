"""What a driver does with a whole run."""

from collections.abc import Sequence
from typing import Literal

from driver_app.actions.ctx import Ctx
from driver_app.actions.outcomes import Outcome
from shared.ids import RunId, VisitId

Disruption = Literal["delay", "window_missed", "customer_cancelled", "extra_stop"]


async def claim_run(ctx: Ctx, run: RunId) -> Outcome:
    """Ask for an open run, or take one over onto this device."""
    raise NotImplementedError


async def start_run(ctx: Ctx, run: RunId, overrides: Sequence[tuple[str, str]] = ()) -> Outcome:
    """Start; `overrides` = open gate items with the driver's reason."""
    raise NotImplementedError


async def acknowledge_plan(ctx: Ctx, run: RunId) -> Outcome:
    """Record that the driver has seen the plan now shown."""
    raise NotImplementedError


async def depart(ctx: Ctx, run: RunId, late_reason: str = "") -> Outcome:
    """Record that the train left its supermarket, or the vehicle its depot."""
    raise NotImplementedError


async def return_run(ctx: Ctx, run: RunId) -> Outcome:
    """Record that the train is back: the cycle time ends."""
    raise NotImplementedError


async def miss_run(ctx: Ctx, run: RunId, reason: str) -> Outcome:
    """Record why a cycle was not driven."""
    raise NotImplementedError


async def finish_run(ctx: Ctx, run: RunId, note: str = "") -> Outcome:
    """End the run; what is unsent stays on the device and goes later."""
    raise NotImplementedError


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
    raise NotImplementedError


async def start_break(
    ctx: Ctx, run: RunId, kind: Literal["break", "rest", "waiting", "other"] = "break"
) -> Outcome:
    """Begin a break; positions stop."""
    raise NotImplementedError


async def end_break(ctx: Ctx, run: RunId) -> Outcome:
    """End the break."""
    raise NotImplementedError
