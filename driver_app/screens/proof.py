"""S7: the proof of a stop on one sheet; only what is demanded, or what the driver opens."""

from collections.abc import Callable

import flet as ft

from driver_app import actions, theme
from driver_app.actions import Missing
from driver_app.i18n import _, clock, n_
from driver_app.screens.desk import Desk, run_route, stop_route, use_desk, use_params
from driver_app.screens.frame import frame
from driver_app.screens.lost import lost
from driver_app.screens.photos import photo_part
from driver_app.screens.proof_levels import level, level_chip, part_name
from driver_app.screens.proof_parts import (
    empties_part,
    goods_part,
    note_part,
    opened,
    recipient_part,
    scan_part,
    signature_part,
)
from driver_app.state import DraftView, RunView, VisitView
from driver_app.theme import Tone
from driver_app.widgets import text
from driver_app.widgets.buttons import big_button, choice, side_button
from driver_app.widgets.hooks import Put, maybe, state
from driver_app.widgets.panels import card, section, strip

Keep = Callable[[], object]
CLOSED = ("photo", "recipient", "signature", "note")
NO_PARTS: frozenset[str] = frozenset()


@ft.component
def proof() -> ft.View:
    """The sheet of the visit a route names; it is on the disk before anything is shown."""
    desk = use_desk()
    params = use_params()
    run = desk.run(params.get("run", ""))
    visit = desk.visit(params.get("run", ""), params.get("visit", ""))
    draft, set_draft = maybe(DraftView)

    async def load() -> None:
        if visit is not None:
            set_draft(await opened(desk, visit))

    ft.use_effect(load, [None if visit is None else visit.id])
    if run is None or visit is None:
        return lost(desk, "/proof/")
    here = stop_route(run.id, visit.id)
    if draft is None or draft.visit != visit.id:
        return frame(desk, f"{here}/proof", visit.name, [], back=here)
    return frame(
        desk,
        f"{here}/proof",
        visit.name,
        [_first(draft, visit, run, desk)],
        side=[_second(draft, visit, run, desk)],
        footer=[_foot(draft, visit, run, desk)],
        back=here,
    )


@ft.component
def _first(draft: DraftView, visit: VisitView, run: RunView, desk: Desk) -> ft.Control:
    """What was kept from before, then goods, empties and scans."""
    rows: list[ft.Control] = []
    if draft.restored:
        when = clock(draft.saved_ms, run.utc_offset_s)
        rows.append(
            strip(
                _("Restored from {time}").format(time=when),
                ft.Icons.HISTORY,
                Tone.MAIN,
                identifier="proof.restored",
            )
        )
    if draft.recovered:
        words = n_("{n} photo recovered", "{n} photos recovered", draft.recovered)
        rows.append(strip(words, ft.Icons.PHOTO_LIBRARY, Tone.DONE, identifier="proof.recovered"))
    if visit.lines:
        rows.append(card([goods_part(draft, visit, desk)]))
    if visit.empties_plan or draft.given or draft.taken:
        rows.append(card([empties_part(draft, visit, desk)]))
    if any(line.labels for line in visit.lines) or level(visit, "scan") != "off":
        rows.append(card([scan_part(visit, desk)]))
    return _stack(rows)


@ft.component
def _second(draft: DraftView, visit: VisitView, run: RunView, desk: Desk) -> ft.Control:
    """Photo, recipient, signature, note: open where demanded or begun, else one tile each."""
    begun_here, open_part = state(NO_PARTS)
    begun = {
        "photo": bool(draft.files),
        "recipient": bool(draft.signer),
        "signature": bool(draft.strokes),
        "note": bool(draft.note),
    }
    shown = [
        p for p in CLOSED if level(visit, p) in ("required", "warn") or begun[p] or p in begun_here
    ]
    makers = {
        "photo": photo_part,
        "recipient": recipient_part,
        "signature": signature_part,
        "note": note_part,
    }
    rows: list[ft.Control] = [
        card([section(part_name(p), level_chip(level(visit, p))), makers[p](draft, visit, desk)])
        for p in shown
    ]
    more = [
        choice(part_name(p), f"proof.open.{p}", _opener(open_part, p), icon=ft.Icons.ADD)
        for p in CLOSED
        if p not in shown
    ]
    if more:
        rows.append(ft.Row(more, wrap=True, spacing=theme.GAP, run_spacing=theme.GAP))
    rows.append(_kept(draft, run))
    return _stack(rows)


