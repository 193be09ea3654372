"""S6: one stop: where, what, how; Arrive, then Complete or Record proof."""

import flet as ft

from driver_app import actions, theme
from driver_app.actions import Missing
from driver_app.i18n import _, amount, minutes
from driver_app.screens import sheets
from driver_app.screens.desk import Desk, run_route, stop_route, use_desk, use_params
from driver_app.screens.frame import frame
from driver_app.screens.lost import lost
from driver_app.screens.proof_levels import demanded, level_chip, part_name
from driver_app.screens.proof_parts import opened
from driver_app.screens.words import STATES, at, expected, position_chip, side_of_street, windows
from driver_app.state import LineView, RunView, VisitView
from driver_app.theme import Tone
from driver_app.widgets import text
from driver_app.widgets.buttons import big_button, side_button
from driver_app.widgets.hooks import state
from driver_app.widgets.panels import card, chip, chips, fact, section, strip
from driver_app.widgets.stepper import stepper
from driver_app.widgets.stop_tile import TileState, state_mark

DOCKS = ("dock", "depot")


@ft.component
def stop() -> ft.View:
    """The visit a route names."""
    desk = use_desk()
    params = use_params()
    run = desk.run(params.get("run", ""))
    visit = desk.visit(params.get("run", ""), params.get("visit", ""))
    if run is None or visit is None:
        return lost(desk, "/stop/")
    return frame(
        desk,
        stop_route(run.id, visit.id),
        f"{visit.no}  {visit.name}",
        [_place(visit, run)],
        side=[_goods(visit, run), _demands(visit), _known(visit)],
        footer=[_foot(visit, run, desk)],
        back=run_route(run.id),
    )


@ft.component
def _place(visit: VisitView, run: RunView) -> ft.Control:
    """State, address, access, hours, contact and the newest note."""
    icon, word, tone = state_mark(STATES.get(visit.state, TileState.OPEN))
    signs = [chip(word, icon, tone)]
    if visit.sent:
        signs.append(sent_chip(visit.sent))
    if run.open:
        signs.append(position_chip(run))
    if visit.off_plan:
        signs.append(chip(_("off plan"), ft.Icons.HELP, Tone.WARN))
    if visit.checking:
        signs.append(chip(_("open, checking"), ft.Icons.HOURGLASS_TOP, Tone.WARN))
    rows: list[ft.Control] = [chips(signs), text.card_title(visit.name)]
    rows.extend(fact(icon, words) for icon, words in _facts(visit, run) if words)
    if visit.note is not None:
        said = f"“{visit.note.text}” {at(run, visit.note.at_ms)}, {visit.note.by}"
        rows.append(fact(ft.Icons.STICKY_NOTE_2_OUTLINED, said))
    return card(rows)


def _facts(visit: VisitView, run: RunView) -> list[tuple[ft.IconData, str]]:
    place = " · ".join(p for p in (visit.address, side_of_street(visit.side)) if p)
    when = _("expected {time}").format(time=expected(run, visit)) if visit.open else ""
    dock = (
        ""
        if visit.appointment_ms is None
        else _("Appointment {time}").format(time=at(run, visit.appointment_ms))
    )
    arrived = (
        ""
        if visit.arrived_ms is None
        else _("Arrived {time}").format(time=at(run, visit.arrived_ms))
    )
    ended = (
        ""
        if visit.completed_ms is None
        else _("Ended {time}").format(time=at(run, visit.completed_ms))
    )
    return [
        (ft.Icons.PLACE, place),
        (ft.Icons.SCHEDULE, " · ".join(p for p in (windows(run, visit), when) if p)),
        (ft.Icons.EVENT_AVAILABLE, dock),
        (ft.Icons.KEY, visit.access),
        (ft.Icons.ACCESS_TIME, visit.hours),
        (ft.Icons.CALL, visit.contact),
        (ft.Icons.FLAG, " · ".join(p for p in (arrived, ended) if p)),
        (ft.Icons.INFO_OUTLINE, visit.reason),
    ]


