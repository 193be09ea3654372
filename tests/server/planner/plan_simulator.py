"""Replays a plan from its JSON alone: coverage, times to the second, loads, totals, violations.

Written from the semantics of the contract, without a line of the product.
"""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from tests.server.planner.simulator import Json, opening, travel

HARD = {
    "delay", "load", "goods", "skills", "access", "zone", "precedence", "order", "missing_break",
    "max_tasks", "max_travel_time", "max_distance", "range",
}  # fmt: skip
FIRST_TO_LAST = {"first": 0, "any": 1, "last": 2}


@dataclass
class PlanReplay:
    """What a plan's answer should have said."""

    problem: Json
    answer: Json
    wrong: list[str] = field(default_factory=list)

    def check(self) -> list[str]:
        """Every contradiction between the problem, the answer and this replay."""
        self._known()
        self._coverage()
        for route in self.answer["routes"]:
            _RouteReplay(self, route).check()
        self._totals()
        return self.wrong

    def _known(self) -> None:
        """Every stop by kind and id, with what it needs."""
        self.stops: dict[tuple[str, int], Json] = {}
        self.together: dict[int, tuple[int, int]] = {}
        for job in self.problem.get("jobs", []):
            if job.get("milkrun", {}).get("contingency") != "off":
                self.stops["job", job["id"]] = job
        for number, shipment in enumerate(self.problem.get("shipments", [])):
            amount, skills = shipment.get("amount", []), shipment.get("skills", [])
            for kind, what in (("pickup", "pickup"), ("delivery", "delivery")):
                self.stops[kind, shipment[kind]["id"]] = {
                    **shipment[kind], what: amount, "skills": skills, "pair": number,
                }  # fmt: skip

    def _coverage(self) -> None:
        served = [
            (step["type"], step["id"])
            for route in self.answer["routes"]
            for step in route["steps"]
            if step["type"] in ("job", "pickup", "delivery")
        ]
        left = [(one["type"], one["id"]) for one in self.answer["unassigned"]]
        if Counter(served + left) != Counter(list(self.stops)):
            self.wrong.append("not every stop exactly once")

    def _totals(self) -> None:
        summary, routes = self.answer["summary"], self.answer["routes"]
        for key in ("cost", "duration", "distance", "service", "setup", "waiting_time"):
            if summary[key] != sum(route[key] for route in routes):
                self.wrong.append(f"summary {key}")
        if summary["routes"] != len(routes):
            self.wrong.append("summary routes")
        if summary["unassigned"] != len(self.answer["unassigned"]):
            self.wrong.append("summary unassigned")


