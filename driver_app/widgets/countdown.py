"""The time that is left, with a word and a bar: on takt, hurry, or late by so much."""

import flet as ft

from driver_app import theme
from driver_app.i18n import _, minutes, span
from driver_app.theme import Tone
from driver_app.widgets import text
from driver_app.widgets.panels import bar, chip

HURRY_S = 60


def tone_of(left_s: int) -> Tone:
    """Green with time in hand, amber in the last minute, red after."""
    if left_s < 0:
        return Tone.BAD
    return Tone.WARN if left_s <= HURRY_S else Tone.DONE


def word_of(left_s: int) -> str:
    """The same in a word."""
    if left_s < 0:
        return _("late {time}").format(time=minutes(max(60, -left_s)))
    return _("hurry") if left_s <= HURRY_S else _("on takt")


def countdown(title: str, left_s: int, whole_s: int) -> ft.Control:
    """What is counted, the figure, the bar of the takt and its word."""
    gone = 1.0 if whole_s <= 0 else 1 - max(0, left_s) / whole_s
    parts = [
        text.label(title, color=theme.SOFT),
        text.countdown(span(left_s)),
        bar(gone, tone_of(left_s)),
        ft.Row([_word(left_s)]),
    ]
    return _counted(ft.Column(parts, spacing=theme.GAP))


def glance(left_s: int) -> ft.Control:
    """The figure and its word alone, in the middle."""
    parts = [text.countdown(span(left_s)), _word(left_s)]
    centre = ft.CrossAxisAlignment.CENTER
    return _counted(ft.Column(parts, spacing=theme.GAP, horizontal_alignment=centre))


def compact(title: str, left_s: int) -> ft.Control:
    """One line of it, for where room is dear."""
    name = text.label(title, color=theme.SOFT, lines=2)
    name.expand = True
    return _counted(ft.Row([name, text.figure(span(left_s)), _word(left_s)], spacing=theme.GAP))


def _counted(column: ft.Control) -> ft.Control:
    return ft.Semantics(key="countdown", identifier="tugger.countdown", content=column)


def _word(left_s: int) -> ft.Control:
    tone = tone_of(left_s)
    icon = {
        Tone.DONE: ft.Icons.CHECK,
        Tone.WARN: ft.Icons.DIRECTIONS_RUN,
        Tone.BAD: ft.Icons.SCHEDULE,
    }[tone]
    return chip(word_of(left_s), icon, tone)
