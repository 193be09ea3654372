"""Draws a signature from its strokes, so that no drawing made by a client is ever served."""

from collections.abc import Sequence
from typing import Annotated

from pydantic import Field, TypeAdapter, ValidationError

from shared.gate import Unfit, parse_json

STROKES_MAX_BYTES = 64 * 1024
STROKES_MAX = 500
POINTS_MAX = 4_000
GRID = 1_000
HIGH = 500  # the pad is about twice as wide as high
PEN = 6

Thousandth = Annotated[int, Field(ge=0, le=GRID, strict=True)]
Point = tuple[Thousandth, Thousandth]
Stroke = Annotated[list[Point], Field(max_length=POINTS_MAX)]
Strokes = Annotated[list[Stroke], Field(max_length=STROKES_MAX)]
_FORM: TypeAdapter[list[list[Point]]] = TypeAdapter(Strokes)


class NotStrokes(ValueError):
    """The file of a signature does not hold strokes."""


def parse_strokes(content: bytes) -> list[list[Point]]:
    """Read `[[[x, y], …], …]` or `{"strokes": …}`, coordinates in thousandths of the pad."""
    if len(content) > STROKES_MAX_BYTES:
        raise NotStrokes("too large")
    try:
        value = parse_json(content)
        strokes = _FORM.validate_python(value["strokes"] if isinstance(value, dict) else value)
    except (Unfit, KeyError, ValidationError) as error:
        raise NotStrokes("not strokes") from error
    if sum(len(stroke) for stroke in strokes) > POINTS_MAX:
        raise NotStrokes("too many points")
    return strokes


def svg(strokes: Sequence[Sequence[Point]]) -> str:
    """Draw the strokes; numbers alone go into the text, so nothing can be smuggled in."""
    lines = "".join(f'<path d="{_path(stroke)}"/>' for stroke in strokes if stroke)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {GRID} {HIGH}">'
        f'<rect width="{GRID}" height="{HIGH}" fill="#fff"/>'
        f'<g fill="none" stroke="#111" stroke-width="{PEN}" stroke-linecap="round"'
        f' stroke-linejoin="round">{lines}</g></svg>'
    )


def _path(stroke: Sequence[Point]) -> str:
    places = [f"{int(x)} {int(y) * HIGH // GRID}" for x, y in stroke]
    # A single tap is a dot: a line of no length with round ends.
    return "M" + "L".join(places if len(places) > 1 else places * 2)
