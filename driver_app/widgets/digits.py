"""A pad of big digits: PINs, codes and quantities without a keyboard."""

from collections.abc import Callable

import flet as ft

from driver_app import theme
from driver_app.i18n import _
from driver_app.theme import Tone
from driver_app.widgets.buttons import icon_button, tile_button

ROWS = (("1", "2", "3"), ("4", "5", "6"), ("7", "8", "9"))


def digit_pad(
    identifier: str,
    on_digit: Callable[[str], object],
    on_erase: Callable[[], object],
) -> ft.Control:
    """Digits as on a telephone, with a key that takes the last one back."""
    rows: list[ft.Control] = [
        ft.Row([_key(identifier, d, on_digit) for d in row], spacing=theme.GAP) for row in ROWS
    ]
    erase = icon_button(
        ft.Icons.BACKSPACE_OUTLINED,
        f"{identifier}.erase",
        _("Erase"),
        on_erase,
        repeat=True,
        wide=True,
    )
    rows.append(
        ft.Row(
            [ft.Container(expand=True), _key(identifier, "0", on_digit), erase],
            spacing=theme.GAP,
        )
    )
    return ft.Column(rows, spacing=theme.GAP)


def _key(identifier: str, digit: str, on_digit: Callable[[str], object]) -> ft.Control:
    def press() -> object:
        return on_digit(digit)

    return tile_button(digit, f"{identifier}.{digit}", press, tone=Tone.CALM)
