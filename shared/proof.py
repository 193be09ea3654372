"""What a stop demands as proof, and what is still missing before it can be closed."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Level = Literal["required", "warn", "optional", "off"]
Part = Literal["photo", "signature", "recipient", "scan", "quantity", "note"]

PARTS: tuple[Part, ...] = ("photo", "signature", "recipient", "scan", "quantity", "note")
LEVELS: tuple[Level, ...] = ("required", "warn", "optional", "off")
SITE_DEFAULT: dict[Part, Level] = {
    "photo": "off",
    "signature": "off",
    "recipient": "off",
    "scan": "off",
    "quantity": "optional",
    "note": "off",
}
PHOTO_DROP_POINTS = frozenset({"safe_place"})

Levels = Mapping[Part, Level]


@dataclass(frozen=True, slots=True)
class Evidence:
    """What has been gathered at one visit so far."""

    photos: int = 0
    signature: bool = False
    signer: str = ""
    scans: int = 0
    expected_scans: int = 0
    quantities: bool = False
    note: str = ""
    drop_point: str | None = None
    excuses: Mapping[Part, str] | None = None


@dataclass(frozen=True, slots=True)
class Lacking:
    """Parts still missing: `required` stops the closing, `warn` asks once."""

    required: tuple[Part, ...]
    warn: tuple[Part, ...]


def levels_of(
    site: Levels | None = None, version: Levels | None = None, stop: Levels | None = None
) -> dict[Part, Level]:
    """The level of every part: Stop over LoopVersion over site over the product's default."""
    found = dict(SITE_DEFAULT)
    for layer in (site, version, stop):
        found.update(layer or {})
    return found


def _present(part: Part, evidence: Evidence) -> bool:
    found: dict[Part, bool] = {
        "photo": evidence.photos > 0,
        "signature": evidence.signature,
        "recipient": bool(evidence.signer.strip()),
        "scan": evidence.scans >= max(1, evidence.expected_scans),
        "quantity": evidence.quantities,
        "note": bool(evidence.note.strip()),
    }
    return found[part]


def lacking(levels: Levels, evidence: Evidence) -> Lacking:
    """What is missing. A part with an excuse ("Cannot" and a reason) is not missing.

    Handing over at a safe place makes the photo required, whatever the level says.
    """
    wanted = dict(levels)
    if evidence.drop_point in PHOTO_DROP_POINTS:
        wanted["photo"] = "required"
    excused = evidence.excuses or {}
    open_parts = [p for p in PARTS if not _present(p, evidence) and not excused.get(p)]
    return Lacking(
        required=tuple(p for p in open_parts if wanted.get(p) == "required"),
        warn=tuple(p for p in open_parts if wanted.get(p) == "warn"),
    )


def demands(levels: Levels) -> tuple[Part, ...]:
    """The parts that are required or asked for, in the order of the proof sheet."""
    return tuple(part for part in PARTS if levels.get(part) in ("required", "warn"))


def method_of(evidence: Evidence) -> str:
    """How the proof was given, in the words of the proof object."""
    if evidence.signature:
        return "signature"
    return "photo" if evidence.photos else "none"