def sent_chip(sent: str) -> ft.Control:
    """On this phone, at the office, or safe: icon and word."""
    if sent == "phone":
        return chip(_("On this phone"), ft.Icons.SMARTPHONE, Tone.WARN)
    if sent == "safe":
        return chip(_("Safe"), ft.Icons.VERIFIED, Tone.DONE)
    return chip(_("At the office"), ft.Icons.CLOUD_DONE, Tone.DONE)


@ft.component
def _goods(visit: VisitView, run: RunView) -> ft.Control:
    """Lines with quantities, then returnable units."""
    rows: list[ft.Control] = [section(_("Goods"))] if visit.lines else []
    rows.extend(line_row(line, run) for line in visit.lines)
    wanted = {k: n for k, n in visit.empties_plan.items() if n}
    done = visit.empties_taken if visit.final else wanted
    if done:
        rows.append(section(_("Empties to take") if visit.open else _("Empties")))
        rows.extend(fact(ft.Icons.RECYCLING, amount(n, k)) for k, n in done.items())
    return card(rows) if rows else ft.Container(visible=False)


@ft.component
def line_row(line: LineView, run: RunView) -> ft.Control:
    """One line: what, how many, what was counted."""
    del run
    icon = ft.Icons.DOWNLOAD if line.drop else ft.Icons.UPLOAD
    word = _("drop") if line.drop else _("take")
    name = _("Sealed goods") if line.private else (line.name or line.part_no)
    many = amount(line.planned, line.unit)
    if line.done is not None and line.done != line.planned:
        many = _("{done} of {planned}").format(done=line.done, planned=many)
    said = ft.Column(
        [
            text.body(name, lines=2),
            text.soft(" · ".join(p for p in (word, line.part_no, line.order_ref) if p), lines=2),
        ],
        spacing=2,
        expand=True,
    )
    return ft.Row(
        [
            ft.Icon(icon, size=24, color=theme.SOFT, semantics_label=word),
            said,
            text.row_title(many),
        ],
        spacing=theme.GAP,
    )


@ft.component
def _demands(visit: VisitView) -> ft.Control:
    """Which proof is wanted here, before the sheet is opened."""
    wanted = demanded(visit)
    if not wanted or not visit.open:
        return ft.Container(visible=False)
    shown = [
        ft.Row([ft.Container(text.body(part_name(part)), expand=True), level_chip(level)])
        for part, level in wanted
    ]
    return card([section(_("Proof")), *shown])


@ft.component
def _known(visit: VisitView) -> ft.Control:
    """How long the last visits took."""
    if not visit.last_service_s:
        return ft.Container(visible=False)
    times = ", ".join(minutes(s) for s in visit.last_service_s[:3])
    return card([section(_("Last visits")), text.body(times)])


@ft.component
def _foot(visit: VisitView, run: RunView, desk: Desk) -> ft.Control:
    """The primary action by state; Problem apart from it."""
    if visit.final:
        return _after(visit, run, desk)
    if not visit.open:
        return big_button(
            _("Back to the run"),
            "stop.back",
            lambda: desk.go(run_route(run.id)),
            icon=ft.Icons.ARROW_BACK,
        )
    here = stop_route(run.id, visit.id)
    quiet = [
        side_button(
            _("Problem"),
            "stop.problem",
            lambda: desk.go(f"{here}/problem"),
            icon=ft.Icons.REPORT_PROBLEM_OUTLINED,
        )
    ]
    if visit.arrived_ms is None:
        quiet.append(_complete(visit, run, desk, quiet=True))
    else:
        quiet.append(
            side_button(
                _("More proof"),
                "stop.more",
                lambda: desk.go(f"{here}/proof"),
                icon=ft.Icons.ADD_A_PHOTO_OUTLINED,
            )
        )
    primary = _primary(visit, run, desk)
    return ft.Column(
        [
            primary,
            ft.Container(height=0),
            ft.Row(quiet, alignment=ft.MainAxisAlignment.SPACE_BETWEEN, wrap=True),
        ],
        spacing=theme.GAP,
        horizontal_alignment=ft.CrossAxisAlignment.STRETCH,
    )


