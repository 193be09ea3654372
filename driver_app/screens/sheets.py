"""Sheets over a run: break, Andon, calls and handover, and the bar that offers to undo."""

import flet as ft

from driver_app import actions, theme
from driver_app.actions.plant import Category
from driver_app.i18n import _, clock, minutes
from driver_app.screens.calls import call_sheet
from driver_app.screens.desk import Beat, Desk, run_route
from driver_app.screens.fields import field
from driver_app.screens.frame import frame
from driver_app.screens.handovers import handover_sheet
from driver_app.state import RunView
from driver_app.theme import Tone
from driver_app.widgets import text
from driver_app.widgets.buttons import big_button, choice, side_button
from driver_app.widgets.hooks import current, state
from driver_app.widgets.panels import card, strip
from driver_app.widgets.press import Act


def sheet_of(desk: Desk, run: RunView, name: str) -> ft.View | None:
    """The sheet a route asks for; None shows the run itself."""
    here = run_route(run.id)
    if name == "break":
        return frame(
            desk,
            here,
            _("Break"),
            [_resting(run, desk, desk.beat)],
            back=here,
            footer=[_rest_button(run, desk)],
        )
    if name == "calls" and run.tugger:
        return call_sheet(desk, run)
    if name == "handover" and run.tugger:
        return handover_sheet(desk, run)
    if name == "andon":
        return frame(desk, here, _("Andon"), [_andon(run, desk), _raised(run, desk)], back=here)
    return None


@ft.component
def _resting(run: RunView, desk: Desk, beat: Beat) -> ft.Control:
    """How long the break lasts already; the position is off and says so."""
    if run.break_started_ms is None:
        return card(
            [
                text.card_title(_("Take a break?")),
                text.body(_("Your position is not recorded during a break.")),
            ]
        )
    gone_s = (desk.ctx.now_ms() - run.break_started_ms) // 1000 if beat.n >= 0 else 0
    since = _("since {time}").format(time=clock(run.break_started_ms, run.utc_offset_s))
    return card(
        [
            text.card_title(_("On a break")),
            text.figure(minutes(gone_s)),
            text.body(since),
            strip(_("Position off"), ft.Icons.GPS_OFF, Tone.CALM, identifier="break.position"),
        ]
    )


@ft.component
def _rest_button(run: RunView, desk: Desk) -> ft.Control:
    """Begin or end the break."""

    async def turn() -> None:
        act = actions.start_break if run.break_started is None else actions.end_break
        if desk.told(await act(desk.ctx, run.id)) and run.break_started is None:
            desk.go(run_route(run.id))

    if run.break_started is None:
        return big_button(_("Start break"), "break.start", turn, icon=ft.Icons.FREE_BREAKFAST)
    return big_button(_("End break"), "break.end", turn, icon=ft.Icons.PLAY_ARROW)


def categories() -> list[tuple[Category, str, ft.IconData]]:
    """The five tiles of an Andon."""
    return [
        ("material", _("Material"), ft.Icons.INVENTORY_2),
        ("vehicle", _("Vehicle"), ft.Icons.FORKLIFT),
        ("path", _("Path blocked"), ft.Icons.BLOCK),
        ("safety", _("Safety"), ft.Icons.HEALTH_AND_SAFETY),
        ("quality", _("Quality"), ft.Icons.RULE),
    ]


@ft.component
def _andon(run: RunView, desk: Desk) -> ft.Control:
    """One tap on a tile calls for help; a word may be added before."""
    said, say = state("")

    def caller(category: Category) -> Act:
        return lambda: call(category)

    async def call(category: Category) -> None:
        visit = run.next_visit
        done = await actions.raise_andon(desk.ctx, run.id, category, visit=visit, text=current(say))
        if desk.told(done):
            say("")

    tiles = [
        choice(words, f"andon.{key}", caller(key), icon=icon) for key, words, icon in categories()
    ]
    return card(
        [
            text.card_title(_("What is wrong?")),
            ft.Row(tiles, wrap=True, spacing=theme.GAP, run_spacing=theme.GAP),
            field(_("Say more (not needed)"), "andon.text", said, say),
        ]
    )


@ft.component
def _raised(run: RunView, desk: Desk) -> ft.Control:
    """What was called here already, and whether somebody saw it."""
    names: dict[str, str] = {key: words for key, words, _icon in categories()}

    def clear(andon: str) -> Act:
        async def cleared() -> None:
            desk.told(await actions.clear_andon(desk.ctx, run.id, andon))

        return cleared

    shown: list[ft.Control] = []
    for andon, category, at_ms, seen in run.andons:
        when = clock(at_ms, run.utc_offset_s)
        state = _("seen") if seen else _("not seen yet")
        words = f"{names.get(category, category)} · {when} · {state}"
        button = side_button(
            _("Solved"), f"andon.clear.{andon}", clear(andon), icon=ft.Icons.CHECK, grow=False
        )
        shown.append(
            strip(
                words,
                ft.Icons.CAMPAIGN,
                Tone.DONE if seen else Tone.BAD,
                button=button,
                identifier=f"andon.raised.{andon}",
            )
        )
    return ft.Column(
        shown,
        spacing=theme.GAP,
        visible=bool(shown),
        horizontal_alignment=ft.CrossAxisAlignment.STRETCH,
    )


@ft.component
def undo_bar(run: RunView, desk: Desk, beat: Beat) -> ft.Control:
    """For ten seconds after a stop was completed: take it back."""
    now_ms = desk.ctx.now_ms() if beat.n >= 0 else 0
    recent = [v for v in run.visits if v.undo_until_ms > now_ms and v.final]
    if not recent:
        return ft.Container(visible=False)
    visit = max(recent, key=lambda v: v.undo_until_ms)

    async def undo() -> None:
        desk.told(await actions.reopen_stop(desk.ctx, visit.id))

    words = _("Stop {no} saved").format(no=visit.no)
    return strip(
        words,
        ft.Icons.CHECK_CIRCLE,
        Tone.DONE,
        identifier="run.saved",
        inline=True,
        button=side_button(_("Undo"), "run.undo", undo, icon=ft.Icons.UNDO),
    )
