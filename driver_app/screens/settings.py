"""Settings: language, look and text size, changed at once without a restart."""

from collections.abc import Callable, Sequence

import flet as ft

from driver_app import theme
from driver_app.i18n import _
from driver_app.screens.desk import Desk, Look, use_desk
from driver_app.screens.frame import frame
from driver_app.screens.leave import leave_card
from driver_app.theme import Mode
from driver_app.widgets import text
from driver_app.widgets.buttons import choice
from driver_app.widgets.panels import card, fact


@ft.component
def settings() -> ft.View:
    """What the driver likes, and what this device is."""
    desk = use_desk()
    return frame(
        desk,
        "/settings",
        _("Settings"),
        [_likes(desk.look, desk)],
        side=[_device(desk), leave_card(desk.state.sync, desk)],
        back="/runs",
    )


@ft.component
def _likes(look: Look, desk: Desk) -> ft.Control:
    """Tiles, never lists that fold down."""

    def change(name: str) -> Callable[[object], object]:
        async def changed(value: object) -> None:
            setattr(look, name, value)
            await desk.settle(look)

        return changed

    modes = [
        (Mode.SYSTEM, _("Like the device")),
        (Mode.LIGHT, _("Light")),
        (Mode.DARK, _("Dark")),
        (Mode.CONTRAST, _("High contrast")),
    ]
    scales = [(1.0, _("Normal")), (1.3, _("Large")), (1.6, _("Very large"))]
    # Each language in its own words, so that it is found by who needs it.
    langs = [("en", "English"), ("de", "Deutsch")]
    return ft.Column(
        [
            _tiles(_("Language"), "lang", langs, look.lang, change("lang")),
            _tiles(_("Colours"), "mode", modes, look.mode, change("mode")),
            _tiles(_("Text size"), "scale", scales, look.scale, change("scale")),
        ],
        spacing=theme.GAP,
        horizontal_alignment=ft.CrossAxisAlignment.STRETCH,
    )


def _tiles(
    title: str,
    name: str,
    values: Sequence[tuple[object, str]],
    now: object,
    change: Callable[[object], object],
) -> ft.Control:
    def setter(value: object) -> Callable[[], object]:
        return lambda: change(value)

    tiles = [
        choice(words, f"settings.{name}.{value}", setter(value), chosen=value == now)
        for value, words in values
    ]
    return card(
        [text.row_title(title), ft.Row(tiles, wrap=True, spacing=theme.GAP, run_spacing=theme.GAP)]
    )


def _device(desk: Desk) -> ft.Control:
    session = desk.session
    facts = [
        (ft.Icons.SMARTPHONE, session.device_name),
        (ft.Icons.FACTORY, session.site_name),
        (ft.Icons.DNS, session.server_url),
        (ft.Icons.PERSON, session.driver_name),
    ]
    return card(
        [text.row_title(_("This device")), *(fact(icon, words) for icon, words in facts if words)]
    )
