"""Where the facts are, in every header: icon, word and number, and the way to the sync centre."""

from dataclasses import dataclass
from typing import Literal

import flet as ft

from driver_app import theme
from driver_app.i18n import _
from driver_app.theme import Tone
from driver_app.widgets import text
from driver_app.widgets.buttons import pressable_chip
from driver_app.widgets.press import Act

Where = Literal["all", "sending", "waiting", "look"]


@dataclass(frozen=True)
class BadgeText:
    """What the badge shows."""

    icon: ft.IconData
    words: str
    tone: Tone


def badge_text(where: Where, n: int) -> BadgeText:
    """The words are fixed: drivers learn them once."""
    if where == "all":
        return BadgeText(ft.Icons.CLOUD_DONE, _("All at the office"), Tone.DONE)
    if where == "sending":
        return BadgeText(ft.Icons.CLOUD_UPLOAD, _("Sending {n}").format(n=n), Tone.MAIN)
    if where == "look":
        return BadgeText(ft.Icons.ERROR, _("Look {n}").format(n=n), Tone.BAD)
    return BadgeText(ft.Icons.CLOUD_QUEUE, _("Waiting {n}").format(n=n), Tone.WARN)


def sync_badge(where: Where, n: int, open_centre: Act) -> ft.Control:
    """The badge as a button."""
    shown = badge_text(where, n)
    face = ft.Row(
        [
            ft.Icon(shown.icon, size=24, color=shown.tone.on_tint),
            text.soft(shown.words, color=shown.tone.on_tint, lines=2),
        ],
        spacing=8,
        tight=True,
        alignment=ft.MainAxisAlignment.CENTER,
    )
    return pressable_chip(face, "sync.badge", open_centre, ground=shown.tone.tint, side=theme.HAIR)
