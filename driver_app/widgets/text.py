"""Text by its role in the type scale; sizes and the driver's scale come from the theme."""

import flet as ft

from driver_app import theme


def body(text: str, *, color: str = theme.INK, lines: int | None = None) -> ft.Text:
    """Plain reading text."""
    return _text(text, ft.TextThemeStyle.BODY_LARGE, color, lines)


def soft(text: str, *, color: str = theme.SOFT, lines: int | None = None) -> ft.Text:
    """Secondary text, the smallest there is."""
    return _text(text, ft.TextThemeStyle.BODY_MEDIUM, color, lines)


def label(text: str, *, color: str = theme.INK, lines: int | None = None) -> ft.Text:
    """A bold word on a chip, a button at the side, a section."""
    return _text(text, ft.TextThemeStyle.LABEL_LARGE, color, lines)


def row_title(text: str, *, color: str = theme.INK, lines: int | None = None) -> ft.Text:
    """The name in a row."""
    return _text(text, ft.TextThemeStyle.TITLE_MEDIUM, color, lines)


def action(text: str, *, color: str = theme.INK, lines: int | None = 2) -> ft.Text:
    """The word on a primary button."""
    return _text(text, ft.TextThemeStyle.TITLE_LARGE, color, lines)


def card_title(text: str, *, color: str = theme.INK, lines: int | None = 3) -> ft.Text:
    """The name on the card that matters now."""
    return _text(text, ft.TextThemeStyle.HEADLINE_MEDIUM, color, lines)


def figure(text: str, *, color: str = theme.INK) -> ft.Text:
    """A number to be read from a distance."""
    return _text(text, ft.TextThemeStyle.DISPLAY_MEDIUM, color, 1)


def countdown(text: str, *, color: str = theme.INK) -> ft.Text:
    """The time that is running."""
    shown = _text(text, ft.TextThemeStyle.DISPLAY_LARGE, color, 1)
    shown.no_wrap = True
    return shown


def heading(text: str) -> ft.Control:
    """The title of a screen, announced as a heading."""
    return ft.Semantics(header=True, content=row_title(text, lines=2))


def _text(text: str, role: ft.TextThemeStyle, color: str, lines: int | None) -> ft.Text:
    shown = ft.Text(text, theme_style=role, color=color)
    if lines is not None:
        shown.max_lines = lines
        shown.overflow = ft.TextOverflow.ELLIPSIS
    return shown
