"""What facts are called, why they wait, and what stands against them, in the reader's language."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel

from server.core.words import _


def fact_titles() -> dict[str, str]:
    """What each type of fact is called, and what people did to a plan."""
    return {
        "driver.signed_in": _("Driver signed in"),
        "driver.signed_out": _("Driver signed out"),
        "vehicle.checked": _("Vehicle checked"),
        "run.started": _("Run started"),
        "plan.acknowledged": _("Plan seen"),
        "run.order_proposed": _("Order proposed"),
        "run.disrupted": _("Disruption reported"),
        "run.claimed": _("Run asked for"),
        "stop.departed": _("Left the stop"),
        "stop.arrived": _("Arrived"),
        "stop.service_started": _("Service started"),
        "stop.completed": _("Stop completed"),
        "stop.partly": _("Stop partly done"),
        "stop.failed": _("Stop failed"),
        "stop.skipped": _("Stop skipped"),
        "stop.reopened": _("Stop reopened"),
        "fact.voided": _("Entry taken back"),
        "visit.geotagged": _("Position added"),
        "proof.added": _("Proof added"),
        "load.scanned": _("Load scanned"),
        "load.counted": _("Load counted"),
        "empties.taken": _("Empties booked"),
        "note.added": _("Note"),
        "feedback.given": _("Suggestion"),
        "break.started": _("Break started"),
        "break.ended": _("Break ended"),
        "run.finished": _("Run finished"),
        "device.blob_unreadable": _("File unreadable on the device"),
        "run.departed": _("Train left"),
        "run.missed": _("Round missed"),
        "run.returned": _("Train is back"),
        "station.done": _("Station served"),
        "station.missed": _("Station missed"),
        "kanban.scanned": _("Card scanned"),
        "kanban.fulfilled": _("Call fulfilled"),
        "call.prepared": _("Call prepared"),
        "call.refused": _("Call refused"),
        "stock.counted": _("Stock counted"),
        "andon.raised": _("Andon raised"),
        "andon.acknowledged": _("Andon acknowledged"),
        "andon.cleared": _("Andon cleared"),
        "handover.written": _("Handover written"),
        "handover.acknowledged": _("Handover read"),
        "stop.cancelled": _("Stop cancelled by the office"),
        "stop.moved": _("Stop moved to another run"),
        "run.cancelled": _("Run cancelled by the office"),
    }


def why_held() -> dict[str, str]:
    """Why a fact waits, in a sentence."""
    return {
        "bad_doc": _("The entry cannot be read: it is damaged or no entry at all."),
        "unknown_type": _("A newer app wrote it; this server does not know its kind yet."),
        "bad_body": _("Something in it does not fit its kind."),
        "unknown_visit": _("This device never had the stop it speaks of."),
        "unknown_run": _("This device never had the run it speaks of."),
        "retired_device": _("The device was retired before it sent this."),
        "import_unverified": _("It came in a file whose signature does not fit."),
        "import_chain": _("It came in a file whose entries do not follow one another."),
        "fold_error": _("The server could not work it in; this is a defect of the server."),
        "other_bytes": _("Other content came under the number of an entry that is known."),
    }


@dataclass(frozen=True)
class Names:
    """Who and what ids mean to people."""

    drivers: Mapping[str, str] = field(default_factory=dict)
    people: Mapping[str, str] = field(default_factory=dict)
    devices: Mapping[str, str] = field(default_factory=dict)
    typed: Mapping[str, Sequence[tuple[int, str]]] = field(default_factory=dict)
    """Names typed on a device, each with the instant (ms) from which it holds, oldest first."""
    reasons: Mapping[str, str] = field(default_factory=dict)

    def by(self, by: str, at_ms: int | None = None) -> str:
        """Who did it at that instant; a name that is a name already stays."""
        kind, colon, key = by.partition(":")
        if not colon:
            return _("the facts") if by == "facts" else by
        if kind == "driver":
            return self.drivers.get(key, _("a driver nobody knows"))
        if kind == "device":
            return self._typed(key, at_ms) or self.devices.get(key, _("a device"))
        return self.people.get(key, _("somebody"))

    def _typed(self, device: str, at_ms: int | None) -> str:
        """Who had typed a name on the device by then."""
        held = [name for since, name in self.typed.get(device, ()) if since <= (at_ms or 0)]
        return held[-1] if held else ""

    def said(self, told: Mapping[str, Any]) -> str:
        """What a fact says, its reason in the reader's words."""
        return ", ".join(
            self.reasons.get(str(value), str(value)) if key == "reason" else str(value)
            for key, value in told.items()
        )

    def device(self, key: str | None) -> str:
        """The name of a device."""
        return self.devices.get(key or "", "")


SAID = ("reason", "text", "note", "value", "label", "qty", "name", "kind", "delay_s", "fit")


def said_of(body: BaseModel, names: Names) -> str:
    """What a fact says, as far as it is short."""
    told = body.model_dump(mode="json", exclude_none=True)
    return names.said(
        {key: told[key] for key in SAID if told.get(key) not in (None, "", True, False)}
    )


def shown_sides(detail: Mapping[str, Any], names: Names) -> list[dict[str, Any]]:
    """Both sides of an exception, ready to be shown."""
    titles = fact_titles()
    found = []
    for side in detail.get("sides", ()):
        said = side.get("said") or {}
        link = f"/runs/{side['run']}" if side.get("run") else ""
        found.append(
            {
                "title": titles.get(side["what"], side["what"]),
                "by": names.by(side.get("by", ""), side.get("at")),
                "at": side.get("at"),
                "device": names.device(side.get("device")),
                "said": names.said(said),
                "link": f"{link}#fact-{side['event']}" if link and side.get("event") else link,
                "event": side.get("event", ""),
            }
        )
    return found
