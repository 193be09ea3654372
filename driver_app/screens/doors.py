"""The doors of the app that lead nowhere yet: locked by the office, or open in another tab."""

import flet as ft

from driver_app import theme
from driver_app.i18n import _
from driver_app.screens.desk import use_desk
from driver_app.screens.frame import frame, view
from driver_app.widgets import text
from driver_app.widgets.buttons import big_button
from driver_app.widgets.panels import card
from driver_app.widgets.press import Act


@ft.component
def locked() -> ft.View:
    """The device was reported stolen: nothing of the plan is shown; facts stay inside."""
    desk = use_desk()
    pair = big_button(_("Pair this device"), "locked.pair", lambda: desk.go("/pair"))
    said = [
        ft.Icon(ft.Icons.LOCK, size=56),
        text.card_title(_("Locked by the office")),
        text.body(_("What you recorded is safe inside. The office can pair this device again.")),
    ]
    return frame(desk, "/locked", _("Locked by the office"), [card(said)], calm=True, footer=[pair])


@ft.component
def elsewhere(take: Act) -> ft.View:
    """Only one tab writes; this one may take over."""
    said = [
        ft.Icon(ft.Icons.TAB, size=56),
        text.card_title(_("Open in another tab")),
        text.body(_("Milk Run is open in another tab of this browser.")),
        big_button(_("Use here"), "elsewhere.take", take),
    ]
    column = ft.Column(
        [ft.Container(card(said), width=560)],
        horizontal_alignment=ft.CrossAxisAlignment.CENTER,
        alignment=ft.MainAxisAlignment.CENTER,
        expand=True,
    )
    return view("/elsewhere", ft.Container(column, padding=theme.EDGE, expand=True))
