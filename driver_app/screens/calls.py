"""S19: the calls of the stations ahead, most urgent first; cards to scan, shelves to count."""

from collections.abc import Callable

import flet as ft

from driver_app import actions, theme
from driver_app.actions import NotSaved, UnknownLabel
from driver_app.actions.kanban import How
from driver_app.i18n import _, amount, minutes, n_
from driver_app.screens.desk import Beat, Desk, run_route
from driver_app.screens.frame import frame
from driver_app.screens.words import at
from driver_app.state import CallView, RunView, VisitView
from driver_app.theme import Tone
from driver_app.widgets import text
from driver_app.widgets.buttons import choice, side_button
from driver_app.widgets.hooks import current, keyed, maybe, state
from driver_app.widgets.panels import card, chip, chips, empty, section, strip
from driver_app.widgets.press import Act
from driver_app.widgets.scan_field import scan_field
from driver_app.widgets.stepper import count_row, stepper

DONE_SHOWN_MAX = 5


def call_sheet(desk: Desk, run: RunView) -> ft.View:
    """The whole list over the tugger's home."""
    here = run_route(run.id)
    parts = [_card_field(run, desk), _open_calls(run, desk, desk.slow), _filled(run, desk)]
    return frame(desk, here, _("Calls"), parts, side=[_shelf_here(run, desk)], back=here)


@ft.component
def _card_field(run: RunView, desk: Desk) -> ft.Control:
    """A card that is scanned or typed calls; one that is called already is prepared."""
    said, say = state("")
    strange, set_strange = maybe(UnknownLabel)
    typing, set_typing = state(start=False)

    async def read(label: str) -> None:
        how: How = "typed" if current(set_typing) else "scan"
        found = await read_card(run, desk, label, how)
        set_strange(found if isinstance(found, UnknownLabel) else None)
        say(found if isinstance(found, str) else "")

    hint = _("Type part/number") if typing else _("Scan card")
    words = _("Scan") if typing else _("Type")
    turn = side_button(
        words, "calls.typing", lambda: set_typing(not current(set_typing)), icon=ft.Icons.KEYBOARD
    )
    field = keyed(f"field {typing}", scan_field, "calls.card", hint, read, typed=typing)
    rows: list[ft.Control] = [ft.Row([ft.Container(field, expand=True), turn], spacing=theme.GAP)]
    if said:
        rows.append(strip(said, ft.Icons.INFO, Tone.MAIN, identifier="calls.said"))
    if strange is not None:
        rows.append(not_a_card(strange, lambda: set_strange(None)))
    return card(rows)


def not_a_card(strange: UnknownLabel, seen: Act) -> ft.Control:
    """Red panel: what was read is no card that is known here."""
    words = _("No card of this site: {label}.").format(label=strange.label or "–")
    ok = side_button(_("I understand"), "calls.card.seen", seen, icon=ft.Icons.CHECK)
    return strip(words, ft.Icons.ERROR, Tone.BAD, button=ok, identifier="calls.card.wrong")


async def read_card(run: RunView, desk: Desk, label: str, how: How) -> str | UnknownLabel | None:
    """Prepare the call of a card, or call with it; says what became of it."""
    found = actions.card_of(desk.ctx, run, label)
    open_call = next(
        (one for one in run.calls if found and one.card == found[0].id and one.open), None
    )
    if open_call is not None and open_call.state == "open":
        desk.told(await actions.prepare_call(desk.ctx, run.id, open_call.id))
        return _("Prepared: {goods}").format(goods=open_call.name)
    return await call_card(run, desk, label, how, None)


async def call_card(
    run: RunView, desk: Desk, label: str, how: How, visit: VisitView | None
) -> str | UnknownLabel | None:
    """Call with a card; one that is called already is shown again."""
    place = visit.id if visit is not None else None
    said = await actions.scan_card(desk.ctx, run.id, label, how, visit=place)
    desk.told(said)
    if isinstance(said, UnknownLabel):
        return said
    if isinstance(said, NotSaved):
        return None
    words = _("Called.")
    if said.already is not None:
        words = _("Already called at {time}.").format(time=at(run, said.already.called_ms))
    return f"{words} {_('The card needs a new print.')}" if said.reprint else words


