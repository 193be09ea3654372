"""Bring runs and visits up to date with their facts, and say what a person must look at."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlmodel import Session

from server.core.clock import from_ms, to_ms
from server.facts.service import StoredFact
from server.feed import service as feed
from server.runs import queries
from server.runs.conditions import Condition, Planned, of_run, of_visit
from server.runs.queries import RunView
from server.runs.service.moving import homes_of
from server.runs.service.rows import run_row, run_scope, site_zone, stop_plan
from server.runs.service.sides import Witness
from server.runs.service.states import take_over
from server.runs.tables import RunRow, StopVisitRow
from server.sites import service as places
from shared.events import Event, FactVoided, RunClaimed, RunDisrupted, StopReopened
from shared.ids import DeviceId, DriverId, RunId, SiteId, VisitId
from shared.run import RunFold, VisitFold, fold_run, fold_visit, live

OPEN_STATES = frozenset({"none", "en_route"})


def refold(
    session: Session,
    site_id: SiteId,
    run_ids: Collection[RunId],
    visit_ids: Collection[VisitId],
    now: datetime,
) -> set[RunId]:
    """Fold the facts of these runs and visits again, and tell everybody; gives the runs touched.

    The facts are read after the feed is locked (sync.md S5): folding earlier would lose the
    fact of a request that commits meanwhile.
    """
    rev = feed.lock(session, site_id, now)
    session.flush()
    planned = queries.known_visits(session, site_id, visit_ids)
    touched = set(run_ids) | set(planned.values())
    for view in queries.views(session, site_id, touched):
        _refold_run(session, site_id, view, rev, now)
    return touched


def _refold_run(session: Session, site_id: SiteId, view: RunView, rev: int, now: datetime) -> None:
    known = queries.run_facts(session, site_id, view)
    events = [fact.event for fact in known]
    times = {fact.event.id: from_ms(fact.reported_ms) for fact in known}
    by_visit: dict[UUID, list[Event]] = {}
    for fact in known:
        visit = fact.event.envelope.visit
        if visit is not None:
            by_visit.setdefault(UUID(visit), []).append(fact.event)
    visits = {one.id: fold_visit(by_visit.get(one.id, ())) for one in view.visits}
    changed = [one for one in view.visits if _write_visit(one, visits[one.id], times, now)]
    for row in (view.run, *changed):
        row.rev = rev
    start = str(view.start_visit) if view.start_visit else None
    own = _of_this_run(view, events)
    folded = fold_run(own, start)
    _write_run(view.run, folded, times, now)
    view.run.delay = _delay(own, times)
    _head_for_next(view)
    session.flush()
    witness = Witness(session, view.run, {fact.event.id: fact for fact in known})
    folds = {key: _Folded(visits[key], facts) for key, facts in by_visit.items() if key in visits}
    _watch(_Told(session, site_id, now, witness), view, folded, own, folds)
    _publish(session, site_id, view, changed, now)
    _claims(session, site_id, view.run, known, now)


def _of_this_run(view: RunView, events: Sequence[Event]) -> Sequence[Event]:
    """Facts of the run: those of a visit that came from another run and name that run are not."""
    here = str(view.run.id)
    moved = [one for one in view.visits if one.moves]
    others = {str(run) for one in moved for run in homes_of(one)[1]} - {here}
    if not others:
        return events
    own = [fact for fact in events if fact.envelope.run not in others]
    known = {fact.id for fact in own}
    undone = (StopReopened, FactVoided)
    return [f for f in events if f.id in known or _undoes_one_of(f, known, undone)]


def _undoes_one_of(fact: Event, known: Collection[str], undone: tuple[type, ...]) -> bool:
    return isinstance(fact.body, undone) and getattr(fact.body, "undo", "") in known


def _delay(events: Sequence[Event], times: Mapping[str, datetime]) -> dict[str, Any] | None:
    """The newest delay that the driver reported, and when that was."""
    told = [fact for fact in live(events) if getattr(fact.body, "kind", "") == "delay"]
    newest = told[-1] if told else None
    if newest is None or not isinstance(newest.body, RunDisrupted) or not newest.body.delay_s:
        return None
    return {"delay_s": newest.body.delay_s, "at": to_ms(times[newest.id])}


def _write_visit(
    visit: StopVisitRow, folded: VisitFold, times: Mapping[str, datetime], now: datetime
) -> bool:
    """Write the fact half of a visit; False when nothing of it changed."""
    off_plan = visit.plan_state != "planned" and folded.count > 0
    half = folded.half(off_plan=off_plan) or None
    if half == visit.fact and off_plan == visit.off_plan:
        return False
    result = folded.result
    visit.fact = half
    visit.off_plan = off_plan
    visit.fact_state = folded.state
    visit.outcome = folded.state if result is not None else None
    visit.failure_reason = getattr(result.body, "reason", None) if result else None
    visit.arrived_at = _at(folded.arrived, times)
    visit.service_start_at = _at(folded.service_started, times)
    visit.service_end_at = _at(result, times)
    visit.departed_at = _at(folded.departed, times)
    visit.updated_at = now
    return True


def _at(event: Event | None, times: Mapping[str, datetime]) -> datetime | None:
    return times.get(event.id) if event is not None else None


def _write_run(run: RunRow, folded: RunFold, times: Mapping[str, datetime], now: datetime) -> None:
    half = folded.half() or None
    run.off_plan = folded.count > 0 and run.plan_state in ("draft", "planned", "cancelled")
    if half == run.fact:
        return
    run.fact = half
    run.fact_state = folded.state
    run.acked_plan_version = folded.acknowledged or None
    run.started_at = _at(folded.started, times)
    run.departed_at = _at(folded.departed, times)
    run.returned_at = _at(folded.finished, times) or _at(folded.returned, times)
    run.updated_at = now


def _head_for_next(view: RunView) -> None:
    """Mark the visit the vehicle drives to: the first open one behind the last that was left."""
    driven = [one for one in view.visits if one.plan_state == "planned"]
    left = [n for n, one in enumerate(driven) if one.departed_at is not None]
    ahead = driven[left[-1] + 1 :] if left and view.run.returned_at is None else []
    target = next((one for one in ahead if one.fact_state in OPEN_STATES), None)
    busy = any(one.fact_state in ("arrived", "in_service") for one in driven)
    for one in view.visits:
        if one.fact_state in OPEN_STATES:
            one.fact_state = "en_route" if one is target and not busy else "none"


class _Folded(NamedTuple):
    """What is said of a visit, and what follows."""

    fold: VisitFold
    facts: Sequence[Event]


NOTHING_SAID = _Folded(fold_visit(()), ())


def _watch(
    told: "_Told",
    view: RunView,
    folded: RunFold,
    events: Sequence[Event],
    by_visit: Mapping[UUID, "_Folded"],
) -> None:
    """Raise and close what a supervisor must look at, for the run and each of its visits."""
    about = of_run(view.run.plan_state, folded, live(events))
    names = {"run": str(view.run.id), "run_name": view.run.name}
    view.run.raised = told.tell(("run", view.run.id), view.run.raised, about, names)
    for visit in view.visits:
        if visit.id not in by_visit and not visit.raised:
            continue
        own = by_visit.get(visit.id, NOTHING_SAID)
        found = of_visit(_planned(visit), own.fold, live(own.facts))
        detail = {**names, "name": view.places[visit.location_id].name}
        about_visit = ("visit", visit.id)
        visit.raised = told.tell(about_visit, visit.raised, found, detail, visit=visit)


def _planned(visit: StopVisitRow) -> Planned:
    wanted, every = homes_of(visit)
    return Planned(visit.plan_state, visit.cancelled_rev, str(wanted), {str(one) for one in every})


@dataclass(frozen=True)
class _Told:
    """Tells exceptions of one transaction."""

    session: Session
    site_id: SiteId
    now: datetime
    witness: Witness

    def tell(
        self,
        subject: tuple[str, UUID],
        raised: Sequence[str] | None,
        found: Iterable[Condition],
        detail: Mapping[str, Any],
        *,
        visit: StopVisitRow | None = None,
    ) -> list[str] | None:
        """Raise what is new, close what is gone; what a person settled stays settled."""
        conditions = {one.key: one for one in found}
        before = set(raised or ())
        for key, one in conditions.items():
            if key not in before:
                sides = self.witness.sides(one, visit)
                whole = {**detail, **one.detail, **({"sides": sides} if sides else {})}
                feed.raise_exception(
                    self.session, self.site_id, one.kind, *subject, detail=whole, now=self.now
                )
        kinds = {one.kind for one in conditions.values()}
        gone = {key.partition(":")[0] for key in before - conditions.keys()} - kinds
        for kind in sorted(gone):
            feed.close_exception(self.session, self.site_id, kind, *subject, now=self.now)
        return sorted(conditions) or None


def _publish(
    session: Session,
    site_id: SiteId,
    view: RunView,
    changed: Sequence[StopVisitRow],
    now: datetime,
) -> None:
    """Tell the run and the visits that changed; the first fact shows a run nobody dispatched."""
    scope = run_scope(view.run.id)
    told = changed if view.run.in_feed else view.visits
    rows = [run_row(view, site_zone(session, site_id))]
    rows += [
        feed.FeedChange("stop", str(one.id), scope, stop_plan(view, one), one.fact) for one in told
    ]
    rows += places.shown(view.places[key] for key in {one.location_id for one in told})
    view.run.in_feed = True
    feed.publish(session, site_id, rows, now)


def _claims(
    session: Session, site_id: SiteId, run: RunRow, known: Sequence[StoredFact], now: datetime
) -> None:
    """Let the assigned driver take the run over at once; remember the wish of anybody else."""
    claims = [fact for fact in known if isinstance(fact.event.body, RunClaimed)]
    if not claims or run.plan_state != "dispatched":
        return
    mine = [one for one in claims if _driver(one) is not None and _driver(one) == run.driver_id]
    if mine:
        newest = max(mine, key=lambda one: one.event.stamp)
        if newest.device_id is not None:
            take_over(session, site_id, run, device_id=DeviceId(newest.device_id),
                      driver_id=_driver(newest), now=now)  # fmt: skip
        return
    refused: list[str] = (run.claim or {}).get("refused", [])
    open_ones = [one for one in claims if one.event.id not in refused and one.device_id]
    if run.device_id is None and open_ones:
        first = min(open_ones, key=lambda one: one.event.stamp)
        driver = _driver(first)
        run.claim = {
            "event": first.event.id,
            "device": str(first.device_id),
            "driver": str(driver) if driver else None,
            "at": first.reported_ms,
            **({"refused": refused} if refused else {}),
        }
        session.flush()


def _driver(fact: StoredFact) -> DriverId | None:
    kind, _, key = fact.event.envelope.by.partition(":")
    return DriverId(UUID(key)) if kind == "driver" else None