def _opener(open_part: Put[frozenset[str]], part: str) -> Keep:
    return lambda: open_part(lambda was: was | {part})


def _stack(rows: list[ft.Control]) -> ft.Control:
    return ft.Column(rows, spacing=theme.GAP, horizontal_alignment=ft.CrossAxisAlignment.STRETCH)


@ft.component
def _kept(draft: DraftView, run: RunView) -> ft.Control:
    """That the sheet is on the disk, and since when."""
    if not draft.saved_ms:
        return ft.Container(visible=False)
    when = clock(draft.saved_ms, run.utc_offset_s)
    return ft.Semantics(
        identifier="proof.kept", content=text.soft(_("Kept {time}").format(time=when))
    )


@ft.component
def _foot(draft: DraftView, visit: VisitView, run: RunView, desk: Desk) -> ft.Control:
    """Complete; what is missing is said here, with a way on that asks for a reason."""
    missing, set_missing = maybe(Missing)
    saving, set_saving = state(start=False)

    async def finish(*, confirmed: bool = False) -> None:
        set_saving(True)
        found = await actions.complete_stop(desk.ctx, visit.id, draft, confirmed=confirmed)
        set_saving(False)
        set_missing(found if isinstance(found, Missing) else None)
        if not isinstance(found, Missing) and desk.told(found):
            desk.go(run_route(run.id))

    async def cannot(reason: str) -> None:
        draft.no_proof_reason = reason
        await actions.keep(desk.ctx, draft)
        await finish()

    rows: list[ft.Control] = []
    if missing is not None:
        rows.append(lacking_panel(missing, desk, cannot, lambda: finish(confirmed=True)))
    rows.append(
        big_button(
            _("Saving …") if saving else _("Complete stop"),
            "proof.complete",
            finish,
            icon=ft.Icons.CHECK,
            busy=saving,
        )
    )
    rows.append(ft.Container(height=0))
    rows.append(
        ft.Row(
            [
                side_button(
                    _("Problem"),
                    "proof.problem",
                    icon=ft.Icons.REPORT_PROBLEM_OUTLINED,
                    act=lambda: desk.go(f"{stop_route(run.id, visit.id)}/problem"),
                )
            ]
        )
    )
    return _stack(rows)


def lacking_panel(
    missing: Missing, desk: Desk, cannot: Callable[[str], object], anyway: Keep
) -> ft.Control:
    if missing.required:
        names = ", ".join(part_name(p) for p in missing.required)
        words = _("Still needed: {parts}").format(parts=names)
        tiles = [
            choice(said, f"proof.cannot.{key}", _because(cannot, key))
            for key, said in no_proof_reasons(desk)
        ]
        buttons = ft.Column(
            [
                text.label(_("Cannot? Say why:"), color=Tone.BAD.on_tint),
                ft.Row(tiles, wrap=True, spacing=8, run_spacing=8),
            ],
            spacing=8,
        )
        return strip(words, ft.Icons.ERROR, Tone.BAD, button=buttons, identifier="proof.missing")
    names = ", ".join(part_name(p) for p in missing.warn)
    button = side_button(_("Complete anyway"), "proof.anyway", anyway, icon=ft.Icons.CHECK)
    words = _("Not yet there: {parts}").format(parts=names)
    return strip(words, ft.Icons.BACK_HAND, Tone.WARN, button=button, identifier="proof.missing")


def _because(cannot: Callable[[str], object], key: str) -> Keep:
    return lambda: cannot(key)


def no_proof_reasons(desk: Desk) -> list[tuple[str, str]]:
    """Why a proof could not be made: the site's own reasons, else ours."""
    own = [(r.key, r.text) for r in desk.session.reasons if r.about == "no_proof"]
    return own or [
        ("refused", _("Refused")),
        ("camera_broken", _("Camera broken")),
        ("nobody", _("Nobody there")),
        ("other", _("Other reason")),
    ]
