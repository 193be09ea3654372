"""One station of the tugger: leave so many, take so many, done; or the load at the supermarket."""

from collections.abc import Awaitable, Callable, Sequence

import flet as ft

from driver_app import actions, theme
from driver_app.actions import UnknownLabel
from driver_app.actions.proofs import call_boxes
from driver_app.i18n import _, amount
from driver_app.screens import sheets
from driver_app.screens.calls import call_card, call_face
from driver_app.screens.desk import Beat, Desk, run_route
from driver_app.screens.proof_parts import opened, taken_of
from driver_app.state import CallView, DraftView, LineView, RunView, Task, VisitView
from driver_app.theme import Tone
from driver_app.widgets import text
from driver_app.widgets.buttons import big_button, choice, pressable, side_button
from driver_app.widgets.hooks import maybe, state
from driver_app.widgets.panels import card, chip, fact, section, strip
from driver_app.widgets.press import Act
from driver_app.widgets.scan_field import scan_field
from driver_app.widgets.stepper import count_row, stepper

INLINE_TASKS = 3


def calls_of(visit: VisitView) -> list[LineView]:
    """What the station waits for."""
    return [line for line in visit.lines if line.drop]


def arriver(visit: VisitView, desk: Desk) -> Callable[[], Awaitable[None]]:
    """The act of having reached a station."""

    async def arrive() -> None:
        desk.told(await actions.arrive(desk.ctx, visit.id))

    return arrive


@ft.component
def supermarket_part(run: RunView, desk: Desk, beat: Beat) -> ft.Control:
    """What to load for this cycle: the plan in the order of the stations, then calls by urgency."""
    rows: list[ft.Control] = [text.card_title(_("Load for this cycle"))]
    rows.extend(_load_row(line, visit) for visit in run.visits for line in calls_of(visit))
    now_ms = desk.ctx.now_ms() if beat.n >= 0 else 0
    rows.extend(call_face(one, run, now_ms) for one in run.calls if one.open)
    if len(rows) == 1:
        rows.append(text.body(_("Nothing is called. The train leaves all the same.")))
    return card(rows)


@ft.component
def _load_row(line: LineView, visit: VisitView) -> ft.Control:
    """One call: part, quantity, where it goes."""
    said = ft.Column(
        [
            text.body(line.name or line.part_no, lines=2),
            text.soft(_("for {station}").format(station=visit.name), lines=2),
        ],
        spacing=2,
        expand=True,
    )
    return ft.Row([said, text.row_title(amount(line.planned, line.unit))], spacing=theme.GAP)


@ft.component
def station_part(visit: VisitView, run: RunView, desk: Desk) -> ft.Control:
    """The station the train stands at."""
    draft, set_draft = maybe(DraftView)

    async def load() -> None:
        set_draft(await opened(desk, visit, "station"))

    ft.use_effect(load, [visit.id])
    name = text.card_title(visit.name)
    name.expand = True
    rows: list[ft.Control] = [
        ft.Row(
            [chip(_("Now at"), ft.Icons.PLACE, Tone.MAIN), name, *_side(visit)],
            spacing=theme.GAP,
        ),
    ]
    rows.append(_scan(visit, run, desk))
    if draft is not None and draft.visit == visit.id:
        rows.append(_counts(draft, visit, run, desk))
    return card(rows)


def _side(visit: VisitView) -> list[ft.Control]:
    words = {"left": _("left side"), "right": _("right side")}.get(visit.side, "")
    return [chip(words, ft.Icons.SWAP_HORIZ)] if words else []


@ft.component
def _counts(draft: DraftView, visit: VisitView, run: RunView, desk: Desk) -> ft.Control:
    """Leave and take, preset from calls and plan; then the tasks that are due."""
    rows = [_leave(line, draft, visit, desk) for line in calls_of(visit)]
    here = [one for one in run.calls if one.open and one.visit == visit.id]
    rows.extend(_called(one, draft, visit, desk) for one in here)
    kinds = sorted({*visit.empties_plan, *draft.taken})
    rows.extend(_take(kind, draft, visit, desk) for kind in kinds)
    if not rows:
        rows.append(text.body(_("Nothing to leave or take here.")))
    rows.extend(_task(t, draft, desk) for t in visit.tasks[:INLINE_TASKS])
    return ft.Column(rows, spacing=theme.GAP, horizontal_alignment=ft.CrossAxisAlignment.STRETCH)


