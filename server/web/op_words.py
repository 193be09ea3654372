"""Says in words what a change of a plan did."""

from collections.abc import Iterable, Mapping
from typing import Any

from server.core.words import _
from server.web.formats import span


def lines_of(ops: Iterable[Mapping[str, Any]], names: Mapping[str, str]) -> list[str]:
    """One sentence for each change."""
    return [_sentence(op, names) for op in ops]


def _sentence(op: Mapping[str, Any], names: Mapping[str, str]) -> str:
    kind = str(op.get("op", ""))
    pattern = _patterns().get(kind)
    if pattern is None:
        return kind.replace("_", " ")
    stop = _named(names, op.get("visit") or op.get("location_id") or op.get("a"))
    after = op.get("after")
    behind = _("after {stop}").format(stop=_named(names, after)) if after else _("to the front")
    return pattern.format(
        stop=stop,
        place=behind if kind in ("move", "insert") else "",
        other=op.get("run_name") or _named(names, op.get("b")),
        stops=", ".join(_named(names, one) for one in op.get("visits", ())),
        delay=span(float(op.get("delay_s") or 0)),
        text=str(op.get("text", "")),
    ).strip()


def _named(names: Mapping[str, str], key: Any) -> str:
    return names.get(str(key), _("a stop"))


def _patterns() -> dict[str, str]:
    return {
        "insert": _("inserted {stop}"),
        "cancel": _("cancelled {stop}"),
        "move": _("moved {stop} {place}"),
        "window": _("changed the window of {stop}"),
        "late": _("delay of {delay}"),
        "swap": _("swapped {stop} and {other}"),
        "reverse": _("reversed a part of the order"),
        "lock": _("locked {stop}"),
        "unlock": _("unlocked {stop}"),
        "assign": _("assigned vehicle or driver"),
        "contingency_on": _("switched on {stop}"),
        "contingency_off": _("switched off {stop}"),
        "note": _("note to the driver: {text}"),
        "accept_proposal": _("accepted a proposal"),
        "transfer_out": _("gave {stops} to {other}"),
        "transfer_in": _("took {stops} from {other}"),
    }
