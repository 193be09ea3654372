"""Leaving the office for good: with something unsent only after the export and its number (C11)."""

import flet as ft

from driver_app import actions, theme
from driver_app.actions import Exported, StillUnsent
from driver_app.i18n import _, n_
from driver_app.screens.desk import Desk
from driver_app.screens.end import unsent_words
from driver_app.screens.fields import field
from driver_app.state import SyncView
from driver_app.theme import Tone
from driver_app.widgets import text
from driver_app.widgets.buttons import side_button
from driver_app.widgets.hooks import current, state
from driver_app.widgets.panels import card, strip

NO_FILE: Exported | None = None
DIGITS_MAX = 9


@ft.component
def leave_card(sync: SyncView, desk: Desk) -> ft.Control:
    """A quiet button; opened, it says what would stay behind and what to do about it first."""
    opened, set_opened = state(start=False)
    if not opened:
        ask = side_button(
            _("Unpair this device"),
            "settings.unpair",
            lambda: set_opened(True),
            icon=ft.Icons.LINK_OFF,
        )
        return card([text.row_title(_("Leave this office")), ft.Row([ask])])
    stay = side_button(_("Stay paired"), "leave.stay", lambda: set_opened(False))
    waiting = sync.unsent + sync.unsent_blobs
    parts = _guarded(sync, desk) if waiting else _free(desk)
    return card([text.row_title(_("Leave this office")), parts, ft.Row([stay])])


@ft.component
def _free(desk: Desk) -> ft.Control:
    """Nothing would be left behind: one more press."""

    async def leave() -> None:
        await actions.unpair(desk.ctx)

    words = _("Everything is at the office. Plan and names on this device are deleted.")
    go = side_button(_("Unpair now"), "leave.go", leave, icon=ft.Icons.LINK_OFF, tone=Tone.BAD)
    return _column([text.body(words), ft.Row([go])])


@ft.component
def _guarded(sync: SyncView, desk: Desk) -> ft.Control:
    """First the file, then the number of what is unsent, then the way out."""
    file, set_file = state(NO_FILE)
    typed, set_typed = state("")
    refused, set_refused = state("")

    async def export() -> None:
        found = await actions.export_outbox(desk.ctx)
        if desk.told(found) and isinstance(found, Exported):
            set_file(found)
            set_refused("")

    async def leave() -> None:
        digits = current(set_typed)
        number = int(digits) if digits.isdecimal() and len(digits) <= DIGITS_MAX else None
        answer = await actions.unpair(desk.ctx, number)
        if isinstance(answer, StillUnsent):
            set_refused(_why(answer))

    rows: list[ft.Control] = [
        strip(unsent_words(sync), ft.Icons.CLOUD_QUEUE, Tone.WARN, identifier="leave.unsent"),
        text.body(_("1. Save the export and hand it to the office.")),
        ft.Row([side_button(_("Export"), "leave.export", export, icon=ft.Icons.IOS_SHARE)]),
    ]
    if file is not None:
        saved = _("Saved: {name}").format(name=file.path.name)
        rows.append(strip(saved, ft.Icons.CHECK, Tone.DONE, identifier="leave.exported"))
    label = _("2. Type how many are unsent: {n}").format(n=sync.unsent + sync.unsent_blobs)
    rows.append(field(label, "leave.number", typed, set_typed, kind=ft.KeyboardType.NUMBER))
    go = side_button(_("Unpair now"), "leave.go", leave, icon=ft.Icons.LINK_OFF, tone=Tone.BAD)
    rows.append(ft.Row([go]))
    if refused:
        rows.append(strip(refused, ft.Icons.ERROR, Tone.BAD, identifier="leave.refused"))
    return _column(rows)


def _why(answer: StillUnsent) -> str:
    if not answer.exported:
        return _("Save the export first; it must hold everything recorded until now.")
    return n_("Type {n} to leave it behind.", "Type {n} to leave them behind.", answer.unsent)


def _column(rows: list[ft.Control]) -> ft.Control:
    return ft.Column(rows, spacing=theme.GAP, horizontal_alignment=ft.CrossAxisAlignment.STRETCH)
