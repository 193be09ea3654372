"""One run for the screens: plan, facts, what is still ahead, and what changed since last seen."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from driver_app.actions.calls import call_views, handover_views
from driver_app.actions.changes import diff_of
from driver_app.actions.expected import course_of, expect
from driver_app.actions.reading import Read, RunRead
from driver_app.actions.visits import remark, sent, visit_view
from driver_app.state import GateItem, RunView, TaktView, VisitView
from driver_app.store.rows import RUN_SCOPE
from shared.events import AndonAcknowledged, AndonCleared, AndonRaised, Event, RunDisrupted
from shared.ids import EventId, RunId
from shared.run import Half, fold_run, live, run_state

ENDS = ("start", "end")


def run_view(read: Read, run: RunRead, now_ms: int) -> RunView:
    """Build the view of one run with its visits."""
    every = [visit_view(read, run, stop) for stop in run.stops]
    visits = in_order(run.row.plan.get("order", []), [v for v in every if v.kind not in ENDS])
    view = RunView(RunId(UUID(run.row.id)))
    view.visits = visits
    for visit in every:
        if visit.kind == "start":
            view.start_visit = visit.id
        elif visit.kind == "end":
            view.end_visit = visit.id
    half = overlay_run(run.row.fact, run.own, _start_of(every))
    _plan(view, run.row.plan, read)
    _facts(view, half, run)
    view.mine = run.row.scope.startswith(RUN_SCOPE)
    view.claimed = any(fact.type == "run.claimed" for fact in run.own)
    view.sent = sent(read, run.row.id)
    view.andons = andons(run)
    _plant(view, read)
    _ahead(view, run, half, now_ms)
    view.diff = diff_of(run.seen, run.row.plan, visits, acked=view.acked_version)
    return view


def _plant(view: RunView, read: Read) -> None:
    """Calls, cards, shelves and handovers of a tugger's round."""
    if not view.tugger:
        return
    names = _names(read)
    shown = read.plant.shown()
    view.calls = call_views(shown, view.visits, names, str(view.id))
    view.cards = read.plant.card_views()
    since_ms = read.signed_in_ms
    view.handovers = handover_views(read.plant, view.loop, shown, names, since_ms=since_ms)
    for visit in view.visits:
        visit.shelf = read.plant.shelf(str(visit.location))


def _names(read: Read) -> dict[str, str]:
    """Who is meant by the authors of facts; the empty key is who acts on this device."""
    found = {
        f"{kind}:{id_}": str(plan.get("name", ""))
        for (kind, id_), plan in read.references.items()
        if kind == "driver"
    }
    return {**found, "": read.by}


def in_order(order: Sequence[str], visits: Sequence[VisitView]) -> list[VisitView]:
    """Visits as the plan orders them; those it no longer names follow, if they were touched."""
    known = {str(visit.id): visit for visit in visits}
    planned = [known[id_] for id_ in order if id_ in known]
    rest = [v for v in visits if str(v.id) not in set(order) and v.state != "hidden"]
    return [*planned, *sorted(rest, key=lambda v: (v.planned_arrival_ms, v.no))]


def _start_of(visits: Sequence[VisitView]) -> str | None:
    return next((str(v.id) for v in visits if v.kind == "start"), None)


def overlay_run(received: Half, own: Sequence[Event], start_visit: str | None) -> Half:
    """What the server folded, plus own facts it has not."""
    mine = fold_run(own, start_visit)
    half = mine.half()
    shown = dict(received)
    for key in ("started", "departed", "missed", "returned", "finished"):
        if key in half:
            shown[key] = min(half[key], shown.get(key, half[key]))
    if "departed" in shown:
        shown.pop("missed", None)
    shown["acknowledged"] = max(half.get("acknowledged", 0), received.get("acknowledged", 0))
    order = ("none", "acknowledged", "loading", "underway", "returned")
    states = (received.get("state", "none"), half.get("state", "none"))
    shown["state"] = max(states, key=order.index)
    shown["on_break"] = _on_break(received.get("on_break"), own)
    shown["n"] = received.get("n", 0) + mine.count
    return shown


def _on_break(received: str | None, own: Sequence[Event]) -> str | None:
    current = received
    for fact in live(own):
        if fact.type == "break.started":
            current = fact.id
        elif fact.type == "break.ended" and getattr(fact.body, "started", None) == current:
            current = None
    return current


def _plan(view: RunView, plan: Mapping[str, Any], read: Read) -> None:
    for key in ("name", "kind", "loop", "service_date", "driver_order", "vehicle", "driver"):
        setattr(view, key, str(plan.get(key) or ""))
    view.departure_no = plan.get("departure_no")
    view.plan_version = int(plan.get("plan_version", 0))
    view.planned_departure_ms = int(plan.get("planned_departure", 0))
    view.planned_return_ms = int(plan.get("planned_return", 0))
    view.utc_offset_s = int(plan.get("utc_offset_s", 0))
    change = plan.get("utc_change")
    view.utc_change = (int(change[0]), int(change[1])) if change else None
    vehicle = read.reference("vehicle", view.vehicle)
    view.vehicle_name = str(vehicle.get("plate") or vehicle.get("name") or "")
    view.driver_name = str(read.reference("driver", view.driver).get("name", ""))
    view.gate = tuple(
        GateItem(str(g[0]), "block" if g[1] == "block" else "warn", str(g[2]))
        for g in plan.get("gate") or []
    )
    view.note = remark(plan.get("note"))
    last = plan.get("change") or {}
    view.change_by, view.change_reason = str(last.get("by") or ""), str(last.get("reason") or "")
    view.change_at_ms = int(last.get("at") or 0)


