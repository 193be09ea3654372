"""The frame of every screen: header with the sync badge, strips, content, primary action below."""

from collections.abc import Callable, Sequence

import flet as ft

from driver_app import theme
from driver_app.i18n import _, n_
from driver_app.screens.desk import Desk, Notice
from driver_app.state import SessionView, SyncView
from driver_app.theme import Tone
from driver_app.widgets import text
from driver_app.widgets.buttons import icon_button, side_button
from driver_app.widgets.panels import strip
from driver_app.widgets.sync_badge import sync_badge

COLUMN = 680


def frame(
    desk: Desk,
    route: str,
    title: str,
    body: Sequence[ft.Control],
    *,
    back: str | Callable[[], object] | None = None,
    side: Sequence[ft.Control] = (),
    footer: Sequence[ft.Control] = (),
    whole: ft.Control | None = None,
    calm: bool = False,
) -> ft.View:
    """Lay out one screen; `side` stands beside the body where there is room, else below it.

    `whole` fills the middle below them; `calm` leaves out badge and strips: before pairing
    there is nothing to send.
    """
    strips: list[ft.Control] = [] if calm else [strips_of(desk.session, desk)]
    wide = desk.look.wide
    full = wide and (bool(side) or whole is not None)
    content = _middle(desk, [*strips, *body], side, whole)
    below = [fault(desk.notice), *footer]
    page = ft.Column(
        [
            _header(desk, title, back, calm=calm),
            ft.Container(content, expand=True, padding=ft.Padding.symmetric(horizontal=theme.EDGE)),
            ft.Container(
                ft.Column(
                    below, spacing=theme.GAP, horizontal_alignment=ft.CrossAxisAlignment.STRETCH
                ),
                padding=ft.Padding.only(
                    left=theme.EDGE, right=theme.EDGE, bottom=theme.EDGE, top=8
                ),
            ),
        ],
        spacing=0,
        expand=True,
        horizontal_alignment=ft.CrossAxisAlignment.STRETCH,
    )
    room = None if full else min(COLUMN * desk.look.scale, desk.look.width)
    return view(route, ft.Container(page, width=room, expand=full), centred=not full)


def _middle(
    desk: Desk, body: Sequence[ft.Control], side: Sequence[ft.Control], whole: ft.Control | None
) -> ft.Control:
    if whole is not None:
        return ft.Column(
            [*body, whole],
            spacing=0,
            expand=True,
            horizontal_alignment=ft.CrossAxisAlignment.STRETCH,
        )
    if not (desk.look.wide and side):
        return _column([*body, *side])
    left, right = _column(body), _column(side)
    left.expand, right.expand = 3, 2
    return ft.Row(
        [left, right],
        spacing=theme.EDGE,
        expand=True,
        vertical_alignment=ft.CrossAxisAlignment.STRETCH,
    )


def view(route: str, content: ft.Control, *, centred: bool = False) -> ft.View:
    """A whole page without anything around the content."""
    inner = (
        ft.Row(
            [content],
            alignment=ft.MainAxisAlignment.CENTER,
            expand=True,
            vertical_alignment=ft.CrossAxisAlignment.STRETCH,
        )
        if centred
        else content
    )
    return ft.View(
        route=route,
        padding=0,
        bgcolor=theme.GROUND,
        controls=[ft.SafeArea(inner, expand=True)],
    )


def _column(controls: Sequence[ft.Control]) -> ft.Column:
    return ft.Column(
        [*controls, ft.Container(height=8)],
        spacing=theme.GAP,
        scroll=ft.ScrollMode.AUTO,
        expand=True,
        horizontal_alignment=ft.CrossAxisAlignment.STRETCH,
    )


