"""S13: the end of a run: open stops first, then the guard for what is still on this phone."""

from collections.abc import Callable

import flet as ft

from driver_app import actions, theme
from driver_app.i18n import _, n_
from driver_app.screens.desk import Desk, run_route, use_desk, use_params
from driver_app.screens.fields import field
from driver_app.screens.frame import frame
from driver_app.screens.lost import lost
from driver_app.screens.words import tile
from driver_app.state import RunView, SyncView
from driver_app.theme import Tone
from driver_app.widgets import text
from driver_app.widgets.buttons import big_button, side_button
from driver_app.widgets.hooks import current, state
from driver_app.widgets.panels import card, chip, chips, fact, strip
from driver_app.widgets.press import Act
from driver_app.widgets.stop_tile import stop_tile
from shared.ids import VisitId


@ft.component
def end() -> ft.View:
    """The summary of the run a route names, and its end."""
    desk = use_desk()
    run = desk.run(use_params().get("run", ""))
    handover, set_handover = state("")
    if run is None:
        return lost(desk, "/runs/end")
    here = f"{run_route(run.id)}/end"
    summary = [_summary(run)]
    if run.finished_ms is None:
        summary.append(_open_stops(run, desk))
    note = [
        card(
            [
                text.row_title(_("For the next shift")),
                field(_("What should they know?"), "end.note", handover, set_handover, lines=2),
            ]
        )
    ]
    return frame(
        desk,
        here,
        _("End of run"),
        summary,
        side=[unsent_guard(desk.state.sync, desk), *(note if run.finished_ms is None else [])],
        footer=[_foot(run, lambda: current(set_handover).strip(), desk.state.sync, desk)],
        back=run_route(run.id),
    )


@ft.component
def _summary(run: RunView) -> ft.Control:
    """How many were done, failed and left open; which empties are on board."""
    failed = sum(v.state in ("failed", "skipped") for v in run.visits)
    left = sum(v.open for v in run.visits)
    signs = [chip(n_("{n} done", "{n} done", run.done), ft.Icons.CHECK_CIRCLE, Tone.DONE)]
    if failed:
        signs.append(chip(n_("{n} not done", "{n} not done", failed), ft.Icons.CANCEL, Tone.BAD))
    if left:
        signs.append(
            chip(n_("{n} open", "{n} open", left), ft.Icons.RADIO_BUTTON_UNCHECKED, Tone.WARN)
        )
    rows: list[ft.Control] = [text.card_title(run.name), chips(signs)]
    aboard: dict[str, int] = {}
    for visit in run.visits:
        for kind, n in visit.empties_taken.items():
            aboard[kind] = aboard.get(kind, 0) + n
    listed = ", ".join(f"{n} {kind}" for kind, n in aboard.items() if n > 0)
    if listed:
        rows.append(fact(ft.Icons.RECYCLING, _("Empties on board: {goods}").format(goods=listed)))
    return card(rows)


@ft.component
def _open_stops(run: RunView, desk: Desk) -> ft.Control:
    """Each open stop asks for an outcome before the end; none is forced."""
    left = [v for v in run.visits if v.open]
    if not left:
        return ft.Container(visible=False)
    rows = [stop_tile(tile(run, v), f"end.stop.{v.id}", _opener(desk, run, v.id)) for v in left]
    words = n_("{n} stop has no result yet", "{n} stops have no result yet", len(left))
    return ft.Column(
        [strip(words, ft.Icons.WARNING, Tone.WARN, identifier="end.open"), *rows],
        spacing=8,
        horizontal_alignment=ft.CrossAxisAlignment.STRETCH,
    )


def _opener(desk: Desk, run: RunView, visit: VisitId) -> Act:
    return lambda: desk.go(f"{run_route(run.id)}/stops/{visit}")


def unsent_words(sync: SyncView) -> str:
    """`7 records and 3 photos are still on this phone`."""
    records = n_("{n} record", "{n} records", sync.unsent)
    photos = n_("{n} photo or signature", "{n} photos or signatures", sync.unsent_blobs)
    if not sync.unsent_blobs:
        return _("{records} still on this phone").format(records=records)
    return _("{records} and {photos} still on this phone").format(records=records, photos=photos)


@ft.component
def unsent_guard(sync: SyncView, desk: Desk) -> ft.Control:
    """What has not reached the office, counted live, with the way to send it now."""
    if not sync.unsent and not sync.unsent_blobs:
        return strip(
            _("All at the office"), ft.Icons.CLOUD_DONE, Tone.DONE, identifier="end.all_sent"
        )
    send = side_button(
        _("Sending …") if sync.sending else _("Send now"),
        "end.send",
        desk.send_now,
        icon=ft.Icons.CLOUD_UPLOAD,
    )
    words = unsent_words(sync) + " – " + _("the outbox stays with this device.")
    return strip(words, ft.Icons.CLOUD_QUEUE, Tone.WARN, button=send, identifier="end.unsent")


@ft.component
def _foot(run: RunView, handover: Callable[[], str], sync: SyncView, desk: Desk) -> ft.Control:
    """End now; what is unsent goes later. After it: the runs, or sign out."""

    async def finish() -> None:
        told = handover()
        left = run.tugger and any(call.open for call in run.calls)
        if (told or left) and not desk.told(await actions.hand_over(desk.ctx, run.id, told)):
            return
        desk.told(await actions.finish_run(desk.ctx, run.id))

    async def out() -> None:
        if desk.told(await actions.sign_out(desk.ctx)):
            desk.go("/runs")

    if run.finished_ms is not None:
        return ft.Column(
            [
                big_button(
                    _("To my runs"), "end.runs", lambda: desk.go("/runs"), icon=ft.Icons.LIST_ALT
                ),
                ft.Container(height=0),
                ft.Row([side_button(_("Sign out"), "session.sign_out", out, icon=ft.Icons.LOGOUT)]),
            ],
            spacing=theme.GAP,
            horizontal_alignment=ft.CrossAxisAlignment.STRETCH,
        )
    words = _("End run, send later") if sync.unsent or sync.unsent_blobs else _("End run")
    return big_button(words, "end.finish", finish, icon=ft.Icons.FLAG)
