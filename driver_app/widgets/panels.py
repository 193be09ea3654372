"""Surfaces: cards, strips that say something, chips with an icon and a word."""

from collections.abc import Sequence

import flet as ft

from driver_app import theme
from driver_app.theme import Tone
from driver_app.widgets import text

ROUND = 20


def card(controls: Sequence[ft.Control], *, tone: Tone | None = None) -> ft.Control:
    """A group of things that belong together."""
    return ft.Container(
        ft.Column(
            list(controls), spacing=theme.GAP, horizontal_alignment=ft.CrossAxisAlignment.STRETCH
        ),
        bgcolor=theme.CARD if tone is None else tone.tint,
        border_radius=ROUND,
        padding=theme.EDGE,
        border=ft.Border.all(1, theme.HAIR),
    )


def strip(
    words: str,
    icon: ft.IconData,
    tone: Tone,
    *,
    button: ft.Control | None = None,
    identifier: str = "strip",
    inline: bool = False,
) -> ft.Control:
    """One sentence over the full width, with an icon, and what can be done about it.

    `inline`: a short sentence and a short button share one line.
    """
    saying = text.body(words, color=tone.on_tint)
    saying.expand = True
    parts: list[ft.Control] = [ft.Icon(icon, size=28, color=tone.on_tint), saying]
    inner: list[ft.Control] = []
    if button is not None:
        (parts if inline else inner).append(button)
    inner.insert(0, ft.Row(parts, spacing=theme.GAP))
    return ft.Semantics(
        key=identifier,
        identifier=identifier,
        live_region=True,
        content=ft.Container(
            ft.Column(inner, spacing=theme.GAP, horizontal_alignment=ft.CrossAxisAlignment.STRETCH),
            bgcolor=tone.tint,
            border_radius=ROUND,
            padding=theme.EDGE,
            border=ft.Border.all(1, tone.on_tint),
        ),
    )


def chip(words: str, icon: ft.IconData, tone: Tone = Tone.CALM) -> ft.Control:
    """A small sign: icon and word on a quiet ground."""
    saying = text.soft(words, color=tone.on_tint)
    saying.weight = ft.FontWeight.W_700
    return ft.Container(
        ft.Row([ft.Icon(icon, size=20, color=tone.on_tint), saying], spacing=6, tight=True),
        bgcolor=tone.tint,
        border_radius=12,
        padding=ft.Padding.symmetric(horizontal=10, vertical=6),
    )


def chips(items: Sequence[ft.Control]) -> ft.Control:
    """Chips side by side, in as many lines as they need."""
    return ft.Row(list(items), spacing=8, run_spacing=8, wrap=True)


def fact(icon: ft.IconData, words: str) -> ft.Control:
    """A line of knowledge: sign, then the words."""
    saying = text.body(words)
    saying.expand = True
    return ft.Row(
        [ft.Icon(icon, size=24, color=theme.SOFT), saying],
        spacing=theme.GAP,
        vertical_alignment=ft.CrossAxisAlignment.START,
    )


def section(title: str, state: ft.Control | None = None) -> ft.Control:
    """The name of a part of a screen, with its state at the right."""
    name = text.label(title)
    name.expand = True
    return ft.Row([name] if state is None else [name, state], spacing=theme.GAP)


def bar(done: float, tone: Tone = Tone.MAIN) -> ft.Control:
    """How far something is, 0 to 1."""
    return ft.ProgressBar(
        value=max(0.0, min(1.0, done)),
        bar_height=12,
        border_radius=6,
        color=tone.ground,
        bgcolor=theme.HAIR,
    )


def empty(words: str, action: ft.Control | None = None) -> ft.Control:
    """What is missing, in one sentence, and one thing to do."""
    shown: list[ft.Control] = [
        ft.Icon(ft.Icons.INBOX_OUTLINED, size=56, color=theme.SOFT),
        ft.Text(
            words,
            theme_style=ft.TextThemeStyle.BODY_LARGE,
            color=theme.INK,
            text_align=ft.TextAlign.CENTER,
        ),
    ]
    if action is not None:
        shown.append(action)
    return ft.Container(
        ft.Column(shown, spacing=theme.EDGE, horizontal_alignment=ft.CrossAxisAlignment.CENTER),
        padding=theme.EDGE * 2,
        alignment=ft.Alignment.CENTER,
    )
