"""One run of the planner's benchmark: instances answered by us and by the peers, and judged."""

import json
import sys
from dataclasses import dataclass, field, replace
from time import perf_counter, process_time
from typing import Any

from server.planner.check import Plan, examine
from server.planner.fleet import measured, spread
from server.planner.forms import read_task, write_answer
from server.planner.ladder import LEVEL_0, Budget, resequence
from server.planner.plan import plan
from server.planner.plan_read import read_problem
from server.planner.plan_write import Told, write_plan
from server.planner.pool import SolverPool
from server.planner.problem import Problem
from server.planner.single import Cutting, PartProblem, parts
from shared.keeping import broken_adjacencies
from shared.resequence import keep_order
from shared.task import Answer, Task
from shared.timeline import simulate
from tests.bench.instances import Instance
from tests.bench.peers import Peer, installed
from tests.server.planner.plan_simulator import PlanReplay
from tests.server.planner.simulator import Json, Replay

RESEQUENCE_S = 0.1
LEVEL_0_STOPS_MAX = 250


@dataclass
class Bench:
    """One run: its solver, what it measured, which goals it missed."""

    pool: SolverPool
    seed: int = 1
    rows: list[Json] = field(default_factory=list)
    missed: list[str] = field(default_factory=list)
    peers: dict[str, Peer] = field(default_factory=installed)

    def say(self, line: str) -> None:
        sys.stdout.write(line + "\n")
        sys.stdout.flush()

    def goal(
        self, name: str, value: float, limit: float, *, least: bool = False, gate: bool = True
    ) -> None:
        """Compare a figure with its goal; a missed gate fails the run."""
        kept = value >= limit if least else value <= limit
        word = "kept" if kept else "MISSED" if gate else "missed"
        self.say(f"  {word:6} {name}: {value:.3f} (goal {'≥' if least else '≤'} {limit:g})")
        if gate and not kept:
            self.missed.append(name)

    def plans(self, one: Instance, budget_s: float) -> Json:
        """Plan one instance: by the solver, by level 0, by the peers."""
        asked = read_problem(json.dumps(one.body)).problem
        began, spent = perf_counter(), process_time()
        found = plan(asked, Budget(budget_s, "cpu"), self.seed, self.pool)
        wall, own = perf_counter() - began, process_time() - spent
        wrong = PlanReplay(one.body, write_plan(found, Told(self.seed))).check()
        self.missed += [f"{one.name} replayed: {line}" for line in wrong]
        row = self._row(one, "plan", budget_s) | _judged(found.plan, one.best)
        row |= {"wall_s": round(wall, 3), "own_cpu_s": round(own, 3)}
        if found.note is not None or found.engine == LEVEL_0:
            self.say(f"  {found.note or found.engine}: this is no figure of the solver")
        if one.size <= LEVEL_0_STOPS_MAX:
            alone = plan(asked, Budget(budget_s, "cpu", level0=True), self.seed)
            row["level0"] = _judged(alone.plan, one.best)["gap"]
        return self._told(row | self._others(asked, one.best, budget_s))

    def _others(self, asked: Problem, best: int | None, budget_s: float) -> Json:
        """What the peers find, driven by our own check."""
        row: Json = {}
        for name, peer in self.peers.items():
            found = peer(asked, budget_s)
            routes = {} if found.routes is None else found.routes
            judged = _judged(examine(asked, routes), best)
            row |= {name: judged["gap"], f"{name}_travel": judged["travel"],
                    f"{name}_feasible": judged["feasible"],
                    f"{name}_cpu_s": round(found.cpu_s, 2)}  # fmt: skip
        return row

    def tasks(self, one: Instance, keep_s: int) -> Json:
        """Answer one changed run; its gap, broken neighbourhoods and what peers make of it."""
        task, reference = one.body["task"], one.body["reference"]
        asked = read_task(json.dumps(task))
        changed = replace(asked.task, policy=replace(asked.task.policy, keep_s=keep_s))
        began, spent = perf_counter(), process_time()
        found = resequence(changed, Budget(RESEQUENCE_S, "cpu"), self.seed, self.pool)
        wall, own = perf_counter() - began, process_time() - spent
        wrong = Replay(task, write_answer(asked, found, seed=1, elapsed_ms=0)).check()
        self.missed += [f"{one.name} replayed: {line}" for line in wrong]
        answer, best = found.answer, reference["travel_s"]
        row = self._row(one, f"keep {keep_s}", RESEQUENCE_S) | {
            "best": best, "travel": answer.timeline.travel_s, "feasible": answer.feasible,
            "gap": _gap(answer.timeline.travel_s, best), "broken": answer.broken_adjacencies,
            "right": answer.feasible is reference["feasible"],
            "wall_s": round(wall, 3), "own_cpu_s": round(own, 3),
        }  # fmt: skip
        if not keep_s and reference["feasible"]:
            row |= self._other_orders(asked.task, best)
        return self._told(row)

    def _other_orders(self, task: Task, best: int | None) -> Json:
        """The peers on what is left of the run; they know no standing order."""
        row: Json = {}
        alone = keep_order(task)
        row["level0"] = _gap(alone.timeline.travel_s, best) if alone.feasible else None
        done, asked = _rest_of(alone)
        for name, peer in self.peers.items():
            found = peer(asked.problem, RESEQUENCE_S)
            row |= {name: None, f"{name}_feasible": False, f"{name}_cpu_s": round(found.cpu_s, 2)}
            if found.routes is not None:
                order = [*done, *asked.ids(found.routes.get(0, ()))]
                timeline = simulate(alone.run, order, alone.at)
                row[f"{name}_feasible"] = timeline.feasible
                row[name] = _gap(timeline.travel_s, best) if timeline.feasible else None
                row[f"{name}_broken"] = broken_adjacencies(alone.run.standing, order)
        return row

    def _row(self, one: Instance, what: str, budget_s: float) -> Json:
        return {
            "instance": one.name, "family": one.family, "n": one.size, "best": one.best,
            "what": what, "budget_s": budget_s, "seed": self.seed,
        }  # fmt: skip

    def _told(self, row: Json) -> Json:
        columns = [f"{name} {_percent(row.get(name))}" for name in ("level0", *self.peers)]
        shown = columns if "level0" in row or set(self.peers) & set(row) else []
        state = "" if row["feasible"] else "  NOT FEASIBLE"
        self.say(
            f"{row['instance']:38} n {row['n']:4} {row['what']:8} {row['budget_s']:5g} s  "
            f"{_percent(row['gap']):>9}  {'  '.join(shown)}{state}"
        )
        self.rows.append(row)
        return row

    def beside(self, body: Json, budget_s: float) -> dict[str, str]:
        """What the peers make of a fleet: how uneven it is, and its travel."""
        asked, told = read_problem(json.dumps(body)).problem, {}
        for name, peer in self.peers.items():
            found = peer(asked, budget_s)
            made = examine(asked, {} if found.routes is None else found.routes)
            travel = sum(route.travel_s for route in made.routes)
            state = "complete" if made.complete else "not complete or not feasible"
            uneven = spread(measured(made)).cv
            told[name] = f"CV {uneven}, travel {travel} s, {state}, {found.cpu_s:.1f} s CPU"
        return told

    def answered(self, body: Json, budget_s: float) -> Json:
        """The answer to a problem of our own, driven again."""
        problem = read_problem(json.dumps(body)).problem
        found = plan(problem, Budget(budget_s, "cpu"), self.seed, self.pool)
        answer: dict[str, Any] = write_plan(found, Told(self.seed))
        self.missed += PlanReplay(body, answer).check()
        return answer


def _judged(found: Plan, best: int | None) -> Json:
    travel = sum(route.travel_s for route in found.routes)
    served = found.complete
    return {"travel": travel, "feasible": served, "gap": _gap(travel, best) if served else None}


def _gap(travel: int, best: int | None) -> float | None:
    return round(100 * (travel / best - 1), 4) if best else None


def _percent(gap: float | None) -> str:
    return "-" if gap is None else f"{gap:.3f} %"


def _rest_of(answer: Answer) -> tuple[list[int], PartProblem]:
    """What is left of a run behind its committed stop, as a problem of one vehicle."""
    pieces = parts(answer)
    fixed = [(*piece.stops, piece.fixed) for piece in pieces[:-1]]
    done = [stop for stops in fixed for stop in stops if stop is not None]
    return done, Cutting(answer, frozenset(), 0).part(done, pieces[-1])
