"""S5: a run on the road: the next stop above everything, the rest as rows."""

import flet as ft

from driver_app import actions, theme
from driver_app.i18n import _, age, day, n_
from driver_app.screens import sheets
from driver_app.screens.changes import change_strip
from driver_app.screens.desk import Beat, Desk, query, run_route, stop_route, use_desk, use_params
from driver_app.screens.frame import frame
from driver_app.screens.lost import lost
from driver_app.screens.start import start_foot, start_list
from driver_app.screens.tugger import tugger
from driver_app.screens.words import (
    behind,
    empties,
    expected,
    goods,
    position_chip,
    side_of_street,
    tile,
    windows,
)
from driver_app.state import RunView, VisitView
from driver_app.theme import Tone
from driver_app.widgets import text
from driver_app.widgets.buttons import big_button, pressable, side_button
from driver_app.widgets.hooks import state
from driver_app.widgets.panels import bar, card, chip, chips, fact
from driver_app.widgets.stop_tile import stop_tile

PAGE = 100


@ft.component
def run_screen() -> ft.View:
    """The run a route names, as its kind wants it shown."""
    desk = use_desk()
    run = desk.run(use_params().get("run", ""))
    if run is None:
        return lost(desk, "/runs/")
    sheet = sheets.sheet_of(desk, run, query("sheet"))
    if sheet is not None:
        return sheet
    shown: ft.View = tugger(run, desk) if run.tugger else _road(desk, run)
    return shown


def _road(desk: Desk, run: RunView) -> ft.View:
    return frame(
        desk,
        run_route(run.id),
        run.name,
        [bar_of(run), change_strip(run, desk), _now(run, desk)],
        side=[_rest(run, desk)],
        footer=[_foot(run, desk)],
        back="/runs",
    )


@ft.component
def bar_of(run: RunView) -> ft.Control:
    """Progress and schedule: how many, and how far ahead or behind, with a word."""
    late = run.delay_s >= 60
    when = chip(
        behind(run.delay_s),
        ft.Icons.SCHEDULE if late else ft.Icons.CHECK,
        Tone.WARN if late else Tone.DONE,
    )
    done = chip(_("{done} of {total}").format(done=run.done, total=run.total), ft.Icons.FLAG)
    return ft.Column(
        [
            bar(run.done / max(1, run.total)),
            chips([done, when, *([position_chip(run)] if run.open else [])]),
        ],
        spacing=8,
    )


@ft.component
def _now(run: RunView, desk: Desk) -> ft.Control:
    """What matters now: start, the next stop, or the way back."""
    if run.started_ms is None:
        return start_list(run)
    if run.next_visit is None or (visit := run.visit(run.next_visit)) is None:
        return card(
            [
                ft.Icon(ft.Icons.HOME, size=44, color=Tone.DONE.ground),
                text.card_title(_("Back to the depot")),
                text.body(_("All stops are done.")),
            ]
        )
    return _next(visit, run, desk, desk.slow)


@ft.component
def _next(visit: VisitView, run: RunView, desk: Desk, beat: Beat) -> ft.Control:
    """The card of the next stop: where, when, what; one note, the newest."""
    del beat  # drawn again as time passes: the expected time carries its age
    rows: list[ft.Control] = [
        ft.Row(
            [
                chip(_("Next {no}").format(no=visit.no), ft.Icons.ARROW_FORWARD, Tone.MAIN),
                *_late(visit),
            ],
            wrap=True,
            spacing=8,
            run_spacing=8,
        ),
        text.card_title(visit.name),
    ]
    place = " · ".join(p for p in (visit.address, side_of_street(visit.side)) if p)
    if place:
        rows.append(fact(ft.Icons.PLACE, place))
    rows.append(fact(ft.Icons.SCHEDULE, _when(run, visit, desk.ctx.now_ms())))
    rows.extend(
        fact(ft.Icons.INVENTORY_2_OUTLINED, words)
        for words in (goods(visit.lines, drop=True), goods(visit.lines, drop=False), empties(visit))
        if words
    )
    if visit.note is not None:
        rows.append(fact(ft.Icons.STICKY_NOTE_2_OUTLINED, _noted(run, visit)))
    if visit.here and visit.arrived_ms is None:
        rows.append(chip(_("You seem to be here"), ft.Icons.MY_LOCATION, Tone.DONE))
    rows.append(_beside(visit, run, desk))
    return card(rows)


def _late(visit: VisitView) -> list[ft.Control]:
    if visit.late_s < 60:
        return []
    return [chip(behind(visit.late_s), ft.Icons.SCHEDULE, Tone.BAD)]


def _when(run: RunView, visit: VisitView, now_ms: int) -> str:
    parts = [windows(run, visit), _("expected {time}").format(time=expected(run, visit))]
    if visit.expected_made_ms is not None:
        made_s = (now_ms - visit.expected_made_ms) // 1000
        parts.append(age(made_s) if made_s >= 60 else "")
    return " · ".join(p for p in parts if p)


