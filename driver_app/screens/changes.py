"""S9: what a newer plan changed, line by line, until the driver has understood it."""

import flet as ft

from driver_app import actions, theme
from driver_app.i18n import _, n_
from driver_app.screens.desk import Desk, run_route, use_desk, use_params
from driver_app.screens.frame import frame
from driver_app.screens.lost import lost
from driver_app.screens.words import at
from driver_app.state import DiffLine, RunView
from driver_app.theme import Tone
from driver_app.widgets import text
from driver_app.widgets.buttons import big_button, side_button
from driver_app.widgets.panels import card, empty, strip


@ft.component
def changes() -> ft.View:
    """The difference; a second change while it is open replaces it in place."""
    desk = use_desk()
    run = desk.run(use_params().get("run", ""))
    if run is None:
        return lost(desk, "/runs/changes")
    here = f"{run_route(run.id)}/changes"
    return frame(
        desk,
        here,
        _("Plan changed"),
        [_diff(run)],
        back=run_route(run.id),
        footer=[_understood(run, desk)],
    )


@ft.component
def _diff(run: RunView) -> ft.Control:
    """Who changed what when, and what it does to the end of the run."""
    if not run.diff:
        return empty(
            _("Nothing new. You have seen plan {version}.").format(version=run.plan_version)
        )
    made = _("Plan {new}").format(new=run.plan_version)
    if run.acked_version:
        made = _("Plan {new}, was {old}").format(old=run.acked_version, new=run.plan_version)
    by = ", ".join(p for p in (run.change_by, at(run, run.change_at_ms or None)) if p and p != "–")
    lines: list[ft.Control] = [text.card_title(made)]
    if by:
        lines.append(text.soft(by))
    if run.change_reason:
        lines.append(text.body(run.change_reason))
    lines.extend(_line(run, line) for line in run.diff)
    old_ms, new_ms = run.diff_return_ms
    if old_ms and new_ms and at(run, old_ms) != at(run, new_ms):
        words = _("Finish {new}, was {old}").format(old=at(run, old_ms), new=at(run, new_ms))
        lines.append(text.label(words))
    return card(lines)


def _line(run: RunView, line: DiffLine) -> ft.Control:
    icon, words, tone = _change(run, line)
    said = ft.Column(
        [text.row_title(line.name, lines=2), text.soft(words, lines=3)], spacing=2, expand=True
    )
    mark = ft.Container(
        ft.Icon(icon, size=26, color=tone.on_tint),
        bgcolor=tone.tint,
        width=48,
        height=48,
        border_radius=14,
        alignment=ft.Alignment.CENTER,
    )
    return ft.Semantics(
        key=f"{line.kind}.{line.visit}",
        identifier=f"changes.{line.kind}.{line.visit}",
        content=ft.Row([mark, said], spacing=theme.GAP),
    )


def _change(run: RunView, line: DiffLine) -> tuple[ft.IconData, str, Tone]:
    old, new = at(run, line.old_ms or None), at(run, line.new_ms or None)
    moved = _("now {no}, was {old}").format(no=line.no, old=line.old_no)
    times = _("{new}, was {old}").format(new=new, old=old)
    return {
        "added": (ft.Icons.ADD, _("new stop, number {no}").format(no=line.no), Tone.DONE),
        "removed": (ft.Icons.REMOVE, _("cancelled"), Tone.BAD),
        "up": (ft.Icons.ARROW_UPWARD, moved, Tone.MAIN),
        "down": (ft.Icons.ARROW_DOWNWARD, moved, Tone.MAIN),
        "time": (ft.Icons.SCHEDULE, times, Tone.WARN),
        "window": (ft.Icons.SCHEDULE, _("window {times}").format(times=times), Tone.WARN),
        "kept_off_plan": (ft.Icons.HELP, _("off plan; what you recorded stays"), Tone.WARN),
    }[line.kind]


@ft.component
def _understood(run: RunView, desk: Desk) -> ft.Control:
    """The acknowledgement; the driver cannot refuse, but can call."""

    async def understood() -> None:
        if desk.told(await actions.acknowledge_plan(desk.ctx, run.id)):
            desk.go(run_route(run.id))

    if not run.diff:
        return big_button(
            _("Back to the run"),
            "changes.back",
            lambda: desk.go(run_route(run.id)),
            icon=ft.Icons.ARROW_BACK,
        )
    return big_button(_("Understood"), "changes.understood", understood, icon=ft.Icons.CHECK)


@ft.component
def change_strip(run: RunView, desk: Desk) -> ft.Control:
    """A newer plan, or a line from the office: until it is understood it stays."""
    shown: list[ft.Control] = []
    if run.diff:
        words = (
            _("Plan {version}:").format(version=run.plan_version)
            + " "
            + n_("{n} change", "{n} changes", len(run.diff))
        )
        look = side_button(
            _("Look"),
            "run.changes",
            icon=ft.Icons.VISIBILITY,
            act=lambda: desk.go(f"{run_route(run.id)}/changes"),
            grow=True,
        )
        shown.append(
            strip(
                words,
                ft.Icons.SYNC_PROBLEM,
                Tone.WARN,
                identifier="strip.plan",
                button=ft.Row([look]),
            )
        )
    if run.note is not None:
        said = f"{run.note.text} – {run.note.by}, {at(run, run.note.at_ms)}"
        shown.append(strip(said, ft.Icons.CAMPAIGN, Tone.MAIN, identifier="strip.note"))
    return ft.Column(
        shown,
        spacing=theme.GAP,
        visible=bool(shown),
        horizontal_alignment=ft.CrossAxisAlignment.STRETCH,
    )
