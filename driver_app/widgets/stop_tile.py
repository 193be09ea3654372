"""One visit as a row of the run: number, name, time, state with icon and word."""

from dataclasses import dataclass
from enum import StrEnum

import flet as ft

from driver_app import theme
from driver_app.i18n import _
from driver_app.theme import Tone
from driver_app.widgets import text
from driver_app.widgets.buttons import pressable
from driver_app.widgets.press import Act


class TileState(StrEnum):
    """How a visit stands, as far as a row shows it."""

    OPEN = "open"
    ARRIVED = "arrived"
    DONE = "done"
    PARTLY = "partly"
    FAILED = "failed"
    SKIPPED = "skipped"
    CANCELLED = "cancelled"


@dataclass(frozen=True)
class TileText:
    """What the row says, already in words."""

    no: str
    name: str
    under: str
    state: TileState
    waiting: bool = False
    late: bool = False


def state_mark(state: TileState) -> tuple[ft.IconData, str, Tone]:
    """Icon, word and colour of a state."""
    return {
        TileState.OPEN: (ft.Icons.RADIO_BUTTON_UNCHECKED, _("open"), Tone.CALM),
        TileState.ARRIVED: (ft.Icons.PLACE, _("arrived"), Tone.MAIN),
        TileState.DONE: (ft.Icons.CHECK_CIRCLE, _("done"), Tone.DONE),
        TileState.PARTLY: (ft.Icons.INDETERMINATE_CHECK_BOX, _("partly"), Tone.WARN),
        TileState.FAILED: (ft.Icons.CANCEL, _("failed"), Tone.BAD),
        TileState.SKIPPED: (ft.Icons.SKIP_NEXT, _("skipped"), Tone.WARN),
        TileState.CANCELLED: (ft.Icons.BLOCK, _("cancelled"), Tone.CALM),
    }[state]


def stop_tile(shown: TileText, identifier: str, act: Act) -> ft.Control:
    """A row of at least 72, wherever it is touched it opens the visit."""
    icon, word, tone = state_mark(shown.state)
    under = [shown.under] if shown.state is TileState.OPEN else [word, shown.under]
    if shown.late:
        under.append(_("late"))
    if shown.waiting:
        under.append(_("on this phone"))
    words = ft.Column(
        [
            text.row_title(shown.name, lines=2),
            text.soft(" · ".join(u for u in under if u), lines=2),
        ],
        spacing=2,
        tight=True,
        expand=True,
    )
    row = ft.Row(
        [
            _number(shown.no, tone),
            words,
            ft.Icon(_sign(shown, icon), size=28, color=_ink(shown, tone)),
        ],
        spacing=theme.GAP,
    )
    return pressable(row, identifier, act, high=theme.ROW_HIGH)


def _number(no: str, tone: Tone) -> ft.Control:
    return ft.Container(
        text.label(no, color=tone.on_tint, lines=1),
        width=44,
        height=44,
        border_radius=22,
        bgcolor=tone.tint,
        alignment=ft.Alignment.CENTER,
    )


def _sign(shown: TileText, icon: ft.IconData) -> ft.IconData:
    if shown.waiting:
        return ft.Icons.CLOUD_QUEUE
    if shown.late:
        return ft.Icons.SCHEDULE
    return ft.Icons.CHEVRON_RIGHT if shown.state is TileState.OPEN else icon


def _ink(shown: TileText, tone: Tone) -> str:
    if shown.late:
        return Tone.BAD.ground
    return theme.SOFT if tone in (Tone.CALM, Tone.WARN) else tone.ground
