"""The foot of the sync centre: send now, check everything at the office, export the outbox."""

import flet as ft

from driver_app import actions, theme
from driver_app.actions import Exported
from driver_app.i18n import _, clock, n_
from driver_app.screens.desk import Desk
from driver_app.state import SyncView
from driver_app.sync.verify import Checked
from driver_app.theme import Tone
from driver_app.widgets import text
from driver_app.widgets.buttons import big_button, side_button
from driver_app.widgets.hooks import state
from driver_app.widgets.panels import strip

UNCHECKED: Checked | None = None
NO_FILE: Exported | None = None


@ft.component
def sync_foot(sync: SyncView, desk: Desk) -> ft.Control:
    """One primary act and two quiet ones; what they found stands above them."""
    asked, set_asked = state(start=False)
    checked, set_checked = state(UNCHECKED)
    file, set_file = state(NO_FILE)

    async def check() -> None:
        set_checked(await actions.check_all(desk.ctx))
        set_asked(True)

    async def export() -> None:
        found = await actions.export_outbox(desk.ctx)
        if desk.told(found) and isinstance(found, Exported):
            set_file(found)

    rows: list[ft.Control] = []
    if asked:
        rows.append(_checked(checked, desk))
    if file is not None:
        rows.append(_exported(file))
    rows.append(
        big_button(
            _("Sending …") if sync.sending else _("Send now"),
            "sync.send",
            desk.send_now,
            icon=ft.Icons.CLOUD_UPLOAD,
            busy=sync.sending,
        )
    )
    quiet = [
        side_button(_("Check all"), "sync.check", check, icon=ft.Icons.FACT_CHECK_OUTLINED),
        side_button(_("Export"), "sync.export", export, icon=ft.Icons.IOS_SHARE),
    ]
    rows.append(ft.Row(quiet, spacing=theme.GAP, run_spacing=8, wrap=True))
    return ft.Column(rows, spacing=theme.GAP, horizontal_alignment=ft.CrossAxisAlignment.STRETCH)


def _checked(found: Checked | None, desk: Desk) -> ft.Control:
    """How many records and files are at the office, or what is not."""
    if found is None:
        words = _("The office cannot be reached. Everything is kept on this phone.")
        return strip(words, ft.Icons.CLOUD_OFF, Tone.WARN, identifier="sync.checked")
    records = n_("{n} record", "{n} records", found.records)
    files = n_("{n} file", "{n} files", found.files)
    if found.whole:
        offset_s = desk.session.runs[0].utc_offset_s if desk.session.runs else 0
        words = _("{records} and {files} checked at {time}").format(
            records=records, files=files, time=clock(desk.ctx.now_ms(), offset_s)
        )
        return strip(words, ft.Icons.VERIFIED, Tone.DONE, identifier="sync.checked")
    if found.lost and not found.unsent + found.missing:
        words = n_(
            "{n} photo can no longer be read on this phone; the rest is at the office.",
            "{n} photos can no longer be read on this phone; the rest is at the office.",
            found.lost,
        )
        return strip(words, ft.Icons.BROKEN_IMAGE, Tone.WARN, identifier="sync.checked")
    words = _("Not at the office yet: {n}. They are sent again.").format(
        n=found.unsent + found.missing
    )
    return strip(words, ft.Icons.SYNC_PROBLEM, Tone.WARN, identifier="sync.checked")


def _exported(file: Exported) -> ft.Control:
    """Where the file is, for devices that cannot share it."""
    records = n_("{n} record", "{n} records", file.count)
    words = _("{records} are in the file {name}").format(records=records, name=file.path.name)
    shown = strip(words, ft.Icons.IOS_SHARE, Tone.DONE, identifier="sync.exported")
    if not file.left_out:
        return shown
    left = n_("{n} photo could not be read", "{n} photos could not be read", file.left_out)
    return ft.Column([shown, text.body(left)], spacing=4)
