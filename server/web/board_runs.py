"""A run and its stops as entries of the board: progress, lateness, plan version, device."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from server.runs.marks import Standing, marks
from server.runs.queries import RunView
from server.runs.queries.forms import shown_state, shown_visit
from server.web.devices_view import DeviceLike
from server.web.formats import to_ms

PLANT_KINDS = frozenset({"internal"})
FINAL = frozenset({"done", "partly", "failed", "skipped"})
AWAY = frozenset({"hidden", "cancelled"})


@dataclass(frozen=True)
class Known:
    """Names and devices that entries refer to."""

    vehicles: Mapping[Any, Any]
    drivers: Mapping[UUID, str]
    devices: Sequence[DeviceLike]
    ends: Mapping[UUID, Any]

    def device_of(self, run: Any) -> DeviceLike | None:
        """The device of a run: taken over, bound to its vehicle, or the driver's last."""
        active = [row for row in self.devices if row.state == "active"]
        groups = (
            [row for row in active if run.device_id and row.id == run.device_id],
            [row for row in active if run.vehicle_id and row.vehicle_id == run.vehicle_id],
            [row for row in active if run.driver_id and row.driver_id == run.driver_id],
        )
        for found in groups:
            if found:
                return max(found, key=lambda row: row.last_seen_ms or 0)
        return None


def run_entry(
    view: RunView, stops: Sequence[dict[str, Any]], known: Known, now: datetime
) -> dict[str, Any]:
    """The card of a run."""
    run = view.run
    vehicle = known.vehicles.get(run.vehicle_id) if run.vehicle_id else None
    device = known.device_of(run)
    counted = [stop for stop in stops if stop["state"] not in AWAY]
    open_stops = [stop for stop in counted if stop["state"] not in FINAL]
    return {
        "id": str(run.id),
        "name": run.name,
        "kind": run.kind,
        "lane": "plant" if run.kind in PLANT_KINDS else "road",
        "loop": str(run.loop_id) if run.loop_id else None,
        "state": shown_state(run),
        "planned_departure": to_ms(run.planned_departure_at),
        "planned_return": to_ms(run.planned_return_at),
        "departed_at": to_ms(run.departed_at),
        "returned_at": to_ms(run.returned_at),
        "vehicle": str(run.vehicle_id) if run.vehicle_id else None,
        "vehicle_name": vehicle.name if vehicle else None,
        "vehicle_kind": vehicle.kind if vehicle else None,
        "driver": str(run.driver_id) if run.driver_id else None,
        "driver_name": known.drivers.get(run.driver_id) if run.driver_id else None,
        "device": str(device.id) if device else None,
        "plan_version": run.plan_version,
        "acked": run.acked_plan_version,
        "pulled": _pulled(view, device),
        "marks": marks(standing(run), now),
        "takt_s": run.takt_s,
        "cycle_no": run.cycle_no,
        "done": sum(1 for stop in counted if stop["state"] in FINAL),
        "total": len(counted),
        "failed": sum(1 for stop in counted if stop["state"] in ("failed", "skipped")),
        "late_stops": sum(1 for stop in open_stops if stop["late"]),
        "at_risk": sum(1 for stop in open_stops if stop["at_risk"]),
        "late_s": max((stop["late_s"] for stop in open_stops), default=0),
        "delay_s": _delay(open_stops),
        "load_pct": load_percent(view.loads, vehicle),
        "order": [stop["id"] for stop in stops],
        "start": place_of(known.ends.get(run.start_location)),
        "end": place_of(known.ends.get(run.end_location)),
        "proposed": (run.proposal or {}).get("state") == "open",
        "claimed": run.device_id is None and "device" in (run.claim or {}),
        "note": run.note,
    }


def standing(run: Any) -> Standing:
    """What the marks of a run follow from."""
    gate = run.gate or ()
    return Standing(
        kind=run.kind,
        plan_state=run.plan_state,
        gate_passed=run.gate is not None and all(item[1] != "block" for item in gate),
        departure_at=run.planned_departure_at,
        return_at=run.planned_return_at,
        departed_at=run.departed_at,
        returned_at=run.returned_at,
        started=run.started_at is not None,
        takt_s=run.takt_s,
        plan_seen=(run.acked_plan_version or 0) >= run.plan_version,
    )


