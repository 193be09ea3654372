"""What a tugger driver does at a station."""

from typing import Literal

from driver_app.actions.ctx import Ctx
from driver_app.actions.outcomes import Outcome
from driver_app.state import DraftView
from shared.ids import RunId, VisitId

Category = Literal["material", "vehicle", "path", "safety", "quality"]


async def station_done(ctx: Ctx, visit: VisitId, draft: DraftView) -> Outcome:
    """Record one served station: calls filled, empties, checklist; one tap when nothing differs."""
    raise NotImplementedError


async def station_missed(ctx: Ctx, visit: VisitId, reason: str) -> Outcome:
    """Record why a station could not be served."""
    raise NotImplementedError


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
    raise NotImplementedError


async def ack_andon(ctx: Ctx, run: RunId, andon: str) -> Outcome:
    """Record that the andon was seen."""
    raise NotImplementedError


async def clear_andon(ctx: Ctx, run: RunId, andon: str, cause: str = "", text: str = "") -> Outcome:
    """Record that the cause is gone."""
    raise NotImplementedError


async def hand_over(ctx: Ctx, run: RunId, text: str) -> Outcome:
    """Write the state for the next shift."""
    raise NotImplementedError
