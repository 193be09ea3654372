"""S16: the tugger's home: the line, the station, the countdown, one big button."""

import flet as ft

from driver_app import theme
from driver_app.i18n import _, age, clock, minutes
from driver_app.screens.changes import change_strip
from driver_app.screens.desk import Beat, Desk, run_route
from driver_app.screens.frame import fault, frame, strips_of, view
from driver_app.screens.handovers import handover_strip
from driver_app.screens.station import (
    arriver,
    station_foot,
    station_part,
    supermarket_part,
)
from driver_app.screens.words import at, position_chip
from driver_app.state import RunView, TaktView, VisitView
from driver_app.theme import Tone
from driver_app.widgets import text
from driver_app.widgets.buttons import big_button, side_button
from driver_app.widgets.countdown import compact, countdown, glance
from driver_app.widgets.line_diagram import Place, Station, line_diagram
from driver_app.widgets.panels import card, fact, section, strip

LEFT = 250
RIGHT = 330
CALLS_MAX = 4


@ft.component
def tugger(run: RunView, desk: Desk) -> ft.View:
    """The tugger's screen; what it shows follows the station that is next."""
    visit = run.visit(run.next_visit) if run.next_visit is not None else None
    shown: ft.View = _home(run, desk) if visit is None else _station(visit, run, desk)
    return shown


@ft.component
def _station(visit: VisitView, run: RunView, desk: Desk) -> ft.View:
    """The home, or the glance while the train moves."""
    if run.departed_ms is not None and _moving(visit):
        return view(run_route(run.id), _glance(visit, run, desk))
    return _home(run, desk)


def _home(run: RunView, desk: Desk) -> ft.View:
    if desk.look.wide:
        return _landscape(desk, run)
    parts = [
        andon_strip(run, desk),
        change_strip(run, desk),
        *_before_leaving(run, desk),
        _middle(run, desk),
        _why_card(run, desk),
        card([_line(run)]),
        _calls(run, desk.slow, desk),
    ]
    time = [_ticking(run.takt, run, small=True)] if run.takt is not None else []
    footer = [*time, _foot(run, desk)]
    return frame(desk, run_route(run.id), title_of(run), parts, footer=footer, back="/runs")


def _before_leaving(run: RunView, desk: Desk) -> list[ft.Control]:
    """What the shift before left is taken over before the train leaves."""
    return [handover_strip(run, desk)] if run.departed_ms is None else []


@ft.component
def _why_card(run: RunView, desk: Desk) -> ft.Control:
    """Where the countdown stands above the button, its reason stands by itself."""
    if run.takt is None or not (run.takt.why or run.open):
        return ft.Container(visible=False)
    signs = [ft.Row([position_chip(run)])] if run.open else []
    return card([_why(run.takt, desk.slow, desk), *signs])


def title_of(run: RunView) -> str:
    """The loop and its cycle."""
    cycle = run.takt.cycle_no if run.takt is not None else 0
    if not cycle:
        return run.name
    return run.name + " · " + _("cycle {n}").format(n=cycle)


def _moving(visit: VisitView) -> bool:
    """Without a position: from the last station done until this one is reached."""
    return visit.arrived_ms is None and not visit.here


def _landscape(desk: Desk, run: RunView) -> ft.View:
    def column(controls: list[ft.Control], width: float | None) -> ft.Control:
        return ft.Column(
            controls,
            spacing=theme.GAP,
            width=width,
            expand=width is None,
            scroll=ft.ScrollMode.AUTO,
            horizontal_alignment=ft.CrossAxisAlignment.STRETCH,
        )

    scale = desk.look.scale
    body = ft.Row(
        [
            column([card([_line(run)])], LEFT * scale),
            column([_middle(run, desk)], None),
            column([_time(run, desk), _calls(run, desk.slow, desk)], RIGHT * scale),
        ],
        spacing=theme.EDGE,
        expand=True,
        vertical_alignment=ft.CrossAxisAlignment.START,
    )
    # One page-wide column: strips over the full width, three parts that scroll below them.
    return frame(
        desk,
        run_route(run.id),
        title_of(run),
        [_strips(run, desk)],
        back="/runs",
        whole=body,
        footer=[_foot(run, desk)],
    )