@ft.component
def _leave(line: LineView, draft: DraftView, visit: VisitView, desk: Desk) -> ft.Control:
    """Leave n of a part; above the station's maximum only what fits is preset."""
    key = str(line.id)
    most = visit.max_boxes.get(line.part_no)
    preset = line.planned if most is None else min(line.planned, most)
    now = draft.qty.get(key, preset)

    async def count(n: int) -> None:
        draft.qty[key] = n
        await actions.keep(desk.ctx, draft)

    under = _("max {n} here").format(n=most) if most is not None else line.part_no
    said = _said(_("leave: {goods}").format(goods=line.name or line.part_no), under)
    row = count_row(said, stepper(f"tugger.leave.{key}", now, count), narrow=desk.look.narrow)
    if most is None or now <= most:
        return row
    words = _("More than the {n} that fit: the rest rides back, or is over-supply.")
    return ft.Column([row, fact(ft.Icons.WARNING, words.format(n=most))], spacing=4)


@ft.component
def _called(one: CallView, draft: DraftView, visit: VisitView, desk: Desk) -> ft.Control:
    """Leave what was called; a call that gets no box stays open."""
    now = call_boxes(one, visit, draft)

    async def count(n: int) -> None:
        draft.qty[one.id] = n
        await actions.keep(desk.ctx, draft)

    most = visit.max_boxes.get(one.part_no)
    shelf = visit.shelf.get(one.part_no)
    under = [_("called")]
    under += [_("max {n} here").format(n=most)] if most is not None else []
    under += [_("{n} on the shelf").format(n=shelf)] if shelf is not None else []
    said = _said(_("leave: {goods}").format(goods=one.name), " · ".join(under))
    return count_row(said, stepper(f"tugger.call.{one.id}", now, count), narrow=desk.look.narrow)


@ft.component
def _take(kind: str, draft: DraftView, visit: VisitView, desk: Desk) -> ft.Control:
    """Take n empties of a type."""

    async def count(n: int) -> None:
        draft.taken[kind] = n
        await actions.keep(desk.ctx, draft)

    said = _said(_("take: {goods}").format(goods=kind), _("empties"))
    counter = stepper(f"tugger.take.{kind}", taken_of(draft, visit, kind), count)
    return count_row(said, counter, narrow=desk.look.narrow)


def _said(title: str, under: str) -> ft.Control:
    return ft.Column([text.row_title(title, lines=2), text.soft(under, lines=1)], spacing=2)


@ft.component
def _task(task: Task, draft: DraftView, desk: Desk) -> ft.Control:
    """A line of standard work; it never holds up the station."""
    done = draft.ticked.get(task.id) == ""

    async def tick() -> None:
        if done:
            draft.ticked.pop(task.id, None)
        else:
            draft.ticked[task.id] = ""
        await actions.keep(desk.ctx, draft)

    icon = ft.Icons.CHECK_BOX if done else ft.Icons.CHECK_BOX_OUTLINE_BLANK
    face = ft.Row(
        [
            ft.Icon(icon, size=30, color=Tone.DONE.ground if done else theme.SOFT),
            ft.Container(text.body(task.text, lines=2), expand=True),
        ],
        spacing=theme.GAP,
    )
    return pressable(face, f"tugger.task.{task.id}", tick, ground=theme.TILE)


