"""Text fields of the screens: labelled above, large, told 300 ms after the last key."""

import asyncio
from collections.abc import Callable

import flet as ft

from driver_app.widgets import text as said
from driver_app.widgets.hooks import box, state
from driver_app.widgets.press import marked, run

PAUSE_S = 0.3
NO_TASK: asyncio.Task[None] | None = None


def field(
    label: str,
    identifier: str,
    value: str,
    on_change: Callable[[str], object],
    *,
    on_submit: Callable[[], object] | None = None,
    kind: ft.KeyboardType = ft.KeyboardType.TEXT,
    capitals: bool = False,
    lines: int = 1,
) -> ft.Control:
    """A field that tells every change at once."""

    async def submitted(_event: object) -> None:
        if on_submit is not None:
            await run(on_submit)

    shown = _field(value, lines)
    shown.keyboard_type = kind
    shown.capitalization = ft.TextCapitalization.CHARACTERS if capitals else None
    shown.on_submit = submitted
    shown.on_change = lambda event: on_change(event.control.value or "")
    return _labelled(label, identifier, shown)


@ft.component
def kept_field(
    label: str,
    identifier: str,
    value: str,
    keep: Callable[[str], object],
    *,
    lines: int = 1,
) -> ft.Control:
    """A field of a sheet: what is typed is kept 300 ms after the last key, and on leaving it."""
    typed, set_typed = state(value)
    pending = box(NO_TASK)

    async def later(text: str) -> None:
        await asyncio.sleep(PAUSE_S)
        await run(lambda: keep(text))

    def changed(event: ft.Event[ft.TextField]) -> None:
        text = event.control.value or ""
        set_typed(text)
        if (task := pending[0]) is not None:
            task.cancel()
        pending[0] = asyncio.create_task(later(text))

    async def left(_event: object) -> None:
        if (task := pending[0]) is not None and not task.done():
            task.cancel()
            await run(lambda: keep(typed))

    shown = _field(typed, lines)
    shown.on_change, shown.on_blur = changed, left
    return _labelled(label, identifier, shown)


def _field(value: str, lines: int) -> ft.TextField:
    """One line, or some that grow."""
    several = lines > 1
    return ft.TextField(
        value=value,
        autocorrect=several,
        enable_suggestions=several,
        multiline=several,
        min_lines=lines if several else None,
        max_lines=6 if several else 1,
        content_padding=20,
        border=ft.OutlineInputBorder(border_radius=16),
    )


def _labelled(label: str, identifier: str, shown: ft.Control) -> ft.Control:
    """The label stands above in full size; a floating one would be too small to read."""
    return ft.Column(
        [said.label(label), marked(identifier, shown, label=label)],
        spacing=6,
        horizontal_alignment=ft.CrossAxisAlignment.STRETCH,
    )
