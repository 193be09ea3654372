"""The pad to sign on: strokes in thousandths of its size, drawn as they come."""

from collections.abc import Callable, Sequence

import flet as ft
import flet.canvas as cv

from driver_app import theme
from driver_app.widgets.press import marked

Point = tuple[int, int]
Stroke = tuple[Point, ...]
HIGH = 220
THOUSAND = 1000
POINTS_MAX = 4000
PEN = 4


@ft.component
def signature_pad(
    identifier: str,
    strokes: Sequence[Stroke],
    width: float,
    on_stroke: Callable[[Stroke], object],
) -> ft.Control:
    """Draw what is there and the stroke under the pen; hand over each stroke at its end."""
    drawn, set_drawn = ft.use_state(())
    points = sum(len(s) for s in strokes)

    def at(event: object) -> Point | None:
        place = getattr(event, "local_position", None)
        return None if place is None else _thousandths(place.x, place.y, width)

    def begin(event: object) -> None:
        start = at(event)
        if start is not None and points < POINTS_MAX:
            set_drawn((start,))

    def go_on(event: object) -> None:
        point = at(event)
        if point is not None:
            set_drawn(lambda was: (*was, point) if len(was) + points < POINTS_MAX else was)

    async def end(_event: object) -> None:
        taken: list[Stroke] = []

        def take(was: Stroke) -> Stroke:
            taken.append(was)
            return ()

        set_drawn(take)
        if taken and len(taken[0]) > 1:
            await _told(on_stroke(taken[0]))

    # Vertical and horizontal drags instead of one pan: the pad then wins over the sheet's scroll.
    shapes = [_path(s, width) for s in (*strokes, drawn) if len(s) > 1]
    pad = ft.GestureDetector(
        content=ft.Container(
            cv.Canvas(shapes, width=width, height=HIGH),
            width=width,
            height=HIGH,
            bgcolor=theme.CARD,
            border=ft.Border.all(2, theme.LINE),
            border_radius=16,
            clip_behavior=ft.ClipBehavior.HARD_EDGE,
        ),
        drag_interval=12,
        on_vertical_drag_start=begin,
        on_horizontal_drag_start=begin,
        on_vertical_drag_update=go_on,
        on_horizontal_drag_update=go_on,
        on_vertical_drag_end=end,
        on_horizontal_drag_end=end,
    )
    return marked(identifier, pad)


async def _told(answer: object) -> None:
    if hasattr(answer, "__await__"):
        await answer


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