@ft.component
def _scan(visit: VisitView, run: RunView, desk: Desk) -> ft.Control:
    """A box is counted once; the label of another station is a red panel."""
    strange, set_strange = maybe(UnknownLabel)
    said, say = state("")

    async def scanned(label: str) -> None:
        other = next(
            (
                v.name
                for v in run.visits
                if v.id != visit.id and label.casefold() == v.name.casefold()
            ),
            "",
        )
        if other:
            set_strange(UnknownLabel(label, other))
            return
        if actions.card_of(desk.ctx, run, label) is not None:
            set_strange(None)
            words = await call_card(run, desk, label, "scan", visit)
            say(words if isinstance(words, str) else "")
            return
        say("")
        found = await actions.scan_load(desk.ctx, visit.id, label, "scan")
        set_strange(found if isinstance(found, UnknownLabel) else None)
        desk.told(found)

    rows: list[ft.Control] = [scan_field("tugger.scan", _("Scan box or station"), scanned)]
    if said:
        rows.append(strip(said, ft.Icons.INFO, Tone.MAIN, identifier="tugger.scan.card"))
    if strange is not None:
        words = _("Not here: {label}.").format(label=strange.label)
        if strange.elsewhere:
            words += " " + _("It belongs to {stop}.").format(stop=strange.elsewhere)
        seen = side_button(
            _("I understand"), "tugger.scan.seen", lambda: set_strange(None), icon=ft.Icons.CHECK
        )
        rows.append(
            strip(words, ft.Icons.ERROR, Tone.BAD, button=seen, identifier="tugger.scan.wrong")
        )
    return ft.Column(rows, spacing=8, horizontal_alignment=ft.CrossAxisAlignment.STRETCH)


@ft.component
def station_foot(run: RunView, desk: Desk, quiet: Sequence[ft.Control]) -> ft.Control:
    """Leave, Station done or Back; Cannot and the others apart from it."""
    asking, ask = state(start=False)
    visit = run.visit(run.next_visit) if run.next_visit is not None else None
    at_station = run.departed_ms is not None and visit is not None
    rows: list[ft.Control] = [sheets.undo_bar(run, desk, desk.beat)]
    if asking and at_station and visit is not None:
        rows.append(_cannot(visit, desk, lambda: ask(not asking)))
    rows.append(_primary(run, visit, desk))
    beside = list(quiet)
    if at_station:
        beside.insert(
            0,
            side_button(_("Cannot"), "tugger.cannot", lambda: ask(not asking), icon=ft.Icons.BLOCK),
        )
    rows.append(ft.Container(height=0))
    rows.append(ft.Row(beside, spacing=theme.GAP, run_spacing=8, wrap=True))
    return ft.Column(rows, spacing=theme.GAP, horizontal_alignment=ft.CrossAxisAlignment.STRETCH)


def _primary(run: RunView, visit: VisitView | None, desk: Desk) -> ft.Control:
    if run.departed_ms is None:
        return big_button(_("Leave"), "tugger.leave", _leaver(run, desk), icon=ft.Icons.PLAY_ARROW)
    if visit is None:
        return _back_button(run, desk)

    async def done() -> None:
        draft = await opened(desk, visit, "station")
        desk.told(await actions.station_done(desk.ctx, visit.id, draft))

    return big_button(_("Station done"), "tugger.station_done", done, icon=ft.Icons.CHECK)


def _leaver(run: RunView, desk: Desk) -> Act:
    """Leaving starts the run as well: one tap."""

    async def leave() -> None:
        if run.started_ms is None and not desk.told(await actions.start_run(desk.ctx, run.id)):
            return
        desk.told(await actions.depart(desk.ctx, run.id))

    return leave


def _back_button(run: RunView, desk: Desk) -> ft.Control:
    async def back() -> None:
        if desk.told(await actions.return_run(desk.ctx, run.id)):
            desk.go(f"{run_route(run.id)}/end")

    return big_button(_("Back at the supermarket"), "tugger.back", back, icon=ft.Icons.HOME)


def _cannot(visit: VisitView, desk: Desk, close: Act) -> ft.Control:
    def because(reason: str) -> Act:
        async def missed() -> None:
            if desk.told(await actions.station_missed(desk.ctx, visit.id, reason)):
                close()

        return missed

    own = [(r.key, r.text) for r in desk.session.reasons if r.about == "miss"]
    reasons = own or [
        ("blocked", _("Blocked")),
        ("no_stock", _("No stock")),
        ("no_time", _("No time")),
        ("safety", _("Not safe")),
    ]
    tiles = [choice(words, f"tugger.cannot.{key}", because(key)) for key, words in reasons]
    return card(
        [
            section(_("Why can this station not be served?")),
            ft.Row(tiles, wrap=True, spacing=8, run_spacing=8),
        ]
    )
