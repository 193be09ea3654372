"""S3: the runs of today on this device, the one to be driven first on top."""

import flet as ft

from driver_app import actions, theme
from driver_app.i18n import _, clock, n_
from driver_app.screens.desk import Desk, run_route, use_desk
from driver_app.screens.frame import frame
from driver_app.state import RunView, SessionView, SyncView
from driver_app.theme import Tone
from driver_app.widgets import text
from driver_app.widgets.buttons import icon_button, pressable, side_button
from driver_app.widgets.panels import chip, chips, empty

DRIVEN = ("completed", "closed", "cancelled")


@ft.component
def runs() -> ft.View:
    """Cards of runs; what is over folds away below."""
    desk = use_desk()
    return frame(
        desk, "/runs", _title(desk.session), [_list(desk.session, desk)], footer=[_foot(desk)]
    )


def _title(session: SessionView) -> str:
    return _("Hello {name}").format(name=session.driver_name) if session.driver_name else _("Runs")


@ft.component
def _list(session: SessionView, desk: Desk) -> ft.Control:
    """Own runs first, then those to take over, then what is over."""
    mine = [r for r in session.runs if r.mine and r.state not in DRIVEN]
    others = [r for r in session.runs if not r.mine and r.state not in DRIVEN]
    over = [r for r in session.runs if r.state in DRIVEN]
    shown: list[ft.Control] = [_card(r, desk) for r in mine]
    if not mine:
        shown.append(_nothing(desk.state.sync, desk))
    if others:
        shown.append(text.label(_("Open runs, or on another device")))
        shown.extend(_card(r, desk) for r in others)
    if over:
        shown.append(text.label(n_("{n} run is over", "{n} runs are over", len(over))))
        shown.extend(_card(r, desk) for r in over)
    return ft.Column(shown, spacing=theme.GAP, horizontal_alignment=ft.CrossAxisAlignment.STRETCH)


@ft.component
def _nothing(sync: SyncView, desk: Desk) -> ft.Control:
    """No run, when that was last checked, and one thing to do about it."""
    if sync.last_contact_ms is None:
        words = _("No run for today. The office was not reached yet.")
    else:
        offset_s = desk.session.runs[0].utc_offset_s if desk.session.runs else 0
        words = _("No run for today. Checked {time}.").format(
            time=clock(sync.last_contact_ms, offset_s)
        )
    again = side_button(_("Check again"), "runs.check", desk.send_now, icon=ft.Icons.REFRESH)
    return empty(words, again)


@ft.component
def _card(run: RunView, desk: Desk) -> ft.Control:
    """One run: what, when, how far."""

    async def opened() -> None:
        if not run.mine and not run.claimed:
            desk.told(await actions.claim_run(desk.ctx, run.id))
            return
        desk.go(run_route(run.id))

    icon = ft.Icons.FORKLIFT if run.tugger else ft.Icons.LOCAL_SHIPPING
    when = clock(run.planned_departure_ms, run.utc_offset_s)
    words = ft.Column(
        [
            ft.Row(
                [
                    ft.Icon(icon, size=30, color=theme.SOFT),
                    ft.Container(text.row_title(run.name, lines=2), expand=True),
                    text.action(when),
                ],
                spacing=theme.GAP,
            ),
            text.body(" · ".join(w for w in (_stops(run), run.vehicle_name) if w), lines=2),
            chips(_signs(run)),
        ],
        spacing=10,
        expand=True,
    )
    return pressable(
        words,
        f"runs.open.{run.id}",
        opened,
        side=theme.HAIR,
    )


def _stops(run: RunView) -> str:
    if run.done:
        return _("{done} of {total} stops").format(done=run.done, total=run.total)
    return n_("{n} stop", "{n} stops", run.total)


def _signs(run: RunView) -> list[ft.Control]:
    signs = [run_chip(run)]
    if run.sent == "phone":
        signs.append(chip(_("on this phone"), ft.Icons.CLOUD_QUEUE))
    if run.diff:
        signs.append(chip(_("plan changed"), ft.Icons.SYNC_PROBLEM, Tone.WARN))
    return signs


def run_chip(run: RunView) -> ft.Control:
    """The state of a run: icon and word."""
    icon, word, tone = {
        "dispatched": (ft.Icons.FIBER_NEW, _("new"), Tone.MAIN),
        "acknowledged": (ft.Icons.VISIBILITY, _("seen"), Tone.CALM),
        "loading": (ft.Icons.INVENTORY, _("loading"), Tone.CALM),
        "underway": (ft.Icons.PLAY_ARROW, _("underway"), Tone.DONE),
        "completed": (ft.Icons.CHECK_CIRCLE, _("done"), Tone.DONE),
        "closed": (ft.Icons.CHECK_CIRCLE, _("closed"), Tone.DONE),
        "cancelled": (ft.Icons.BLOCK, _("cancelled"), Tone.BAD),
        "off_plan": (ft.Icons.HELP, _("off plan"), Tone.WARN),
    }.get(run.state, (ft.Icons.HELP, run.state, Tone.CALM))
    if run.claimed and not run.mine:
        icon, word, tone = ft.Icons.HOURGLASS_TOP, _("asked"), Tone.WARN
    return chip(word, icon, tone)


def _foot(desk: Desk) -> ft.Control:
    async def out() -> None:
        desk.told(await actions.sign_out(desk.ctx))

    leave = side_button(_("Sign out"), "session.sign_out", out, icon=ft.Icons.LOGOUT)
    more = icon_button(
        ft.Icons.SETTINGS, "nav.settings", _("Settings"), lambda: desk.go("/settings")
    )
    return ft.Row([leave, ft.Container(expand=True), more], spacing=theme.GAP)
