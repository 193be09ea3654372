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
from shared.run import live, overlay_visit, visit_state

ACCESS_WORDS = {"max_height_m": "≤ {} m", "max_mass_kg": "≤ {} kg"}


def visit_view(read: Read, run: RunRead, stop: Row) -> VisitView:
    """Build the view of one visit."""
    own = [fact for fact in run.own if fact.envelope.visit == stop.id]
    half = overlay_visit(stop.fact, own)
    place = read.reference("location", stop.plan.get("location"))
    view = VisitView(VisitId(UUID(stop.id)), RunId(UUID(run.row.id)))
    _plan(view, stop.plan)
    _place(view, place)
    _facts(view, half, stop.plan)
    view.sent = sent(read, stop.id)
    view.lines = _lines(run, stop.id, half.get("qty", {}))
    return view


def _plan(view: VisitView, plan: Mapping[str, Any]) -> None:
    view.no = int(plan.get("no", 0))
    view.name = str(plan.get("name", ""))
    view.kind = str(plan.get("kind", "fixed"))
    view.attempt = int(plan.get("attempt", 1))
    view.windows = tuple((int(a), int(b)) for a, b in plan.get("windows", []))
    view.planned_arrival_ms = int(plan.get("planned_arrival", 0))
    view.planned_departure_ms = int(plan.get("planned_departure", 0))
    view.service_s = int(plan.get("service_s", 0))
    view.locked = str(plan.get("locked") or "")
    view.proof = {str(part): level for part, level in levels_of(stop=plan.get("proof")).items()}
    view.has_code = bool(plan.get("code"))
    view.tasks = tuple(Task(str(c[0]), str(c[1]), bool(c[2])) for c in plan.get("checks", []))
    view.max_boxes = dict(plan.get("max") or {})
    view.location = LocationId(UUID(plan["location"])) if plan.get("location") else None


def _place(view: VisitView, place: Mapping[str, Any]) -> None:
    view.name = view.name or str(place.get("name", ""))
    view.location_kind = str(place.get("kind", ""))
    view.address = str(place.get("address", ""))
    view.access = access_text(place.get("access") or {})
    side = str(place.get("side") or "")
    view.side = "" if side == "any" else side
    view.hours = hours_text(place.get("hours") or [])
    view.contact = contact_text(place.get("contact") or {})
    view.note = remark(place.get("note"))
    view.lat, view.lon = place.get("lat"), place.get("lon")
    view.floor_plan = str(place.get("plan") or "")
    view.x_m, view.y_m = place.get("x_m"), place.get("y_m")
    view.geofence_m = int(place.get("geofence_m", 80))
    view.empties_plan = dict(place.get("empties") or {})
    view.last_service_s = tuple(place.get("last_service_s") or ())


def _facts(view: VisitView, half: Mapping[str, Any], plan: Mapping[str, Any]) -> None:
    view.state = visit_state(str(plan.get("state", "planned")), half.get("state", "none"))
    if view.state == "off_plan":
        view.state = str(half["state"])
    view.off_plan = bool(plan.get("off_plan") or half.get("off_plan"))
    view.off_plan |= plan.get("state") in ("cancelled", "optional_off") and "state" in half
    result = half.get("result")
    view.result = EventId(UUID(result)) if result else None
    view.reason = str(half.get("reason", ""))
    view.checking = bool(half.get("checking"))
    view.arrived_ms = half.get("arrived")
    view.service_started_ms = half.get("service_started")
    view.completed_ms = half.get("completed")
    view.departed_ms = half.get("departed")
    view.empties_taken = dict(half.get("empties", {}))


def sent(read: Read, id_: str) -> Sent:
    """How far the last fact of a visit or run has come."""
    mark = read.marks.get(id_)
    if mark is None:
        return ""
    if mark.last_seq > read.acked or mark.blobs_open:
        return "phone"
    return "safe" if mark.last_seq <= read.durable else "office"


def _lines(run: RunRead, visit: str, qty: Mapping[str, int]) -> list[LineView]:
    scans = [fact for fact in live(run.recorded) if fact.envelope.visit == visit]
    lines = []
    for load in run.loads:
        if visit not in (load.plan.get("drop"), load.plan.get("pickup")):
            continue
        plan = load.plan
        lines.append(
            LineView(
                id=LineId(UUID(load.id)),
                visit=VisitId(UUID(visit)),
                name=str(plan.get("name") or plan.get("part_no", "")),
                part_no=str(plan.get("part_no", "")),
                unit=str(plan.get("unit", "")),
                labels=tuple(plan.get("labels") or ()),
                scanned=scanned(scans, load.id),
                planned=int(plan.get("qty", 0)),
                done=qty.get(load.id),
                drop=plan.get("drop") == visit,
                private=bool(plan.get("private")),
                order_ref=str(plan.get("order_ref") or ""),
                consignee=str(plan.get("consignee") or ""),
            )
        )
    return lines


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