@ft.component
def _open_calls(run: RunView, desk: Desk, beat: Beat) -> ft.Control:
    """What still has to be brought."""
    now_ms = desk.ctx.now_ms() if beat.n >= 0 else 0
    waiting = [one for one in run.calls if one.open]
    if not waiting:
        return card([empty(_("Nothing is called."))])
    rows = [keyed(one.id, _call, one, run, desk, now_ms) for one in waiting]
    return ft.Column(rows, spacing=theme.GAP, horizontal_alignment=ft.CrossAxisAlignment.STRETCH)


@ft.component
def _call(one: CallView, run: RunView, desk: Desk, now_ms: int) -> ft.Control:
    """One call: what, where to, how long it may still take, and what to do about it."""
    asking, ask = state(start=False)

    async def prepared() -> None:
        desk.told(await actions.prepare_call(desk.ctx, run.id, one.id))

    async def filled() -> None:
        desk.told(await actions.fulfil_call(desk.ctx, run.id, one.id, one.boxes))

    def done_asking() -> None:
        ask(lambda _was: False)

    buttons = [
        side_button(_("Filled"), f"calls.filled.{one.id}", filled, icon=ft.Icons.DONE_ALL),
        side_button(
            _("Cannot bring"), f"calls.cannot.{one.id}", lambda: ask(not asking),
            icon=ft.Icons.BLOCK,
        ),
    ]  # fmt: skip
    if one.state == "open":
        buttons.insert(
            0,
            side_button(
                _("Prepared"), f"calls.prepare.{one.id}", prepared, icon=ft.Icons.CHECK,
                tone=Tone.MAIN,
            ),
        )  # fmt: skip
    rows = [
        call_face(one, run, now_ms),
        ft.Row(list(buttons), wrap=True, spacing=theme.GAP, run_spacing=8),
    ]
    if asking:
        rows.append(_why_not(one, run, desk, done_asking))
    return card(rows)


def call_face(one: CallView, run: RunView, now_ms: int) -> ft.Control:
    """Part and station, boxes and time, and signs for what is known besides."""
    said = ft.Column(
        [
            text.row_title(one.name, lines=2),
            text.soft(_("for {station}").format(station=one.place), lines=2),
            chips(_signs(one)),
        ],
        spacing=4,
        expand=True,
    )
    figures = ft.Column(
        [text.row_title(amount(one.boxes, "box")), text.label(due(one, run, now_ms))],
        spacing=4,
        horizontal_alignment=ft.CrossAxisAlignment.END,
    )
    return ft.Row([said, figures], spacing=theme.GAP)


def due(one: CallView, run: RunView, now_ms: int) -> str:
    """Minutes left to the promised time, else when it was called."""
    if one.promised_ms is None:
        return _("called {time}").format(time=at(run, one.called_ms))
    left_s = (one.promised_ms - now_ms) // 1000
    if left_s >= 0:
        return minutes(left_s)
    return _("late {time}").format(time=minutes(-left_s))


def _signs(one: CallView) -> list[ft.Control]:
    signs: list[ft.Control] = []
    if one.state == "prepared":
        signs.append(chip(_("prepared"), ft.Icons.CHECK, Tone.DONE))
    if one.reason:
        words = _("cannot be brought: {why}").format(why=reason_words(one.reason))
        signs.append(chip(words, ft.Icons.BLOCK, Tone.BAD))
    if one.evidence:
        n = one.evidence
        signs.append(chip(n_("scanned {n} time more", "scanned {n} times more", n), ft.Icons.COPY))
    if one.checking:
        signs.append(chip(_("open, checking"), ft.Icons.HELP, Tone.WARN))
    return signs


