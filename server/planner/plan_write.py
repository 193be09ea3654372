"""A plan as planner-json writes it: VROOM's members, ours inside `milkrun`."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

from server.planner.check import START, PlanRoute
from server.planner.explain import Hint, Reason, Remedy
from server.planner.fleet import measured, spread
from server.planner.plan import Planned
from server.planner.problem import PlanStop, Problem
from shared.task import END, TimelineStep, Violation

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Told:
    """What the answer says beside the plan."""

    seed: int
    check: bool = False
    iterations: int | None = None
    loading_ms: float = 0
    solving_ms: float = 0


def write_plan(found: Planned, told: Told) -> Json:
    """The whole answer."""
    plan = found.plan
    hard_too = told.check or plan.problem.require_all
    routes = [_Route(plan.problem, route, hard_too=hard_too).json() for route in plan.routes]
    return {
        "code": 0,
        "summary": _summary(found, told, routes, hard_too=hard_too),
        "routes": routes,
        "unassigned": [_unassigned(found, number) for number in plan.unassigned],
    }


def _summary(found: Planned, told: Told, routes: list[Json], *, hard_too: bool) -> Json:
    plan = found.plan
    even = spread(measured(plan))
    ours: Json = {
        "engine": found.engine, "rung": found.rung, "seed": told.seed,
        "iterations": found.iterations if told.iterations is None else told.iterations,
        "overtime": sum(route.overtime_s for route in plan.routes),
        "balance": {"cv": even.cv, "spread_s": even.spread}, "note": found.note,
    }  # fmt: skip
    stops = [plan.problem.stops[n] for route in plan.routes for n in route.tasks]
    return {
        "cost": plan.cost,
        "routes": len(routes),
        "unassigned": len(plan.unassigned),
        "setup": sum(one["setup"] for one in routes),
        "service": sum(one["service"] for one in routes),
        "duration": sum(one["duration"] for one in routes),
        "waiting_time": sum(one["waiting_time"] for one in routes),
        "priority": sum(route.priority for route in plan.routes),
        "distance": sum(one["distance"] for one in routes),
        "delivery": _sum((stop.delivery for stop in stops), plan.problem.dimensions),
        "pickup": _sum((stop.pickup for stop in stops), plan.problem.dimensions),
        "violations": [
            violation(plan.problem, route, one)
            for route in plan.routes
            for one in route.violations
            if one.soft or hard_too
        ],
        "computing_times": {
            "loading": round(told.loading_ms), "solving": round(told.solving_ms),
            "total_ms": round(told.loading_ms + told.solving_ms, 1),
        },
        "milkrun": ours,
    }  # fmt: skip


def _sum(amounts: Iterable[tuple[int, ...]], dimensions: int) -> list[int]:
    total = [0] * dimensions
    for amount in amounts:
        total = [a + b for a, b in zip_longest(total, amount, fillvalue=0)]
    return total


class _Route:
    """One route on its way to JSON."""

    def __init__(self, problem: Problem, route: PlanRoute, *, hard_too: bool) -> None:
        self.problem, self.route, self.hard_too = problem, route, hard_too
        self.vehicle = problem.vehicles[route.vehicle]

    def json(self) -> Json:
        route = self.route
        return {
            "vehicle": self.vehicle.id,
            "cost": route.cost,
            "setup": route.setup_s,
            "service": route.service_s,
            "duration": route.travel_s,
            "waiting_time": route.waiting_s,
            "distance": route.travel_m,
            "priority": route.priority,
            "violations": self._told(route.violations),
            "steps": self._steps(),
        }

    def _told(self, found: Iterable[Violation]) -> list[Json]:
        return [violation(self.problem, self.route, v) for v in found if v.soft or self.hard_too]

    def _steps(self) -> list[Json]:
        driven, steps = self.route.driven, []
        if self.vehicle.start is not None:
            start = self._step("start", driven.leave_s, list(driven.load), 0, 0)
            found = [v for v in self.route.others if v.id == START]
            where = self._where(self.vehicle.start)
            steps.append(start | where | {"violations": self._told(found)})
        leg = 0
        for step in driven.timeline.steps:
            if step.kind == "break":
                steps.append(self._break(step, leg))
            elif step.kind == "stop" and step.id is not None:
                leg = step.id + 1
                steps.append(self._entry(step, leg))
            elif self.vehicle.end is not None:
                steps.append(self._end(step))
        return steps

    def _entry(self, step: TimelineStep, leg: int) -> Json:
        visit = self.route.driven.visits[step.id or 0]
        busy, where = step.departure_s - step.start_s, self._where(self._index(step.id or 0))
        told = {"violations": self._told(self.route.by_entry.get(step.id or 0, ()))}
        load = list(step.load)
        if visit.kind == "stop":
            stop = self.problem.stops[visit.number]
            line = self._step(stop.kind, step.arrival_s, load, leg, stop.service_s)
            line |= {"id": stop.id, "setup": busy - stop.service_s}
        elif visit.kind == "break":
            line = self._step("break", step.arrival_s, load, leg, busy)
            line |= {"id": self.vehicle.breaks[visit.number].id}
        else:
            line = self._step("reload", step.arrival_s, load, leg, busy)
        if visit.kind != "break":
            line |= where
        return line | {"waiting_time": step.waiting_s} | told

    def _break(self, step: TimelineStep, leg: int) -> Json:
        busy = step.departure_s - step.start_s
        line = self._step("break", step.arrival_s, list(step.load), leg, busy)
        found = [v for v in self.route.others if v.cause == "max_load" and v.id == step.id]
        return line | {
            "id": step.id, "waiting_time": step.waiting_s, "violations": self._told(found),
        }  # fmt: skip

    def _end(self, step: TimelineStep) -> Json:
        assert self.vehicle.end is not None
        end = len(self.route.legs) - 1
        line = self._step("end", step.arrival_s, list(step.load), end, 0)
        found = [v for v in self.route.others if v.id == END]
        return line | self._where(self.vehicle.end) | {"violations": self._told(found)}

    def _step(self, kind: str, arrival_s: int, load: list[int], leg: int, service_s: int) -> Json:
        seconds, metres = self.route.legs[leg]
        return {
            "type": kind, "arrival": arrival_s, "duration": seconds, "setup": 0,
            "service": service_s, "waiting_time": 0, "load": load, "distance": metres,
            "violations": [],
        }  # fmt: skip

    def _index(self, entry: int) -> int:
        return self.route.driven.indexes[entry]

    def _where(self, index: int) -> Json:
        points = self.problem.points
        if points is None:
            return {"location_index": index}
        return {"location": list(points[index])}


def violation(problem: Problem, route: PlanRoute, found: Violation) -> Json:
    """One broken rule; a stop by its id."""
    written: Json = {"cause": found.cause}
    if found.duration_s is not None:
        written["duration"] = found.duration_s
    if found.amount is not None:
        written["amount"] = list(found.amount)
    about = found.id
    if isinstance(about, int) and found.cause not in ("missing_break", "max_load"):
        about = problem.stops[route.driven.visits[about].number].id
    written["id"] = about
    if found.soft:
        written["soft"] = True
    return written


def _unassigned(found: Planned, number: int) -> Json:
    problem = found.plan.problem
    stop = problem.stops[number]
    reason = found.reasons.get(number)
    told = {} if reason is None else {"milkrun": _reason(problem, reason)}
    return {"id": stop.id, "type": stop.kind} | _place(problem, stop) | told


def _place(problem: Problem, stop: PlanStop) -> Json:
    if problem.points is None:
        return {"location_index": stop.index}
    return {"location": list(problem.points[stop.index])}


def _reason(problem: Problem, reason: Reason) -> Json:
    late = {} if reason.late_s is None else {"late_s": reason.late_s}
    return {
        "main_cause": reason.main_cause,
        **late,
        "reasons": [_hint(problem, hint) for hint in reason.hints],
        "remedy": _remedy(problem, reason.remedy),
    }


def _hint(problem: Problem, hint: Hint) -> Json:
    seconds = {} if hint.seconds is None else {"duration": hint.seconds}
    return {"vehicle": problem.vehicles[hint.vehicle].id, "cause": hint.cause} | seconds


def _remedy(problem: Problem, remedy: Remedy) -> Json:
    written: Json = {"kind": remedy.kind}
    if remedy.seconds is not None:
        written["seconds"] = remedy.seconds
    if remedy.vehicle is not None:
        written["vehicle"] = problem.vehicles[remedy.vehicle].id
    if remedy.drop is not None:
        written["id"] = problem.stops[remedy.drop].id
    if remedy.skills:
        written["skills"] = list(remedy.skills)
    if remedy.capacity:
        written["capacity"] = list(remedy.capacity)
    return written
