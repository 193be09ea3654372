"""What a stop demands as proof, in words: required, please, or nothing."""

import flet as ft

from driver_app.i18n import _
from driver_app.state import Level, VisitView
from driver_app.theme import Tone
from driver_app.widgets.panels import chip

PARTS = ("quantity", "scan", "photo", "recipient", "signature", "note")


def level(visit: VisitView, part: str) -> Level:
    """How much a part is wanted at this visit."""
    return visit.proof.get(part, "off")


def demanded(visit: VisitView) -> list[tuple[str, Level]]:
    """The parts somebody wants, in the order of the sheet; quantities are preset anyway."""
    wanted = [(p, level(visit, p)) for p in PARTS]
    return [(p, v) for p, v in wanted if v in ("required", "warn") and p != "quantity"]


def part_name(part: str) -> str:
    """The name of a part of the proof."""
    return {
        "quantity": _("Goods"),
        "scan": _("Scan"),
        "photo": _("Photo"),
        "recipient": _("Received by"),
        "signature": _("Signature"),
        "note": _("Note"),
    }[part]


def level_chip(wanted: Level) -> ft.Control:
    """Required, please, or nothing."""
    if wanted == "required":
        return chip(_("required"), ft.Icons.PRIORITY_HIGH, Tone.BAD)
    if wanted == "warn":
        return chip(_("please"), ft.Icons.BACK_HAND_OUTLINED, Tone.WARN)
    return ft.Container(visible=False)
