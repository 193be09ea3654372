"""Ops of a person become a changed run: who is added, what the run looks like, what is asked."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel import Session

from server.core.ids import new_id
from server.dispatch.ops import Ops
from server.dispatch.seen import Seen, see
from server.facts import queries as facts
from server.runs import queries as runs
from server.runs.queries import RunView
from server.runs.service import AddedVisit
from server.runs.times import windows_of
from server.sites import queries as sites
from shared.events import RunOrderProposed
from shared.ids import EventId, SiteId
from shared.local_time import local_day, zone
from shared.loop import Stop
from shared.plan import Assign, Insert, NewLine, PlanOp
from shared.proof import levels_of


def read_ops(
    session: Session, site_id: SiteId, view: RunView, ops: Sequence[PlanOp], now: datetime
) -> tuple[Seen, Ops]:
    """The run as its next vehicle would drive it, and what these ops ask of it."""
    added = [added_visit(session, site_id, view, op, now) for op in ops if isinstance(op, Insert)]
    places = [one.location_id for one in added]
    seen = see(session, site_id, view, now, more=places, vehicle=_vehicle(view, ops))
    read = Ops(seen, added, proposals=_proposals(session, site_id, ops))
    read.read(ops)
    return seen, read


def _vehicle(view: RunView, ops: Sequence[PlanOp]) -> UUID | None:
    """What drives after these ops: its room decides what fits."""
    vehicle = view.run.vehicle_id
    for op in ops:
        if isinstance(op, Assign) and "vehicle_id" in op.model_fields_set:
            vehicle = op.vehicle_id
    return vehicle


def added_visit(
    session: Session, site_id: SiteId, view: RunView, op: Insert, now: datetime
) -> AddedVisit:
    """The visit an insert makes: windows and service from the op, the order, or the place."""
    order = runs.order(session, site_id, op.order_id) if op.order_id is not None else None
    location_id = op.location_id if order is None else order.to_location
    assert location_id is not None, "either location_id or order_id"
    place = sites.as_location(sites.location(session, site_id, location_id))
    windows: list[tuple[int, int]] = list(op.windows or ())
    if op.windows is None and order is not None and order.windows:
        windows = [(span[0], span[1]) for span in order.windows]
    elif op.windows is None:
        tz = zone(sites.site(session, site_id).tz)
        leaves = view.run.planned_departure_at
        day = local_day(leaves, tz)
        spans = windows_of(Stop(location_id=location_id), place, day, leaves, tz)
        windows = [(_ms(first), _ms(last)) for first, last in spans]
    stay = op.service_s if order is None or op.service_s is not None else order.service_s
    return AddedVisit(
        id=new_id(now),
        location_id=location_id,
        windows=windows,
        service_s=place.service_fixed_s if stay is None else stay,
        proof=_levels(session, site_id, op),
        order_id=op.order_id,
        lines=_lines(op, order.lines if order is not None else ()),
    )


def _lines(op: Insert, ordered: Sequence[Mapping[str, Any]]) -> list[NewLine]:
    return list(op.lines) or [NewLine.model_validate(line) for line in ordered]


def _levels(session: Session, site_id: SiteId, op: Insert) -> dict[str, str]:
    levels = levels_of(sites.settings(session, site_id).proof, {}, op.proof or {})
    return {str(part): str(level) for part, level in levels.items()}


def _ms(at: datetime) -> int:
    return int(at.timestamp() * 1000)


def _proposals(session: Session, site_id: SiteId, ops: Sequence[PlanOp]) -> dict[UUID, list[UUID]]:
    """Orders that drivers proposed, by the id of the fact that says so."""
    wanted = [EventId(op.proposal) for op in ops if op.op == "accept_proposal"]
    found = facts.facts_of(session, site_id, wanted) if wanted else []
    return {
        UUID(fact.event.id): [UUID(one) for one in fact.event.body.order]
        for fact in found
        if isinstance(fact.event.body, RunOrderProposed)
    }
