"""Other planners, measured in the same run where they are installed beside the product.

They get the same problem, and what they answer is driven by the product's own check.
"""

from collections.abc import Callable, Iterator
from datetime import timedelta
from importlib.metadata import PackageNotFoundError, version
from time import process_time
from typing import Any, NamedTuple

from server.planner.problem import Pair, PlanStop, PlanVehicle, Problem, Routes, Visit

LATEST_S = 2**31
EXPLORATION = 5
HOPELESS = timedelta(minutes=2)
PACKAGES = {"vroom": "pyvroom", "ortools": "ortools"}


class Found(NamedTuple):
    """The routes of a peer, None when it found none for all stops, and its CPU seconds."""

    routes: Routes | None
    cpu_s: float


Peer = Callable[[Problem, float], Found]


def installed() -> dict[str, Peer]:
    """The peers of this environment."""
    known: dict[str, Peer] = {"vroom": vroom, "ortools": ortools}
    return {name: peer for name, peer in known.items() if told(name) != "not installed"}


def told(name: str) -> str:
    """The version of a peer."""
    try:
        return version(PACKAGES[name])
    except PackageNotFoundError:
        return "not installed"


def _room(problem: Problem, vehicle: PlanVehicle) -> list[int]:
    """What fits beside what stays on board to the end."""
    if vehicle.load is None:
        return list(vehicle.capacity)
    due = [sum(s.delivery[d] for s in problem.stops) for d in range(problem.dimensions)]
    stays = [a - b for a, b in zip(vehicle.load, due, strict=True)]
    return [a - b for a, b in zip(vehicle.capacity, stays, strict=True)]


def _span(vehicle: PlanVehicle) -> tuple[int, int]:
    early, late = vehicle.window or (0, LATEST_S)
    return early, min(LATEST_S, late + vehicle.max_overtime_s)


def vroom(problem: Problem, _seconds: float) -> Found:
    """VROOM at exploration level 5; it has no budget, so it gets until it is done or hopeless."""
    import numpy as np  # noqa: PLC0415
    import vroom as peer  # noqa: PLC0415 - installed by whoever wants to compare

    began = process_time()
    asked = peer.Input()
    for (profile, _), (seconds, _) in problem.tables.items():
        asked.set_durations_matrix(profile=profile, matrix_input=seconds.astype(np.uint32))
    for number, vehicle in enumerate(problem.vehicles):
        rests = [
            peer.Break(rest.id, time_windows=_windows(peer, rest.windows), service=rest.service_s)
            for rest in vehicle.breaks
        ]
        asked.add_vehicle(peer.Vehicle(
            number, start=vehicle.start, end=vehicle.end, profile=vehicle.profile,
            capacity=_room(problem, vehicle), skills=set(vehicle.skills),
            time_window=_span(vehicle), breaks=rests,
        ))  # fmt: skip
    for number, stop in enumerate(problem.stops):
        if number not in problem.partner:
            asked.add_job(peer.Job(
                number, location=stop.index, default_service=stop.service_s,
                default_setup=stop.setup_s, delivery=list(stop.delivery),
                pickup=list(stop.pickup), skills=set(stop.skills),
                time_windows=_windows(peer, stop.windows),
            ))  # fmt: skip
    for pair in problem.pairs:
        asked.add_job(_shipment(peer, problem, pair))
    found = asked.solve(exploration_level=EXPLORATION, nb_threads=1, timeout=HOPELESS)
    spent = process_time() - began
    return Found(None if found.summary.unassigned else _driven(found.to_dict()), spent)


def _windows(peer: Any, windows: tuple[tuple[int, int], ...]) -> list[Any]:
    spans = [(max(0, a), min(LATEST_S, b)) for a, b in windows] or [(0, LATEST_S)]
    return [peer.TimeWindow(*span) for span in spans]


def _shipment(peer: Any, problem: Problem, pair: Pair) -> Any:
    ends = []
    for number in (pair.pickup, pair.delivery):
        stop = problem.stops[number]
        ends.append(peer.ShipmentStep(
            number, location=stop.index, default_service=stop.service_s,
            default_setup=stop.setup_s, time_windows=_windows(peer, stop.windows),
        ))  # fmt: skip
    skills = set(problem.stops[pair.pickup].skills)
    return peer.Shipment(pickup=ends[0], delivery=ends[1], amount=list(pair.amount), skills=skills)


def _driven(answer: dict[str, Any]) -> Routes:
    return {
        route["vehicle"]: tuple(
            Visit("stop", step["id"])
            for step in route["steps"]
            if step["type"] in ("job", "pickup", "delivery")
        )
        for route in answer["routes"]
    }


def ortools(problem: Problem, seconds: float) -> Found:
    """OR-Tools with guided local search, stopped on the clock of the processor."""
    began = process_time()
    model = _Routing(problem)
    spent, over = 0.0, seconds

    def tired() -> bool:
        return process_time() - began >= over

    model.routing.AddSearchMonitor(model.solver.CustomLimit(tired))
    found = model.routing.SolveWithParameters(model.parameters(60 * seconds))
    spent = process_time() - began
    return Found(None if found is None else model.routes(found), spent)


