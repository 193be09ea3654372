"""Scans, counts and empties: each is a fact at once."""

from typing import Literal

from driver_app.actions.ctx import Ctx
from driver_app.actions.outcomes import NotSaved, Outcome, Saved, UnknownLabel
from driver_app.state import LineView
from shared.ids import VisitId


async def scan_load(
    ctx: Ctx,
    visit: VisitId,
    text: str,
    how: Literal["scan", "typed", "tap"],
    *,
    anyway: bool = False,
) -> Saved | UnknownLabel | NotSaved:
    """Record a load unit by its label; an unknown label is recorded only with `anyway`."""
    raise NotImplementedError


async def count_line(ctx: Ctx, line: LineView, qty: int, reason: str = "") -> Outcome:
    """Record the quantity of a line, also as a correction after the result."""
    raise NotImplementedError


async def take_empties(
    ctx: Ctx, visit: VisitId, container_type: str, direction: Literal["taken", "given"], qty: int
) -> Outcome:
    """Record empties taken or given outside a proof."""
    raise NotImplementedError
