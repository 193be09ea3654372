"""What every screen is given: state, acts, look, notices and the way to other screens."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import parse_qs, urlparse

import flet as ft

from driver_app import theme
from driver_app.actions import Ctx, NotSaved
from driver_app.i18n import Speech
from driver_app.state import AppState, RunView, SessionView, VisitView
from driver_app.widgets.press import Act
from shared.ids import RunId, VisitId

Stage = Literal["pair", "sign_in", "work", "locked", "elsewhere"]


@dataclass(eq=False)
class Look(ft.Observable):
    """How the driver wants it shown, and how much room there is."""

    width: float = 412
    height: float = 915
    mode: theme.Mode = theme.Mode.SYSTEM
    scale: float = 1.0
    lang: str = "en"

    @property
    def narrow(self) -> bool:
        """Whether a name and a stepper do not fit beside each other."""
        return self.width < theme.NARROW_TO * self.scale

    @property
    def wide(self) -> bool:
        """Whether two or three columns fit."""
        return self.width >= theme.WIDE_FROM * self.scale and self.width > self.height


@dataclass(eq=False)
class Gate(ft.Observable):
    """Which door of the app is open: pairing, sign-in, work, or none."""

    stage: Stage = "pair"


@dataclass(eq=False)
class Notice(ft.Observable):
    """What the last act could not do; shown until the next one."""

    why: str = ""


@dataclass(eq=False)
class Beat(ft.Observable):
    """The passing of time for parts that show it: drawn again at each count."""

    n: int = 0


@dataclass(frozen=True)
class Desk:
    """One session's parts as the screens use them."""

    ctx: Ctx
    speech: Speech
    go: Callable[[str], None]
    send_now: Callable[[], None]
    settle: Callable[[Look], Awaitable[None]]
    """Put a changed look on the page and keep it."""
    look: Look = field(default_factory=Look)
    gate: Gate = field(default_factory=Gate)
    notice: Notice = field(default_factory=Notice)
    beat: Beat = field(default_factory=Beat)
    """Once a second."""
    slow: Beat = field(default_factory=Beat)
    """Once in ten seconds."""
    before_sync: Callable[[], str] = lambda: "/runs"
    """Where the sync centre was opened from."""
    server_hint: str = ""
    """Address offered at pairing: the browser preview knows its server."""
    camera_view: Callable[[], ft.Control] | None = None
    """Makes the picture of the open camera; None where there is none."""
    take_over: Act | None = None
    """Browser preview: use the app in this tab."""

    @property
    def state(self) -> AppState:
        """What screens look at."""
        return self.ctx.state

    @property
    def session(self) -> SessionView:
        """Who uses the device, and its runs."""
        return self.ctx.state.session

    def run(self, run: str) -> RunView | None:
        """The run a route names."""
        return next((view for view in self.session.runs if str(view.id) == run), None)

    def visit(self, run: str, visit: str) -> VisitView | None:
        """The visit a route names."""
        found = self.run(run)
        if found is None:
            return None
        return next((view for view in found.visits if str(view.id) == visit), None)

    def told(self, outcome: object) -> bool:
        """Show what an act could not do; True when it was saved."""
        self.notice.why = outcome.why if isinstance(outcome, NotSaved) else ""
        return not isinstance(outcome, NotSaved)


DESK: ft.ContextProvider[Desk | None] = ft.create_context(None)


def use_desk() -> Desk:
    """The desk of this session; call it once, first, in each component that needs it."""
    desk = ft.use_context(DESK)
    assert desk is not None, "screens are rendered below the desk"
    return desk


def use_params() -> dict[str, str]:
    """The names in the route."""
    return ft.use_route_params()


def query(name: str) -> str:
    """A word of the route's query, or nothing."""
    route = ft.context.page.route or ""
    return parse_qs(urlparse(route).query).get(name, [""])[0]


def run_route(run: RunId) -> str:
    """Where a run is shown."""
    return f"/runs/{run}"


def stop_route(run: RunId, visit: VisitId) -> str:
    """Where a visit is shown."""
    return f"/runs/{run}/stops/{visit}"