def _facts(view: RunView, half: Half, run: RunRead) -> None:
    plan_state = str(run.row.plan.get("state", "dispatched"))
    view.state = run_state(plan_state, half.get("state", "none"), half.get("n", 0))
    view.acked_version = int(half.get("acknowledged", 0))
    view.started_ms = half.get("started")
    view.departed_ms = half.get("departed")
    view.finished_ms = half.get("finished")
    on_break = half.get("on_break")
    view.break_started = EventId(UUID(on_break)) if on_break else None
    started = next((f for f in run.recorded if f.id == on_break), None)
    view.break_started_ms = started.envelope.hlc if started else None
    view.loaded = any(fact.type == "load.scanned" for fact in run.recorded)


def _ahead(view: RunView, run: RunRead, half: Half, now_ms: int) -> None:
    """Count what is done, name what is next, and say when it will be reached."""
    counted = [v for v in view.visits if v.state not in ("cancelled", "hidden")]
    view.total, view.done = len(counted), sum(1 for v in counted if v.final)
    todo = [visit for visit in view.visits if visit.open]
    here = next((v for v in todo if v.state in ("arrived", "in_service")), None)
    upcoming = here or (todo[0] if todo else None)
    view.next_visit = upcoming.id if upcoming else None
    if upcoming is not None and upcoming.state == "pending" and view.departed_ms is not None:
        upcoming.state = "en_route"
    if here is not None:
        todo.remove(here)
        todo.insert(0, here)
    done = [visit for visit in view.visits if visit.final]
    seen = expect(
        course_of(run.row.plan, view.visits),
        [*done, *todo],
        leave_ms=_left_ms(view, half, done, now_ms) + _told_delay_s(view, run) * 1000,
        now_ms=now_ms,
    )
    if seen is not None and view.finished_ms is None:
        for visit in todo:
            arrival = seen.arrivals[str(visit.id)]
            visit.expected_ms, visit.late_s = arrival.at_ms, arrival.late_s
            visit.expected_low_ms, visit.expected_high_ms = arrival.low_ms, arrival.high_ms
            visit.expected_made_ms = now_ms
        view.expected_return_ms, view.delay_s = seen.end_ms, seen.delay_s
    view.position_on = view.open and view.break_started is None
    view.takt = _takt(view, run.row.plan, upcoming)


def _left_ms(view: RunView, half: Half, done: Sequence[VisitView], now_ms: int) -> int:
    """When the last place was left, or will be."""
    times = [v.departed_ms or v.completed_ms or 0 for v in done]
    departed = half.get("departed") or 0
    if last := max([*times, departed]):
        return int(last)
    return max(view.planned_departure_ms, now_ms)


def _told_delay_s(view: RunView, run: RunRead) -> int:
    """A delay the driver told after the last stop moves all estimates at once."""
    since = max([v.completed_ms or v.arrived_ms or 0 for v in view.visits], default=0)
    delays = [
        fact.body.delay_s or 0
        for fact in live(run.recorded)
        if isinstance(fact.body, RunDisrupted)
        and fact.body.kind == "delay"
        and fact.envelope.hlc > since
    ]
    return delays[-1] if delays else 0


def _takt(view: RunView, plan: Mapping[str, Any], upcoming: VisitView | None) -> TaktView | None:
    if not view.tugger:
        return None
    decision = plan.get("decision") or {}
    takt = TaktView(
        takt_s=int(plan.get("takt_s") or 0),
        cycle_no=int(plan.get("cycle_no") or 0),
        policy=str(decision.get("policy") or "timetable"),
        why=str(decision.get("why") or ""),
        why_made_ms=int(decision.get("made") or 0),
    )
    if view.departed_ms is None:
        takt.leave_at_ms = int(decision.get("go_at") or view.planned_departure_ms)
    elif upcoming is not None and upcoming.state in ("arrived", "in_service"):
        takt.leave_at_ms = upcoming.planned_departure_ms
    else:
        takt.leave_at_ms = upcoming.planned_arrival_ms if upcoming else view.planned_return_ms
    return takt


def andons(run: RunRead) -> tuple[tuple[str, str, int, bool], ...]:
    """Open andons of the run: id, category, instant, acknowledged; the office's word and our own.

    One that was raised here and that the office shows no more was cleared there.
    """
    recorded, unseen = run.recorded, {fact.id for fact in run.own}
    gone = {f.body.andon for f in recorded if isinstance(f.body, AndonCleared)}
    seen = {f.body.andon for f in recorded if isinstance(f.body, AndonAcknowledged)}
    found = {
        row.id: (str(row.plan.get("kind", "")), int(row.plan.get("raised", 0)))
        for row in run.andons
    }
    seen |= {row.id for row in run.andons if row.plan.get("acknowledged")}
    for fact in recorded:
        if isinstance(fact.body, AndonRaised) and (fact.id in unseen or fact.body.andon in found):
            found[fact.body.andon] = (fact.body.category, fact.envelope.hlc)
    ordered = sorted(found.items(), key=lambda one: one[1][1])
    return tuple((id_, *said, id_ in seen) for id_, said in ordered if id_ not in gone)
