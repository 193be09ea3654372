"""Before leaving: what the server's gate says, and the start that nothing can stop."""

from collections.abc import Callable

import flet as ft

from driver_app import actions, theme
from driver_app.i18n import _
from driver_app.screens.desk import Desk
from driver_app.screens.words import at
from driver_app.state import RunView
from driver_app.theme import Tone
from driver_app.widgets import text
from driver_app.widgets.buttons import big_button, choice
from driver_app.widgets.hooks import state
from driver_app.widgets.panels import card, fact, strip
from driver_app.widgets.press import Act


def start_list(run: RunView) -> ft.Control:
    """When it leaves, with what, and what speaks against it."""
    rows: list[ft.Control] = [
        text.card_title(_("Leaves {time}").format(time=at(run, run.planned_departure_ms))),
    ]
    if run.vehicle_name:
        rows.append(fact(ft.Icons.LOCAL_SHIPPING, run.vehicle_name))
    if run.planned_return_ms:
        back = _("Back about {time}").format(time=at(run, run.planned_return_ms))
        rows.append(fact(ft.Icons.HOME, back))
    rows.extend(
        strip(
            item.sentence,
            ft.Icons.WARNING,
            Tone.BAD if item.severity == "block" else Tone.WARN,
            identifier=f"start.gate.{item.item}",
        )
        for item in run.gate
    )
    return card(rows)


@ft.component
def start_foot(run: RunView, desk: Desk) -> ft.Control:
    """Start; open blocks ask for a reason first, then it is a fact."""
    asking, ask = state(start=False)
    blocks = [item.item for item in run.gate if item.severity == "block"]

    async def start(reason: str = "") -> None:
        overrides = [(item, reason) for item in blocks]
        desk.told(await actions.start_run(desk.ctx, run.id, overrides))

    async def pressed() -> None:
        if blocks:
            ask(not asking)
        else:
            await start()

    if not asking:
        return big_button(_("Start run"), "run.start", pressed, icon=ft.Icons.PLAY_ARROW)
    tiles = [
        choice(words, f"run.start.because.{key}", _starter(start, key))
        for key, words in _reasons(desk)
    ]
    return card(
        [
            text.row_title(_("Why do you leave anyway?")),
            ft.Row(tiles, wrap=True, spacing=theme.GAP, run_spacing=theme.GAP),
        ]
    )


def _starter(start: Callable[[str], object], key: str) -> Act:
    return lambda: start(key)


def _reasons(desk: Desk) -> list[tuple[str, str]]:
    own = [(r.key, r.text) for r in desk.session.reasons if r.about == "gate"]
    return own or [
        ("office_agreed", _("The office agreed")),
        ("checked", _("I checked it")),
        ("other", _("Other reason")),
    ]
