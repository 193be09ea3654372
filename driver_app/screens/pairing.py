"""S1: bind the device to a site by a code; the only screen that needs the network."""

from collections.abc import Callable

import flet as ft

from driver_app import actions
from driver_app.actions import Compare, NotPaired, Paired
from driver_app.i18n import _
from driver_app.screens.desk import use_desk
from driver_app.screens.fields import field
from driver_app.screens.frame import frame
from driver_app.theme import Tone
from driver_app.widgets import text
from driver_app.widgets.buttons import big_button, side_button
from driver_app.widgets.hooks import current, state
from driver_app.widgets.panels import card, strip

Answer = Paired | NotPaired | Compare | None
UNANSWERED: Answer = None


@ft.component
def pairing() -> ft.View:
    """Server, code and name; a wrong code says so and nothing typed is lost."""
    desk = use_desk()
    again = desk.session.standing not in ("new", "stolen")
    server, set_server = state(desk.session.server_url or desk.server_hint)
    code, set_code = state("")
    name, set_name = state(desk.session.device_name)
    answer, set_answer = state(UNANSWERED)
    busy, set_busy = state(start=False)

    def take_code(typed: str) -> None:
        link = actions.read_link(typed)
        set_code(typed if link is None else link.code)
        if link is not None:
            set_server(link.url)

    async def pair(digits: str = "") -> None:
        set_busy(True)
        set_answer(None)
        told = current(set_server), current(set_code), current(set_name)
        found = await actions.pair(desk.ctx, *told, ca_digest=digits)
        set_busy(False)
        set_answer(found)
        if isinstance(found, Paired) and again:
            desk.go("/runs")

    fields = [
        text.body(_("Ask the office for a pairing code, then type it here.")),
        field(_("Server address"), "pair.server", server, set_server, kind=ft.KeyboardType.URL),
        field(
            _("Code (8 characters)"), "pair.code", code, take_code, capitals=True, on_submit=pair
        ),
        field(_("Name of this device"), "pair.name", name, set_name),
    ]
    waiting = _("Pairing …") if busy else _("Pair")
    return frame(
        desk,
        "/pair",
        _("Pair this device"),
        [card(fields), *_answered(answer, server, pair)],
        back="/runs" if again else None,
        calm=True,
        footer=[big_button(waiting, "pair.pair", pair, icon=ft.Icons.LINK, busy=busy)],
    )


def _answered(answer: Answer, server: str, pair: Callable[[str], object]) -> list[ft.Control]:
    if isinstance(answer, NotPaired):
        again = side_button(_("Try again"), "pair.retry", lambda: pair(""), icon=ft.Icons.REFRESH)
        return [
            strip(
                _why(answer, server),
                ft.Icons.ERROR,
                Tone.BAD,
                button=again,
                identifier="pair.answer",
            )
        ]
    if isinstance(answer, Compare):
        digits = answer.digits
        same = side_button(
            _("They are the same"), "pair.same", lambda: pair(digits), icon=ft.Icons.CHECK
        )
        words = _("Compare with the office's page: {digits}").format(digits=digits)
        return [
            strip(words, ft.Icons.FINGERPRINT, Tone.WARN, button=same, identifier="pair.compare")
        ]
    return []


def _why(answer: NotPaired, server: str) -> str:
    said = {
        "unreachable": _("No connection to {server}. Check the address and the network."),
        "no_https": _("{server} is not a safe address. It must begin with https://."),
        "bad_code": _("The code is wrong or too old. Ask the office for a new one."),
        "unsent": _("Another server still has to get records from this device. Send them first."),
        "slow_down": _("Too many wrong codes. Wait ten minutes, then try again."),
        "garbled": _("{server} answered, but it is not a Milk Run server."),
    }.get(answer.why, answer.detail or _("Pairing did not work. Try again."))
    return said.format(server=server)
