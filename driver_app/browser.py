"""The same app as an ASGI sub-app: its sessions run at the server, one data folder per browser."""

import asyncio
import secrets
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import flet as ft
from flet_web.fastapi import app as flet_app
from flet_web.fastapi import app_manager

from driver_app import theme
from driver_app.actions.joining import api_over_http
from driver_app.app import Main, Showing
from driver_app.device.flet_ports import flet_ports
from driver_app.screens.doors import elsewhere
from driver_app.widgets.press import Act

WEB_SESSION_S = 3600
NAME_KEY = "milkrun.name"
NAME_BYTES = 16
GOING_LOOKS = 10
GOING_S = 0.1
NAME_LETTERS = frozenset("0123456789abcdef")
ASSETS = Path(__file__).parent.parent / "assets"


@dataclass
class Mount:
    """An ASGI app with a life of its own."""

    app: Any
    sessions: dict[str, Showing] = field(default_factory=dict)

    async def start(self) -> None:
        """A mounted app gets no lifespan: Flet's session manager is started here."""
        await app_manager.start()

    async def stop(self) -> None:
        """Close every store, then the session manager."""
        for session in list(self.sessions.values()):
            await session.stop()
        self.sessions.clear()
        await app_manager.shutdown()


def mount(base_url: str, data_dir: Path) -> Mount:
    """The factory the server names in its settings; `base_url` is where its API answers."""
    made = Mount(app=None)
    made.app = flet_app(
        make_browser_main(made.sessions, base_url, data_dir),
        app_name="Milk Run",
        app_description="Runs of today, without network too",
        assets_dir=str(ASSETS) if ASSETS.is_dir() else None,
        no_cdn=True,
        session_timeout_seconds=WEB_SESSION_S,
    )
    return made


def make_browser_main(sessions: dict[str, Showing], base_url: str, data_dir: Path) -> Main:
    """One writer per browser: a second tab may take over, but never writes beside the first."""

    async def main(page: ft.Page) -> None:
        name = await browser_name()

        async def begin() -> None:
            await yield_place(sessions, name)
            folder = data_dir / "web" / name
            session = Showing(
                page,
                flet_ports(page),
                api_over_http,
                folder,
                server_hint=base_url,
                take_over=begin,
            )
            sessions[name] = session
            await session.start()

        other = sessions.get(name)
        if other is not None and await stays(other):
            theme.apply(page, theme.Mode.SYSTEM, 1.0)
            page.render_views(tab, begin)
            if await left_alone(sessions, name, other, page):
                await begin()
        else:
            await begin()

    return main


@ft.component
def tab(take: Act) -> list[ft.View]:
    """The message of a tab that does not write."""
    return [elsewhere(take)]


async def yield_place(sessions: dict[str, Showing], name: str) -> None:
    """End the session that holds this browser's folder, and tell its tab."""
    other = sessions.pop(name, None)
    if other is None:
        return
    await other.stop()
    if shown(other):
        # In the other page's own context: Flet draws for the page of the running task.
        other.page.run_task(tell, other)


async def tell(session: Showing) -> None:
    """Show that somebody else writes now."""
    session.desk.gate.stage = "elsewhere"


async def stays(session: Showing) -> bool:
    """Whether its tab is still there in a moment: a reload leaves one that is just going."""
    for _look in range(GOING_LOOKS):
        if not shown(session):
            return False
        await asyncio.sleep(GOING_S)
    return True


async def left_alone(
    sessions: dict[str, Showing], name: str, other: Showing, page: ft.Page
) -> bool:
    """Wait while the other tab is there; whether its place is free for this one then.

    A busy machine may notice only late that the other tab was the same one before a reload.
    """
    while sessions.get(name) is other and page.session.connection is not None:
        if not shown(other):
            return True
        await asyncio.sleep(GOING_S)
    return False


def shown(session: Showing) -> bool:
    """Whether a tab still looks at it."""
    return session.page.session.connection is not None


async def browser_name() -> str:
    """128 random bits the browser keeps in its storage."""
    kept = ft.SharedPreferences()
    name = await kept.get(NAME_KEY)
    if isinstance(name, str) and len(name) == NAME_BYTES * 2 and set(name) <= NAME_LETTERS:
        return name
    fresh = secrets.token_hex(NAME_BYTES)
    await kept.set(NAME_KEY, fresh)
    return fresh
