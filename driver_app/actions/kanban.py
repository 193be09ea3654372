"""What a tugger driver does with cards and calls: each tap or scan is a fact at once."""

from dataclasses import dataclass
from typing import Literal

from driver_app.actions.ctx import Ctx
from driver_app.actions.outcomes import NotSaved, Outcome, Saved, UnknownLabel
from driver_app.actions.record import Act, record
from driver_app.actions.refresh import refresh
from driver_app.state import RunView
from driver_app.state.plant_views import CallView, CardView
from shared.events import (
    CallPrepared,
    CallRefused,
    HandoverAcknowledged,
    KanbanFulfilled,
    KanbanScanned,
    StockCounted,
)
from shared.gate import NAME_MAX, NOTE_MAX, clean
from shared.ids import LocationId, RunId, VisitId
from shared.scan import CardCode, Label, Unreadable, parse_scan

How = Literal["scan", "typed", "tap"]
Purpose = Literal["call", "fulfil", "check", "return"]


@dataclass(frozen=True)
class Scanned(Saved):
    """A card was read, and what that means here."""

    already: CallView | None = None
    """The call that was open before: this scan is evidence, not a second call."""
    reprint: bool = False
    """The card carries an old printing."""


async def scan_card(
    ctx: Ctx,
    run: RunId,
    text: str,
    how: How,
    purpose: Purpose = "call",
    *,
    visit: VisitId | None = None,
) -> Scanned | UnknownLabel | NotSaved:
    """Record a card scanned, typed (`part/number`) or tapped; an open call stays one call."""
    if (view := ctx.state.session.run(run)) is None:
        return NotSaved("gone")
    found = card_of(ctx, view, text)
    if found is None:
        return UnknownLabel(clean(text.strip(), NAME_MAX))
    card, reprint = found
    place = ctx.state.session.visit(visit) if visit is not None else None
    location = str(place.location) if place is not None and place.location else card.station
    if not location:
        return UnknownLabel(clean(text.strip(), NAME_MAX))
    before = next((one for one in view.calls if one.card == card.id and one.open), None)
    body = KanbanScanned(card=card.id, how=how, purpose=purpose, location=location)
    outcome = await _record(ctx, Act([body], run=str(run), visit=_visit(visit)))
    if isinstance(outcome, NotSaved):
        return outcome
    return Scanned(outcome.ids, before if purpose == "call" else None, reprint)


def card_of(ctx: Ctx, run: RunView, text: str) -> tuple[CardView, bool] | None:
    """The card a text means, and whether its printing is old; None for anything else.

    A code of our site counts even if the card is not known here yet.
    """
    scan = parse_scan(text)
    known = {card.id: card for card in run.cards}
    if isinstance(scan, CardCode):
        if scan.site != str(ctx.state.session.site):
            return None
        card = known.get(scan.card, CardView(scan.card, "", 0, "", scan.print_rev))
        return card, scan.print_rev < card.print_rev
    if isinstance(scan, Unreadable) or not isinstance(scan, Label):
        return None
    typed = scan.text.replace(" ", "").casefold()
    for card in run.cards:
        if typed in (card.id, f"{card.part_no}/{card.serial}".replace(" ", "").casefold()):
            return card, False
    return None


async def fulfil_call(
    ctx: Ctx, run: RunId, call: str, qty: int, *, short: int = 0, visit: VisitId | None = None
) -> Outcome:
    """Record that boxes of a call were left outside `station_done`; `short` of them are missing."""
    view = _call(ctx, run, call)
    if view is None:
        return NotSaved("gone")
    body = KanbanFulfilled(
        call=view.id, card=view.card or None, qty=max(0, qty), short=short or None
    )
    return await _record(ctx, Act([body], run=str(run), visit=_visit(visit)))


async def prepare_call(ctx: Ctx, run: RunId, call: str) -> Outcome:
    """Mark a call's boxes as ready for the next lap."""
    view = _call(ctx, run, call)
    if view is None:
        return NotSaved("gone")
    return await _record(ctx, Act([CallPrepared(call=view.id)], run=str(run)))


async def refuse_call(ctx: Ctx, run: RunId, call: str, reason: str) -> Outcome:
    """Say why a call cannot be brought; it stays open."""
    view = _call(ctx, run, call)
    if view is None:
        return NotSaved("gone")
    return await _record(ctx, Act([CallRefused(call=view.id, reason=reason)], run=str(run)))


async def count_stock(
    ctx: Ctx,
    run: RunId,
    station: LocationId,
    part_no: str,
    boxes: int,
    *,
    visit: VisitId | None = None,
) -> Outcome:
    """Record how many boxes of a part stand at a station."""
    if ctx.state.session.run(run) is None:
        return NotSaved("gone")
    item = clean(part_no, NAME_MAX)
    body = StockCounted(location=str(station), item=item, qty=max(0, boxes))
    return await _record(ctx, Act([body], run=str(run), visit=_visit(visit)))


async def take_over(ctx: Ctx, run: RunId, handover: str, remark: str = "") -> Outcome:
    """Accept what the shift before left; the first to do so has it."""
    view = ctx.state.session.run(run)
    if view is None or all(one.id != handover for one in view.handovers):
        return NotSaved("gone")
    said = clean(remark, NOTE_MAX) or None
    body = HandoverAcknowledged(handover=handover, remark=said)
    return await _record(ctx, Act([body], run=str(run)))


async def _record(ctx: Ctx, act: Act) -> Outcome:
    """Save, and show it on the other rounds of this tablet too: they share the stations."""
    outcome = await record(ctx, act)
    others = {str(r.id) for r in ctx.state.session.runs if r.tugger and r.finished_ms is None}
    if isinstance(outcome, Saved) and (others := others - {act.run or ""}):
        await refresh(ctx, runs=others)
    return outcome


def _call(ctx: Ctx, run: RunId, call: str) -> CallView | None:
    """A call by any of its names."""
    view = ctx.state.session.run(run)
    calls = view.calls if view is not None else ()
    return next((one for one in calls if call in one.names), None)


def _visit(visit: VisitId | None) -> str | None:
    return str(visit) if visit is not None else None