def _primary(visit: VisitView, run: RunView, desk: Desk) -> ft.Control:
    async def arrive() -> None:
        desk.told(await actions.arrive(desk.ctx, visit.id))

    async def begin() -> None:
        desk.told(await actions.start_service(desk.ctx, visit.id))

    if visit.arrived_ms is None:
        return big_button(_("Arrive"), "stop.arrive", arrive, icon=ft.Icons.PLACE)
    if visit.location_kind in DOCKS and visit.service_started_ms is None:
        return big_button(_("Service starts"), "stop.service", begin, icon=ft.Icons.PLAY_ARROW)
    return _complete(visit, run, desk, quiet=False)


def _complete(visit: VisitView, run: RunView, desk: Desk, *, quiet: bool) -> ft.Control:
    """Complete at once where nothing is demanded, else the proof sheet."""
    proof = f"{stop_route(run.id, visit.id)}/proof"

    async def complete() -> None:
        draft = await opened(desk, visit)
        found = await actions.complete_stop(desk.ctx, visit.id, draft)
        if isinstance(found, Missing):
            desk.go(proof)
        elif desk.told(found):
            desk.go(run_route(run.id))

    must = any(level in ("required", "warn") for _part, level in demanded(visit))
    act = (lambda: desk.go(proof)) if must else complete
    if quiet:
        return side_button(_("Complete"), "stop.complete.early", act, icon=ft.Icons.CHECK)
    if must:
        return big_button(_("Record proof"), "stop.proof", act, icon=ft.Icons.ADD_A_PHOTO)
    return big_button(_("Complete stop"), "stop.complete", act, icon=ft.Icons.CHECK)


@ft.component
def _after(visit: VisitView, run: RunView, desk: Desk) -> ft.Control:
    """With a result: go on, take it back, or correct a quantity."""
    correcting, correct = state(start=False)

    async def reopen() -> None:
        desk.told(await actions.reopen_stop(desk.ctx, visit.id))

    rows: list[ft.Control] = [sheets.undo_bar(run, desk, desk.beat)]
    if correcting:
        rows.extend(_correction(line, desk) for line in visit.lines)
    rows.append(
        big_button(
            _("Back to the run"),
            "stop.back",
            lambda: desk.go(run_route(run.id)),
            icon=ft.Icons.ARROW_BACK,
        )
    )
    quiet = [side_button(_("Reopen"), "stop.reopen", reopen, icon=ft.Icons.UNDO)]
    if visit.lines and not correcting:
        quiet.append(
            side_button(
                _("Correct quantity"),
                "stop.correct",
                lambda: correct(not correcting),
                icon=ft.Icons.EDIT,
            )
        )
    rows.append(ft.Container(height=0))
    rows.append(ft.Row(quiet, alignment=ft.MainAxisAlignment.SPACE_BETWEEN, wrap=True))
    return ft.Column(rows, spacing=theme.GAP, horizontal_alignment=ft.CrossAxisAlignment.STRETCH)


@ft.component
def _correction(line: LineView, desk: Desk) -> ft.Control:
    """Count a line again; the fact before it stays in the log."""

    async def count(n: int) -> None:
        desk.told(await actions.count_line(desk.ctx, line, n))

    now = line.planned if line.done is None else line.done
    return strip(
        line.name,
        ft.Icons.EDIT,
        Tone.CALM,
        identifier=f"stop.correct.{line.id}.row",
        button=stepper(f"stop.correct.{line.id}", now, count),
    )
