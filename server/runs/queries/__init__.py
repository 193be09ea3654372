"""Reads of runs: whole runs, days, what is due, plans, loads and positions."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cache
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import bindparam, func
from sqlalchemy import select as columns
from sqlmodel import Session, col, select

from server.core.access import Principal, Resource, Role, allow
from server.facts.queries import StoredFact, facts_about
from server.runs.queries.known import IN_MAX, Ids, carriers_of, known_runs, known_visits, pieces
from server.runs.tables import LoadLineRow, OrderRow, PlanRow, PositionRow, RunRow, StopVisitRow
from server.sites import queries as sites
from shared.ids import CarrierId, DeviceId, DriverId, RunId, SiteId, VehicleId, VisitId
from shared.local_time import local_day, zone
from shared.refusals import refuse

# What a file of its own asks, for those who ask this room.
__all__ = ["IN_MAX", "Ids", "carriers_of", "known_runs", "known_visits"]

RUNS_MAX = 500
CALENDAR = "calendar"
BY_CLOCKWORK = (None, CALENDAR, "dst_collision")  # reasons the timetable itself gives
OPEN_STATES = ("planned", "dispatched")
SEES_ALL = frozenset({Role.SUPERVISOR, Role.PLANNER, Role.DISPATCHER})
T = TypeVar("T", RunRow, StopVisitRow, PlanRow, LoadLineRow)


@dataclass(frozen=True)
class RunView:
    """A run with its visits in order (depots at both ends), its plan, loads and places."""

    run: RunRow
    visits: tuple[StopVisitRow, ...]
    plan: PlanRow
    loads: tuple[LoadLineRow, ...]
    places: dict[UUID, Any] = field(default_factory=dict)

    @property
    def order(self) -> tuple[UUID, ...]:
        """Visits the plan drives to, depots left out."""
        return tuple(UUID(one) for one in self.plan.order)

    def visit(self, visit_id: UUID) -> StopVisitRow:
        """One visit of the run; refuses `not_found`."""
        for one in self.visits:
            if one.id == visit_id:
                return one
        raise refuse("not_found")

    @property
    def stops(self) -> tuple[StopVisitRow, ...]:
        """Visits without the depots at both ends."""
        return tuple(one for one in self.visits if one.kind not in ("start", "end"))

    @property
    def start_visit(self) -> UUID | None:
        """The depot visit at the start."""
        return next((one.id for one in self.visits if one.kind == "start"), None)


@cache
def _among(table: Any, column: str) -> Any:
    """The rows with such a key; built once, because building costs more than asking."""
    key = col(getattr(table, column)).in_(bindparam("ids", expanding=True))
    return select(table).where(col(table.site_id) == bindparam("site"), key)


def _where(session: Session, site_id: SiteId, table: type[T], column: Any, ids: Ids) -> list[T]:
    found: list[T] = []
    for part in pieces(ids):
        values = {"site": site_id, "ids": part}
        found += session.exec(_among(table, column.key), params=values).all()
    return found


_PLANS = select(PlanRow).where(
    col(PlanRow.site_id) == bindparam("site"),
    col(PlanRow.run_id).in_(bindparam("ids", expanding=True)),
    col(PlanRow.version).in_(bindparam("versions", expanding=True)),
)


def run(session: Session, site_id: SiteId, run_id: UUID) -> RunRow:
    """One run; refuses `not_found`."""
    row = session.get(RunRow, (site_id, run_id))
    if row is None:
        raise refuse("not_found")
    return row


def resource(row: RunRow, kind: str = "runs", *, today: bool = False) -> Resource:
    """What rights are asked about: this run, or something of it."""
    return Resource(
        kind,
        SiteId(row.site_id),
        carrier_id=CarrierId(row.carrier_id) if row.carrier_id else None,
        driver_id=DriverId(row.driver_id) if row.driver_id else None,
        vehicle_id=VehicleId(row.vehicle_id) if row.vehicle_id else None,
        device_ids=frozenset({DeviceId(row.device_id)} if row.device_id else ()),
        today=today,
    )


def allowed_run(
    session: Session, who: Principal, run_id: UUID, verb: str = "read", kind: str = "runs"
) -> RunRow:
    """One run the principal may do this with; foreign and absent look the same."""
    row = run(session, who.site_id, run_id)
    allow(who, verb, resource=resource(row, kind))
    return row


def load(session: Session, site_id: SiteId, run_id: UUID) -> RunView:
    """A run with everything that belongs to it; refuses `not_found`."""
    found = views(session, site_id, [run_id])
    if not found:
        raise refuse("not_found")
    return found[0]


def views(session: Session, site_id: SiteId, run_ids: Ids) -> list[RunView]:
    """Whole runs, read together, by departure."""
    runs = _where(session, site_id, RunRow, RunRow.id, run_ids)
    ids = [row.id for row in runs]
    visits = _where(session, site_id, StopVisitRow, StopVisitRow.run_id, ids)
    plans = _plans_in_force(session, site_id, runs)
    loads = _where(session, site_id, LoadLineRow, LoadLineRow.run_id, ids)
    places = sites.locations(session, site_id, {one.location_id for one in visits})
    by_run: dict[UUID, list[StopVisitRow]] = {}
    for visit in sorted(visits, key=lambda one: (one.pos, one.id)):
        by_run.setdefault(visit.run_id, []).append(visit)
    goods: dict[UUID, list[LoadLineRow]] = {}
    for line in sorted(loads, key=lambda one: one.id):
        goods.setdefault(line.run_id, []).append(line)
    return [
        RunView(
            row,
            tuple(by_run.get(row.id, ())),
            plans[row.id, row.plan_version],
            tuple(goods.get(row.id, ())),
            {one.location_id: places[one.location_id] for one in by_run.get(row.id, ())},
        )
        for row in sorted(runs, key=lambda one: (one.planned_departure_at, one.id))
    ]


def _plans_in_force(
    session: Session, site_id: SiteId, runs: Sequence[RunRow]
) -> dict[tuple[UUID, int], PlanRow]:
    """The newest plan of each run; older versions may be many, and are long texts."""
    found: dict[tuple[UUID, int], PlanRow] = {}
    for part in pieces([row.id for row in runs]):
        versions = sorted({row.plan_version for row in runs})
        values = {"site": site_id, "ids": part, "versions": versions}
        rows = session.exec(_PLANS, params=values)
        found |= {(row.run_id, row.version): row for row in rows}
    return found


def day(
    session: Session,
    who: Principal,
    service_date: date,
    *,
    loop_id: UUID | None = None,
    state: str | None = None,
) -> list[RunRow]:
    """Runs of a service date that the principal may see, by departure."""
    query = select(RunRow).where(
        col(RunRow.site_id) == who.site_id, col(RunRow.service_date) == service_date
    )
    if not who.roles & SEES_ALL:
        # None compares as "has no Carrier", which is everybody's own run.
        if who.carrier_id is None:
            return []
        query = query.where(col(RunRow.carrier_id) == who.carrier_id)
    if loop_id is not None:
        query = query.where(col(RunRow.loop_id) == loop_id)
    if state is not None:
        query = query.where(col(RunRow.plan_state) == state)
    order = (col(RunRow.planned_departure_at), col(RunRow.id))
    return list(session.exec(query.order_by(*order).limit(RUNS_MAX)))


def of_loop(
    session: Session, site_id: SiteId, loop_id: UUID, first: date, last: date
) -> list[RunRow]:
    """Runs of a loop on these service dates."""
    query = select(RunRow).where(
        col(RunRow.site_id) == site_id,
        col(RunRow.loop_id) == loop_id,
        col(RunRow.service_date).between(first, last),
    )
    return list(session.exec(query))


@dataclass(frozen=True)
class Known:
    """As much of a run as the materialiser compares."""

    id: UUID
    service_date: date
    departure_no: int
    planned_departure_at: datetime
    plan_state: str
    made_from: str
    untouched: bool
    dropped: bool

    @property
    def open(self) -> bool:
        """Say whether the timetable may still have a say."""
        return self.plan_state in ("planned", "cancelled")


def known_of_loop(
    session: Session, site_id: SiteId, loop_id: UUID, first: date, last: date
) -> list[Known]:
    """Runs of a loop on these service dates, without loading them whole."""
    rows = session.execute(
        columns(
            col(RunRow.id),
            col(RunRow.service_date),
            col(RunRow.departure_no),
            col(RunRow.planned_departure_at),
            col(RunRow.plan_state),
            col(RunRow.made_from),
            col(RunRow.pinned),
            col(RunRow.fact_state),
            col(RunRow.dispatched_at),
            col(RunRow.cancel_reason),
        ).where(
            col(RunRow.site_id) == site_id,
            col(RunRow.loop_id) == loop_id,
            col(RunRow.service_date).between(first, last),
        )
    )
    return [
        Known(
            id=row.id,
            service_date=row.service_date,
            departure_no=row.departure_no,
            planned_departure_at=row.planned_departure_at,
            plan_state=row.plan_state,
            made_from=row.made_from,
            untouched=not row.pinned
            and row.fact_state == "none"
            and row.dispatched_at is None
            and row.cancel_reason in BY_CLOCKWORK,
            dropped=row.cancel_reason == CALENDAR,
        )
        for row in rows
    ]


def open_runs(session: Session, site_id: SiteId) -> list[RunRow]:
    """Dispatched runs that are not closed yet."""
    query = select(RunRow).where(
        col(RunRow.site_id) == site_id, col(RunRow.plan_state) == "dispatched"
    )
    return list(session.exec(query.order_by(col(RunRow.planned_departure_at))))


def planned_from(session: Session, site_id: SiteId, since: datetime) -> list[RunRow]:
    """Planned runs from this instant on, for the sweeps."""
    query = select(RunRow).where(
        col(RunRow.site_id) == site_id,
        col(RunRow.plan_state) == "planned",
        col(RunRow.planned_departure_at) >= since,
    )
    return list(session.exec(query))


def visits(session: Session, site_id: SiteId, visit_ids: Ids) -> list[StopVisitRow]:
    """Visits of these ids; a missing one is left out."""
    return _where(session, site_id, StopVisitRow, StopVisitRow.id, visit_ids)


def visits_of_runs(session: Session, site_id: SiteId, run_ids: Ids) -> list[StopVisitRow]:
    """Every visit of these runs, by position."""
    found = _where(session, site_id, StopVisitRow, StopVisitRow.run_id, run_ids)
    return sorted(found, key=lambda one: (str(one.run_id), one.pos, one.id))


def plans(session: Session, site_id: SiteId, run_id: UUID) -> Sequence[PlanRow]:
    """Every plan of a run, the newest first."""
    query = select(PlanRow).where(col(PlanRow.site_id) == site_id, col(PlanRow.run_id) == run_id)
    return session.exec(query.order_by(col(PlanRow.version).desc())).all()


def plan(session: Session, site_id: SiteId, run_id: UUID, version: int) -> PlanRow | None:
    """One version of the plan."""
    query = select(PlanRow).where(
        col(PlanRow.site_id) == site_id,
        col(PlanRow.run_id) == run_id,
        col(PlanRow.version) == version,
    )
    return session.exec(query).first()


def positions(session: Session, site_id: SiteId, run_id: UUID) -> Sequence[PositionRow]:
    """Where the vehicle was, oldest first."""
    query = select(PositionRow).where(
        col(PositionRow.site_id) == site_id, col(PositionRow.run_id) == run_id
    )
    return session.exec(query.order_by(col(PositionRow.t_ms))).all()


def last_positions(session: Session, site_id: SiteId, run_ids: Ids) -> dict[UUID, PositionRow]:
    """The newest position of each of these runs."""
    found: dict[UUID, PositionRow] = {}
    for part in pieces(run_ids):
        newest = (
            select(PositionRow.run_id, func.max(PositionRow.t_ms).label("t_ms"))
            .where(col(PositionRow.site_id) == site_id, col(PositionRow.run_id).in_(part))
            .group_by(col(PositionRow.run_id))
            .subquery()
        )
        rows = session.exec(
            select(PositionRow)
            .join(
                newest,
                (newest.c.run_id == PositionRow.run_id) & (newest.c.t_ms == PositionRow.t_ms),
            )
            .where(col(PositionRow.site_id) == site_id)
        )
        found |= {row.run_id: row for row in rows}
    return found


def order(session: Session, site_id: SiteId, order_id: UUID) -> OrderRow:
    """One order; refuses `not_found`."""
    row = session.get(OrderRow, (site_id, order_id))
    if row is None:
        raise refuse("not_found")
    return row


def orders(session: Session, site_id: SiteId, state: str | None = None) -> Sequence[OrderRow]:
    """Orders of the site, the oldest first."""
    query = select(OrderRow).where(col(OrderRow.site_id) == site_id)
    if state is not None:
        query = query.where(col(OrderRow.state) == state)
    return session.exec(query.order_by(col(OrderRow.received_at), col(OrderRow.id))).all()


def run_facts(session: Session, site_id: SiteId, view: RunView) -> list[StoredFact]:
    """Facts of a run and its visits, each once, in the order of their stamps."""
    visits = [VisitId(one.id) for one in view.visits]
    found = facts_about(session, site_id, [RunId(view.run.id)], visits)
    return sorted(found, key=lambda fact: fact.event.stamp)


def visited_places(session: Session, site_id: SiteId, ids: Ids) -> set[UUID]:
    """Those of the places that a run goes to, went to or was to go to."""
    found: set[UUID] = set()
    wanted = list(set(ids))
    for start in range(0, len(wanted), IN_MAX):
        query = select(StopVisitRow.location_id).where(
            col(StopVisitRow.site_id) == site_id,
            col(StopVisitRow.location_id).in_(wanted[start : start + IN_MAX]),
        )
        found |= set(session.exec(query))
    return found


def allowed_plans(session: Session, who: Principal, run_id: UUID) -> Sequence[PlanRow]:
    """Every plan of a run, if the principal may see it."""
    allowed_run(session, who, run_id, kind="plan")
    return plans(session, who.site_id, run_id)


def allowed_positions(
    session: Session, who: Principal, run_id: UUID, now: datetime
) -> Sequence[PositionRow]:
    """Positions of a run, if the principal may see them on this day."""
    row = run(session, who.site_id, run_id)
    today = local_day(now, zone(sites.site(session, who.site_id).tz)) == row.service_date
    allow(who, "read", resource=resource(row, "positions", today=today))
    return positions(session, who.site_id, run_id)
