"""The parts of the proof sheet but for photos: goods, empties, scans, recipient, signature."""

from collections.abc import Callable

import flet as ft

from driver_app import actions, theme
from driver_app.actions import UnknownLabel
from driver_app.actions.drafts import Sheet
from driver_app.i18n import _, amount
from driver_app.screens.desk import Desk
from driver_app.screens.fields import kept_field
from driver_app.screens.proof_levels import level, level_chip
from driver_app.state import DraftView, LineView, VisitView
from driver_app.theme import Tone
from driver_app.widgets import text
from driver_app.widgets.buttons import choice, pressable, side_button
from driver_app.widgets.hooks import keyed, maybe
from driver_app.widgets.panels import chip, section, strip
from driver_app.widgets.press import Act
from driver_app.widgets.scan_field import scan_field
from driver_app.widgets.signature_pad import Stroke, signature_pad
from driver_app.widgets.stepper import count_row, stepper


def stack(rows: list[ft.Control]) -> ft.Control:
    """Parts below each other."""
    return ft.Column(rows, spacing=theme.GAP, horizontal_alignment=ft.CrossAxisAlignment.STRETCH)


@ft.component
def goods_part(draft: DraftView, visit: VisitView, desk: Desk) -> ft.Control:
    """Planned and actual quantities; all as planned is preset."""
    plain = not draft.qty
    state = (
        chip(_("as planned"), ft.Icons.CHECK, Tone.DONE)
        if plain
        else chip(_("differs"), ft.Icons.EDIT, Tone.WARN)
    )
    return stack([section(_("Goods"), state), *(_line(line, draft, desk) for line in visit.lines)])


@ft.component
def _line(line: LineView, draft: DraftView, desk: Desk) -> ft.Control:
    """One line with its stepper; less than planned asks why."""
    key = str(line.id)
    now = draft.qty.get(key, line.planned if line.done is None else line.done)

    async def count(n: int) -> None:
        if n == line.planned:
            draft.qty.pop(key, None)
            draft.short.pop(key, None)
        else:
            draft.qty[key] = n
        await actions.keep(desk.ctx, draft)

    name = _("Sealed goods") if line.private else (line.name or line.part_no)
    word = _("drop") if line.drop else _("take")
    under = " · ".join(
        p for p in (f"{word} {amount(line.planned, line.unit)}", line.part_no, line.order_ref) if p
    )
    said = ft.Column([text.body(name, lines=2), text.soft(under, lines=2)], spacing=2)
    counter = stepper(f"stop.line.{line.id}", now, count)
    rows: list[ft.Control] = [count_row(said, counter, narrow=desk.look.narrow)]
    if now < line.planned:
        rows.append(_why_less(line, draft, desk))
    return stack(rows)


def _why_less(line: LineView, draft: DraftView, desk: Desk) -> ft.Control:
    key = str(line.id)

    def because(reason: str) -> Act:
        async def chosen() -> None:
            draft.short[key] = reason
            await actions.keep(desk.ctx, draft)

        return chosen

    own = [(r.key, r.text) for r in desk.session.reasons if r.about == "short"]
    reasons = own or [("short", _("Short")), ("damaged", _("Damaged")), ("refused", _("Refused"))]
    return ft.Row(
        [
            choice(
                words,
                f"stop.line.{key}.{reason}",
                because(reason),
                chosen=draft.short.get(key) == reason,
            )
            for reason, words in reasons
        ],
        wrap=True,
        spacing=8,
        run_spacing=8,
    )


@ft.component
def empties_part(draft: DraftView, visit: VisitView, desk: Desk) -> ft.Control:
    """Returnable units by type: given here, taken along; preset from the plan."""
    kinds = sorted({*visit.empties_plan, *draft.given, *draft.taken})
    rows: list[ft.Control] = [section(_("Empties"))]
    for kind in kinds:
        sides = [_side(draft, kind, "given", desk), _side(draft, kind, "taken", desk)]
        counters = [
            _counted(word, at, draft, visit, side)
            for (word, at), side in zip(_sides(kind), sides, strict=True)
        ]
        rows.append(text.body(kind))
        rows.append(ft.Row(counters, wrap=True, spacing=theme.EDGE, run_spacing=8))
    return stack(rows)


async def opened(desk: Desk, visit: VisitView, sheet: Sheet = "proof") -> DraftView:
    """The sheet of a visit; a new one begins with what the plan wants taken and what fits."""
    draft = await actions.open_draft(desk.ctx, visit.id, sheet)
    for kind, n in visit.empties_plan.items():
        draft.taken.setdefault(kind, n)
    for line in visit.lines:
        most = visit.max_boxes.get(line.part_no)
        if line.drop and most is not None and most < line.planned:
            draft.qty.setdefault(str(line.id), most)
    return draft


def taken_of(draft: DraftView, visit: VisitView, kind: str) -> int:
    """What is taken along, as the sheet stands: counted, else planned."""
    return draft.taken.get(kind, visit.empties_plan.get(kind, 0))


def _sides(kind: str) -> list[tuple[str, str]]:
    return [(_("given"), f"{kind}.given"), (_("taken"), f"{kind}.taken")]


