"""What a driver does at a stop of the road."""

from typing import Literal

from driver_app.actions.ctx import Ctx
from driver_app.actions.outcomes import Missing, NotSaved, Outcome, Saved
from driver_app.state import DraftView
from shared.ids import EventId, VisitId


async def arrive(
    ctx: Ctx, visit: VisitId, source: Literal["manual", "geofence", "scan"] = "manual"
) -> Outcome:
    """Record that the vehicle reached the stop."""
    raise NotImplementedError


async def start_service(ctx: Ctx, visit: VisitId) -> Outcome:
    """Record that service began (docks)."""
    raise NotImplementedError


async def complete_stop(
    ctx: Ctx, visit: VisitId, draft: DraftView, *, confirmed: bool = False
) -> Saved | Missing | NotSaved:
    """Record the proof: completed, or partly when a line is short; empties ride along."""
    raise NotImplementedError


async def fail_stop(
    ctx: Ctx, visit: VisitId, draft: DraftView, *, confirmed: bool = False
) -> Saved | Missing | NotSaved:
    """Record that it could not be done; `draft.reason` says why."""
    raise NotImplementedError


async def skip_stop(ctx: Ctx, visit: VisitId, reason: str, *, return_later: bool) -> Outcome:
    """Record that the driver goes on without this stop."""
    raise NotImplementedError


async def reopen_stop(ctx: Ctx, visit: VisitId, reason: str = "") -> Outcome:
    """Undo the result of this stop."""
    raise NotImplementedError


async def leave_stop(ctx: Ctx, visit: VisitId) -> Outcome:
    """Record that the vehicle left."""
    raise NotImplementedError


async def add_note(
    ctx: Ctx, visit: VisitId, text: str, about: Literal["visit", "location", "run"] = "visit"
) -> Outcome:
    """Record a note."""
    raise NotImplementedError


async def add_proof(ctx: Ctx, visit: VisitId, draft: DraftView) -> Outcome:
    """Add photos to a result already recorded."""
    raise NotImplementedError


async def void_fact(ctx: Ctx, event: EventId, visit: VisitId, reason: str = "") -> Outcome:
    """Declare a scan, count or note void."""
    raise NotImplementedError
