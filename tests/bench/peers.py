"""Other planners, measured in the same run where they are installed beside the product."""

from importlib.util import find_spec
from time import process_time

from tests.bench.instances import Json

ABSENT = "not installed"


def vroom(body: Json, exploration: int = 5) -> tuple[int | None, float] | str:
    """VROOM's travel for a problem without pairs, and its CPU seconds; None when incomplete."""
    if find_spec("vroom") is None:
        return ABSENT
    import numpy as np  # noqa: PLC0415
    import vroom as peer  # noqa: PLC0415 - installed by whoever wants to compare

    problem = peer.Input()
    rows = body["matrices"]["car"]["durations"]
    problem.set_durations_matrix(profile="car", matrix_input=np.array(rows, dtype=np.uint32))
    for one in body["vehicles"]:
        problem.add_vehicle(peer.Vehicle(
            one["id"], start=one["start_index"], end=one["end_index"], capacity=one["capacity"],
            time_window=tuple(one["time_window"]),
        ))  # fmt: skip
    for one in body["jobs"]:
        problem.add_job(peer.Job(
            one["id"], location=one["location_index"], default_service=one.get("service", 0),
            delivery=one.get("delivery", [0] * len(body["vehicles"][0]["capacity"])),
            time_windows=[tuple(span) for span in one.get("time_windows", [])] or [(0, 2**31)],
        ))  # fmt: skip
    began = process_time()
    found = problem.solve(exploration_level=exploration, nb_threads=1)
    spent = process_time() - began
    return (None if found.summary.unassigned else found.summary.duration), spent


def ortools(body: Json, seconds: float) -> tuple[int | None, float] | str:
    """The travel of OR-Tools' guided local search for one loop, and its seconds."""
    if find_spec("ortools") is None:
        return ABSENT
    from ortools.constraint_solver import pywrapcp  # noqa: PLC0415
    from ortools.constraint_solver import routing_enums_pb2 as enums  # noqa: PLC0415

    rows, jobs = body["matrices"]["car"]["durations"], body["jobs"]
    manager = pywrapcp.RoutingIndexManager(len(rows), len(body["vehicles"]), 0)
    routing = pywrapcp.RoutingModel(manager)
    service = {one["location_index"]: one.get("service", 0) for one in jobs}
    node = manager.IndexToNode
    arc = routing.RegisterTransitCallback(lambda a, b: rows[node(a)][node(b)])
    busy = routing.RegisterTransitCallback(
        lambda a, b: rows[node(a)][node(b)] + service.get(node(a), 0)
    )
    routing.SetArcCostEvaluatorOfAllVehicles(arc)
    last = body["vehicles"][0]["time_window"][1]
    routing.AddDimension(busy, last, last, False, "time")  # noqa: FBT003 - their signature
    time = routing.GetDimensionOrDie("time")
    for one in jobs:
        if one.get("time_windows"):
            time.CumulVar(manager.NodeToIndex(one["location_index"])).SetRange(
                *one["time_windows"][0]
            )
    asked = pywrapcp.DefaultRoutingSearchParameters()
    asked.first_solution_strategy = enums.FirstSolutionStrategy.PATH_CHEAPEST_ARC
    asked.local_search_metaheuristic = enums.LocalSearchMetaheuristic.GUIDED_LOCAL_SEARCH
    asked.time_limit.FromMilliseconds(int(seconds * 1000))
    began = process_time()
    found = routing.SolveWithParameters(asked)
    spent = process_time() - began
    return (None if found is None else found.ObjectiveValue()), spent