def _noted(run: RunView, visit: VisitView) -> str:
    note = visit.note
    assert note is not None
    return f"“{note.text}” {day(note.at_ms, run.utc_offset_s)}, {note.by}"


def _beside(visit: VisitView, run: RunView, desk: Desk) -> ft.Control:
    async def navigate() -> None:
        if visit.lat is not None and visit.lon is not None:
            await desk.ctx.ports.maps.navigate(visit.lat, visit.lon, visit.name)

    known = visit.lat is not None and visit.lon is not None
    way = [side_button(_("Navigate"), "run.next.navigate", navigate, icon=ft.Icons.NAVIGATION)]
    more = side_button(
        _("Details"),
        "run.next.open",
        icon=ft.Icons.LIST_ALT,
        act=lambda: desk.go(stop_route(run.id, visit.id)),
    )
    return ft.Row(
        [*(way if known else []), more], spacing=theme.GAP, run_spacing=theme.GAP, wrap=True
    )


@ft.component
def _rest(run: RunView, desk: Desk) -> ft.Control:
    """The stops after the next one; those with a result fold into one row."""
    shown_all, show_all = state(start=False)
    ahead = [
        v for v in run.visits if not v.final and v.id != run.next_visit and v.state != "hidden"
    ]
    over = [v for v in run.visits if v.final]
    if run.started_ms is None:
        ahead = [v for v in run.visits if not v.final and v.state != "hidden"]
    rows: list[ft.Control] = [_row(v, run, desk) for v in ahead[:PAGE]]
    if over:
        words = n_("{n} done", "{n} done", len(over))
        icon = ft.Icons.EXPAND_LESS if shown_all else ft.Icons.EXPAND_MORE
        rows.append(
            pressable(
                ft.Row(
                    [ft.Icon(icon, size=28, color=theme.SOFT), text.row_title(words)],
                    spacing=theme.GAP,
                ),
                "run.done",
                lambda: show_all(not shown_all),
            )
        )
        rows.extend(_row(v, run, desk) for v in over if shown_all)
    return ft.Column(rows, spacing=8, horizontal_alignment=ft.CrossAxisAlignment.STRETCH)


@ft.component
def _row(visit: VisitView, run: RunView, desk: Desk) -> ft.Control:
    """One visit; it alone is drawn again when it changes."""
    return stop_tile(
        tile(run, visit), f"run.stop.{visit.id}", lambda: desk.go(stop_route(run.id, visit.id))
    )


@ft.component
def _foot(run: RunView, desk: Desk) -> ft.Control:
    """The one thing to do now, with Problem and Break apart from it."""
    if run.started_ms is None:
        return start_foot(run, desk)
    rows: list[ft.Control] = [sheets.undo_bar(run, desk, desk.beat)]
    visit = run.visit(run.next_visit) if run.next_visit is not None else None
    rows.append(_end(run, desk) if visit is None else _go(visit, run, desk))
    rows.append(ft.Container(height=theme.DANGER_GAP - theme.GAP * 2))
    rows.append(
        ft.Row(_quiet(run, desk), spacing=theme.GAP, alignment=ft.MainAxisAlignment.SPACE_BETWEEN)
    )
    return ft.Column(rows, spacing=theme.GAP, horizontal_alignment=ft.CrossAxisAlignment.STRETCH)


def _quiet(run: RunView, desk: Desk) -> list[ft.Control]:
    here = run_route(run.id)
    resting = run.break_started is not None
    return [
        side_button(
            _("Problem"),
            "run.problem",
            lambda: desk.go(f"{here}/problem"),
            icon=ft.Icons.REPORT_PROBLEM_OUTLINED,
        ),
        side_button(
            _("End break") if resting else _("Break"),
            "run.break",
            lambda: desk.go(f"{here}?sheet=break"),
            icon=ft.Icons.FREE_BREAKFAST,
        ),
    ]


def _end(run: RunView, desk: Desk) -> ft.Control:
    return big_button(
        _("End of run"), "run.end", lambda: desk.go(f"{run_route(run.id)}/end"), icon=ft.Icons.FLAG
    )


@ft.component
def _go(visit: VisitView, run: RunView, desk: Desk) -> ft.Control:
    """Arrive; once there, open the stop."""
    route = stop_route(run.id, visit.id)

    async def arrive() -> None:
        if desk.told(await actions.arrive(desk.ctx, visit.id)):
            desk.go(route)

    if visit.arrived_ms is None:
        return big_button(_("Arrive"), "run.next.arrive", arrive, icon=ft.Icons.PLACE)
    return big_button(
        _("Open stop"), "run.next.stop", lambda: desk.go(route), icon=ft.Icons.ARROW_FORWARD
    )
