"""S14: what is on this phone, what is at the office, what is safe; nothing can be thrown away."""

from collections.abc import Callable

import flet as ft

from driver_app import theme
from driver_app.i18n import _, age, clock
from driver_app.screens.checks import sync_foot
from driver_app.screens.desk import Beat, Desk, use_desk
from driver_app.screens.end import unsent_words
from driver_app.screens.frame import frame
from driver_app.screens.stop import sent_chip
from driver_app.state import SyncItem, SyncView
from driver_app.theme import Tone
from driver_app.widgets import text
from driver_app.widgets.buttons import choice
from driver_app.widgets.hooks import state
from driver_app.widgets.panels import bar, card, chip, empty, fact, strip
from driver_app.widgets.press import Act

SHOWN_MAX = 100
CLOCK_OFF_MS = 120_000


@ft.component
def sync_centre() -> ft.View:
    """Contact, trouble in plain words, and every fact with where it is."""
    desk = use_desk()
    return frame(
        desk,
        "/sync",
        _("Sync"),
        [_contact(desk.state.sync, desk.beat, desk)],
        side=[_facts(desk.state.sync, desk)],
        footer=[sync_foot(desk.state.sync, desk)],
        back=lambda: desk.go(desk.before_sync()),
    )


@ft.component
def _contact(sync: SyncView, beat: Beat, desk: Desk) -> ft.Control:
    """When the office was last reached, how many wait, what went wrong."""
    now_ms = desk.ctx.now_ms() if beat.n >= 0 else 0
    offset_s = desk.session.runs[0].utc_offset_s if desk.session.runs else 0
    if sync.last_contact_ms is None:
        last = _("The office was not reached yet")
    else:
        gone = age((now_ms - sync.last_contact_ms) // 1000)
        last = _("Last contact {time}").format(time=clock(sync.last_contact_ms, offset_s))
        last = f"{last} · {gone}"
    waiting = sync.unsent or sync.unsent_blobs
    rows: list[ft.Control] = [
        text.card_title(unsent_words(sync) if waiting else _("All at the office")),
        fact(ft.Icons.CELL_TOWER, last),
    ]
    if sync.unsafe:
        rows.append(
            fact(
                ft.Icons.VERIFIED_OUTLINED, _("{n} sent, not yet in a backup").format(n=sync.unsafe)
            )
        )
    rows.extend(_trouble(sync, now_ms))
    return card(rows)


def _trouble(sync: SyncView, now_ms: int) -> list[ft.Control]:
    shown: list[ft.Control] = []
    if sync.error:
        words = error_words(sync)
        if sync.next_try_ms is not None:
            wait_s = max(0, (sync.next_try_ms - now_ms) // 1000)
            words += " " + _("Next try in {n} s.").format(n=wait_s)
        shown.append(strip(words, ft.Icons.CLOUD_OFF, Tone.WARN, identifier="sync.error"))
    if abs(sync.clock_off_ms) > CLOCK_OFF_MS:
        words = _("The clock of this device is {n} minutes off.").format(
            n=round(abs(sync.clock_off_ms) / 60_000)
        )
        shown.append(strip(words, ft.Icons.SCHEDULE, Tone.WARN, identifier="sync.clock"))
    if sync.held:
        words = _("The office is looking at {n} of these.").format(n=sync.held)
        shown.append(strip(words, ft.Icons.SUPPORT_AGENT, Tone.WARN, identifier="sync.held"))
    return shown


def error_words(sync: SyncView) -> str:
    """Why the last exchange failed, in plain words."""
    return {
        "unreachable": _("The office cannot be reached. Everything is kept on this phone."),
        "garbled": _("Somebody else answered, perhaps a sign-in page of this network."),
        "bad_token": _("The office must pair this device again. Recording goes on."),
        "token_expired": _("The office must pair this device again. Recording goes on."),
        "slow_down": _("The office asks to wait a moment."),
        "busy": _("The office is busy."),
        "server_full": _("The office's server is full. Everything is kept on this phone."),
    }.get(sync.error, sync.error_detail or _("The last try did not work."))


@ft.component
def _facts(sync: SyncView, desk: Desk) -> ft.Control:
    """The newest facts first; the filter shows all, those waiting, or those to look at."""
    which, show = state("all")
    names = [("all", _("All")), ("waiting", _("Waiting")), ("look", _("Look"))]
    tiles = [
        choice(words, f"sync.filter.{key}", _shower(show, key), chosen=which == key)
        for key, words in names
    ]
    items = [
        i
        for i in sync.items
        if which == "all"
        or (which == "look" and i.attention)
        or (which == "waiting" and i.sent == "phone")
    ]
    offset_s = desk.session.runs[0].utc_offset_s if desk.session.runs else 0
    rows: list[ft.Control] = [_item(i, offset_s) for i in items[:SHOWN_MAX]]
    if not rows:
        rows.append(empty(_("Nothing here.")))
    return ft.Column(
        [ft.Row(tiles, wrap=True, spacing=8, run_spacing=8), *rows],
        spacing=8,
        horizontal_alignment=ft.CrossAxisAlignment.STRETCH,
    )


def _shower(show: Callable[[str], object], key: str) -> Act:
    return lambda: show(key)


def _item(item: SyncItem, offset_s: int) -> ft.Control:
    title = " · ".join(p for p in (fact_name(item.type), item.subject) if p)
    rows: list[ft.Control] = [
        ft.Row(
            [
                text.soft(clock(item.at_ms, offset_s)),
                ft.Container(text.body(title, lines=3), expand=True),
            ],
            spacing=theme.GAP,
            vertical_alignment=ft.CrossAxisAlignment.START,
        ),
        ft.Row([sent_chip(item.sent)], wrap=True),
    ]
    if item.blobs and item.blobs_done < item.blobs:
        rows.append(
            text.soft(_("files {done} of {all}").format(done=item.blobs_done, all=item.blobs))
        )
        rows.append(bar(item.blobs_done / item.blobs))
    if item.attention:
        words = (
            _("Photo unreadable")
            if item.attention == "unreadable"
            else _("The office is looking at this")
        )
        rows.append(chip(words, ft.Icons.ERROR, Tone.BAD))
    return ft.Semantics(
        key=str(item.id),
        identifier=f"sync.item.{item.id}",
        content=ft.Container(
            ft.Column(rows, spacing=6, horizontal_alignment=ft.CrossAxisAlignment.STRETCH),
            bgcolor=theme.CARD,
            border_radius=16,
            padding=12,
        ),
    )


def fact_name(kind: str) -> str:
    """What a fact is called on the screen."""
    return {
        "stop.arrived": _("Arrived"),
        "stop.completed": _("Stop done"),
        "stop.partly": _("Stop partly done"),
        "stop.failed": _("Stop failed"),
        "stop.skipped": _("Stop skipped"),
        "stop.reopened": _("Taken back"),
        "stop.departed": _("Left"),
        "stop.service_started": _("Service started"),
        "plan.acknowledged": _("Plan seen"),
        "run.started": _("Run started"),
        "run.finished": _("Run ended"),
        "run.departed": _("Train left"),
        "run.returned": _("Train is back"),
        "station.done": _("Station done"),
        "station.missed": _("Station missed"),
        "driver.signed_in": _("Signed in"),
        "driver.signed_out": _("Signed out"),
        "load.scanned": _("Scanned"),
        "load.counted": _("Counted"),
        "empties.taken": _("Empties"),
        "andon.raised": _("Andon"),
        "andon.cleared": _("Andon solved"),
        "break.started": _("Break"),
        "break.ended": _("Break ended"),
        "proof.added": _("Photo added"),
        "note.added": _("Note"),
        "run.claimed": _("Run asked for"),
        "run.disrupted": _("Problem"),
        "handover.written": _("Handover"),
        "visit.geotagged": _("Position"),
    }.get(kind, kind)