def ordered(view: RunView) -> list[Any]:
    """Visits as they are or will be driven: finished ones by time, then by the plan."""
    place = {visit_id: number for number, visit_id in enumerate(view.order)}

    def rank(visit: Any) -> tuple[int, float, int]:
        reached = visit.service_end_at or visit.arrived_at
        if shown_visit(visit) in FINAL and reached is not None:
            return 0, reached.timestamp(), visit.pos
        return 1, place.get(visit.id, len(place) + visit.pos), visit.pos

    return sorted(view.stops, key=rank)


def stop_entry(view: RunView, visit: Any) -> dict[str, Any]:
    """One visit: what was planned, what happened, what is expected."""
    place = view.places.get(visit.location_id)
    state = shown_visit(visit)
    eta, high = to_ms(visit.eta_at), to_ms(visit.eta_high_at)
    end = max((window[1] for window in visit.windows), default=None)
    is_open = state not in FINAL and state not in AWAY
    late_s = max(0, (eta - end) // 1000) if is_open and eta and end else 0
    return {
        "id": str(visit.id),
        "run": str(visit.run_id),
        "location": str(visit.location_id),
        "name": place.name if place else "?",
        "address": place.address if place else "",
        **coordinates(place),
        "kind": visit.kind,
        "state": state,
        "attempt": visit.attempt,
        "windows": visit.windows,
        "planned_arrival": to_ms(visit.planned_arrival_at),
        "planned_departure": to_ms(visit.planned_departure_at),
        "service_s": visit.service_s,
        "arrived": to_ms(visit.arrived_at),
        "started": to_ms(visit.service_start_at),
        "completed": to_ms(visit.service_end_at),
        "departed": to_ms(visit.departed_at),
        "reason": visit.failure_reason,
        "proof": str(visit.proof_id) if visit.proof_id else None,
        "eta": eta,
        "eta_low": to_ms(visit.eta_low_at),
        "eta_high": high,
        "eta_made": to_ms(visit.eta_made_at),
        "late": late_s > 0,
        "late_s": late_s,
        "at_risk": bool(is_open and high and end and high > end and not late_s),
        "lock": (visit.lock or {}).get("as") if visit.lock else None,
        "off_plan": visit.off_plan,
    }


def position_entry(row: Any) -> dict[str, Any]:
    """Where the vehicle of a run was last."""
    return {
        "id": str(row.run_id),
        "run": str(row.run_id),
        "lat": row.lat,
        "lon": row.lon,
        "x_m": row.x_m,
        "y_m": row.y_m,
        "acc": row.acc_m,
        "at": row.t_ms,
    }


def coordinates(place: Any) -> dict[str, Any]:
    """Where a place is, on the earth or in the plant."""
    if place is None:
        return {"lat": None, "lon": None, "x_m": None, "y_m": None}
    return {"lat": place.lat, "lon": place.lon, "x_m": place.x_m, "y_m": place.y_m}


def place_of(place: Any) -> dict[str, Any] | None:
    """A start or an end."""
    if place is None:
        return None
    return {"id": str(place.id), "name": place.name, **coordinates(place)}


def _pulled(view: RunView, device: DeviceLike | None) -> bool:
    """Whether the device has spoken with the server since this plan was written."""
    if device is None or device.last_seen_ms is None or view.run.plan_state != "dispatched":
        return False
    return device.last_seen_ms >= (to_ms(view.plan.created_at) or 0)


def _delay(open_stops: Sequence[Mapping[str, Any]]) -> int:
    following = next((stop for stop in open_stops if stop["eta"]), None)
    if following is None:
        return 0
    return (int(following["eta"]) - int(following["planned_arrival"])) // 1000


def load_percent(loads: Iterable[Any], vehicle: Any) -> int | None:
    """How full the vehicle is at most, by the dimension that is fullest."""
    if vehicle is None:
        return None
    lines = list(loads)
    shares = []
    for column, capacity in (("weight_kg", "capacity_kg"), ("volume_l", "capacity_l")):
        most = getattr(vehicle, capacity, None)
        total = sum(getattr(line, column) or 0 for line in lines)
        if most and total:
            shares.append(total / most)
    return round(100 * max(shares)) if shares else None
