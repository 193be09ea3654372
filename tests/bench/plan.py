"""The planner against best known answers, its goals and its peers; CPU seconds of one thread.

Goals 1, 5, 6 and 7 are gates; the others are told.
"""

import argparse
import csv
import json
import random
import sys
from dataclasses import replace
from pathlib import Path
from statistics import fmean, median
from time import process_time

from server.planner.model import Search
from server.planner.modelling import draft
from server.planner.plan_read import read_problem
from server.planner.pool import SolverPool
from server.planner.pyvrp_adapter import build
from shared.resequence import keep_order, what_if
from tests.bench import peers
from tests.bench.instances import Instance, generated, make, read
from tests.bench.planning import RESEQUENCE_S, Bench
from tests.bench.resequence import LEVEL_0, SEED, a_change, a_round
from tests.helpers import figures
from tests.server.planner.simulator import Json

FINDINGS = 4
KEEP_S = 600
LOOP_S = (0.1, 1.0)
LOOPS, TASKS, PAIRS = "tsptw", "resequence", "lilim"
FLEETS = {"R1_2_5": 0.6, "ortec-05362619": 2.1, "RC2_4_5": 1.2, "ab71ae29": 2.0, "RC2_10_5": 2.0}
FLEET_S, LONG_S, USUAL_S = 5.0, 30.0, 1.0
LONG_FROM, LARGE_FROM = 500, 150
BUILDS = 9


def goals_1_and_2(bench: Bench, loops: list[Instance]) -> None:
    """One loop with windows: all feasible at once, close to the best within a second."""
    quick = [bench.plans(one, LOOP_S[0]) for one in loops]
    slow = [bench.plans(one, LOOP_S[1]) for one in loops]
    gaps = [99.0 if one["gap"] is None else one["gap"] for one in slow]
    fine = sum(one["feasible"] for one in quick)
    bench.goal("1 feasible at 0.1 s", fine, len(loops), least=True)
    bench.goal("1 mean gap at 1 s, %", fmean(gaps), 0.10)
    bench.goal("1 largest gap at 1 s, %", max(gaps), 0.5)
    for name in bench.peers:
        for rows in (quick, slow):
            found = [one[name] for one in rows if one[name] is not None]
            mean = f"mean {fmean(found):.3f} %, largest {max(found):.3f} %" if found else "none"
            spent = fmean(one[f"{name}_cpu_s"] for one in rows)
            at = rows[0]["budget_s"]
            bench.say(f"  {name} at {at} s: {len(found)} of {len(rows)}, {mean}, {spent:.2f} s CPU")
    named = [one for one in slow if "Gendreau" in one["instance"] or "Ohlmann" in one["instance"]]
    if named:
        near = [one["gap"] is not None and one["gap"] <= 0.5 for one in named]
        feasible = fmean(one["feasible"] for one in named)
        bench.goal("2 feasible, share of the files", feasible, 1.0, least=True, gate=False)
        bench.goal("2 within 0.5 %, share", fmean(near), 0.95, least=True, gate=False)


def goals_5_and_6(bench: Bench, tasks: list[Instance]) -> None:
    """A changed run: right about feasibility, near the best, the standing order kept."""
    free = [bench.tasks(one, 0) for one in tasks]
    kept = [bench.tasks(one, KEEP_S) for one in tasks]
    right = fmean(one["right"] for one in free)
    bench.goal("5 right about feasibility, share", right, 1.0, least=True)
    gaps = [one["gap"] for one in free if one["gap"] is not None]
    bench.goal("5 p90 gap at keep 0, %", figures.percentile(gaps, 90), 0.1)
    extra = [one["gap"] for one in kept if one["gap"] is not None]
    bench.goal("6 median broken at keep 600", median(one["broken"] for one in kept), 0)
    bench.goal("6 median extra travel, %", median(extra), 0.1)
    bench.goal("6 p90 extra travel, %", figures.percentile(extra, 90), 2.0)
    for name in bench.peers:
        rows = [one for one in free if name in one]
        found = [one for one in rows if one[name] is not None]
        worst = figures.percentile([one[name] for one in found], 90) if found else 0.0
        broken = median(one[f"{name}_broken"] for one in found) if found else 0
        spent = fmean(one[f"{name}_cpu_s"] for one in rows)
        bench.say(
            f"  {name} ({RESEQUENCE_S} s): {len(found)} of {len(rows)} feasible ones solved, "
            f"p90 gap {worst:.3f} %, median broken {broken}, {spent:.2f} s CPU"
        )


def level_0(bench: Bench) -> None:
    """Rung 1 and what-if at 200 stops, on this processor's own clock."""
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
    costs = [bench.answered(body, 1.0)["summary"]["cost"] for body in (plain, ruled)]
    bench.goal("7 rules that do not bind, %", 100 * (costs[1] / costs[0] - 1), 0.1)
    fleet = make("fleet", 100, 3)
    free = bench.answered(fleet, 3.0)["summary"]
    even = bench.answered(fleet | {"milkrun": {"balance": {"by": "duration"}}}, 6.0)["summary"]
    bench.goal("7 balance, unserved", even["unassigned"], 0)
    bench.goal("7 balance, CV", even["milkrun"]["balance"]["cv"], 0.08)
    bench.goal("7 balance, more travel, %", 100 * (even["duration"] / free["duration"] - 1), 8.0)
    for name, told in bench.beside(fleet, 6.0).items():
        bench.say(f"  {name}, which knows no balance: {told}; ours {free['duration']} s")


