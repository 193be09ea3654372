"""Rung 5, a whole plan: the solver on the fleet, every answer driven before it counts."""

from dataclasses import dataclass, field, replace
from itertools import pairwise

from server.planner.check import TEMPLATE_L_S, Plan, examine
from server.planner.explain import Reason, alone, explain
from server.planner.fleet import balanced
from server.planner.improve import construct, relieved
from server.planner.ladder import ENGINE, LEVEL_0, Budget, Watch
from server.planner.matrix import zone_s
from server.planner.model import Search
from server.planner.pool import GRACE_S, SolverBusy, SolverFailed, SolverLost, SolverPool
from server.planner.problem import PlanStop, Problem, Routes
from server.planner.subset import Subset, subset
from shared.task import Window

FIRST_FEASIBLE = 0.5
ROUNDS = 3
PATIENCE = 3000
SHORT_S = 0.002
VEHICLE_PRICE = 10**9
Key = tuple[int, int, int, int]


@dataclass(frozen=True)
class Planned:
    """A plan, who made it, and why some stops are not in it."""

    plan: Plan
    engine: str = LEVEL_0
    rung: str = "insert"
    note: str | None = None
    iterations: int = 0
    reasons: dict[int, Reason] = field(default_factory=dict)


def auto_budget_s(problem: Problem) -> float:
    """Seconds for a full plan when nobody says how many."""
    size = len(problem.stops)
    return 5.0 if size <= 200 else 10.0 if size <= 400 else 30.0


def checked(problem: Problem, routes: Routes) -> Planned:
    """Plan mode: the given routes as they are, with everything they break."""
    return Planned(examine(problem, routes), rung="standing")


def plan(
    problem: Problem, budget: Budget, seed: int = 1, pool: SolverPool | None = None,
    standing: Routes | None = None,
) -> Planned:  # fmt: skip
    """Routes for all stops, or for as many as can be served; the rest with its reasons."""
    hopeless = set() if problem.require_all else _hopeless(problem)
    whole = subset(problem, set(range(len(problem.stops))) - hopeless)
    planning = _Planning(whole, budget, seed, pool, standing or {})
    planning.run()
    found = examine(problem, whole.back(planning.best.visits))
    reasons = explain(found, planning.watch.over(budget.seconds * 2 + 1))
    return Planned(
        found, planning.engine, planning.rung, planning.note, planning.iterations, reasons
    )


def _hopeless(problem: Problem) -> set[int]:
    """Stops that no vehicle could serve even if it had nothing else to do."""
    found = {n for n in range(len(problem.stops)) if alone(problem, n) is not None}
    pairs = [{pair.pickup, pair.delivery} for pair in problem.pairs]
    return found.union(*(ends for ends in pairs if ends & found))