@ft.component
def _strips(run: RunView, desk: Desk) -> ft.Control:
    """Andon and plan change over the three columns, apart from them."""
    shown = [andon_strip(run, desk)] if run.andons else []
    if run.handovers:
        shown.extend(_before_leaving(run, desk))
    if run.diff or run.note is not None:
        shown.append(change_strip(run, desk))
    return ft.Container(
        ft.Column(shown, spacing=theme.GAP, horizontal_alignment=ft.CrossAxisAlignment.STRETCH),
        visible=bool(shown),
        padding=ft.Padding.only(bottom=theme.GAP),
    )


@ft.component
def _line(run: RunView) -> ft.Control:
    """Every station of the loop with what it is now."""
    gone, back = run.departed_ms is not None, run.next_visit is None
    home = _("Supermarket")
    stations = [
        Station(str(v.id), v.name, _place(v, run), _open_calls(v, run))
        for v in run.visits
        if v.state != "hidden"
    ]
    return line_diagram(
        [
            Station("start", home, Place.DONE if gone else Place.HERE),
            *stations,
            Station("end", home, Place.HERE if gone and back else Place.AHEAD),
        ]
    )


def _place(visit: VisitView, run: RunView) -> Place:
    if visit.state in ("done", "partly"):
        return Place.DONE
    if visit.final or visit.state == "cancelled":
        return Place.MISSED
    here = run.departed_ms is not None and visit.id == run.next_visit
    return Place.HERE if here else Place.AHEAD


def _open_calls(visit: VisitView, run: RunView) -> int:
    """Boxes a station waits for: planned ones and called ones."""
    if visit.final:
        return 0
    called = sum(one.boxes for one in run.calls if one.open and one.visit == visit.id)
    return called + sum(line.planned for line in visit.lines if line.drop)


@ft.component
def _time(run: RunView, desk: Desk) -> ft.Control:
    """The countdown, why the train leaves then, and how old that advice is."""
    if run.takt is None:
        return ft.Container(visible=False)
    signs = [ft.Row([position_chip(run)])] if run.open else []
    return card([_ticking(run.takt, run), _why(run.takt, desk.slow, desk), *signs])


@ft.component
def _ticking(takt: TaktView, run: RunView, *, small: bool = False) -> ft.Control:
    """Drawn again every second; nothing else is."""
    visit = run.visit(run.next_visit) if run.next_visit is not None else None
    standing = run.departed_ms is None or (visit is not None and visit.arrived_ms is not None)
    title = _("Leave in") if standing else _("Next station in")
    if small:
        return compact(title, takt.left_s)
    return countdown(title, takt.left_s, takt.takt_s)


@ft.component
def _why(takt: TaktView, beat: Beat, desk: Desk) -> ft.Control:
    """The policy's reason with its age; without contact the timetable counts."""
    if not takt.why:
        return ft.Container(visible=False)
    gone_s = (desk.ctx.now_ms() - takt.why_made_ms) // 1000 if beat.n >= 0 else 0
    return fact(ft.Icons.INFO_OUTLINE, f"{takt.why} · {age(gone_s)}")


@ft.component
def _middle(run: RunView, desk: Desk) -> ft.Control:
    """The load list before leaving, the station after it, the way back at the end."""
    if run.departed_ms is None:
        return supermarket_part(run, desk, desk.slow)
    visit = run.visit(run.next_visit) if run.next_visit is not None else None
    if visit is None:
        return card(
            [
                text.card_title(_("All stations are done")),
                text.body(_("Drive back to the supermarket.")),
            ]
        )
    return station_part(visit, run, desk)


@ft.component
def _calls(run: RunView, beat: Beat, desk: Desk) -> ft.Control:
    """Stations ahead that wait for something, and in how many minutes they are due."""
    now_ms = desk.ctx.now_ms() if beat.n >= 0 else 0
    here = run.next_visit if run.departed_ms is not None else None
    ahead = [v for v in run.visits if v.open and _open_calls(v, run) and v.id != here]
    every = side_button(
        _("All calls"),
        "tugger.calls",
        lambda: desk.go(f"{run_route(run.id)}?sheet=calls"),
        icon=ft.Icons.LIST_ALT,
    )
    if not ahead:
        return card([ft.Row([every])]) if run.cards or run.calls else ft.Container(visible=False)
    rows: list[ft.Control] = [section(_("Next calls"))]
    for visit in ahead[:CALLS_MAX]:
        due_s = ((visit.expected_ms or visit.planned_arrival_ms) - now_ms) // 1000
        when = minutes(due_s) if due_s >= 0 else _("late {time}").format(time=minutes(-due_s))
        rows.append(
            ft.Row(
                [ft.Container(text.body(visit.name, lines=2), expand=True), text.label(when)],
                spacing=theme.GAP,
            )
        )
    rows.append(ft.Row([every]))
    return card(rows)


