"""Hangs the pages up in the app."""

from collections.abc import Sequence

from fastapi import APIRouter, FastAPI

from server.web import (
    cards_page,
    devices,
    held_page,
    imports_page,
    loops_page,
    masters,
    plant_page,
    proofs_page,
    runs_page,
    sign_in,
    static_files,
    stream,
    today,
)

ROUTERS: Sequence[APIRouter] = (
    sign_in.router,
    today.router,
    runs_page.router,
    loops_page.router,
    plant_page.router,
    cards_page.router,
    proofs_page.router,
    imports_page.router,
    held_page.router,
    devices.router,
    masters.router,
    stream.router,
)


def hang_up(app: FastAPI) -> None:
    """Add every page, the board's stream and the static files."""
    for router in ROUTERS:
        # As they stand: to include a router builds each of its routes anew for this app.
        app.router.routes.extend(router.routes)
    app.mount(static_files.base(), static_files.files(), name="static")
