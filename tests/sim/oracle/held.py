"""Which facts may wait: those nobody can read, and those about what their device never had (S3)."""

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\Z")
BY = re.compile(r"(driver|device|supervisor):[0-9a-f-]{36}\Z")
SAFE = 2**53 - 1

Check = Callable[[object], bool]


def _text(value: object) -> bool:
    return isinstance(value, str)


def _uid(value: object) -> bool:
    return isinstance(value, str) and UUID.match(value) is not None


def _whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) <= SAFE


def _count(value: object) -> bool:
    return _whole(value) and isinstance(value, int) and value >= 0


def _yes_no(value: object) -> bool:
    return isinstance(value, bool)


def _array(value: object) -> bool:
    return isinstance(value, list)


def _proof(value: object) -> bool:
    return isinstance(value, dict) and _text(value.get("kind")) and _text(value.get("method"))


def _object(value: object) -> bool:
    return isinstance(value, dict)


REQUIRED: Mapping[str, Mapping[str, Check]] = {
    "driver.signed_in": {"method": _text},
    "driver.signed_out": {},
    "vehicle.checked": {
        "vehicle": _uid, "checklist": _text, "checklist_v": _count, "items": _array, "fit": _yes_no,
    },
    "run.started": {},
    "plan.acknowledged": {"plan_version": _count, "plan_rev": _whole},
    "run.order_proposed": {"order": _array, "base_version": _count, "reason": _text},
    "run.disrupted": {"kind": _text},
    "run.claimed": {},
    "stop.departed": {},
    "stop.arrived": {"source": _text},
    "stop.service_started": {},
    "stop.completed": {"proof": _proof},
    "stop.partly": {"proof": _proof},
    "stop.failed": {"reason": _text, "proof": _proof},
    "stop.skipped": {"reason": _text, "return_later": _yes_no},
    "stop.reopened": {"undo": _uid},
    "fact.voided": {"undo": _uid},
    "visit.geotagged": {"for": _uid},
    "proof.added": {"result": _uid},
    "load.scanned": {"label": _text, "how": _text, "dir": _text},
    "load.counted": {"line": _uid, "dir": _text, "qty": _count},
    "empties.taken": {"container_type": _text, "dir": _text, "qty": _count},
    "note.added": {"text": _text, "about": _text},
    "feedback.given": {"about": _text, "id": _text, "field": _text, "value": _text},
    "break.started": {"kind": _text},
    "break.ended": {"started": _uid},
    "run.finished": {},
    "device.blob_unreadable": {"event": _uid, "sha": _text, "why": _text},
    "run.departed": {},
    "run.missed": {"reason": _text},
    "run.returned": {},
    "station.done": {},
    "station.missed": {"reason": _text},
    "kanban.scanned": {"card": _uid, "how": _text, "purpose": _text, "location": _uid},
    "kanban.fulfilled": {"call": _uid, "qty": _count},
    "call.prepared": {"call": _uid},
    "call.refused": {"call": _uid, "reason": _text},
    "stock.counted": {"location": _uid, "item": _text, "qty": _count},
    "andon.raised": {"andon": _uid, "category": _text, "severity": _count},
    "andon.acknowledged": {"andon": _uid},
    "andon.cleared": {"andon": _uid},
    "handover.written": {"open": _array, "text": _text, "counts": _object},
    "handover.acknowledged": {"handover": _uid},
}  # fmt: skip


def _by(value: object) -> bool:
    return isinstance(value, str) and BY.match(value) is not None


ENVELOPE: Mapping[str, Check] = {
    "v": _count, "hlc": _count, "clk": _array, "plan_rev": _whole, "by": _by, "body": _object,
}  # fmt: skip


def unreadable(doc: bytes) -> str:
    """Why a doc can never count; empty for a fact that says what its type must say."""
    told = _parsed(doc)
    if told is None or not isinstance(told.get("type"), str):
        return "bad_doc"
    required = REQUIRED.get(told["type"])
    if required is None:
        return "unknown_type"
    fits = all(check(told.get(key)) for key, check in ENVELOPE.items())
    fits = fits and all(_uid(told[key]) for key in ("run", "visit") if told.get(key) is not None)
    fits = fits and all(check(told["body"].get(key)) for key, check in required.items())
    return "" if fits else "bad_body"


def _parsed(doc: bytes) -> Mapping[str, Any] | None:
    try:
        told = json.loads(doc.decode())
    except (ValueError, RecursionError):
        return None
    return told if isinstance(told, dict) else None
