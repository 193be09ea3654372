"""S13, the next shift's half: what the shift before left, read and taken over with one tap."""

import flet as ft

from driver_app import actions, theme
from driver_app.i18n import _, n_
from driver_app.screens.desk import Desk, run_route
from driver_app.screens.fields import field
from driver_app.screens.frame import frame
from driver_app.screens.words import at
from driver_app.state import HandoverView, RunView
from driver_app.theme import Tone
from driver_app.widgets import text
from driver_app.widgets.buttons import big_button, side_button
from driver_app.widgets.hooks import current, state
from driver_app.widgets.panels import card, chip, chips, empty, fact, strip


@ft.component
def handover_strip(run: RunView, desk: Desk) -> ft.Control:
    """Before leaving: somebody left something for this shift."""
    if not run.handovers:
        return ft.Container(visible=False)
    newest = run.handovers[0]
    words = _("Handover of {time}, not taken over yet").format(time=at(run, newest.written_ms))
    look = side_button(
        _("Read"),
        "tugger.handover.read",
        lambda: desk.go(f"{run_route(run.id)}?sheet=handover"),
        icon=ft.Icons.ASSIGNMENT,
    )
    return strip(
        words,
        ft.Icons.ASSIGNMENT_LATE,
        Tone.MAIN,
        button=look,
        inline=desk.look.wide,
        identifier="strip.handover",
    )


def handover_sheet(desk: Desk, run: RunView) -> ft.View:
    """What was left, newest first; one is taken over at a time."""
    here = run_route(run.id)
    return frame(
        desk, here, _("Handover"), [_left(run, desk)], back=here, footer=[_take(run, desk)]
    )


@ft.component
def _left(run: RunView, desk: Desk) -> ft.Control:
    """Every handover that waits."""
    del desk
    if not run.handovers:
        return card([empty(_("Nothing is left to take over."))])
    return ft.Column(
        [_one(one, run) for one in run.handovers],
        spacing=theme.GAP,
        horizontal_alignment=ft.CrossAxisAlignment.STRETCH,
    )


def _one(one: HandoverView, run: RunView) -> ft.Control:
    words = at(run, one.written_ms)
    rows: list[ft.Control] = [text.card_title(f"{one.by} · {words}" if one.by else words)]
    if one.text:
        rows.append(text.body(one.text, lines=12))
    rows.append(chips(_counts(one)))
    rows.extend(fact(ft.Icons.INVENTORY_2, goods) for goods in one.open)
    rows.extend(fact(ft.Icons.BLOCK, f"{goods}: {why}") for goods, why in one.stuck)
    return card(rows)


def _counts(one: HandoverView) -> list[ft.Control]:
    counts = dict(one.counts)
    signs: list[ft.Control] = []
    if done := counts.get("done"):
        words = n_("{n} done", "{n} done", done)
        signs.append(chip(words, ft.Icons.CHECK_CIRCLE, Tone.DONE))
    if missed := counts.get("missed"):
        words = n_("{n} not done", "{n} not done", missed)
        signs.append(chip(words, ft.Icons.CANCEL, Tone.BAD))
    if one.open:
        words = n_("{n} call open", "{n} calls open", len(one.open))
        signs.append(chip(words, ft.Icons.INVENTORY_2, Tone.WARN))
    return signs


@ft.component
def _take(run: RunView, desk: Desk) -> ft.Control:
    """Take over, with a remark if there is one."""
    said, say = state("")

    async def take() -> None:
        if not run.handovers:
            return
        newest = run.handovers[0]
        if desk.told(await actions.take_over(desk.ctx, run.id, newest.id, current(say))):
            say("")

    if not run.handovers:
        return big_button(
            _("To the round"), "handover.back", lambda: desk.go(run_route(run.id)),
            icon=ft.Icons.ARROW_BACK,
        )  # fmt: skip
    return ft.Column(
        [
            field(_("Remark (not needed)"), "handover.remark", said, say),
            big_button(_("Take over"), "handover.take", take, icon=ft.Icons.ASSIGNMENT_TURNED_IN),
        ],
        spacing=theme.GAP,
        horizontal_alignment=ft.CrossAxisAlignment.STRETCH,
    )
