"""The one function that changes what screens look at: fields in place, row by row."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields

import flet as ft

from driver_app.state.views import RunView, SessionView, SyncView, TaktView, VisitView
from shared.ids import RunId


@dataclass(frozen=True)
class Change:
    """New values of some objects; what is left out stays as it is."""

    session: SessionView | None = None
    sync: SyncView | None = None
    runs: Sequence[RunView] = ()
    gone: Iterable[RunId] = ()


class AppState:
    """Everything a session shows. Screens read it; only `project` writes it."""

    def __init__(self) -> None:
        self.session = SessionView()
        self.sync = SyncView()

    def project(self, change: Change) -> None:
        """Bring the objects up to date in place; no list is replaced for one row."""
        if change.session is not None:
            _copy(change.session, self.session, keep=("runs",))
        if change.sync is not None:
            _copy(change.sync, self.sync)
        gone = set(change.gone)
        for old in [run for run in self.session.runs if run.id in gone]:
            self.session.runs.remove(old)
        for run in change.runs:
            if (known := self.session.run(run.id)) is None:
                self.session.runs.append(run)
            else:
                merge_run(known, run)
        _sort_runs(self.session)


def merge_run(old: RunView, new: RunView) -> None:
    """Write the values of `new` into `old`, visit by visit and line by line."""
    if old.takt is not None and new.takt is not None:
        _copy(new.takt, old.takt, keep=("left_s", "word"))
        new.takt = old.takt
    known = {visit.id: visit for visit in old.visits}
    merged = [_merged_visit(known.get(visit.id), visit) for visit in new.visits]
    if merged != list(old.visits):
        old.visits = merged
    _copy(new, old, keep=("visits",))


def _merged_visit(old: VisitView | None, new: VisitView) -> VisitView:
    if old is None:
        return new
    known = {line.id: line for line in old.lines}
    merged = []
    for line in new.lines:
        if (same := known.get(line.id)) is not None:
            _copy(line, same)
        merged.append(same or line)
    if merged != list(old.lines):
        old.lines = merged
    _copy(new, old, keep=("lines", "here", "undo_until_ms"))
    return old


def tick(takt: TaktView, now_ms: int) -> None:
    """Move the countdown to `now_ms` (`ctx.now_ms()`); amber from the last tenth of the takt."""
    left_s = (takt.leave_at_ms - now_ms) // 1000
    takt.left_s = left_s
    hurry_s = max(30, takt.takt_s // 10)
    takt.word = "late" if left_s < 0 else "hurry" if left_s <= hurry_s else "on_takt"


def _copy(new: ft.Observable, old: ft.Observable, keep: Sequence[str] = ()) -> None:
    for each in fields(new):  # type: ignore[arg-type]
        if each.name in keep:
            continue
        value = getattr(new, each.name)
        # Setting costs ten times as much as comparing, and nearly everything is as it was.
        if value != getattr(old, each.name):
            setattr(old, each.name, value)


def _sort_runs(session: SessionView) -> None:
    order = sorted(
        session.runs,
        key=lambda run: (not run.mine, run.kind == "ad_hoc", run.planned_departure_ms, run.name),
    )
    if order != list(session.runs):
        session.runs = order
