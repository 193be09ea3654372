"""Half-filled sheets: whatever the driver typed, drew or photographed is on the disk."""

from typing import Literal

from driver_app.actions.ctx import Ctx
from driver_app.actions.outcomes import Kept, Refused
from driver_app.state import DraftView
from shared.ids import VisitId

Role = Literal["photo", "document"]


async def open_draft(
    ctx: Ctx, visit: VisitId, sheet: Literal["proof", "problem", "station", "andon"] = "proof"
) -> DraftView:
    """The kept sheet of this visit, or a new one (`draft.restored`, `draft.recovered` say which)."""
    raise NotImplementedError


async def keep(ctx: Ctx, draft: DraftView) -> None:
    """Store the sheet as it stands; call it after each choice and 300 ms after the last key."""
    raise NotImplementedError


async def attach(
    ctx: Ctx, draft: DraftView, content: bytes, role: Role, *, gallery: bool = False
) -> Kept | Refused:
    """Put a photo or document on the disk and into the sheet."""
    raise NotImplementedError


async def detach(ctx: Ctx, draft: DraftView, sha: str) -> None:
    """Take a photo out of the sheet."""
    raise NotImplementedError


async def drop_draft(ctx: Ctx, draft: DraftView) -> None:
    """Throw the sheet away."""
    raise NotImplementedError
