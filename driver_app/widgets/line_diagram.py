"""The circle of a tugger drawn as a line: what is done, where the train is, who waits for boxes."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import flet as ft

from driver_app import theme
from driver_app.i18n import _
from driver_app.theme import Tone
from driver_app.widgets import text


class Place(StrEnum):
    """What a station on the line is to the train now."""

    DONE = "done"
    MISSED = "missed"
    HERE = "here"
    AHEAD = "ahead"


@dataclass(frozen=True)
class Station:
    """One dot of the line."""

    id: str
    name: str
    place: Place
    calls: int = 0


_MARKS = {
    Place.DONE: (ft.Icons.CHECK_CIRCLE, Tone.DONE.ground),
    Place.MISSED: (ft.Icons.CANCEL, Tone.BAD.ground),
    Place.HERE: (ft.Icons.RADIO_BUTTON_CHECKED, Tone.MAIN.ground),
    Place.AHEAD: (ft.Icons.RADIO_BUTTON_UNCHECKED, theme.LINE),
}


def line_diagram(stations: Sequence[Station]) -> ft.Control:
    """Stations in the order of the loop, from the first to the return."""
    return ft.Column([_dot(s) for s in stations], spacing=0)


def _dot(station: Station) -> ft.Control:
    icon, color = _MARKS[station.place]
    here = station.place is Place.HERE
    name = (text.label if here else text.soft)(station.name, color=theme.INK, lines=2)
    name.expand = True
    row: list[ft.Control] = [
        ft.Icon(icon, size=26, color=color, semantics_label=_said(station)),
        name,
    ]
    if station.calls:
        row.append(
            ft.Row(
                [
                    text.label(str(station.calls)),
                    ft.Icon(
                        ft.Icons.INVENTORY_2_OUTLINED,
                        size=18,
                        color=theme.SOFT,
                        semantics_label=_("calls"),
                    ),
                ],
                spacing=4,
                tight=True,
            )
        )
    return ft.Semantics(
        key=f"line.{station.id}",
        identifier=f"tugger.line.{station.id}",
        content=ft.Container(
            ft.Row(row, spacing=10),
            padding=ft.Padding.symmetric(horizontal=10, vertical=8),
            bgcolor=Tone.MAIN.tint if here else None,
            border_radius=12,
        ),
    )


def _said(station: Station) -> str:
    return {
        Place.DONE: _("done"),
        Place.MISSED: _("missed"),
        Place.HERE: _("here"),
        Place.AHEAD: _("ahead"),
    }[station.place]