class _Planning:
    """One problem on its way to a plan; `best` is always something to answer with."""

    def __init__(
        self, whole: Subset, budget: Budget, seed: int, pool: SolverPool | None, standing: Routes
    ) -> None:
        self.whole, self.problem = whole, whole.problem
        self.budget, self.seed, self.pool = budget, seed, pool
        self.watch = Watch(budget)
        self.warm = {n: v for n, v in whole.into(standing).items() if v} or None
        self.engine, self.rung, self.iterations = LEVEL_0, "insert", 0
        self.note: str | None = None
        self.best = examine(self.problem, self.warm or {})

    def run(self) -> None:
        if self.problem.stops:
            if self.pool is not None and not self.budget.level0 and ENGINE != LEVEL_0:
                self._with_solver()
            if self.engine == LEVEL_0:
                self._construct()
            if not self.problem.require_all and self.best.hard != (0, 0):
                self._offer(relieved(self.best, self.watch.over(self.budget.seconds)))

    def _construct(self) -> None:
        """The answer when there is no solver, or it found nothing."""
        stop = self.watch.over(self.budget.seconds + GRACE_S / 2)
        made = examine(self.problem, construct(self.problem, stop))
        if self.warm is None or self._key(made) < self._key(self.best):
            self.best = made

    def _with_solver(self) -> None:
        try:
            self._search()
            self.engine = ENGINE
            if self.problem.balance is not None and self.best.hard == (0, 0):
                self.best = balanced(self.best, self._ask)
        except SolverBusy:
            self.note = None
        except SolverLost:
            self.note = "solver_lost"
        except SolverFailed:
            self.note = None

    def _search(self) -> None:
        """All stops at first; if that cannot be, as many as possible."""
        share = 0.5 if self.problem.balance is not None else 1.0
        for width in self._widths():
            search = self._first(share, width)
            self._rounds(search)
            if self.best.complete:
                return
        if not self.problem.require_all and not self.best.complete:
            self._offer(relieved(self.best, self.watch.over(self.budget.seconds)))
            warm = self.best.visits if self.best.hard == (0, 0) else None
            search = replace(self._first(share, None), optional=True, warm=warm)
            self._rounds(replace(search, first_feasible=None))

    def _widths(self) -> list[int | None]:
        """How far from the habit of a loop its stops may be served: wider and wider."""
        habits = any(s.template_arrival_s is not None for s in self.problem.stops)
        return [1, 2, 4, None] if habits else [None]

    def _first(self, share: float, width: int | None) -> Search:
        windows: dict[int, tuple[Window, ...]] = {}
        for number, stop in enumerate(self.problem.stops):
            narrow = _habit(stop, width)
            if narrow:
                windows[number] = narrow
        return Search(
            self.problem, max(SHORT_S, self.watch.left() * share), self.budget.clock,
            self.budget.iterations, patience=PATIENCE, seed=self.seed, warm=self.warm,
            first_feasible=None if self.problem.require_all else FIRST_FEASIBLE, windows=windows,
        )  # fmt: skip

    def _rounds(self, search: Search) -> None:
        """Solve; where the solver had no words for a rule, say it otherwise and solve again."""
        for _ in range(ROUNDS):
            found = self._ask(search)
            if found is None:
                return
            self._offer(found)
            tighter = _tightened(search, found)
            if found.hard == (0, 0) or tighter is None:
                return
            search = replace(tighter, seconds=max(SHORT_S, self.watch.left()))

    def _ask(self, search: Search) -> Plan | None:
        """What the solver finds, driven by our own timeline; None when there is no time left."""
        if self.budget.iterations is None:
            left = min(search.seconds, self.watch.left())
            if left <= SHORT_S:
                return None
            search = replace(search, seconds=left)
        search = replace(
            search, clock=self.budget.clock, iterations=self.budget.iterations, seed=self.seed
        )
        assert self.pool is not None
        patience = None if self.budget.iterations is not None else search.seconds
        solved = self.pool.solve(search, patience_s=patience)
        self.watch.worked(solved)
        self.iterations += solved.iterations
        return examine(self.problem, solved.routes)

    def _offer(self, found: Plan) -> None:
        if self._key(found) < self._key(self.best):
            self.best, self.rung = found, "plan"

    def _key(self, found: Plan) -> Key:
        weights, count = self.problem.weights, len(found.routes)
        cost = found.cost + (VEHICLE_PRICE * count if weights.vehicles else 0)
        cost += self._parted(found) + self._strayed(found)
        if self.problem.require_all:
            return found.loss, *found.hard, cost
        return (*found.hard, found.loss, cost)

    def _strayed(self, found: Plan) -> int:
        """What it costs to serve stops outside the zones that vehicles prefer."""
        stops, vehicles = self.problem.stops, self.problem.vehicles
        return sum(
            zone_s(stops[n], vehicles[route.vehicle]) for route in found.routes for n in route.tasks
        )

    def _parted(self, found: Plan) -> int:
        """What it costs to part neighbours of the standing routes."""
        if not self.problem.keep_s:
            return 0
        now = {arc for route in found.routes for arc in pairwise(route.tasks)}
        stood = {arc for order in self.problem.standing.values() for arc in pairwise(order)}
        return self.problem.keep_s * len(stood - now)


def _habit(stop: PlanStop, width: int | None) -> tuple[Window, ...]:
    if width is None or stop.template_arrival_s is None:
        return ()
    half = (TEMPLATE_L_S if stop.template_l_s is None else stop.template_l_s) * width // 2
    early, late = stop.template_arrival_s - half, stop.template_arrival_s + half
    spans = stop.windows or ((early, late),)
    return tuple((max(a, early), min(b, late)) for a, b in spans if max(a, early) <= min(b, late))


def _tightened(search: Search, found: Plan) -> Search | None:
    """The search with what it could not know; None when that would change nothing."""
    windows, pure = dict(search.windows), search.pure
    for route in found.routes:
        causes = {violation.cause for violation in route.violations if not violation.soft}
        if causes & {"max_distance", "range"}:
            pure = "metres"
        elif "max_travel_time" in causes:
            pure = "seconds"
        for entry, violations in route.by_entry.items():
            visit = route.driven.visits[entry]
            for violation in violations:
                if violation.cause in ("delay", "max_ride_time") and visit.kind == "stop":
                    windows |= _narrowed(search.problem, found, route.vehicle, visit.number)
    if windows == dict(search.windows) and pure == search.pure:
        return None
    return replace(search, windows=windows, pure=pure, warm=None)


def _narrowed(
    problem: Problem, found: Plan, vehicle: int, number: int
) -> dict[int, tuple[Window, ...]]:
    """One window for a step of a shipment: the nearest one, and no longer than the ride may be."""
    pair = problem.partner.get(number)
    route = next(one for one in found.routes if one.vehicle == vehicle)
    starts = {
        route.driven.visits[step.id].number: step.start_s
        for step in route.driven.timeline.steps
        if step.kind == "stop" and step.id is not None
    }
    windows: dict[int, tuple[Window, ...]] = {}
    stop = problem.stops[number]
    if len(stop.windows) > 1:
        at = starts[number]
        nearest = min(stop.windows, key=lambda span: max(span[0] - at, at - span[1], 0))
        windows[number] = (nearest,)
    if pair is not None and pair.max_ride_s is not None and pair.pickup in starts:
        latest = starts[pair.pickup] + pair.max_ride_s
        early = problem.stops[pair.delivery].windows
        windows[pair.delivery] = ((early[0][0] if early else 0, latest),)
    return windows