@ft.component
def andon_strip(run: RunView, desk: Desk) -> ft.Control:
    """An open Andon stays over the full width until it is solved."""
    if not run.andons:
        return ft.Container(visible=False)
    _id, _category, at_ms, seen = run.andons[-1]
    when = clock(at_ms, run.utc_offset_s)
    state = _("somebody has seen it") if seen else _("nobody has seen it yet")
    words = _("Andon raised {time}, {state}").format(time=when, state=state)
    look = side_button(
        _("Look"),
        "tugger.andon.look",
        icon=ft.Icons.VISIBILITY,
        act=lambda: desk.go(f"{run_route(run.id)}?sheet=andon"),
    )
    return strip(
        words,
        ft.Icons.CAMPAIGN,
        Tone.WARN if seen else Tone.BAD,
        button=look,
        inline=desk.look.wide,
        identifier="strip.andon",
    )


@ft.component
def _foot(run: RunView, desk: Desk) -> ft.Control:
    """The one act of this moment, the quiet ones below it."""
    here = run_route(run.id)
    resting = run.break_started is not None
    quiet = [
        side_button(
            _("Andon"),
            "tugger.andon",
            lambda: desk.go(f"{here}?sheet=andon"),
            icon=ft.Icons.CAMPAIGN,
            tone=Tone.BAD,
        ),
        side_button(
            _("End break") if resting else _("Break"),
            "run.break",
            lambda: desk.go(f"{here}?sheet=break"),
            icon=ft.Icons.FREE_BREAKFAST,
        ),
        side_button(
            _("End, handover"),
            "tugger.handover",
            lambda: desk.go(f"{here}/end"),
            icon=ft.Icons.ASSIGNMENT_TURNED_IN,
        ),
    ]
    return station_foot(run, desk, quiet)


@ft.component
def _glance(visit: VisitView, run: RunView, desk: Desk) -> ft.Control:
    """While the train moves: the next station, the time, one button."""
    name = text.countdown(visit.name)
    name.max_lines, name.no_wrap, name.text_align = 2, False, ft.TextAlign.CENTER
    takt = run.takt
    shown: list[ft.Control] = [
        strips_of(desk.session, desk),
        ft.Row(
            [text.action(_("Next station"), color=theme.SOFT)],
            alignment=ft.MainAxisAlignment.CENTER,
        ),
        name,
        ft.Row(
            [text.action(at(run, visit.planned_arrival_ms))],
            alignment=ft.MainAxisAlignment.CENTER,
        ),
    ]
    if takt is not None:
        shown.append(ft.Row([_glance_time(takt)], alignment=ft.MainAxisAlignment.CENTER))
    column = ft.Column(
        shown,
        spacing=theme.EDGE,
        alignment=ft.MainAxisAlignment.CENTER,
        expand=True,
        horizontal_alignment=ft.CrossAxisAlignment.STRETCH,
        scroll=ft.ScrollMode.AUTO,
    )
    return ft.Container(
        ft.Column(
            [column, fault(desk.notice), _arrived(visit, desk)],
            expand=True,
            spacing=theme.GAP,
            horizontal_alignment=ft.CrossAxisAlignment.STRETCH,
        ),
        padding=theme.EDGE,
        expand=True,
    )


@ft.component
def _glance_time(takt: TaktView) -> ft.Control:
    """The countdown alone."""
    return glance(takt.left_s)


def _arrived(visit: VisitView, desk: Desk) -> ft.Control:
    words = _("I am at {station}").format(station=visit.name)
    return big_button(words, "tugger.here", arriver(visit, desk), icon=ft.Icons.PLACE)
