"""The composition root of the app."""

import flet as ft

from driver_app.screens.changes import changes
from driver_app.screens.desk import DESK, Desk, Gate, Look
from driver_app.screens.end import end
from driver_app.screens.pairing import pairing
from driver_app.screens.problem import problem, run_problem
from driver_app.screens.proof import proof
from driver_app.screens.run import run_screen
from driver_app.screens.runs import runs
from driver_app.screens.settings import settings
from driver_app.screens.sign_in import sign_in
from driver_app.screens.stop import stop
from driver_app.screens.sync_centre import sync_centre


def routes() -> list[ft.Route]:
    """Every screen and where it lives; a child stands above its parent, so that back works."""
    of_stop = [
        ft.Route(path="proof", component=proof),
        ft.Route(path="problem", component=problem),
    ]
    of_run = [
        ft.Route(path="stops/:visit", component=stop, children=of_stop),
        ft.Route(path="changes", component=changes),
        ft.Route(path="end", component=end),
        ft.Route(path="problem", component=run_problem),
    ]
    return [
        ft.Route(index=True, component=runs),
        ft.Route(
            path="runs",
            component=runs,
            children=[
                ft.Route(path=":run", component=run_screen, children=of_run),
            ],
        ),
        ft.Route(path="pair", component=pairing),
        ft.Route(path="sign-in", component=runs),
        ft.Route(path="sync", component=sync_centre),
        ft.Route(path="settings", component=settings),
    ]


@ft.component
def root(gate: Gate, look: Look, desk: Desk) -> list[ft.View]:
    """The door that is open now; a changed look draws everything again."""
    del look
    shown = {"pair": pairing, "sign_in": sign_in}.get(gate.stage)
    return DESK(
        desk, lambda: ft.Router(routes(), manage_views=True) if shown is None else [shown()]
    )
