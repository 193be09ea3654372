"""The one door to PyVRP: a problem becomes its data, its solution becomes routes again."""

import warnings
from collections.abc import Callable, Sequence
from time import perf_counter, thread_time
from typing import Any

import pyvrp
from pyvrp.exceptions import PenaltyBoundWarning
from pyvrp.search import NeighbourhoodParams

from server.planner.model import Search, Solved
from server.planner.modelling import DROP_PRIZE_MAX, Draft, draft
from server.planner.problem import Problem, Visit

INFEASIBLE = 1 << 50
# One loop is searched best with a short memory among few neighbours; fleets need both.
ONE_LOOP = pyvrp.SolveParams(
    ils=pyvrp.IteratedLocalSearchParams(history_length=50),
    neighbourhood=NeighbourhoodParams(num_neighbours=20),
)
FLEET = pyvrp.SolveParams()
# Leaving a stop out must be dearer than nothing but breaking a rule.
CHOOSING = pyvrp.SolveParams(penalty=pyvrp.PenaltyParams(max_penalty=2.0 * DROP_PRIZE_MAX))


def solve(search: Search) -> Solved:
    """Look for the best routes until the time, the steps or the patience of the search is over."""
    now = thread_time if search.clock == "cpu" else perf_counter
    began = now()
    words = draft(search)
    data = build(words)
    initial = _initial(words, data, search)
    stop = _Stop(search, now, began)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", PenaltyBoundWarning)
        found = pyvrp.solve(
            data,
            stop,
            search.seed,
            collect_stats=False,
            display=False,
            initial_solution=initial,
            params=_params(search),
        )
    routes = _decode(words, search.problem, found.best)
    return Solved(routes, found.best.is_feasible(), found.num_iterations, now() - began)


def _params(search: Search) -> pyvrp.SolveParams:
    if search.optional:
        return CHOOSING
    return ONE_LOOP if len(search.problem.vehicles) == 1 else FLEET


class _Stop:
    """Says when to stop; time is only looked at when no number of steps was given."""

    def __init__(self, search: Search, now: Callable[[], float], began: float) -> None:
        self.search, self.now, self.began = search, now, began
        self.steps = self.idle = 0
        self.best: float | None = None

    def __call__(self, best_cost: float) -> bool:
        if self.best is None or best_cost < self.best:
            self.best, self.idle = best_cost, 0
        over = self._over(feasible=best_cost < INFEASIBLE)
        self.steps += 1
        self.idle += 1
        return over

    def _over(self, *, feasible: bool) -> bool:
        search = self.search
        hopeless = not feasible and search.first_feasible is not None
        share = search.first_feasible if hopeless and search.first_feasible is not None else 1
        if search.iterations is not None:
            return self.steps >= search.iterations * share
        tired = feasible and search.patience is not None and self.idle > search.patience
        return tired or self.now() - self.began >= search.seconds * share


def build(words: Draft) -> pyvrp.ProblemData:
    """The data of one search, from arrays; never leg by leg."""
    costs: list[Any] = [one.costs for one in words.profiles]
    durations: list[Any] = [one.durations for one in words.profiles]
    return pyvrp.ProblemData(
        [pyvrp.Location(0, 0) for _ in range(words.places)],
        [pyvrp.Client(**one) for one in words.clients],
        [pyvrp.Depot(**one) for one in words.depots],
        [pyvrp.VehicleType(num_available=len(own), **one)
         for one, own in zip(words.types, words.members, strict=True)],
        costs,
        durations,
        [pyvrp.ClientGroup(**one) for one in words.groups],
        [pyvrp.Shipment(**one) for one in words.shipments],
    )  # fmt: skip


def _initial(words: Draft, data: pyvrp.ProblemData, search: Search) -> pyvrp.Solution | None:
    """The routes to begin with, where the model has words for them."""
    if search.warm is None:
        return None
    writing = _Writing(words, data, search.problem)
    used = sorted((number, visits) for number, visits in search.warm.items() if visits)
    known = {number for members in words.members for number in members}
    if not {number for number, _ in used} <= known:
        return None
    return pyvrp.Solution(data, [writing.route(number, visits) for number, visits in used])


class _Writing:
    """Routes of a problem in the solver's words."""

    def __init__(self, words: Draft, data: pyvrp.ProblemData, problem: Problem) -> None:
        self.words, self.data, self.problem = words, data, problem
        self.clients: dict[tuple[Visit, int | None], int] = {}
        for client, (visit, said) in enumerate(zip(words.visits, words.clients, strict=True)):
            where = said["location"] if visit.kind == "break" else None
            self.clients.setdefault((visit, where), client)
        self.ends = {pair.pickup: f"L{n}" for n, pair in enumerate(problem.pairs)}
        self.ends |= {pair.delivery: f"U{n}" for n, pair in enumerate(problem.pairs)}

    def route(self, number: int, visits: Sequence[Visit]) -> pyvrp.Route:
        kind = next(n for n, members in enumerate(self.words.members) if number in members)
        start = self.words.types[kind]["start_depot"]
        here = self.words.depots[start]["location"]
        said = []
        for visit in visits:
            word = self._word(visit, number, here)
            here = visit.number if visit.kind == "stop" else here
            said += [word] if word else []
        return pyvrp.Route(self.data, [pyvrp.Activity(word) for word in said], kind)

    def _word(self, visit: Visit, vehicle: int, here: int) -> str:
        if visit.kind == "reload":
            depots = {reload: depot for depot, reload in self.words.reloads.items()}
            return f"D{depots[visit.number]}"
        if visit.kind == "stop":
            return self.ends.get(visit.number) or f"C{self.clients[visit, None]}"
        rest = self.problem.vehicles[vehicle].breaks[visit.number]
        kinds = self.words.kinds
        number = kinds.index((rest.windows, rest.service_s)) if kinds else visit.number
        client = self.clients.get((Visit("break", number), here))
        return "" if client is None else f"C{client}"


def _decode(
    words: Draft, problem: Problem, solution: pyvrp.Solution
) -> dict[int, tuple[Visit, ...]]:
    """Routes in the problem's words; equal vehicles get theirs in the order of their numbers."""
    free = [list(members) for members in words.members]
    found = {}
    for route in solution.routes():
        number = free[route.vehicle_type()].pop(0)
        inner = list(route.schedule())[1:-1]
        visits = [_visit(words, problem, number, one) for one in inner]
        found[number] = tuple(visit for visit in visits if visit is not None)
    return found


def _visit(words: Draft, problem: Problem, number: int, activity: pyvrp.Activity) -> Visit | None:
    if activity.is_depot():
        return Visit("reload", words.reloads[activity.idx])
    if activity.is_pickup():
        return Visit("stop", problem.pairs[activity.idx].pickup)
    if activity.is_delivery():
        return Visit("stop", problem.pairs[activity.idx].delivery)
    visit = words.visits[activity.idx]
    if visit.kind == "stop" or not words.kinds:
        return visit
    for own, rest in enumerate(problem.vehicles[number].breaks):
        if (rest.windows, rest.service_s) == words.kinds[visit.number]:
            return Visit("break", own)
    return None
