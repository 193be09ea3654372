"""Where a wedge scanner types: focused, without soft keyboard, one line per scan."""

from collections.abc import Callable

import flet as ft

from driver_app.widgets.hooks import state
from driver_app.widgets.press import marked, run


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
    line, set_line = state("")

    async def submitted(event: ft.Event[ft.TextField]) -> None:
        scanned = (event.control.value or "").strip()
        set_line("")
        if scanned:
            await run(lambda: on_scan(scanned))

    return marked(
        identifier,
        ft.TextField(
            hint_text=hint,
            value=line,
            autofocus=autofocus,
            autocorrect=False,
            enable_suggestions=False,
            keyboard_type=ft.KeyboardType.TEXT if typed else ft.KeyboardType.NONE,
            prefix_icon=ft.Icons.QR_CODE_SCANNER,
            border=ft.OutlineInputBorder(border_radius=16),
            content_padding=20,
            on_change=lambda event: set_line(event.control.value or ""),
            on_submit=submitted,
        ),
    )
