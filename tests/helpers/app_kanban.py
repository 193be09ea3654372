"""Cards, a call and a handover for a tugger's tablet, as the office sends them."""

from typing import Any

from driver_app.store.rows import Row
from tests.helpers.app_stand import PLANT
from tests.helpers.builders import START_MS, text_id

MINUTE_MS = 60_000
PLACE = text_id(f"place {PLANT[0]}")
CALL = text_id("call")


def card(name: str, serial: int) -> Row:
    plan = {"part_no": "P-118", "name": "Side panels", "station": PLACE, "serial": serial}
    return Row("card", text_id(name), "site", 3, {**plan, "print_rev": 1}, {})


def kanban() -> list[Row]:
    """Two cards, one call of the office due in twelve minutes, and what the last shift left."""
    called: dict[str, Any] = {"part_no": "P-377", "name": "Axles", "station": PLACE, "boxes": 2}
    times = {"called": START_MS - MINUTE_MS, "promised": START_MS + 12 * MINUTE_MS}
    left: dict[str, Any] = {
        "text": "Rack stuck at gate 2",
        "by": f"driver:{text_id('Jonas Weber')}",
    }
    left |= {"written": START_MS - 5 * MINUTE_MS, "open": [CALL], "counts": {"done": 31}}
    half = {"state": "open", "called": START_MS - MINUTE_MS}
    return [
        card("card one", 1),
        card("card two", 2),
        Row("call", CALL, "site", 3, {**called, **times}, half),
        Row("handover", text_id("left"), "site", 3, left, {}),
    ]
