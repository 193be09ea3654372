"""Open runs: insert what is new, rewrite what nobody touched, cancel what the calendar drops."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Table, delete, insert
from sqlalchemy.dialects.postgresql import insert as insert_or
from sqlmodel import Session, SQLModel, col

from server.core.clock import to_ms
from server.core.ids import new_id, new_ids
from server.runs.queries import BY_CLOCKWORK, CALENDAR
from server.runs.rules import DEPOTS, NewLine, NewRun, NewVisit
from server.runs.tables import LoadLineRow, PlanRow, RunRow, StopVisitRow
from shared.ids import RunId, SiteId

RUNS_PER_INSERT = 100
MADE_BY = "timetable"


def open_runs(
    session: Session, site_id: SiteId, given: Sequence[NewRun], *, now: datetime
) -> list[RunId]:
    """Insert these runs with plan version 1 and their visits; the key decides what is new."""
    opened: list[RunId] = []
    for start in range(0, len(given), RUNS_PER_INSERT):
        part = {new_id(now): one for one in given[start : start + RUNS_PER_INSERT]}
        rows = [_run_values(site_id, key, one, now) for key, one in part.items()]
        fresh = _insert_runs(session, rows)
        _insert_parts(session, site_id, {key: part[key] for key in fresh}, now)
        opened += [RunId(key) for key in fresh]
    return opened


def open_run(session: Session, site_id: SiteId, given: NewRun, *, now: datetime) -> RunId | None:
    """Insert one run, or nothing when its departure has a run already."""
    return next(iter(open_runs(session, site_id, [given], now=now)), None)


def untouched(row: RunRow) -> bool:
    """Say whether the timetable may still rewrite this run."""
    return (
        row.plan_state in ("planned", "cancelled")
        and not row.pinned
        and row.fact is None
        and row.dispatched_at is None
        and row.cancel_reason in BY_CLOCKWORK
    )


def rewrite(
    session: Session, site_id: SiteId, row: RunRow, given: NewRun, *, now: datetime
) -> bool:
    """Bring a run nobody touched up to what its timetable says now; False if it says the same."""
    cancelled = given.cancel_reason is not None
    state = "cancelled" if cancelled else "planned"
    if row.made_from == given.digest() and row.plan_state == state:
        return False
    version = row.plan_version + 1
    values = _run_values(site_id, row.id, given, now)
    for key in ("id", "site_id", "created_at"):
        values.pop(key)
    row.sqlmodel_update({**values, "plan_version": version})
    for table in (StopVisitRow, LoadLineRow):
        session.execute(
            delete(table).where(col(table.site_id) == site_id, col(table.run_id) == row.id)
        )
    session.flush()
    _insert_parts(session, site_id, {row.id: given}, now, version=version)
    return True


def drop_by_calendar(row: RunRow, *, now: datetime) -> bool:
    """Cancel a run whose departure the calendar no longer has; it is never deleted."""
    if row.plan_state == "cancelled":
        return False
    row.plan_state, row.cancel_reason, row.updated_at = "cancelled", CALENDAR, now
    return True


def _run_values(site_id: SiteId, key: UUID, one: NewRun, now: datetime) -> dict[str, Any]:
    return {
        "site_id": site_id,
        "id": key,
        "loop_id": one.loop_id,
        "loop_version_id": one.loop_version_id,
        "name": one.name,
        "kind": one.kind,
        "service_date": one.service_date,
        "departure_no": one.departure_no,
        "planned_departure_at": one.departure_at,
        "planned_return_at": one.return_at,
        "dst_kind": one.dst_kind,
        "plan_state": "planned" if one.cancel_reason is None else "cancelled",
        "cancel_reason": one.cancel_reason,
        "fact_state": "none",
        "plan_version": 1,
        "vehicle_id": one.vehicle_id,
        "driver_id": one.driver_id,
        "carrier_id": one.carrier_id,
        "start_location": one.start_location,
        "end_location": one.end_location,
        "driver_order": one.driver_order,
        "resequence_mode": one.resequence_mode,
        "takt_s": one.takt_s,
        "cycle_no": one.cycle_no,
        "pinned": False,
        "off_plan": False,
        "in_feed": False,
        "made_from": one.digest(),
        "rev": 0,
        "created_at": now,
        "updated_at": now,
    }


def _insert_parts(
    session: Session,
    site_id: SiteId,
    given: Mapping[UUID, NewRun],
    now: datetime,
    *,
    version: int = 1,
) -> None:
    visits: list[dict[str, Any]] = []
    plans: list[dict[str, Any]] = []
    loads: list[dict[str, Any]] = []
    for run_id, one in given.items():
        keys = new_ids(now, len(one.visits))
        visits += [
            _visit_values(site_id, run_id, keys[n], visit, now) | {"pos": n, **_offset(one, visit)}
            for n, visit in enumerate(one.visits)
        ]
        plans.append(_plan_values(site_id, run_id, one, keys, now) | _version(version))
        stops = keys[1:-1]
        goods = zip(new_ids(now, len(one.lines)), one.lines, strict=True)
        loads += [
            {"id": key, **_load_values(site_id, run_id, line, stops, now)} for key, line in goods
        ]
    for model, rows in ((StopVisitRow, visits), (PlanRow, plans), (LoadLineRow, loads)):
        if rows:
            # Below the ORM: one statement for all rows, prepared once for the whole pass.
            session.connection().execute(insert(_table(model)), rows)


def _insert_runs(session: Session, rows: Sequence[Mapping[str, Any]]) -> list[UUID]:
    """Insert the runs whose departure has none yet; gives those that were new."""
    table = _table(RunRow)
    statement = insert_or(table).on_conflict_do_nothing().returning(table.c.id)
    return list(session.connection().execute(statement, list(rows)).scalars())


def _table(model: type[SQLModel]) -> Table:
    table: Table = model.__table__  # type: ignore[attr-defined]
    return table


def _version(version: int) -> dict[str, Any]:
    return {"version": version, "base_version": version - 1}


def _offset(run: NewRun, visit: NewVisit) -> dict[str, Any]:
    return {"offset_s": int((visit.arrival - run.departure_at).total_seconds())}


def _visit_values(
    site_id: SiteId, run_id: UUID, key: UUID, one: NewVisit, now: datetime
) -> dict[str, Any]:
    return {
        "site_id": site_id,
        "id": key,
        "run_id": run_id,
        "stop_id": one.stop_id,
        "location_id": one.location_id,
        "kind": one.kind,
        "attempt": 1,
        "plan_state": one.plan_state,
        "windows": [[to_ms(start), to_ms(end)] for start, end in one.windows],
        "proof": dict(one.proof),
        "checks": [list(check) for check in one.checks] or None,
        "max_boxes": dict(one.max_boxes) if one.max_boxes else None,
        "planned_arrival_at": one.arrival,
        "planned_departure_at": one.departure,
        "service_s": one.service_s,
        "buffer_s": one.buffer_s,
        "lock": dict(one.lock) if one.lock else None,
        "fact_state": "none",
        "off_plan": False,
        "rev": 0,
        "created_at": now,
        "updated_at": now,
    }


def _plan_values(
    site_id: SiteId, run_id: UUID, one: NewRun, keys: Sequence[UUID], now: datetime
) -> dict[str, Any]:
    driven = [
        (key, visit)
        for key, visit in zip(keys, one.visits, strict=True)
        if visit.plan_state == "planned"
    ]
    return {
        "site_id": site_id,
        "id": new_id(now),
        "run_id": run_id,
        "made_by": MADE_BY,
        "reason": "",
        "ops": [],
        "order": [str(key) for key, visit in driven if visit.kind not in DEPOTS],
        "times": {
            str(key): [to_ms(visit.arrival), to_ms(visit.departure)] for key, visit in driven
        },
        "legs": [list(leg) for leg in one.legs],
        "violations": [dict(found) for found in one.violations],
        "before": None,
        "note": None,
        "created_at": now,
    }


def _load_values(
    site_id: SiteId, run_id: UUID, line: NewLine, stops: Sequence[UUID], now: datetime
) -> dict[str, Any]:
    return {
        "site_id": site_id,
        "run_id": run_id,
        "order_id": line.order_id,
        "order_ref": line.order_ref,
        "part_no": line.part_no,
        "name": line.name,
        "qty": line.qty,
        "unit_label": line.unit_label,
        "labels": list(line.labels),
        "owner": line.owner,
        "consignee": line.consignee,
        "pickup_visit": None if line.pickup_pos is None else stops[line.pickup_pos],
        "drop_visit": None if line.drop_pos is None else stops[line.drop_pos],
        "weight_kg": line.weight_kg,
        "volume_l": line.volume_l,
        "private": line.private,
        "rev": 0,
        "created_at": now,
        "updated_at": now,
    }