def goals_3_and_4(bench: Bench, rows: list[Json]) -> None:
    """Fleets and pairs against the best known; told, no gates."""
    for row in rows:
        limit = next((most for key, most in FLEETS.items() if key in row["instance"]), None)
        gap = 99.0 if row["gap"] is None else row["gap"]
        if row["family"] == PAIRS:
            bench.goal(f"4 {row['instance']}, %", gap, 0.0, gate=False)
        elif limit is not None and row["budget_s"] >= FLEET_S:
            bench.goal(f"3 {row['instance']}, %", gap, limit, gate=False)


def goal_8(bench: Bench) -> None:
    """A thousand stops: the model, an answer within a second, the memory of both processes."""
    body = make("fleet", 1000, 1)
    rules = ("skills", "breaks")
    plain = {
        **body, **{
            name: [{key: one[key] for key in one if key not in rules} for one in body[name]]
            for name in ("jobs", "vehicles")
        },
    }  # fmt: skip
    search = Search(read_problem(json.dumps(plain)).problem, seconds=1.0, clock="cpu")
    bench.goal("8 model of 1,000 stops, ms", _building_ms(plain), 30, gate=False)
    bench.goal("8 the same with skills and breaks, ms", _building_ms(body), 30, gate=False)
    own = SolverPool(1)
    try:
        own.wait_warm()
        solved = own.solve(search)
        bench.goal("8 feasible within 1 s", solved.feasible, 1, least=True, gate=False)
        bench.goal("8 most memory of the solver, MB", _most_mb(own.pids()[0]), 400, gate=False)
    finally:
        own.close()


def _most_mb(pid: int) -> float:
    """The most memory a process has had so far; only Linux tells."""
    told = Path(f"/proc/{pid}/status")
    if not told.exists():
        return 0.0
    lines = told.read_text("utf-8").splitlines()
    return int(next(line.split()[1] for line in lines if line.startswith("VmHWM"))) / 1024


def _building_ms(body: Json) -> float:
    """As in a worker that has just been handed the problem: nothing is worked out yet."""
    problem, spent = read_problem(json.dumps(body)).problem, []
    for _ in range(BUILDS):
        search = Search(replace(problem), seconds=1.0)
        began = process_time()
        build(draft(search))
        spent.append((process_time() - began) * 1000)
    return median(spent)


def main() -> int:
    """Measure what was asked for; 4 when a gate was missed."""
    parser = argparse.ArgumentParser(prog="milkrun bench plan")
    parser.add_argument("--data", type=Path)
    parser.add_argument("--family")
    parser.add_argument("--budget-s")
    parser.add_argument("--out", type=Path)
    parser.add_argument("--long", action="store_true")
    asked = parser.parse_args()
    pool = SolverPool(1)
    pool.wait_warm()
    bench = Bench(pool)
    bench.say(figures.machine())
    bench.say(", ".join(f"{name} {peers.told(name)}" for name in peers.PACKAGES))
    bench.say("gap to the best known: ours, then level 0 and the peers; seed 1")
    try:
        _measure(bench, asked)
    finally:
        pool.close()
    if asked.out is not None and bench.rows:
        _write(asked.out, bench.rows)
    bench.say(f"at the end: {figures.load()}; {len(bench.missed)} goals missed")
    for name in bench.missed:
        bench.say(f"  missed: {name}")
    return FINDINGS if bench.missed else 0


def _write(path: Path, rows: list[Json]) -> None:
    columns = list(dict.fromkeys(key for row in rows for key in row))
    with path.open("w", encoding="utf-8", newline="") as file:
        lines = csv.DictWriter(file, columns)
        lines.writeheader()
        lines.writerows(rows)


def _measure(bench: Bench, asked: argparse.Namespace) -> None:
    known = generated() if asked.data is None else read(asked.data, asked.family)
    loops = [one for one in known if one.family == LOOPS]
    tasks = [one for one in known if one.task]
    if loops:
        goals_1_and_2(bench, loops)
    if tasks:
        goals_5_and_6(bench, tasks)
    if asked.family is None:
        level_0(bench)
        goal_7(bench)
        goal_8(bench)
    fleets = [one for one in known if not one.task and one not in loops]
    given = None if asked.budget_s is None else [float(text) for text in asked.budget_s.split(",")]
    for one in fleets:
        if one.size >= LONG_FROM and not asked.long:
            bench.say(f"{one.name:38} n {one.size:4} only with --long")
            continue
        goals_3_and_4(bench, [bench.plans(one, seconds) for seconds in given or [_budget(one)]])


def _budget(one: Instance) -> float:
    if one.size >= LONG_FROM:
        return LONG_S
    return FLEET_S if one.size >= LARGE_FROM or one.family == PAIRS else USUAL_S


if __name__ == "__main__":
    sys.exit(main())