def _header(
    desk: Desk,
    title: str,
    back: str | Callable[[], object] | None,
    *,
    calm: bool,
) -> ft.Control:
    name = ft.Container(text.heading(title), expand=True)
    row: list[ft.Control] = [name]
    if back is not None:
        row.insert(0, back_button(desk, back))
    signs: list[ft.Control] = [] if calm else [badge(desk.state.sync, desk)]
    narrow = desk.look.width < 480 * desk.look.scale
    if narrow and desk.look.scale > 1:
        rows: list[ft.Control] = [
            ft.Row(row, spacing=theme.GAP),
            *(ft.Row([sign]) for sign in signs),
        ]
    else:
        rows = [ft.Row([*row, *signs], spacing=theme.GAP)]
    return ft.Container(
        ft.Column(rows, spacing=4, horizontal_alignment=ft.CrossAxisAlignment.STRETCH),
        padding=ft.Padding.only(left=theme.EDGE, right=theme.EDGE, top=8, bottom=8),
    )


def back_button(desk: Desk, back: str | Callable[[], object]) -> ft.Control:
    """The way back, as large as everything else."""

    def leave() -> object:
        if not isinstance(back, str):
            return back()
        desk.go(back)
        return None

    return icon_button(ft.Icons.ARROW_BACK, "nav.back", _("Back"), leave)


@ft.component
def badge(sync: SyncView, desk: Desk) -> ft.Control:
    """The sync badge, drawn again by itself when a number changes."""
    n = sync.attention if sync.word == "look" else sync.unsent + sync.unsent_blobs
    return sync_badge(sync.word, n, lambda: desk.go("/sync"))


@ft.component
def fault(notice: Notice) -> ft.Control:
    """The red panel above the primary action: what happened, what is safe, what to do."""
    said = fault_words(notice.why)
    if not said:
        return ft.Container(visible=False)
    return strip(said, ft.Icons.ERROR, Tone.BAD, identifier="fault")


def fault_words(why: str) -> str:
    """What the driver reads when an act was not saved."""
    return {
        "full": _("Phone memory is full. Nothing was lost; free some space, then try again."),
        "store": _("This could not be saved. The form is kept as it is. Try again."),
        "gone": _("This stop is not on this device any more. What you recorded is kept."),
        "state": _("This is not possible now. Go back and look at the run again."),
        "trouble": _("Something went wrong. What you recorded is kept. Try again."),
        "badge": _("Nobody on this device has this badge. Choose your name, or type it."),
    }.get(why, "")


@ft.component
def strips_of(session: SessionView, desk: Desk) -> ft.Control:
    """What the office or the memory says about this device; recording always goes on."""
    shown = [
        strip(*words, button=button, identifier=name)
        for name, words, button in _standing(session, desk)
    ]
    if not shown:
        return ft.Container(visible=False)
    return ft.Column(shown, spacing=theme.GAP, horizontal_alignment=ft.CrossAxisAlignment.STRETCH)


Saying = tuple[str, tuple[str, ft.IconData, Tone], ft.Control | None]


def _standing(session: SessionView, desk: Desk) -> list[Saying]:
    said: list[Saying] = []
    if session.standing == "pair_again":
        again = side_button(
            _("Pair again"), "pair.again", lambda: desk.go("/pair"), icon=ft.Icons.LINK
        )
        words = _("The office must pair this device again. Recording goes on.")
        said.append(("strip.pair_again", (words, ft.Icons.LINK_OFF, Tone.WARN), again))
    if session.standing == "retired":
        left = n_("{n} record still to send.", "{n} records still to send.", desk.state.sync.unsent)
        words = _("This device is being retired.") + " " + left
        said.append(("strip.retired", (words, ft.Icons.INVENTORY_2_OUTLINED, Tone.WARN), None))
    if session.app_too_old:
        words = _("Update the app. Recording goes on.")
        said.append(("strip.too_old", (words, ft.Icons.SYSTEM_UPDATE, Tone.WARN), None))
    if session.storage_full:
        words = _("Phone memory is full. Stops are saved, photos are not.")
        said.append(("strip.full", (words, ft.Icons.SD_CARD_ALERT, Tone.BAD), None))
    return said
