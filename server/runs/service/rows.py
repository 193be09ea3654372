"""What devices are told of a run: rows of the run, its visits and its goods."""

from collections.abc import Mapping
from datetime import datetime, tzinfo
from typing import Any
from uuid import UUID

from sqlmodel import Session

from server.core.clock import to_ms
from server.feed.service import FeedChange
from server.runs import queries
from server.runs.queries import RunView
from server.runs.tables import LoadLineRow, RunRow, StopVisitRow
from server.sites import queries as sites
from server.sites import service as places
from shared.ids import SiteId
from shared.local_time import offset_change, offset_s, zone

SITE_SCOPE = "site"
ROAD_FACTOR = (1.3, 11.1)  # detour over the great circle, metres per second
PLANT_FACTOR = (1.0, 1.5)
PLANT_LOOPS = frozenset({"internal"})


def run_scope(run_id: UUID) -> str:
    """Scope of a run: its visits, goods and, once somebody has it, the run itself."""
    return f"run:{run_id}"


def is_open(run: RunRow) -> bool:
    """Say whether a dispatched run waits for anybody who takes it."""
    nobody = (run.vehicle_id, run.driver_id, run.device_id, run.carrier_id)
    return run.plan_state == "dispatched" and nobody == (None, None, None, None)


def run_rows(view: RunView, tz: tzinfo) -> list[FeedChange]:
    """Write every row of a run, keys exactly as sync.md §3.3."""
    run = view.run
    scope = run_scope(run.id)
    changes = [run_row(view, tz)]
    changes += [
        FeedChange("stop", str(one.id), scope, stop_plan(view, one), one.fact)
        for one in view.visits
    ]
    changes += [FeedChange("load", str(one.id), scope, load_plan(one), None) for one in view.loads]
    return changes


def run_row(view: RunView, tz: tzinfo) -> FeedChange:
    """Write the row of the run alone."""
    run = view.run
    scope = SITE_SCOPE if is_open(run) else run_scope(run.id)
    return FeedChange("run", str(run.id), scope, run_plan(view, tz), run.fact)


def run_plan(view: RunView, tz: tzinfo) -> dict[str, Any]:
    """Write the plan half of a run row."""
    run, plan = view.run, view.plan
    change = offset_change(run.planned_departure_at, run.planned_return_at, tz)
    factor = PLANT_FACTOR if run.kind in PLANT_LOOPS else ROAD_FACTOR
    fixed: dict[str, Any] = {
        "name": run.name,
        "kind": run.kind,
        "service_date": run.service_date.isoformat(),
        "state": run.plan_state,
        "plan_version": run.plan_version,
        "planned_departure": to_ms(run.planned_departure_at),
        "planned_return": to_ms(run.planned_return_at),
        "utc_offset_s": offset_s(run.planned_departure_at, tz),
        "driver_order": run.driver_order,
        "start_location": str(run.start_location),
        "end_location": str(run.end_location),
        "order": list(plan.order),
        "legs": [list(leg) for leg in plan.legs],
        "leg_factor": list(factor),
    }
    return fixed | _present(
        {
            "loop": _text(run.loop_id),
            "departure_no": run.departure_no,
            "vehicle": _text(run.vehicle_id),
            "driver": _text(run.driver_id),
            "carrier": _text(run.carrier_id),
            "utc_change": [to_ms(change[0]), change[1]] if change else None,
            "gate": run.gate or None,
            "takt_s": run.takt_s,
            "cycle_no": run.cycle_no,
            "note": run.note,
            "proposal": _decided(run),
            "change": run.change,
        }
    )


def stop_plan(view: RunView, visit: StopVisitRow) -> dict[str, Any]:
    """Write the plan half of a stop row."""
    place = view.places[visit.location_id]
    fixed: dict[str, Any] = {
        "no": _number(view, visit),
        "name": place.name,
        "run": str(visit.run_id),
        "location": str(visit.location_id),
        "kind": visit.kind,
        "attempt": visit.attempt,
        "state": visit.plan_state,
        "windows": [list(one) for one in visit.windows],
        "planned_arrival": to_ms(visit.planned_arrival_at),
        "planned_departure": to_ms(visit.planned_departure_at),
        "service_s": visit.service_s,
        "proof": dict(visit.proof),
    }
    return fixed | _present(
        {
            "off_plan": visit.off_plan or None,
            "locked": _locked(visit),
            "appointment": _text(visit.appointment_id),
            "checks": visit.checks or None,
            "offset_s": visit.offset_s,
            "max": visit.max_boxes or None,
        }
    )


def load_plan(line: LoadLineRow) -> dict[str, Any]:
    """Write the plan half of a load row."""
    fixed: dict[str, Any] = {
        "part_no": line.part_no,
        "name": line.name,
        "qty": line.qty,
        "unit": line.unit_label,
        "labels": list(line.labels),
    }
    return fixed | _present(
        {
            "pickup": _text(line.pickup_visit),
            "drop": _text(line.drop_visit),
            "weight_kg": line.weight_kg,
            "volume_l": line.volume_l,
            "owner": line.owner,
            "consignee": line.consignee,
            "order_ref": line.order_ref,
            "private": line.private or None,
        }
    )


def _number(view: RunView, visit: StopVisitRow) -> int:
    """Number the driver sees: 0 for the start, then the order; a stop that is off has its place."""
    if str(visit.id) in view.plan.order:
        return view.plan.order.index(str(visit.id)) + 1
    return len(view.plan.order) + 1 if visit.kind == "end" else max(0, visit.pos)


def _locked(visit: StopVisitRow) -> str | None:
    return str(visit.lock.get("as")) if visit.lock else None


def _decided(run: RunRow) -> dict[str, Any] | None:
    """What became of the order the driver proposed."""
    told = run.proposal
    return {key: told[key] for key in ("event", "state", "why") if key in told} if told else None


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def _present(values: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in values.items() if value is not None}


def site_zone(session: Session, site_id: SiteId) -> tzinfo:
    """Zone of the clocks at the site."""
    return zone(sites.zone_name(session, site_id))


def shown_rows(session: Session, site_id: SiteId, run_id: UUID) -> list[FeedChange]:
    """Rows of a run that devices may know, with the places they do not know yet."""
    session.flush()
    return rows_of(session, site_id, queries.load(session, site_id, run_id))


def rows_of(session: Session, site_id: SiteId, view: RunView) -> list[FeedChange]:
    """The same of a run that is read already."""
    view.run.in_feed = True
    ids = {one.location_id for one in view.visits}
    ids |= {view.run.start_location, view.run.end_location}
    known = places.show_to_devices(session, site_id, ids)
    return [*known, *run_rows(view, site_zone(session, site_id))]


def ms_or_none(at: datetime | None) -> int | None:
    """Milliseconds of an instant, if there is one."""
    return None if at is None else to_ms(at)
