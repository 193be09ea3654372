"""Where a wedge scanner types: focused, without soft keyboard, one line per scan."""

from collections.abc import Callable

import flet as ft

from driver_app.widgets.hooks import box, state
from driver_app.widgets.press import marked, survive
from driver_app.widgets.typed import pushed

NOTHING: str | None = None


@ft.component
def scan_field(
    identifier: str,
    hint: str,
    on_scan: Callable[[str], object],
    *,
    typed: bool = False,
    autofocus: bool = True,
) -> ft.Control:
    """Hand over each scanned or typed line and stand ready for the next one."""
    known = box(NOTHING)
    count, set_count = state(0)

    async def submitted(event: ft.Event[ft.TextField]) -> None:
        line = known[0] = event.control.value or ""
        set_count(lambda was: was + 1)
        if scanned := line.strip():
            await survive(event, lambda: on_scan(scanned))

    def changed(event: ft.Event[ft.TextField]) -> None:
        begun[0] = known[0] = event.control.value or ""

    begun = box(NOTHING)
    cleared = box(0)
    if cleared[0] != count:
        cleared[0], begun[0] = count, ""
    return marked(
        identifier,
        ft.TextField(
            hint_text=hint,
            value=pushed(known, begun[0] or ""),
            autofocus=autofocus,
            autocorrect=False,
            enable_suggestions=False,
            keyboard_type=ft.KeyboardType.TEXT if typed else ft.KeyboardType.NONE,
            prefix_icon=ft.Icons.QR_CODE_SCANNER,
            border=ft.OutlineInputBorder(border_radius=16),
            content_padding=20,
            on_change=changed,
            on_submit=submitted,
        ),
    )