def _counted(
    word: str, at: str, draft: DraftView, visit: VisitView, count: Callable[[int], object]
) -> ft.Control:
    kind, where = at.rsplit(".", 1)
    now = draft.given.get(kind, 0) if where == "given" else taken_of(draft, visit, kind)
    return ft.Column(
        [text.soft(word), stepper(f"stop.empties.{at}", now, count)], spacing=4, tight=True
    )


def _side(draft: DraftView, kind: str, where: str, desk: Desk) -> Callable[[int], object]:
    async def count(n: int) -> None:
        (draft.given if where == "given" else draft.taken)[kind] = n
        await actions.keep(desk.ctx, draft)

    return count


@ft.component
def scan_part(visit: VisitView, desk: Desk) -> ft.Control:
    """Expected units, ticked off by scan, typing or a tap; each is a fact at once."""
    unknown, set_unknown = maybe(UnknownLabel)

    async def scanned(label: str) -> None:
        found = await actions.scan_load(desk.ctx, visit.id, label, "scan")
        set_unknown(found if isinstance(found, UnknownLabel) else None)
        desk.told(found)

    async def anyway() -> None:
        if unknown is not None:
            desk.told(
                await actions.scan_load(desk.ctx, visit.id, unknown.label, "scan", anyway=True)
            )
        set_unknown(None)

    rows: list[ft.Control] = [
        section(_("Scan"), level_chip(level(visit, "scan"))),
        scan_field("stop.scan", _("Scan or type a label"), scanned, autofocus=False, typed=True),
    ]
    if unknown is not None:
        button = side_button(_("Add anyway"), "stop.scan.anyway", anyway, icon=ft.Icons.ADD)
        rows.append(
            strip(
                _strange(unknown),
                ft.Icons.ERROR,
                Tone.BAD,
                button=button,
                identifier="stop.scan.unknown",
            )
        )
    rows.extend(_ticks(line, visit, desk) for line in visit.lines if line.labels)
    return stack(rows)


def _strange(unknown: UnknownLabel) -> str:
    if unknown.elsewhere:
        return _("{label} belongs to {stop}.").format(label=unknown.label, stop=unknown.elsewhere)
    return _("{label} is not expected here.").format(label=unknown.label)


@ft.component
def _ticks(line: LineView, visit: VisitView, desk: Desk) -> ft.Control:
    """One row of 80 per expected label."""

    def tap(label: str) -> Act:
        async def ticked() -> None:
            desk.told(await actions.scan_load(desk.ctx, visit.id, label, "tap"))

        return ticked

    rows = []
    for label in line.labels:
        done = label in line.scanned
        icon = ft.Icons.CHECK_BOX if done else ft.Icons.CHECK_BOX_OUTLINE_BLANK
        face = ft.Row(
            [
                ft.Icon(icon, size=32, color=Tone.DONE.ground if done else theme.SOFT),
                ft.Container(text.body(f"{label}  {line.name}", lines=2), expand=True),
            ],
            spacing=theme.GAP,
        )
        rows.append(pressable(face, f"stop.tick.{label}", tap(label), high=80, ground=theme.TILE))
    return ft.Column(rows, spacing=8, horizontal_alignment=ft.CrossAxisAlignment.STRETCH)


@ft.component
def recipient_part(draft: DraftView, visit: VisitView, desk: Desk) -> ft.Control:
    """Who took it, by name."""

    async def named(name: str) -> None:
        draft.signer = name
        await actions.keep(desk.ctx, draft)

    return keyed(f"signer.{visit.id}", kept_field, _("Name"), "stop.recipient", draft.signer, named)


@ft.component
def signature_part(draft: DraftView, visit: VisitView, desk: Desk) -> ft.Control:
    """The pad; each stroke is kept at its end."""
    look = desk.look
    room = (look.width * 0.4 if look.wide else min(look.width, 680 * look.scale)) - 72

    async def stroke(points: Stroke) -> None:
        draft.strokes.append([*points])
        await actions.keep(desk.ctx, draft)

    async def clear() -> None:
        draft.strokes.clear()
        await actions.keep(desk.ctx, draft)

    drawn = tuple(tuple(points) for points in draft.strokes)
    pad = keyed(
        f"signature.{visit.id}",
        signature_pad,
        "stop.signature",
        drawn,
        max(240.0, room),
        stroke,
    )
    who = text.soft(_("Signs: {name}").format(name=draft.signer or "–"))
    wipe = side_button(_("Clear"), "stop.signature.clear", clear, icon=ft.Icons.CLEAR)
    return stack([pad, ft.Row([ft.Container(who, expand=True), wipe])])


@ft.component
def note_part(draft: DraftView, visit: VisitView, desk: Desk) -> ft.Control:
    """One field; the system keyboard dictates."""

    async def noted(words: str) -> None:
        draft.note = words
        await actions.keep(desk.ctx, draft)

    return keyed(
        f"note.{visit.id}",
        kept_field,
        _("What should the office know?"),
        "stop.note",
        draft.note,
        noted,
        lines=2,
    )
