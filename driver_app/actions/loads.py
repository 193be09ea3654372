"""Scans, counts and empties: each is a fact at once."""

from typing import Literal

from driver_app.actions.ctx import Ctx
from driver_app.actions.outcomes import NotSaved, Outcome, Saved, UnknownLabel
from driver_app.actions.record import Act, record
from driver_app.state import LineView, RunView, VisitView
from shared.fact import Direction
from shared.gate import NAME_MAX, clean
from shared.ids import VisitId
from shared.road_facts import EmptiesTaken, LoadCounted, LoadScanned
from shared.scan import Label, parse_scan

How = Literal["scan", "typed", "tap"]


async def scan_load(
    ctx: Ctx, visit: VisitId, text: str, how: How, *, anyway: bool = False
) -> Saved | UnknownLabel | NotSaved:
    """Record a load unit by its label; an unknown label is recorded only with `anyway`."""
    view = ctx.state.session.visit(visit)
    if view is None:
        return NotSaved("gone")
    scan = parse_scan(text)
    label = clean(scan.text if isinstance(scan, Label) else text.strip(), NAME_MAX)
    if not label:
        return UnknownLabel("")
    line = next((one for one in view.lines if label in one.labels), None)
    if line is None and not anyway:
        return UnknownLabel(label, _elsewhere(ctx.state.session.run(view.run), label))
    body = LoadScanned(
        label=label, how=how, line=str(line.id) if line else None, dir=_direction(line)
    )
    return await record(ctx, Act([body], run=str(view.run), visit=str(visit)))


async def count_line(ctx: Ctx, line: LineView, qty: int, reason: str = "") -> Outcome:
    """Record the quantity of a line, also as a correction after the result."""
    view = ctx.state.session.visit(line.visit)
    if view is None:
        return NotSaved("gone")
    body = LoadCounted(
        line=str(line.id), dir=_direction(line), qty=max(0, qty), reason=reason or None
    )
    return await record(ctx, Act([body], run=str(view.run), visit=str(line.visit)))


async def take_empties(
    ctx: Ctx, visit: VisitId, container_type: str, direction: Literal["taken", "given"], qty: int
) -> Outcome:
    """Record empties taken or given outside a proof."""
    view = ctx.state.session.visit(visit)
    if view is None:
        return NotSaved("gone")
    body = EmptiesTaken(container_type=clean(container_type, NAME_MAX), dir=direction, qty=qty)
    return await record(ctx, Act([body], run=str(view.run), visit=str(visit)))


def _direction(line: LineView | None) -> Direction:
    return "unload" if line is None or line.drop else "pickup"


def _elsewhere(run: RunView | None, label: str) -> str:
    """Name of the stop of this run that the label belongs to."""
    visits: list[VisitView] = list(run.visits) if run else []
    for visit in visits:
        if any(label in line.labels for line in visit.lines):
            return visit.name
    return ""
