"""A quantity with a big minus and a big plus; a tap on the number opens the digit pad."""

from collections.abc import Callable

import flet as ft

from driver_app import theme
from driver_app.i18n import _
from driver_app.theme import Tone
from driver_app.widgets import text
from driver_app.widgets.buttons import icon_button, side_button
from driver_app.widgets.digits import digit_pad
from driver_app.widgets.hooks import box, current, state
from driver_app.widgets.press import marked, once

STEP = 80
DIGITS_MAX = 4


@ft.component
def stepper(
    identifier: str,
    value: int,
    on_value: Callable[[int], object],
    *,
    least: int = 0,
    most: int | None = None,
) -> ft.Control:
    """Count up and down, never below `least` or above `most`."""
    typed, set_typed = state("")
    opened, set_opened = state(start=False)

    # Two quick presses may both come before the next drawing: they count from here.
    counted = box(value)
    counted[0] = value

    def to(wanted: int) -> object:
        top = wanted if most is None else min(most, wanted)
        counted[0] = max(least, top)
        return on_value(counted[0])

    def close() -> object:
        set_opened(False)
        digits = current(set_typed)
        return to(int(digits)) if digits else None

    def toggle() -> None:
        set_typed("")
        set_opened(not opened)

    shown = typed if opened and typed else str(value)
    row = _row(identifier, shown, lambda by: to(counted[0] + by), toggle)
    if not opened:
        return row
    pad = digit_pad(
        f"{identifier}.pad",
        lambda digit: set_typed(lambda was: (was + digit)[:DIGITS_MAX]),
        lambda: set_typed(lambda was: was[:-1]),
    )
    ok = side_button(
        _("Take this number"), f"{identifier}.ok", close, icon=ft.Icons.CHECK, tone=Tone.MAIN
    )
    return ft.Column([row, pad, ok], spacing=theme.GAP)


def _row(
    identifier: str, shown: str, step: Callable[[int], object], toggle: Callable[[], None]
) -> ft.Control:
    less, more = f"{identifier}.minus", f"{identifier}.plus"
    minus, plus = ft.Icons.REMOVE, ft.Icons.ADD
    return ft.Row(
        [
            icon_button(minus, less, _("Less"), lambda: step(-1), size=STEP, repeat=True),
            _number(identifier, shown, toggle),
            icon_button(plus, more, _("More"), lambda: step(1), size=STEP, repeat=True),
        ],
        spacing=theme.GAP,
        tight=True,
    )


def _number(identifier: str, shown: str, toggle: Callable[[], None]) -> ft.Control:
    return marked(
        f"{identifier}.value",
        ft.TextButton(
            content=text.figure(shown),
            width=STEP + 16,
            height=STEP,
            on_click=once(f"{identifier}.value", toggle),
            style=ft.ButtonStyle(padding=0, shape=ft.RoundedRectangleBorder(radius=16)),
        ),
    )


def count_row(said: ft.Control, counter: ft.Control, *, narrow: bool) -> ft.Control:
    """What is counted beside its stepper, or above it where there is no room."""
    if narrow:
        return ft.Column([said, counter], spacing=8)
    return ft.Row([ft.Container(said, expand=True), counter], spacing=theme.GAP)