class _Routing:
    """A problem in OR-Tools' words: one node per stop, then one per end of each vehicle."""

    def __init__(self, problem: Problem) -> None:
        from ortools.constraint_solver import pywrapcp  # noqa: PLC0415

        self.problem, self.size = problem, len(problem.stops)
        self.fleet = len(problem.vehicles)
        first, last = problem.start(problem.vehicles[0]), problem.end(problem.vehicles[0])
        self.where = [*(stop.index for stop in problem.stops), first, last]
        starts, ends = [self.size] * self.fleet, [self.size + 1] * self.fleet
        self.manager = pywrapcp.RoutingIndexManager(self.size + 2, self.fleet, starts, ends)
        self.routing = pywrapcp.RoutingModel(self.manager)
        self.solver = self.routing.solver()
        key = problem.vehicles[0].profile, problem.vehicles[0].speed_factor
        self.rows = problem.tables[key][0][self.where][:, self.where].tolist()
        self.busy = [*(s.service_s + s.setup_s for s in problem.stops), 0, 0]
        arc = self.routing.RegisterTransitMatrix(self.rows)
        self.routing.SetArcCostEvaluatorOfAllVehicles(arc)
        self._times()
        self._loads()
        self._pairs()

    def _times(self) -> None:
        legs = [
            [cell + busy for cell in row] for row, busy in zip(self.rows, self.busy, strict=True)
        ]
        both = self.routing.RegisterTransitMatrix(legs)
        late = max(_span(vehicle)[1] for vehicle in self.problem.vehicles)
        self.routing.AddDimension(both, late, late, False, "time")  # noqa: FBT003 - their signature
        self.time = self.routing.GetDimensionOrDie("time")
        for number, stop in enumerate(self.problem.stops):
            at = self.manager.NodeToIndex(number)
            self._window(self.time.CumulVar(at), stop)
            able = [n for n, one in enumerate(self.problem.vehicles) if stop.skills <= one.skills]
            if len(able) < self.fleet:
                self.routing.VehicleVar(at).SetValues(able)
        for number, vehicle in enumerate(self.problem.vehicles):
            for end in (self.routing.Start(number), self.routing.End(number)):
                self.time.CumulVar(end).SetRange(*_span(vehicle))
            self._rests(number, vehicle)

    def _window(self, at: Any, stop: PlanStop) -> None:
        if stop.windows:
            at.SetRange(max(0, stop.windows[0][0]), stop.windows[-1][1])
        for (_, closed), (opens, _) in zip(stop.windows, stop.windows[1:], strict=False):
            at.RemoveInterval(closed + 1, opens - 1)

    def _rests(self, number: int, vehicle: PlanVehicle) -> None:
        made = [
            self.solver.FixedDurationIntervalVar(
                rest.windows[0][0], rest.windows[0][1], rest.service_s,
                False, f"rest {number}",  # noqa: FBT003 - their signature
            )
            for rest in vehicle.breaks
        ]  # fmt: skip
        if made:
            visits = [0] * self.routing.Size()
            for node in range(self.size):
                visits[self.manager.NodeToIndex(node)] = self.busy[node]
            self.time.SetBreakIntervalsOfVehicle(made, number, visits)

    def _loads(self) -> None:
        """On the way: what was on board less what went off; a fleet loads what it delivers."""
        for d in range(self.problem.dimensions):
            amounts = [self._amount(number, d) for number in range(self.size)]
            call = self.routing.RegisterUnaryTransitVector([*amounts, 0, 0])
            room = [vehicle.capacity[d] for vehicle in self.problem.vehicles]
            name = f"load {d}"
            self.routing.AddDimensionWithVehicleCapacity(
                call, 0, room, False, name  # noqa: FBT003 - their signature
            )  # fmt: skip
            load = self.problem.vehicles[0].load
            begins = self.routing.GetDimensionOrDie(name)
            for number in range(self.fleet):
                at = 0 if load is None else load[d]
                begins.CumulVar(self.routing.Start(number)).SetRange(at, at)

    def _amount(self, number: int, d: int) -> int:
        stop, pair = self.problem.stops[number], self.problem.partner.get(number)
        if pair is not None:
            return pair.amount[d] if number == pair.pickup else -pair.amount[d]
        if self.problem.vehicles[0].load is None:
            return stop.delivery[d]
        return stop.pickup[d] - stop.delivery[d]

    def _pairs(self) -> None:
        for pair in self.problem.pairs:
            ends = [self.manager.NodeToIndex(n) for n in (pair.pickup, pair.delivery)]
            self.routing.AddPickupAndDelivery(*ends)
            drivers = [self.routing.VehicleVar(end) for end in ends]
            times = [self.time.CumulVar(end) for end in ends]
            self.solver.Add(drivers[0] == drivers[1])
            self.solver.Add(times[0] <= times[1])

    def parameters(self, wall_s: float) -> Any:
        """Insertion, which solves most single loops here, then guided local search."""
        from ortools.constraint_solver import pywrapcp  # noqa: PLC0415
        from ortools.constraint_solver import routing_enums_pb2 as enums  # noqa: PLC0415

        asked = pywrapcp.DefaultRoutingSearchParameters()
        asked.first_solution_strategy = enums.FirstSolutionStrategy.PARALLEL_CHEAPEST_INSERTION
        asked.local_search_metaheuristic = enums.LocalSearchMetaheuristic.GUIDED_LOCAL_SEARCH
        asked.time_limit.FromMilliseconds(int(wall_s * 1000))
        return asked

    def routes(self, found: Any) -> Routes:
        """What each vehicle visits."""
        return {number: tuple(self._visits(found, number)) for number in range(self.fleet)}

    def _visits(self, found: Any, number: int) -> Iterator[Visit]:
        at = found.Value(self.routing.NextVar(self.routing.Start(number)))
        while not self.routing.IsEnd(at):
            yield Visit("stop", self.manager.IndexToNode(at))
            at = found.Value(self.routing.NextVar(at))
