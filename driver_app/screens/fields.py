"""Text fields of the screens: labelled above, large, told 300 ms after the last key."""

import asyncio
from collections.abc import Callable

import flet as ft

from driver_app.widgets.press import marked, run

PAUSE_S = 0.3


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
    error: str = "",
) -> ft.Control:
    """A field that tells every change at once."""

    async def submitted(_event: object) -> None:
        if on_submit is not None:
            await run(on_submit)

    return marked(identifier, ft.TextField(
        label=label, value=value, keyboard_type=kind, autocorrect=lines > 1,
        enable_suggestions=lines > 1, multiline=lines > 1, min_lines=lines if lines > 1 else None,
        max_lines=6 if lines > 1 else 1, content_padding=20, error=error or None,
        capitalization=ft.TextCapitalization.CHARACTERS if capitals else None,
        border=ft.OutlineInputBorder(border_radius=16), on_submit=submitted,
        on_change=lambda event: on_change(event.control.value or ""),
    ))


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
    typed, set_typed = ft.use_state(value)
    pending = ft.use_ref(no_task)

    async def later(text: str) -> None:
        await asyncio.sleep(PAUSE_S)
        await run(lambda: keep(text))

    def changed(event: ft.Event[ft.TextField]) -> None:
        text = event.control.value or ""
        set_typed(text)
        if pending.current is not None:
            pending.current.cancel()
        pending.current = asyncio.create_task(later(text))

    async def left(_event: object) -> None:
        if pending.current is not None and not pending.current.done():
            pending.current.cancel()
            await run(lambda: keep(typed))

    return marked(identifier, ft.TextField(
        label=label, value=typed, content_padding=20, multiline=lines > 1,
        min_lines=lines if lines > 1 else None, max_lines=6 if lines > 1 else 1,
        border=ft.OutlineInputBorder(border_radius=16), on_change=changed, on_blur=left,
    ))


def no_task() -> asyncio.Task[None] | None:
    """Nothing is waiting to be kept."""
    return None
