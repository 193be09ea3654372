"""Runs as JSON of the REST interface."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlmodel import Session

from server.core.access import Principal
from server.core.clock import to_ms
from server.facts.queries import StoredFact
from server.runs import queries
from server.runs.tables import LoadLineRow, PlanRow, PositionRow, RunRow, StopVisitRow
from shared.run import run_state, visit_state


def shown_state(row: RunRow) -> str:
    """State of a run as people see it."""
    return run_state(row.plan_state, row.fact_state, int((row.fact or {}).get("n", 0)))


def shown_visit(row: StopVisitRow) -> str:
    """State of a visit as people see it."""
    return visit_state(row.plan_state, row.fact_state)


def write_run(row: RunRow) -> dict[str, Any]:
    """The run as JSON of the REST interface."""
    hidden = {"site_id", "made_from", "in_feed", "created_at", "updated_at"}
    return {**_json(row.model_dump(exclude=hidden)), "state": shown_state(row)}


def write_visit(row: StopVisitRow) -> dict[str, Any]:
    """The visit as JSON of the REST interface."""
    hidden = {"site_id", "created_at", "updated_at"}
    return {**_json(row.model_dump(exclude=hidden)), "state": shown_visit(row)}


def write_plan(row: PlanRow) -> dict[str, Any]:
    """The plan as JSON of the REST interface."""
    return _json(row.model_dump(exclude={"site_id", "before"}))


def write_load(row: LoadLineRow) -> dict[str, Any]:
    """The load line as JSON of the REST interface."""
    return _json(row.model_dump(exclude={"site_id", "created_at", "updated_at"}))


def write_position(row: PositionRow) -> dict[str, Any]:
    """The position as JSON of the REST interface."""
    return _json(row.model_dump(exclude={"site_id", "device_id"}))


def write_fact(fact: StoredFact) -> dict[str, Any]:
    """A fact with its four times as JSON of the REST interface."""
    told = fact.event.envelope
    return {
        "id": fact.event.id,
        "type": fact.event.type,
        "by": told.by,
        "visit": told.visit,
        "device": str(fact.device_id) if fact.device_id else None,
        "hlc": told.hlc,
        "wall_ms": told.clk[2],
        "reported_ms": fact.reported_ms,
        "received_ms": fact.received_ms,
        "uncertain": fact.uncertain,
        "body": fact.event.body.model_dump(mode="json", exclude_none=True),
    }


def write_whole(session: Session, who: Principal, run_id: UUID) -> dict[str, Any]:
    """A run with its facts as JSON of the REST interface, if the principal may see it."""
    queries.allowed_run(session, who, run_id)
    view = queries.load(session, who.site_id, run_id)
    known = queries.run_facts(session, who.site_id, view)
    return {**write_view(view), "facts": [write_fact(fact) for fact in known]}


def write_view(view: queries.RunView) -> dict[str, Any]:
    """Everything about a run as JSON of the REST interface."""
    names = {one.id: view.places[one.location_id].name for one in view.visits}
    return {
        "run": write_run(view.run),
        "visits": [{**write_visit(one), "name": names[one.id]} for one in view.visits],
        "loads": [write_load(one) for one in view.loads],
        "plan": write_plan(view.plan),
    }


def _json(values: dict[str, Any]) -> dict[str, Any]:
    return {key: _plain(value) for key, value in values.items()}


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return to_ms(value)
    if isinstance(value, date):
        return value.isoformat()
    return str(value) if isinstance(value, UUID) else value
