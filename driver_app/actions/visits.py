"""One visit for the screen: the office's plan, the folded facts, and what is only here yet."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from driver_app.actions.reading import Read, RunRead
from driver_app.state import LineView, Remark, Sent, Task, VisitView
from driver_app.store.rows import Row
from shared.events import Event, LoadScanned
from shared.ids import EventId, LineId, LocationId, RunId, VisitId
from shared.proof import levels_of
from shared.run import overlay_visit, visit_state

ACCESS_WORDS = {"max_height_m": "≤ {} m", "max_mass_kg": "≤ {} kg"}


def visit_view(read: Read, run: RunRead, stop: Row) -> VisitView:
    """Build the view of one visit; all values at once, as setting an observable costs."""
    plan = stop.plan
    half = overlay_visit(stop.fact, run.own_of(stop.id))
    place = read.reference("location", plan.get("location"))
    visit = VisitId(UUID(stop.id))
    return VisitView(
        visit,
        RunId(UUID(run.row.id)),
        **_plan(plan, place),
        **_place(place),
        **_facts(half, plan),
        sent=sent(read, stop.id),
        lines=_lines(run, visit, half.get("qty", {})),
    )


def _plan(plan: Mapping[str, Any], place: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "no": int(plan.get("no", 0)),
        "name": str(plan.get("name") or place.get("name", "")),
        "kind": str(plan.get("kind", "fixed")),
        "attempt": int(plan.get("attempt", 1)),
        "windows": tuple((int(a), int(b)) for a, b in plan.get("windows", [])),
        "planned_arrival_ms": int(plan.get("planned_arrival", 0)),
        "planned_departure_ms": int(plan.get("planned_departure", 0)),
        "service_s": int(plan.get("service_s", 0)),
        "locked": str(plan.get("locked") or ""),
        "proof": {str(part): level for part, level in levels_of(stop=plan.get("proof")).items()},
        "has_code": bool(plan.get("code")),
        "tasks": tuple(Task(str(c[0]), str(c[1]), bool(c[2])) for c in plan.get("checks", [])),
        "max_boxes": dict(plan.get("max") or {}),
        "location": LocationId(UUID(plan["location"])) if plan.get("location") else None,
    }


def _place(place: Mapping[str, Any]) -> dict[str, Any]:
    side = str(place.get("side") or "")
    return {
        "location_kind": str(place.get("kind", "")),
        "address": str(place.get("address", "")),
        "access": access_text(place.get("access") or {}),
        "side": "" if side == "any" else side,
        "hours": hours_text(place.get("hours") or []),
        "contact": contact_text(place.get("contact") or {}),
        "note": remark(place.get("note")),
        "lat": place.get("lat"),
        "lon": place.get("lon"),
        "floor_plan": str(place.get("plan") or ""),
        "x_m": place.get("x_m"),
        "y_m": place.get("y_m"),
        "geofence_m": int(place.get("geofence_m", 80)),
        "empties_plan": dict(place.get("empties") or {}),
        "last_service_s": tuple(place.get("last_service_s") or ()),
    }


def _facts(half: Mapping[str, Any], plan: Mapping[str, Any]) -> dict[str, Any]:
    state = visit_state(str(plan.get("state", "planned")), half.get("state", "none"))
    result = half.get("result")
    off_plan = plan.get("state") in ("cancelled", "optional_off") and "state" in half
    return {
        "state": str(half["state"]) if state == "off_plan" else state,
        "off_plan": bool(off_plan or plan.get("off_plan") or half.get("off_plan")),
        "result": EventId(UUID(result)) if result else None,
        "reason": str(half.get("reason", "")),
        "checking": bool(half.get("checking")),
        "arrived_ms": half.get("arrived"),
        "service_started_ms": half.get("service_started"),
        "completed_ms": half.get("completed"),
        "departed_ms": half.get("departed"),
        "empties_taken": dict(half.get("empties", {})),
    }


def sent(read: Read, id_: str) -> Sent:
    """How far the last fact of a visit or run has come."""
    mark = read.marks.get(id_)
    if mark is None:
        return ""
    if mark.last_seq > read.acked or mark.blobs_open:
        return "phone"
    return "safe" if mark.last_seq <= read.durable else "office"


def _lines(run: RunRead, visit: VisitId, qty: Mapping[str, int]) -> list[LineView]:
    scans = run.scans_of(str(visit))
    return [_line(load, visit, scans, qty.get(load.id)) for load in run.loads_of(str(visit))]


def _line(load: Row, visit: VisitId, scans: Sequence[Event], done: int | None) -> LineView:
    plan = load.plan
    return LineView(
        id=LineId(UUID(load.id)),
        visit=visit,
        name=str(plan.get("name") or plan.get("part_no", "")),
        part_no=str(plan.get("part_no", "")),
        unit=str(plan.get("unit", "")),
        labels=tuple(plan.get("labels") or ()),
        scanned=scanned(scans, load.id),
        planned=int(plan.get("qty", 0)),
        done=done,
        drop=plan.get("drop") == str(visit),
        private=bool(plan.get("private")),
        order_ref=str(plan.get("order_ref") or ""),
        consignee=str(plan.get("consignee") or ""),
    )


def scanned(scans: Sequence[Event], line: str) -> tuple[str, ...]:
    """Labels scanned for one line, each once, in order."""
    found = (s.body for s in scans if isinstance(s.body, LoadScanned) and s.body.line == line)
    return tuple(dict.fromkeys(body.label for body in found))


def remark(note: Mapping[str, Any] | None) -> Remark | None:
    """A line somebody wrote, if there is one."""
    if not note or not note.get("text"):
        return None
    return Remark(str(note["text"]), str(note.get("by") or ""), int(note.get("at") or 0))


def access_text(access: Mapping[str, Any]) -> str:
    """Limits of access as one short line."""
    limits = [words.format(access[k]) for k, words in ACCESS_WORDS.items() if access.get(k)]
    return ", ".join([*limits, *map(str, access.get("vehicle_classes") or ())])


def hours_text(hours: Sequence[Mapping[str, Any]]) -> str:
    """Opening hours as one short line."""
    spans = [f"{h.get('start_local', '')}–{h.get('end_local', '')}" for h in hours]
    return ", ".join(dict.fromkeys(spans))


def contact_text(contact: Mapping[str, Any]) -> str:
    """Whom to ask, with the number that can be called."""
    return " ".join(str(contact[k]) for k in ("name", "phone") if contact.get(k))
