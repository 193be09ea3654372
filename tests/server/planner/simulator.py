"""Replays an answer of the planner from its JSON alone and tells what does not add up.

Written from the semantics of the contract; it shares no code with the product, so that a mistake
there cannot hide here.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

Json = dict[str, Any]


def opening(windows: Sequence[list[int]], arrival: int) -> tuple[int, int]:
    """Start of service and lateness for an arrival: the first window that is not over."""
    for first, last in sorted(windows):
        if arrival <= last:
            return max(arrival, first), 0
    return arrival, arrival - max(last for _, last in windows) if windows else 0


def travel(rows: Sequence[Sequence[int]], here: int, there: int) -> int:
    return 0 if here == there else rows[here][there]


def plus(load: Sequence[int], stop: Json) -> list[int]:
    zeros = [0] * len(load)
    less, more = stop.get("delivery") or zeros, stop.get("pickup") or zeros
    return [have - a + b for have, a, b in zip(load, less, more, strict=True)]


@dataclass
class Replay:
    """What a resequencing answer should have said."""

    task: Json
    answer: Json
    wrong: list[str] = field(default_factory=list)
    found: set[tuple[str, Any]] = field(default_factory=set)

    def check(self) -> list[str]:
        """Every contradiction between the task, the answer and this replay."""
        self._apply()
        self._coverage()
        self._walk()
        self._order_rules()
        told = {(v["cause"], v["id"]) for v in self.answer["violations"]}
        known = {"delay", "load", "goods", "precedence", "order", "locked", "missing_break"}
        told = {one for one in told if one[0] in known}
        if told != self.found:
            self.wrong.append(f"violations told {sorted(map(str, told - self.found))}, "
                              f"not told {sorted(map(str, self.found - told))}")  # fmt: skip
        hard = [v for v in self.answer["violations"] if not v.get("soft")]
        if self.answer["feasible"] != (not hard):
            self.wrong.append("feasible does not fit the violations")
        return self.wrong

    def _apply(self) -> None:
        """The stops after the changes, and the standing order without cancelled ones."""
        task = self.task
        self.stops = {stop["id"]: dict(stop) for stop in task["stops"]}
        self.kept = [i for i in task["order"] if i not in task.get("done", [])]
        self.open = set(self.kept)
        self.leave = task["vehicle"]["available_s"]
        for change in task.get("changes", []):
            if change["op"] == "insert":
                self.stops[change["stop"]["id"]] = dict(change["stop"])
                self.open.add(change["stop"]["id"])
            elif change["op"] == "cancel":
                self.open.discard(change["id"])
                self.kept = [i for i in self.kept if i != change["id"]]
            elif change["op"] == "window":
                self.stops[change["id"]]["time_windows"] = change["time_windows"]
            elif change["op"] == "late":
                self.leave += change["delay_s"]

    def _coverage(self) -> None:
        order, dropped = self.answer["order"], self.answer["dropped"]
        if sorted([*order, *dropped]) != sorted(self.open):
            self.wrong.append("not every open stop exactly once")
        committed = self.task.get("committed", [])
        if [i for i in committed if i in self.open] != order[: len(committed)] and committed:
            self.wrong.append("the committed stop is not first")
        steps = [s["id"] for s in self.answer["timeline"] if s["type"] == "stop"]
        if steps != order:
            self.wrong.append("the timeline is not the order")

    def _walk(self) -> None:
        rows = self.task["matrices"][self.task["vehicle"].get("profile", "car")]["durations"]
        vehicle = self.task["vehicle"]
        here, now, total = vehicle["index"], self.leave, 0
        load = list(vehicle.get("load") or [0] * len(vehicle.get("capacity", [])))
        rested = self.task.get("break") is None or self.task["break"].get("taken", False)
        pending = 0  # a break lies on the leg: it may be before the drive or after it
        for step in self.answer["timeline"]:
            if step["type"] == "break":
                rested = True
                self._rest(step, now)
                pending = step["departure"] - step["arrival"]
                continue
            stop = self.stops[step["id"]] if step["type"] == "stop" else None
            there = vehicle["end_index"] if stop is None else stop["index"]
            drive = travel(rows, here, there)
            total += drive
            self._same(step, "arrival", now + drive + pending)
            if stop is None:
                self._end(step)
                break
            start, late = opening(stop.get("time_windows", []), step["arrival"])
            self._same(step, "start", start)
            if late:
                self._note("delay", stop["id"])
            busy = stop.get("service", 0) + (stop.get("setup", 0) if there != here else 0)
            self._same(step, "departure", start + busy)
            load = plus(load, stop)
            if load != step["load"]:
                self.wrong.append(f"load at {stop['id']}: {load} not {step['load']}")
            self._room(stop["id"], load)
            here, now, pending = there, step["departure"], 0
        if total != self.answer["travel_s"]:
            self.wrong.append(f"travel {total} not {self.answer['travel_s']}")
        if not rested:
            self._note("missing_break", self.task["break"]["id"])

    def _rest(self, step: Json, now: int) -> None:
        rest = self.task["break"]
        if not any(a <= step["start"] <= b for a, b in rest["time_windows"]):
            self.wrong.append("the break starts outside its windows")
        if step["departure"] - step["start"] != rest.get("service", 0) or step["arrival"] < now:
            self.wrong.append("the break has another length")

    def _end(self, step: Json) -> None:
        window = self.task["vehicle"].get("end_window")
        allowed = None if window is None else window[1] + self.task["vehicle"]["max_overtime_s"]
        if allowed is not None and step["arrival"] > allowed:
            self._note("delay", "end")

    def _room(self, stop_id: int, load: Sequence[int]) -> None:
        room = self.task["vehicle"].get("capacity", [])
        if any(have > limit for have, limit in zip(load, room, strict=True)):
            self._note("load", stop_id)
        if any(have < 0 for have in load):
            self._note("goods", stop_id)

    def _order_rules(self) -> None:
        place = {stop_id: n for n, stop_id in enumerate(self.answer["order"])}
        for pick, drop in self.task.get("pairs", []):
            if drop in place and place.get(pick, len(place)) > place[drop] and pick in self.open:
                self._note("precedence", drop)
        locked = [i for i in self.kept if self.stops[i].get("locked") and i in place]
        before = [i for i in self.kept if i in place]
        now = [i for i in self.answer["order"] if i in set(self.kept)]
        for stop_id in locked:
            if before.index(stop_id) != now.index(stop_id):
                self._note("locked", stop_id)
        moved = len(before) - longest_common(before, now)
        if moved != self.answer["moved_stops"]:
            self.wrong.append(f"moved {moved} not {self.answer['moved_stops']}")
        broken = len(set(pairwise(["v", *before, "e"])) - set(pairwise(["v", *now, "e"])))
        if broken != self.answer["broken_adjacencies"]:
            self.wrong.append(f"broken {broken} not {self.answer['broken_adjacencies']}")

    def _note(self, cause: str, stop_id: Any) -> None:
        self.found.add((cause, stop_id))

    def _same(self, step: Json, key: str, value: int) -> None:
        if step[key] != value:
            self.wrong.append(f"{step['type']} {step.get('id')}: {key} {value} not {step[key]}")


def longest_common(first: Sequence[int], second: Sequence[int]) -> int:
    """Length of the longest common subsequence, by the table everybody learns."""
    row = [0] * (len(second) + 1)
    for one in first:
        last = row[:]
        for n, other in enumerate(second):
            row[n + 1] = last[n] + 1 if one == other else max(last[n + 1], row[n])
    return row[-1]


def recheck(task: Json, answer: Json) -> None:
    """Fail unless the answer is exactly what happens when its order is driven."""
    wrong = Replay(task, answer).check()
    assert wrong == [], "; ".join(wrong)
