"""The table of rights: resource by role, each right with how far it reaches."""

import sys
from collections.abc import Mapping
from enum import StrEnum


class Reach(StrEnum):
    """How far a right carries."""

    ANY = "any"  # every object of the site
    CARRIER = "carrier"  # those of one's own haulage company
    OWN = "own"  # those of the driver's own runs
    SCOPE = "scope"  # those of the device's or its vehicle's runs
    SELF = "self"  # oneself
    TODAY = "today"  # those of today


Rights = Mapping[str, Reach]
_ORDER = ("supervisor", "planner", "dispatcher", "carrier_manager", "driver", "device")
_LETTERS = {"R": "read", "W": "write"}


def _rights(cell: str) -> dict[str, Reach]:
    """Read a cell such as `RW`, `carrier:R assign`, `own:R propose`: a reach, then its verbs."""
    found: dict[str, Reach] = {}
    reach = Reach.ANY
    for word in cell.split():
        prefix, _, verbs = word.rpartition(":")
        if prefix:
            reach = Reach(prefix)
        for verb in [_LETTERS[letter] for letter in verbs] if verbs.isupper() else [verbs]:
            found[verb] = reach
    return found


def _row(*cells: str) -> Mapping[str, Rights]:
    padded = (*cells, *[""] * (len(_ORDER) - len(cells)))
    return {role: _rights(cell) for role, cell in zip(_ORDER, padded, strict=True)}


# Columns: supervisor, planner, dispatcher, carrier manager, driver, device.
ACCESS: Mapping[str, Mapping[str, Rights]] = {
    "settings": _row("RW", "R", "R"),
    "people": _row("RW", "self:R", "self:R", "self:R"),
    "account": _row("self:RW", "self:RW", "self:RW", "self:RW"),
    "devices": _row("RW stolen", "", "RW", "carrier:R", "", "self:R"),
    "drivers": _row("RW", "R", "R", "carrier:RW", "self:R"),
    "fleet": _row("RW", "RW", "R", "carrier:RW", "own:R", "scope:R"),
    "places": _row("RW notes", "RW notes", "R notes", "carrier:R", "own:R", "scope:R"),
    "loops": _row("RW", "RW", "R", "carrier:R"),
    "orders": _row("RW", "RW", "RW", "carrier:R", "own:R", "scope:R"),
    "runs": _row("RW assign claim", "R", "RW assign", "carrier:R assign", "own:R claim", "scope:R"),
    "plan": _row("RW propose", "R", "RW propose", "carrier:R", "own:R propose", "scope:R"),
    "facts": _row("R correct held", "R", "R correct held", "carrier:R", "own:RW", "scope:W"),
    "proofs": _row("R", "", "R", "carrier:R", "own:RW", "scope:W"),
    "live": _row("R", "", "R", "carrier:R", "own:R", "scope:W"),
    "positions": _row("R", "", "today:R", "", "own:R"),
    "loads": _row("RW", "R", "RW", "carrier:R", "own:RW", "scope:RW"),
    "kanban": _row("RW", "RW", "RW", "", "own:RW", "scope:RW"),
    "appointments": _row(*["RW request"] * 3, "carrier:R request", "own:R", "scope:R"),
    "andon": _row("RW raise", "R", "RW raise", "carrier:R", "own:R raise", "scope:raise"),
    "links": _row("RW", "", "RW"),
    "planner": _row("W", "W", "W"),
    "import": _row("RW", "RW"),
    "export": _row("R", "R", "today:R", "carrier:R", "self:R"),
    "analytics": _row("R", "R", "R", "carrier:R", "own:R"),
    "templates": _row("RW", "", "R"),
    "privacy": _row("RW", "", "", "", "self:R"),
    "audit": _row("R"),
    "board": _row("R", "R", "R", "carrier:R"),
    "exceptions": _row("RW", "R", "RW", "carrier:R"),
    "readiness": _row("R"),
    "sync": _row("", "", "", "", "", "self:RW"),
}  # fmt: skip


def as_markdown() -> str:
    """The table as a document: one row per resource, one column per role."""
    head = ["resource", *(role.replace("_", " ") for role in _ORDER)]
    lines = [head, ["---"] * len(head)]
    for resource, rights in ACCESS.items():
        lines.append([resource, *(_cell(rights[role]) for role in _ORDER)])
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def _cell(rights: Rights) -> str:
    return ", ".join(
        verb if reach is Reach.ANY else f"{verb} ({reach.value})" for verb, reach in rights.items()
    )


if __name__ == "__main__":
    sys.stdout.write(as_markdown())