class _RouteReplay:
    """One route, driven again."""

    def __init__(self, plan: PlanReplay, route: Json) -> None:
        self.plan, self.route, self.wrong = plan, route, plan.wrong
        self.vehicle = next(v for v in plan.problem["vehicles"] if v["id"] == route["vehicle"])
        self.ours: Json = self.vehicle.get("milkrun", {})
        tables = plan.problem["matrices"][self.vehicle.get("profile", "car")]
        factor = self.vehicle.get("speed_factor", 1)
        self.seconds = [[-int(-cell // factor) for cell in row] for row in tables["durations"]]
        self.metres = tables.get("distances")
        self.found: set[tuple[str, Any]] = set()
        self.starts: dict[tuple[str, int], int] = {}

    def check(self) -> None:
        steps = self.route["steps"]
        here: int | None = self.vehicle.get("start_index")
        dimensions = len(self.vehicle.get("capacity", []))
        load = self._first_load(dimensions)
        now, rested, drive, metres = None, 0, 0, 0
        totals = dict.fromkeys(("setup", "service", "waiting_time"), 0)
        for number, step in enumerate(steps):
            for key in totals:
                totals[key] += step[key]
            if step["type"] == "start":
                now = step["arrival"]
                self._same(step, "load", load)
                self._shift_start(now)
                self._room({"id": "start"}, load)
                continue
            if step["type"] == "break":
                self._rest(step)
                rested += step["waiting_time"] + step["service"]
                continue
            there = step["location_index"]
            leg, more = self._leg(here, there)
            metres += more
            if now is not None:
                self._same(step, "arrival", now + leg + rested)
            drive += leg
            self._same(step, "duration", drive)
            if step["type"] == "end":
                self._end(step)
                break
            load = self._serve(step, load, moved=here != there, rest=steps[number + 1 :])
            self._same(step, "load", load)
            self._room(step, load)
            now = step["arrival"] + step["waiting_time"] + step["setup"] + step["service"]
            here, rested = there, 0
        self._rules()
        self._breaks()
        for key, value in {**totals, "duration": drive, "distance": metres}.items():
            self._same(self.route, key, value)
        self._told()

    def _leg(self, here: int | None, there: int) -> tuple[int, int]:
        """Seconds and metres; nothing from nowhere."""
        if here is None:
            return 0, 0
        return travel(self.seconds, here, there), travel(
            self.metres or self.seconds, here, there
        ) * (self.metres is not None)

    def _first_load(self, dimensions: int) -> list[int]:
        if "load_now" in self.ours:
            return list(self.ours["load_now"])
        return self._due(self.route["steps"], dimensions)

    def _due(self, steps: list[Json], dimensions: int) -> list[int]:
        """What the jobs up to the next reload will deliver."""
        load = [0] * dimensions
        for step in steps:
            if step["type"] == "reload":
                break
            if step["type"] == "job":
                amount = self.plan.stops["job", step["id"]].get("delivery") or [0] * dimensions
                load = [a + b for a, b in zip(load, amount, strict=True)]
        return load

    def _serve(self, step: Json, load: list[int], *, moved: bool, rest: list[Json]) -> list[int]:
        if step["type"] == "reload":
            reload = next(r for r in self.ours["reloads"] if r["index"] == step["location_index"])
            self._same(step, "service", reload.get("service", 0))
            return self._due(rest, len(load))
        key = (step["type"], step["id"])
        stop = self.plan.stops[key]
        start, late = opening(stop.get("time_windows", []), step["arrival"])
        self.starts[key] = start
        if late:
            self.found.add(("delay", step["id"]))
        self._same(step, "waiting_time", start - step["arrival"])
        self._same(step, "setup", stop.get("setup", 0) if moved else 0)
        each = stop.get("milkrun", {}).get("service_per_unit_s", [])
        zeros = [0] * len(load)
        down, up = stop.get("delivery") or zeros, stop.get("pickup") or zeros
        units = sum(s * (a + b) for s, a, b in zip(each, down, up, strict=False))
        self._same(step, "service", stop.get("service", 0) + units)
        self._may(step, stop)
        return [have - a + b for have, a, b in zip(load, down, up, strict=True)]

    def _may(self, step: Json, stop: Json) -> None:
        ours = stop.get("milkrun", {})
        if not set(stop.get("skills", [])) <= set(self.vehicle.get("skills", [])):
            self.found.add(("skills", step["id"]))
        if ours.get("access") and self.vehicle.get("type", "") not in ours["access"]:
            self.found.add(("access", step["id"]))
        zones, zone = self.ours.get("zones"), self._zone(step, ours)
        hard = self.ours.get("zone_mode", "hard") == "hard"
        if zones is not None and zone is not None and zone not in zones and hard:
            self.found.add(("zone", step["id"]))

    def _zone(self, step: Json, ours: Json) -> int | None:
        zones: dict[str, list[int]] = self.plan.problem.get("milkrun", {}).get("zones", {})
        job = step["type"] == "job"
        named = [int(zone) for zone, jobs in zones.items() if job and step["id"] in jobs]
        return ours.get("zone", named[0] if named else None)

    def _rest(self, step: Json) -> None:
        rest = next(one for one in self.vehicle["breaks"] if one["id"] == step["id"])
        start = step["arrival"] + step["waiting_time"]
        if not any(a <= start <= b for a, b in rest["time_windows"]):
            self.found.add(("missing_break", step["id"]))
        self._same(step, "service", rest.get("service", 0))

    def _breaks(self) -> None:
        taken = [step["id"] for step in self.route["steps"] if step["type"] == "break"]
        for rest in self.vehicle.get("breaks", []):
            if taken.count(rest["id"]) != 1:
                self.found.add(("missing_break", rest["id"]))

    def _shift_start(self, now: int) -> None:
        window = self.vehicle.get("time_window")
        if window is not None and now < window[0]:
            self.wrong.append("left before the shift")

    def _end(self, step: Json) -> None:
        window, allowed = self.vehicle.get("time_window"), self.ours.get("max_overtime_s", 0)
        if window is not None and step["arrival"] > window[1] + allowed:
            self.found.add(("delay", "end"))
        shift, first = self.ours.get("shift_s"), self.route["steps"][0]
        timed = shift is not None and first["type"] == "start"
        if timed and step["arrival"] - first["arrival"] > shift + allowed:
            self.found.add(("delay", "end"))

    def _room(self, step: Json, load: list[int]) -> None:
        room = self.vehicle.get("capacity", [])
        if any(have > limit for have, limit in zip(load, room, strict=True)):
            self.found.add(("load", step.get("id")))
        if any(have < 0 for have in load):
            self.found.add(("goods", step.get("id")))

    def _rules(self) -> None:
        """Pairs, befores, first and last, limits of the vehicle."""
        order = list(self.starts)
        for key in order:
            stop = self.plan.stops[key]
            ours = stop.get("milkrun", {})
            if key[0] == "delivery":
                pick = ("pickup", self.plan.problem["shipments"][stop["pair"]]["pickup"]["id"])
                if pick not in order or order.index(pick) > order.index(key):
                    self.found.add(("precedence", key[1]))
            later = [("job", one) for one in ours.get("before", [])]
            wrong = any(one in order and order.index(one) < order.index(key) for one in later)
            if wrong or self._out_of_rank(order, key):
                self.found.add(("order", key[1]))
        limits = (("max_tasks", len(order)), ("max_travel_time", self.route["duration"]),
                  ("max_distance", self.route["distance"]))  # fmt: skip
        for name, value in limits:
            if self.vehicle.get(name) is not None and value > self.vehicle[name]:
                self.found.add((name, "end"))
        if self.ours.get("range_m") is not None and self.route["distance"] > self.ours["range_m"]:
            self.found.add(("range", "end"))

    def _out_of_rank(self, order: list[tuple[str, int]], key: tuple[str, int]) -> bool:
        ranks = [
            FIRST_TO_LAST[self.plan.stops[one].get("milkrun", {}).get("position", "any")]
            for one in order
        ]
        place = order.index(key)
        if ranks[place] == 0:
            return any(ranks[:place])
        return ranks[place] == 2 and any(rank < 2 for rank in ranks[place:])

    def _told(self) -> None:
        told = {(v["cause"], v["id"]) for v in self.route["violations"] if v["cause"] in HARD}
        if told != self.found:
            self.wrong.append(f"vehicle {self.vehicle['id']} told {told}, found {self.found}")

    def _same(self, line: Json, key: str, value: Any) -> None:
        if line[key] != value:
            about = line.get("type", "route"), line.get("id")
            self.wrong.append(f"{about}: {key} {value} not {line[key]}")


def recheck_plan(problem: Json, answer: Json) -> None:
    """Fail unless the answer is exactly what happens when its routes are driven."""
    wrong = PlanReplay(problem, answer).check()
    assert wrong == [], "; ".join(wrong)
