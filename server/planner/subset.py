"""Some stops and vehicles of a problem as a problem of their own, and the way back."""

from collections.abc import Collection
from dataclasses import dataclass, replace

from server.planner.problem import Pair, Problem, Routes, Visit


@dataclass(frozen=True)
class Subset:
    """A smaller problem; `stops` and `vehicles` are its numbers in the larger one."""

    problem: Problem
    stops: tuple[int, ...]
    vehicles: tuple[int, ...]

    def back(self, routes: Routes) -> dict[int, tuple[Visit, ...]]:
        """Routes of the smaller problem in the numbers of the larger one."""
        return {
            self.vehicles[number]: tuple(
                visit._replace(number=self.stops[visit.number]) if visit.kind == "stop" else visit
                for visit in visits
            )
            for number, visits in routes.items()
        }

    def into(self, routes: Routes) -> dict[int, tuple[Visit, ...]]:
        """Routes of the larger problem in the numbers of the smaller one, as far as it has them."""
        stops = {stop: number for number, stop in enumerate(self.stops)}
        return {
            number: tuple(
                visit._replace(number=stops[visit.number]) if visit.kind == "stop" else visit
                for visit in routes.get(vehicle, ())
                if visit.kind != "stop" or visit.number in stops
            )
            for number, vehicle in enumerate(self.vehicles)
        }


def subset(
    problem: Problem, stops: Collection[int], vehicles: Collection[int] | None = None
) -> Subset:
    """The problem of these stops and vehicles alone."""
    kept = tuple(sorted(stops))
    used = tuple(sorted(range(len(problem.vehicles)) if vehicles is None else vehicles))
    new = {stop: number for number, stop in enumerate(kept)}
    fewer = tuple(
        replace(problem.stops[n], before=tuple(new[b] for b in problem.stops[n].before if b in new))
        for n in kept
    )
    pairs = tuple(
        Pair(new[pair.pickup], new[pair.delivery], pair.amount, pair.max_ride_s)
        for pair in problem.pairs
        if pair.pickup in new and pair.delivery in new
    )
    standing = {
        number: tuple(new[stop] for stop in problem.standing.get(vehicle, ()) if stop in new)
        for number, vehicle in enumerate(used)
    }
    small = replace(
        problem, stops=fewer, vehicles=tuple(problem.vehicles[n] for n in used), pairs=pairs,
        standing=standing, glued=frozenset(),
    )  # fmt: skip
    return Subset(small, kept, used)
