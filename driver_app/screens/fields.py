"""Text fields of the screens: labelled above, large, told 300 ms after the last key."""

import asyncio
from collections.abc import Callable

import flet as ft

from driver_app.widgets import text as said
from driver_app.widgets.hooks import box
from driver_app.widgets.press import marked, run
from driver_app.widgets.typed import pushed

PAUSE_S = 0.3
NO_TASK: asyncio.Task[None] | None = None
NOTHING: str | None = None


@ft.component
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
    known = box(NOTHING)

    async def submitted(_event: object) -> None:
        if on_submit is not None:
            await run(on_submit)

    def changed(event: ft.Event[ft.TextField]) -> None:
        text = known[0] = event.control.value or ""
        on_change(text)

    shown = _field(lines)
    shown.value = pushed(known, value)
    shown.keyboard_type = kind
    shown.capitalization = ft.TextCapitalization.CHARACTERS if capitals else None
    shown.on_submit = submitted
    shown.on_change = changed
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
    known = box(NOTHING)
    pending = box(NO_TASK)
    begun = box(value)

    async def later(text: str) -> None:
        await asyncio.sleep(PAUSE_S)
        await run(lambda: keep(text))

    def stop() -> bool:
        task = pending[0]
        waited = task is not None and not task.done()
        if task is not None:
            task.cancel()
        return waited

    def changed(event: ft.Event[ft.TextField]) -> None:
        begun[0] = known[0] = event.control.value or ""
        stop()
        pending[0] = asyncio.create_task(later(begun[0]))

    async def left(_event: object) -> None:
        if stop():
            await run(lambda: keep(begun[0]))

    shown = _field(lines)
    shown.value = pushed(known, begun[0])
    shown.on_change, shown.on_blur = changed, left
    return _labelled(label, identifier, shown)


def _field(lines: int) -> ft.TextField:
    """One line, or some that grow."""
    several = lines > 1
    return ft.TextField(
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
