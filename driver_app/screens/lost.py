"""What is shown where a route leads to something that is not on this device any more."""

import flet as ft

from driver_app.i18n import _
from driver_app.screens.desk import Desk
from driver_app.screens.frame import frame
from driver_app.widgets.buttons import side_button
from driver_app.widgets.panels import empty


def lost(desk: Desk, route: str) -> ft.View:
    """One sentence and the way back to the runs."""
    home = side_button(_("To my runs"), "lost.runs", lambda: desk.go("/runs"))
    words = _("This is not on this device any more. What you recorded is kept.")
    return frame(desk, route, _("Runs"), [empty(words, home)], back="/runs")
