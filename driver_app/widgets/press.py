"""Everything that is touched: an identifier for tests and readers, and no accidental double tap."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any

import flet as ft

Act = Callable[[], Awaitable[object] | object]
TWICE_S = 0.4
TROUBLE = "trouble"
"""Where a session keeps whom to tell when a press failed."""
log = logging.getLogger("driver_app.widgets")


def marked(
    identifier: str, content: ft.Control, *, label: str | None = None, live: bool = False
) -> ft.Semantics:
    """Give a control its stable name; `label` only where it shows no text of its own."""
    return ft.Semantics(
        key=identifier,
        identifier=identifier,
        content=content,
        label=label,
        live_region=live or None,
    )


def once(identifier: str, act: Act) -> Callable[[Any], Awaitable[None]]:
    """Run the act, but ignore a second press of the same button within 400 ms."""

    async def pressed(event: Any) -> None:
        now = asyncio.get_running_loop().time()
        seen = event.page.session.store
        last = seen.get(f"pressed:{identifier}")
        if isinstance(last, float) and now - last < TWICE_S:
            return
        seen.set(f"pressed:{identifier}", now)
        await survive(event, act)

    return pressed


def each(act: Act) -> Callable[[Any], Awaitable[None]]:
    """Run the act at every press: for counting and typing, where quick repeats are meant."""

    async def pressed(event: Any) -> None:
        await survive(event, act)

    return pressed


async def survive(event: Any, act: Act) -> None:
    """Run the act; a fault in it is told to the screen, for Flet would end the whole session."""
    try:
        await run(act)
    except Exception:
        log.exception("a press failed")
        tell = event.page.session.store.get(TROUBLE)
        if callable(tell):
            tell()


async def run(act: Act) -> None:
    """Call an act, and wait for it if it is one that waits."""
    result = act()
    if isinstance(result, Awaitable):
        await result
