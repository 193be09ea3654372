"""Cells that a spreadsheet would run as a formula, made harmless and given back unchanged.

OWASP's list: a text that starts with = + - @, tab, line end or their wide forms gets an
apostrophe in front. Reading takes exactly one away again, so the way there and back loses nothing.
"""

import re

_RUNS = re.compile(r"'*[=+\-@\t\r\n＝＋－＠]")
_HELD = re.compile(r"'+[=+\-@\t\r\n＝＋－＠]")


def neutralise(text: str) -> str:
    """The text as it may stand in a cell."""
    return f"'{text}" if _RUNS.match(text) else text


def restore(cell: str) -> str:
    """The text that was neutralised to this cell."""
    return cell[1:] if cell.startswith("'") and _HELD.match(cell) else cell
