"""The pad to sign on: strokes in thousandths of its size, drawn as they come."""

from collections.abc import Callable, Sequence

import flet as ft
import flet.canvas as cv

from driver_app import theme
from driver_app.i18n import _
from driver_app.widgets.hooks import state
from driver_app.widgets.press import marked, run

Point = tuple[int, int]
Stroke = tuple[Point, ...]
HIGH = 220
THOUSAND = 1000
POINTS_MAX = 4000
PEN = 4
NO_STROKE: Stroke = ()


@ft.component
def signature_pad(
    identifier: str,
    strokes: Sequence[Stroke],
    width: float,
    on_stroke: Callable[[Stroke], object],
) -> ft.Control:
    """Draw what is there and the stroke under the pen; hand over each stroke at its end."""
    drawn, set_drawn = state(NO_STROKE)
    room = POINTS_MAX - sum(len(s) for s in strokes)

    def begin(event: object) -> None:
        set_drawn(_grown((), event, width, room))

    def go_on(event: object) -> None:
        set_drawn(lambda was: _grown(was, event, width, room))

    async def end(_event: object) -> None:
        taken: list[Stroke] = []

        def take(was: Stroke) -> Stroke:
            taken.append(was)
            return ()

        set_drawn(take)
        if len(taken[0]) > 1:
            await run(lambda: on_stroke(taken[0]))

    # Vertical and horizontal drags instead of one pan: the pad then wins over the sheet's scroll.
    pad = ft.GestureDetector(
        content=_paper([*strokes, drawn], width),
        drag_interval=12,
        on_vertical_drag_start=begin,
        on_horizontal_drag_start=begin,
        on_vertical_drag_update=go_on,
        on_horizontal_drag_update=go_on,
        on_vertical_drag_end=end,
        on_horizontal_drag_end=end,
    )
    return marked(identifier, pad, label=_("Field to sign on"))


def _paper(strokes: Sequence[Stroke], width: float) -> ft.Control:
    shapes: list[cv.Shape] = [_path(s, width) for s in strokes if len(s) > 1]
    return ft.Container(
        cv.Canvas(shapes, width=width, height=HIGH),
        width=width,
        height=HIGH,
        bgcolor=theme.CARD,
        border=ft.Border.all(2, theme.LINE),
        border_radius=16,
        clip_behavior=ft.ClipBehavior.HARD_EDGE,
    )


def _grown(was: Stroke, event: object, width: float, room: int) -> Stroke:
    """The stroke with the point of this event; a full sheet takes no more."""
    place = getattr(event, "local_position", None)
    if place is None or len(was) >= room:
        return was
    return (*was, _thousandths(place.x, place.y, width))


def _thousandths(x: float, y: float, width: float) -> Point:
    def part(value: float, whole: float) -> int:
        return max(0, min(THOUSAND, round(value / whole * THOUSAND)))

    return part(x, width), part(y, HIGH)


def _path(stroke: Stroke, width: float) -> cv.Path:
    def place(point: Point) -> tuple[float, float]:
        return point[0] * width / THOUSAND, point[1] * HIGH / THOUSAND

    first, *rest = [place(p) for p in stroke]
    return cv.Path(
        [cv.Path.MoveTo(*first), *(cv.Path.LineTo(*p) for p in rest)],
        paint=ft.Paint(
            color=theme.INK,
            stroke_width=PEN,
            style=ft.PaintingStyle.STROKE,
            stroke_cap=ft.StrokeCap.ROUND,
            stroke_join=ft.StrokeJoin.ROUND,
        ),
    )
