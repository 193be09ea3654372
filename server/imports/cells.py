"""One cell as the value its column means, or the code of what is wrong with it."""

import math
import re
from dataclasses import dataclass

_SCIENTIFIC = re.compile(r"\d[.,]\d+E\+\d\d+")  # as spreadsheets show it
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_NUMBER = {
    ".": re.compile(r"[+-]?\d+(?:\.\d+)?", re.ASCII),
    ",": re.compile(r"[+-]?\d+(?:,\d+)?", re.ASCII),
}
_THOUSANDS = {
    ".": re.compile(r"[+-]?\d{1,3}(?:,\d{3})+\.\d+", re.ASCII),
    ",": re.compile(r"[+-]?\d{1,3}(?:\.\d{3})+,\d+", re.ASCII),
}
_WHOLE = re.compile(r"(\d{1,9})(?:[.,]0+)?", re.ASCII)
SERVICE_MAX_S = 86_400


@dataclass(frozen=True)
class Bad:
    """Why a cell has no value."""

    code: str
    limit: int = 0


def number(text: str, decimal: str) -> float | Bad:
    """A finite number written with this decimal sign; a sign that could be both is refused."""
    text = text.replace(" ", "").replace("−", "-")
    if _NUMBER[decimal].fullmatch(text):
        value = float(text.replace(",", "."))
    elif _THOUSANDS[decimal].fullmatch(text):
        other = "," if decimal == "." else "."
        value = float(text.replace(other, "").replace(",", "."))
    else:
        return Bad("not_a_number")
    return value if math.isfinite(value) else Bad("not_a_number")


def coordinate(text: str, decimal: str, limit: int) -> float | Bad:
    """Degrees within -limit to limit."""
    value = number(text, decimal)
    if isinstance(value, float) and abs(value) > limit:
        return Bad("out_of_range", limit)
    return value


def seconds(text: str) -> int | Bad:
    """Whole seconds from 0 to a day."""
    value = _integer(text)
    if value is None or value > SERVICE_MAX_S:
        return Bad("not_seconds", SERVICE_MAX_S)
    return value


def whole(text: str, limit: int) -> int | Bad:
    """A whole number from 1 to the limit."""
    value = _integer(text)
    return value if value is not None and 1 <= value <= limit else Bad("not_a_position", limit)


def _integer(text: str) -> int | None:
    found = _WHOLE.fullmatch(text)
    return int(found[1]) if found else None


def text(value: str, limit: int) -> str | Bad:
    """A text that both databases can hold and that is not longer than its column allows."""
    if _CONTROL.search(value):
        return Bad("control_characters")
    return value if len(value) <= limit else Bad("too_long", limit)


def label(value: str, limit: int) -> str | Bad:
    """A number-like name (customer number, telephone) that no spreadsheet has rounded."""
    if _SCIENTIFIC.fullmatch(value):
        return Bad("rounded_by_spreadsheet")
    return text(value, limit)
