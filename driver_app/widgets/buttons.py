"""Buttons: one primary per screen, quiet ones beside it, tiles to choose from."""

import flet as ft

from driver_app import theme
from driver_app.theme import Tone
from driver_app.widgets import text
from driver_app.widgets.press import Act, each, marked, once

ROUND = 16


def big_button(
    words: str,
    identifier: str,
    act: Act,
    *,
    tone: Tone = Tone.MAIN,
    icon: ft.IconData | None = None,
    busy: bool = False,
) -> ft.Control:
    """The primary action of a screen: full width, at least 80 high, at the bottom."""
    ink = tone.on_ground
    return marked(
        identifier,
        ft.FilledButton(
            content=_grown(theme.PRIMARY_HIGH, _face(text.action(words, color=ink), icon, ink, 32)),
            width=float("inf"),
            disabled=busy,
            on_click=once(identifier, act),
            style=_style(tone.ground, ink, padding=20),
        ),
    )


def side_button(
    words: str,
    identifier: str,
    act: Act,
    *,
    icon: ft.IconData | None = None,
    tone: Tone = Tone.CALM,
    grow: bool = False,
) -> ft.Control:
    """A quiet action beside the primary one."""
    ink = tone.on_tint
    button = ft.FilledButton(
        content=_grown(theme.TOUCH, _face(text.label(words, color=ink, lines=2), icon, ink, 26)),
        on_click=once(identifier, act),
        style=_style(tone.tint, ink, padding=16, side=theme.LINE),
        width=float("inf") if grow else None,
    )
    return _shared(marked(identifier, button), share=grow)


def choice(
    words: str,
    identifier: str,
    act: Act,
    *,
    chosen: bool = False,
    icon: ft.IconData | None = None,
) -> ft.Control:
    """A tile of a small set; the chosen one carries a tick and the main colour."""
    tone = Tone.MAIN if chosen else Tone.CALM
    mark = ft.Icons.CHECK if chosen else icon
    tile = marked(
        identifier,
        ft.FilledButton(
            content=_grown(
                theme.TOUCH,
                _face(text.label(words, color=tone.on_ground), mark, tone.on_ground, 26),
            ),
            on_click=each(act),
            style=_style(tone.ground, tone.on_ground, padding=16, side=theme.LINE),
        ),
    )
    tile.selected = chosen
    return tile


def icon_button(
    icon: ft.IconData,
    identifier: str,
    label: str,
    act: Act,
    *,
    size: int = theme.TOUCH,
    repeat: bool = False,
    tone: Tone = Tone.CALM,
    wide: bool = False,
) -> ft.Control:
    """A square button whose sign needs a spoken name; `wide` takes its share of a row."""
    button = ft.FilledButton(
        content=ft.Icon(icon, size=30, color=tone.on_ground, semantics_label=label),
        width=float("inf") if wide else size,
        height=size,
        style=_style(tone.ground, tone.on_ground, padding=0),
        on_click=each(act) if repeat else once(identifier, act),
    )
    return _shared(marked(identifier, button), share=wide)


def tile_button(words: str, identifier: str, act: Act, *, tone: Tone = Tone.CALM) -> ft.Control:
    """A key that takes its share of a row and may be pressed in quick repetition."""
    named = marked(
        identifier,
        ft.FilledButton(
            content=_grown(theme.TOUCH, text.action(words, color=tone.on_ground)),
            width=float("inf"),
            style=_style(tone.ground, tone.on_ground, padding=0),
            on_click=each(act),
        ),
    )
    named.expand = True
    return named


def pressable(
    content: ft.Control,
    identifier: str,
    act: Act,
    *,
    high: int = theme.ROW_HIGH,
    ground: str = theme.CARD,
    side: str | None = None,
) -> ft.Control:
    """A whole row or card that can be touched."""
    return marked(
        identifier,
        ft.FilledButton(
            content=_grown(high, _aired(content)),
            width=float("inf"),
            on_click=once(identifier, act),
            style=_style(ground, theme.INK, padding=16, side=side),
        ),
    )


def _shared(named: ft.Control, *, share: bool) -> ft.Control:
    """Take a share of the row; said only when meant, for a wrapping row bears no such child."""
    if share:
        named.expand = True
    return named


def _face(words: ft.Text, icon: ft.IconData | None, ink: str, size: int) -> ft.Control:
    if icon is None:
        return words
    words.expand = True
    words.expand_loose = True
    return ft.Row(
        [ft.Icon(icon, size=size, color=ink), words],
        spacing=theme.GAP,
        tight=True,
        alignment=ft.MainAxisAlignment.CENTER,
    )


def _grown(high: int, content: ft.Control) -> ft.Control:
    """At least this high, higher when the text needs it: a strut beside the content."""
    content.expand = True
    content.expand_loose = True
    if isinstance(content, ft.Text):
        content.text_align = ft.TextAlign.CENTER
    return ft.Row(
        [ft.Container(width=0, height=high), content],
        spacing=0,
        alignment=ft.MainAxisAlignment.CENTER,
        tight=True,
    )


def _aired(content: ft.Control) -> ft.Control:
    return ft.Container(content, padding=ft.Padding.symmetric(vertical=10))


def _style(ground: str, ink: str, *, padding: int, side: str | None = None) -> ft.ButtonStyle:
    return ft.ButtonStyle(
        bgcolor={ft.ControlState.DISABLED: theme.TILE, ft.ControlState.DEFAULT: ground},
        color={ft.ControlState.DISABLED: theme.SOFT, ft.ControlState.DEFAULT: ink},
        padding=ft.Padding.symmetric(horizontal=padding, vertical=0),
        shape=ft.RoundedRectangleBorder(radius=ROUND),
        elevation=0,
        side=ft.BorderSide(1, side) if side else None,
    )


def pressable_chip(
    content: ft.Control,
    identifier: str,
    act: Act,
    *,
    ground: str,
    side: str,
) -> ft.Control:
    """A small sign that is also a way somewhere: still 64 high."""
    return marked(
        identifier,
        ft.FilledButton(
            content=content,
            height=theme.TOUCH,
            on_click=once(identifier, act),
            style=_style(ground, theme.INK, padding=12, side=side),
        ),
    )
