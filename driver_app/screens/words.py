"""Words made of the state: times with their age, what to drop, what a row says."""

import flet as ft

from driver_app.i18n import _, amount, clock, n_
from driver_app.state import LineView, RunView, VisitView
from driver_app.widgets.panels import chip
from driver_app.widgets.stop_tile import TileState, TileText

STATES = {
    "pending": TileState.OPEN,
    "en_route": TileState.OPEN,
    "arrived": TileState.ARRIVED,
    "in_service": TileState.ARRIVED,
    "done": TileState.DONE,
    "partly": TileState.PARTLY,
    "failed": TileState.FAILED,
    "skipped": TileState.SKIPPED,
    "cancelled": TileState.CANCELLED,
    "hidden": TileState.CANCELLED,
}
LATE_FROM_S = 60


def offset(run: RunView, at_ms: int | None) -> int:
    """Seconds from UTC at an instant of the run, one change of clocks included."""
    if run.utc_change is not None and at_ms is not None and at_ms >= run.utc_change[0]:
        return run.utc_change[1]
    return run.utc_offset_s


def at(run: RunView, at_ms: int | None) -> str:
    """Time of day as the run's place has it."""
    return clock(at_ms, offset(run, at_ms))


def windows(run: RunView, visit: VisitView) -> str:
    """When service may start."""
    return ", ".join(f"{at(run, a)}–{at(run, b)}" for a, b in visit.windows)


def expected(run: RunView, visit: VisitView) -> str:
    """When the visit is expected: a range where there is one, else the planned time."""
    if visit.expected_low_ms and visit.expected_high_ms:
        low, high = at(run, visit.expected_low_ms), at(run, visit.expected_high_ms)
        return low if low == high else f"{low}–{high}"
    return at(run, visit.expected_ms or visit.planned_arrival_ms or None)


def tile(run: RunView, visit: VisitView) -> TileText:
    """What a row of the run says about a visit."""
    when = expected(run, visit) if visit.open else at(run, visit.completed_ms)
    parts = [when if visit.state != "cancelled" else "", windows(run, visit) if visit.open else ""]
    if visit.appointment_ms is not None:
        parts.append(_("appointment {time}").format(time=at(run, visit.appointment_ms)))
    return TileText(
        no=str(visit.no),
        name=visit.name,
        under=" · ".join(p for p in parts if p and p != "–"),
        state=STATES.get(visit.state, TileState.OPEN),
        waiting=visit.sent == "phone",
        late=visit.open and visit.late_s >= LATE_FROM_S,
    )


def goods(lines: list[LineView], *, drop: bool) -> str:
    """`Drop 2 pallets, 1 box`: what is left or taken at a visit, added up by unit."""
    sums: dict[str, int] = {}
    for line in lines:
        if line.drop is drop:
            sums[line.unit] = sums.get(line.unit, 0) + line.planned
    if not sums:
        return ""
    listed = ", ".join(amount(n, unit) for unit, n in sums.items())
    return (_("Drop {goods}") if drop else _("Take {goods}")).format(goods=listed)


def empties(visit: VisitView) -> str:
    """What returnable units the plan wants taken."""
    wanted = {k: n for k, n in visit.empties_plan.items() if n}
    if not wanted:
        return ""
    listed = ", ".join(amount(n, k) for k, n in wanted.items())
    return _("Take empties {goods}").format(goods=listed)


def behind(seconds: int) -> str:
    """Minutes ahead of or behind the plan, with a word."""
    n = round(abs(seconds) / 60)
    if n == 0:
        return _("on time")
    return (
        n_("{n} min late", "{n} min late", n)
        if seconds > 0
        else n_("{n} min early", "{n} min early", n)
    )


def side_of_street(side: str) -> str:
    """Where the door is, as seen when driving."""
    return {"left": _("left side"), "right": _("right side")}.get(side, "")


def position_chip(run: RunView) -> ft.Control:
    """Whether the position is being recorded, always said during a run."""
    if run.position_on:
        return chip(_("Position on"), ft.Icons.GPS_FIXED)
    return chip(_("Position off"), ft.Icons.GPS_OFF)