def reasons() -> list[tuple[str, str]]:
    """Why a call cannot be brought."""
    return [
        ("no_stock", _("No stock")),
        ("wrong_part", _("Wrong part")),
        ("damaged", _("Damaged")),
        ("no_room", _("No room on the train")),
    ]


def reason_words(key: str) -> str:
    """The reason in words."""
    return dict(reasons()).get(key, key)


def _why_not(one: CallView, run: RunView, desk: Desk, close: Act) -> ft.Control:
    def because(reason: str) -> Act:
        async def refused() -> None:
            if desk.told(await actions.refuse_call(desk.ctx, run.id, one.id, reason)):
                close()

        return refused

    tiles = [choice(words, f"calls.why.{key}", because(key)) for key, words in reasons()]
    return ft.Column(
        [section(_("Why can it not be brought?")),
         ft.Row(list(tiles), wrap=True, spacing=8, run_spacing=8)],
        spacing=8,
    )  # fmt: skip


@ft.component
def _filled(run: RunView, desk: Desk) -> ft.Control:
    """What is filled already, and by whom if it was somebody else."""
    del desk
    done = [one for one in run.calls if not one.open][:DONE_SHOWN_MAX]
    rows: list[ft.Control] = [section(_("Filled"))]
    rows.extend(
        ft.Row(
            [
                ft.Icon(ft.Icons.CHECK_CIRCLE, color=Tone.DONE.ground, size=26),
                ft.Container(text.body(filled_words(one, run), lines=2), expand=True),
            ],
            spacing=theme.GAP,
        )
        for one in done
    )
    return ft.Container(card(rows), visible=bool(done))


def filled_words(one: CallView, run: RunView) -> str:
    """`Brackets for Station 4: already filled by A. Kaya at 10:41`."""
    goods = _("{goods} for {station}").format(goods=one.name, station=one.place)
    time = at(run, one.done_ms)
    if one.mine:
        return f"{goods}: " + _("filled at {time}").format(time=time)
    who = one.done_by or _("another tablet")
    return f"{goods}: " + _("already filled by {who} at {time}").format(who=who, time=time)


@ft.component
def _shelf_here(run: RunView, desk: Desk) -> ft.Control:
    """Count what stands at the station the train is at."""
    visit = run.visit(run.next_visit) if run.next_visit is not None else None
    if visit is None or visit.arrived_ms is None or visit.location is None:
        return ft.Container(visible=False)
    parts = parts_at(run, visit)
    if not parts:
        return ft.Container(visible=False)
    rows = [keyed(part, _shelf, part, visit, run, desk) for part in parts]
    return card([text.card_title(_("On the shelf at {station}").format(station=visit.name)), *rows])


def parts_at(run: RunView, visit: VisitView) -> list[str]:
    """Every part that is known to stand at a station."""
    station = str(visit.location)
    of_cards = {one.part_no for one in run.cards if one.station == station}
    of_calls = {one.part_no for one in run.calls if one.station == station}
    lines = {line.part_no for line in visit.lines if line.drop}
    return sorted((of_cards | of_calls | lines | visit.shelf.keys()) - {""})


@ft.component
def _shelf(part: str, visit: VisitView, run: RunView, desk: Desk) -> ft.Control:
    """One part: how many boxes stand there, counted with one more tap."""
    counted, count = state(visit.shelf.get(part, 0))

    async def save() -> None:
        assert visit.location is not None, "only places are counted"
        boxes = current(count)
        desk.told(
            await actions.count_stock(desk.ctx, run.id, visit.location, part, boxes, visit=visit.id)
        )

    known = visit.shelf.get(part)
    under = amount(known, "box") if known is not None else _("not counted yet")
    said = ft.Column([text.row_title(part, lines=2), text.soft(under, lines=1)], spacing=2)
    put: Callable[[int], object] = count
    row = count_row(said, stepper(f"calls.shelf.{part}", counted, put), narrow=desk.look.narrow)
    ok = side_button(_("Counted"), f"calls.counted.{part}", save, icon=ft.Icons.FACT_CHECK)
    return ft.Column([row, ok], spacing=8)
