"""The planner against best known answers, its goals and its peers; CPU seconds of one thread."""

import argparse
import csv
import json
import sys
from dataclasses import dataclass, field, replace
from pathlib import Path
from statistics import fmean, median
from time import process_time
from typing import Any

from server.planner.forms import read_task, write_answer
from server.planner.ladder import LEVEL_0 as WITHOUT_SOLVER
from server.planner.ladder import Budget, resequence
from server.planner.plan import plan
from server.planner.plan_read import read_problem
from server.planner.plan_write import Told, write_plan
from server.planner.pool import SolverPool
from shared.resequence import keep_order, what_if
from tests.bench import peers
from tests.bench.instances import Instance, generated, make, read
from tests.bench.resequence import LEVEL_0, SEED, a_change, a_round
from tests.helpers import figures
from tests.server.planner.plan_simulator import PlanReplay
from tests.server.planner.simulator import Json, Replay

FINDINGS = 4
KEEP_S = 600
RESEQUENCE_S = 0.1
LOOP_GOALS = (0.1, 1.0)


@dataclass
class Bench:
    """One run: its solver, what it measured, which goals it missed."""

    pool: SolverPool
    seed: int = 1
    rows: list[Json] = field(default_factory=list)
    missed: list[str] = field(default_factory=list)

    def say(self, line: str) -> None:
        sys.stdout.write(line + "\n")
        sys.stdout.flush()

    def goal(self, name: str, value: float, limit: float, *, least: bool = False) -> None:
        """Compare a figure with its goal; a missed one fails the run."""
        kept = value >= limit if least else value <= limit
        word = "kept" if kept else "MISSED"
        self.say(f"  {word:6} {name}: {value:.3f} (goal {'≥' if least else '≤'} {limit:g})")
        if not kept:
            self.missed.append(name)

    def plans(self, one: Instance, budget_s: float) -> float | None:
        """Plan one instance; its gap in percent, None when something is unserved or broken."""
        asked = read_problem(json.dumps(one.body))
        found = plan(asked.problem, Budget(budget_s, "cpu"), self.seed, self.pool)
        answer = write_plan(found, Told(self.seed))
        wrong = PlanReplay(one.body, answer).check()
        served = found.plan.complete and not wrong
        travel = answer["summary"]["duration"]
        gap = 100 * (travel / one.best - 1) if served and one.best else None
        self._row(one, "plan", budget_s, feasible=served, gap=gap, travel=travel)
        if found.note is not None or found.engine == WITHOUT_SOLVER:
            self.say(f"  {found.note or found.engine}: this is no figure of the solver")
        for line in wrong[:3]:
            self.say(f"  WRONG {one.name}: {line}")
            self.missed.append(f"{one.name} replayed")
        return gap if one.best else (0.0 if served else None)

    def tasks(self, one: Instance, keep_s: int) -> Json:
        """Answer one changed run; its gaps, broken neighbourhoods and extra travel."""
        task, reference = one.body["task"], one.body["reference"]
        asked = read_task(json.dumps(task))
        policy = replace(asked.task.policy, keep_s=keep_s)
        found = resequence(
            replace(asked.task, policy=policy), Budget(RESEQUENCE_S, "cpu"), self.seed, self.pool
        )
        wrong = Replay(task, write_answer(asked, found, seed=1, elapsed_ms=0)).check()
        best, answer = reference["travel_s"], found.answer
        gap = 100 * (answer.timeline.travel_s / best - 1) if best else None
        self._row(one, f"keep {keep_s}", RESEQUENCE_S, feasible=answer.feasible, gap=gap,
                  travel=answer.timeline.travel_s)  # fmt: skip
        self.missed += [f"{one.name} replayed: {line}" for line in wrong]
        return {
            "right": answer.feasible is reference["feasible"], "gap": gap,
            "broken": answer.broken_adjacencies,
        }  # fmt: skip

    def _row(
        self, one: Instance, what: str, budget_s: float, *, feasible: bool,
        gap: float | None, travel: int,
    ) -> None:  # fmt: skip
        told = "-" if gap is None else f"{gap:.3f} %"
        state = "feasible" if feasible else "not all served"
        self.say(f"{one.name:40} n {one.size:4} {what:9} {budget_s:5g} s  {told:>10}  {state}")
        self.rows.append({
            "instance": one.name, "family": one.family, "n": one.size, "best": one.best,
            "what": what, "budget_s": budget_s, "travel": travel, "gap_percent": gap,
            "feasible": feasible, "seed": self.seed,
        })  # fmt: skip

    def compare(self, one: Instance, budget_s: float) -> None:
        """The peers that are installed, on the same instance."""
        if one.task or one.body.get("shipments") or one.best is None:
            return
        loop = len(one.body["vehicles"]) == 1
        found = {"vroom": peers.vroom(one.body)}
        if loop:
            found["ortools"] = peers.ortools(one.body, budget_s)
        for name, told in found.items():
            if isinstance(told, str):
                self.say(f"  {name}: {told}")
            else:
                travel, spent = told
                gap = "not feasible" if travel is None else f"{100 * (travel / one.best - 1):.3f} %"
                self.say(f"  {name}: {gap} in {spent:.2f} s")


