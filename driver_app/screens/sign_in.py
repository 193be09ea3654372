"""S2: who drives, by badge, by name and PIN, or typed; the same without network."""

from collections.abc import Callable

import flet as ft

from driver_app import actions, theme
from driver_app.actions import NotKnown, SignedIn, WrongPin
from driver_app.i18n import _, n_, span
from driver_app.screens.desk import Beat, Desk, use_desk
from driver_app.screens.fields import field
from driver_app.screens.frame import frame
from driver_app.state import DriverTile, SessionView
from driver_app.theme import Tone
from driver_app.widgets import text
from driver_app.widgets.buttons import big_button, pressable, side_button
from driver_app.widgets.digits import digit_pad
from driver_app.widgets.hooks import current, maybe, state
from driver_app.widgets.panels import card, empty, strip
from driver_app.widgets.press import Act
from driver_app.widgets.scan_field import scan_field

PIN_SIGNS = 8


@ft.component
def sign_in() -> ft.View:
    """Choose the way in; the first runs are behind it."""
    desk = use_desk()
    chosen, choose = maybe(DriverTile)
    unlisted, set_unlisted = state(start=False)
    if unlisted:
        return _unlisted(desk, lambda: set_unlisted(False))
    if chosen is not None:
        return _pin(desk, chosen, lambda: choose(None))

    async def badge(scanned: str) -> None:
        found = await actions.sign_in_badge(desk.ctx, scanned)
        await _greet(desk, found)
        desk.notice.why = "badge" if isinstance(found, NotKnown) else desk.notice.why

    session = desk.session
    scan = scan_field("sign_in.badge", _("Scan your badge"), badge)
    return frame(
        desk,
        "/sign-in",
        _("Who is driving?"),
        [_site(session), card([scan])],
        side=[_people(session, choose)],
        footer=[
            side_button(
                _("I am not on the list"),
                "sign_in.unlisted",
                lambda: set_unlisted(True),
                icon=ft.Icons.PERSON_ADD,
                grow=False,
            )
        ],
    )


@ft.component
def _people(session: SessionView, choose: Callable[[DriverTile], object]) -> ft.Control:
    """The names on this device; drawn again when the first contact brings them."""
    known: list[ft.Control] = [_tile(d, choose) for d in session.drivers if d.has_pin]
    if known:
        known.insert(0, text.label(_("Or choose your name")))
    else:
        words = _("No names are on this device yet. They come with the first contact.")
        known.append(empty(words))
    return ft.Column(known, spacing=theme.GAP, horizontal_alignment=ft.CrossAxisAlignment.STRETCH)


@ft.component
def _site(session: SessionView) -> ft.Control:
    """Where this device belongs; the site's name comes with the first contact."""
    named = " · ".join(n for n in (session.site_name, session.device_name) if n)
    return text.body(named or _("This device is paired."))


def _tile(driver: DriverTile, choose: Callable[[DriverTile], object]) -> ft.Control:
    row = ft.Row(
        [
            ft.Icon(ft.Icons.PERSON, size=30, color=theme.SOFT),
            ft.Container(text.row_title(driver.name, lines=2), expand=True),
            ft.Icon(ft.Icons.CHEVRON_RIGHT, size=28, color=theme.SOFT),
        ],
        spacing=theme.GAP,
    )
    return pressable(row, f"sign_in.driver.{driver.id}", lambda: choose(driver))


def _pin(desk: Desk, driver: DriverTile, back: Act) -> ft.View:
    return frame(desk, "/sign-in", driver.name, [_pin_sheet(driver, desk.session, desk)], back=back)


@ft.component
def _pin_sheet(driver: DriverTile, session: SessionView, desk: Desk) -> ft.Control:
    """The digits typed so far, the pad, and how many tries are left."""
    pin, set_pin = state("")

    async def enter() -> None:
        found = await actions.sign_in_pin(desk.ctx, driver.id, current(set_pin))
        set_pin("")
        await _greet(desk, found)
        if isinstance(found, WrongPin):
            desk.notice.why = "pin"

    dots = text.figure("•" * len(pin) or "–")
    dots.text_align = ft.TextAlign.CENTER
    return ft.Column(
        [
            card(
                [
                    text.label(_("Type your PIN")),
                    ft.Semantics(
                        identifier="sign_in.pin.shown",
                        label=_("{n} digits typed").format(n=len(pin)),
                        content=ft.Row([dots], alignment=ft.MainAxisAlignment.CENTER),
                    ),
                ]
            ),
            _tries(session, desk.beat, desk),
            digit_pad(
                "sign_in.pin",
                lambda d: set_pin(lambda was: (was + d)[:PIN_SIGNS]),
                lambda: set_pin(lambda was: was[:-1]),
            ),
            big_button(_("Sign in"), "sign_in.enter", enter, icon=ft.Icons.LOGIN),
        ],
        spacing=theme.GAP,
        horizontal_alignment=ft.CrossAxisAlignment.STRETCH,
    )


@ft.component
def _tries(session: SessionView, beat: Beat, desk: Desk) -> ft.Control:
    """After a wrong PIN: tries left, then how long to wait."""
    left_s = (session.pin_locked_until_ms - desk.ctx.now_ms()) // 1000 if beat.n >= 0 else 0
    if left_s > 0:
        words = _("Too many tries. Wait {time}.").format(time=span(left_s))
        return strip(words, ft.Icons.LOCK_CLOCK, Tone.BAD, identifier="sign_in.wait")
    if desk.notice.why == "pin":
        left = n_("{n} try left", "{n} tries left", session.pin_tries_left)
        words = _("Wrong PIN.") + " " + left
        return strip(words, ft.Icons.ERROR, Tone.BAD, identifier="sign_in.tries")
    return ft.Container(visible=False)


def _unlisted(desk: Desk, back: Act) -> ft.View:
    return frame(desk, "/sign-in", _("Not on the list"), [_unlisted_sheet(desk)], back=back)


@ft.component
def _unlisted_sheet(desk: Desk) -> ft.Control:
    """A typed name is enough to work; the office gives it a person later."""
    name, set_name = state("")

    async def enter() -> None:
        if typed := current(set_name).strip():
            await _greet(desk, await actions.sign_in_unlisted(desk.ctx, typed))

    return ft.Column(
        [
            card(
                [
                    text.body(_("Type your name. Everything you do counts; the office adds you.")),
                    field(_("Your name"), "sign_in.name", name, set_name, on_submit=enter),
                ]
            ),
            big_button(_("Start working"), "sign_in.unlisted.enter", enter, icon=ft.Icons.LOGIN),
        ],
        spacing=theme.GAP,
        horizontal_alignment=ft.CrossAxisAlignment.STRETCH,
    )


async def _greet(desk: Desk, found: object) -> None:
    """The driver's language comes with the sign-in."""
    desk.told(found)
    if isinstance(found, SignedIn):
        desk.look.lang = found.lang
        await desk.settle(desk.look)
        desk.go("/runs")