def goal_1(bench: Bench, loops: list[Instance]) -> None:
    """One loop with windows: all feasible at once, close to the best within a second."""
    quick = [bench.plans(one, LOOP_GOALS[0]) for one in loops]
    slow = [bench.plans(one, LOOP_GOALS[1]) for one in loops]
    gaps = [99.0 if gap is None else gap for gap in slow]
    bench.goal("1 feasible at 0.1 s", sum(g is not None for g in quick), len(loops), least=True)
    bench.goal("1 mean gap at 1 s, %", fmean(gaps), 0.10)
    bench.goal("1 largest gap at 1 s, %", max(gaps), 0.5)


def goals_5_and_6(bench: Bench, tasks: list[Instance]) -> None:
    """A changed run: right about feasibility, near the best, the standing order kept."""
    free = [bench.tasks(one, 0) for one in tasks]
    kept = [bench.tasks(one, KEEP_S) for one in tasks]
    right = sum(one["right"] for one in free) / len(free)
    bench.goal("5 right about feasibility, share", right, 1.0, least=True)
    gaps = [one["gap"] for one in free if one["gap"] is not None]
    bench.goal("5 p90 gap at keep 0, %", figures.percentile(gaps, 90), 0.1)
    extra = [one["gap"] for one in kept if one["gap"] is not None]
    bench.goal("6 median broken at keep 600", median(one["broken"] for one in kept), 0)
    bench.goal("6 median extra travel, %", median(extra), 0.1)
    bench.goal("6 p90 extra travel, %", figures.percentile(extra, 90), 2.0)


def level_0(bench: Bench) -> None:
    """Rung 1 and what-if at 200 stops, on this processor's own clock."""
    import random  # noqa: PLC0415

    rng, task = random.Random(SEED), a_round(200)
    asked = [replace(task, changes=(a_change(rng, 200, n),)) for n in range(LEVEL_0)]
    for name, work, limit in (("rung 1", keep_order, 10.0), ("what-if", what_if, 5.0)):
        spent = []
        for one in asked:
            began = process_time()
            work(one)
            spent.append((process_time() - began) * 1000)
        bench.goal(f"5 {name} p99 at 200 stops, ms", figures.percentile(spent, 99), limit)


def goal_7(bench: Bench) -> None:
    """Rules that do not bind cost nothing; balance costs little."""
    plain = make("loop", 40, 7)
    ruled = json.loads(json.dumps(plain))
    for job in ruled["jobs"]:
        job["skills"] = [1]
    ruled["vehicles"][0] |= {
        "skills": [1], "breaks": [{"id": 1, "time_windows": [[0, 900_000]], "service": 900}],
    }  # fmt: skip
    costs = [_answered(bench, body, 1.0)["summary"]["cost"] for body in (plain, ruled)]
    bench.goal("7 rules that do not bind, %", 100 * (costs[1] / costs[0] - 1), 0.1)
    fleet = make("fleet", 100, 3)
    free = _answered(bench, fleet, 3.0)["summary"]
    even = _answered(bench, fleet | {"milkrun": {"balance": {"by": "duration"}}}, 6.0)["summary"]
    bench.goal("7 balance, unserved", even["unassigned"], 0)
    bench.goal("7 balance, CV", even["milkrun"]["balance"]["cv"], 0.08)
    bench.goal("7 balance, more travel, %", 100 * (even["duration"] / free["duration"] - 1), 8.0)


def _answered(bench: Bench, body: Json, budget_s: float) -> Json:
    problem = read_problem(json.dumps(body)).problem
    found = plan(problem, Budget(budget_s, "cpu"), bench.seed, bench.pool)
    answer: dict[str, Any] = write_plan(found, Told(bench.seed))
    bench.missed += PlanReplay(body, answer).check()
    return answer


def main() -> int:
    """Measure what was asked for; 4 when a goal was missed."""
    parser = argparse.ArgumentParser(prog="milkrun bench plan")
    parser.add_argument("--data", type=Path)
    parser.add_argument("--family")
    parser.add_argument("--budget-s", default="1")
    parser.add_argument("--out", type=Path)
    asked = parser.parse_args()
    pool = SolverPool(1)
    pool.wait_warm()
    bench = Bench(pool)
    bench.say(figures.machine())
    try:
        _measure(bench, asked)
    finally:
        pool.close()
    if asked.out is not None and bench.rows:
        with asked.out.open("w", encoding="utf-8", newline="") as file:
            lines = csv.DictWriter(file, list(bench.rows[0]))
            lines.writeheader()
            lines.writerows(bench.rows)
    bench.say(f"at the end: {figures.load()}; {len(bench.missed)} goals missed")
    return FINDINGS if bench.missed else 0


def _measure(bench: Bench, asked: argparse.Namespace) -> None:
    known = generated() if asked.data is None else read(asked.data, asked.family)
    loops = [one for one in known if one.family == "tsptw"]
    tasks = [one for one in known if one.task]
    if loops:
        goal_1(bench, loops)
    if tasks:
        goals_5_and_6(bench, tasks)
    if asked.family is None:
        level_0(bench)
        goal_7(bench)
    for one in known:
        if one.task:
            continue
        for budget in [float(text) for text in asked.budget_s.split(",")]:
            if one not in loops:
                bench.plans(one, budget)
        bench.compare(one, 1.0)


if __name__ == "__main__":
    sys.exit(main())
