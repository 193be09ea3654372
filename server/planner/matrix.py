"""What the solver pays and needs per leg: prices, kept neighbourhoods, forbidden and foreign stops.

Every stop is a place of its own here, followed by the depots, so that rules of one stop can lie
on its legs.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from server.planner.problem import PROFILES_MAX, PlanStop, PlanVehicle, Problem, Whole
from shared.walk import RANKS

BIG = 10**7
SUM_MAX = 2**44
ZONE_S = 600

ProfileKey = tuple[object, ...]


class TooMuch(ValueError):
    """The problem is larger than the solver may be asked."""


@dataclass(frozen=True)
class Profile:
    """Prices and seconds between all places of the model, for vehicles with equal abilities."""

    costs: Whole
    durations: Whole


def forbidden(stop: PlanStop, vehicle: PlanVehicle) -> str | None:
    """Why this vehicle may not serve this stop, in the word of a cause."""
    if not stop.skills <= vehicle.skills:
        return "skills"
    if stop.access and vehicle.kind not in stop.access:
        return "access"
    return "zone" if _foreign(stop, vehicle) and not vehicle.zones_soft else None


def zone_s(stop: PlanStop, vehicle: PlanVehicle) -> int:
    """What it costs to send this vehicle out of the zones it prefers."""
    return ZONE_S if vehicle.zones_soft and _foreign(stop, vehicle) else 0


def _foreign(stop: PlanStop, vehicle: PlanVehicle) -> bool:
    zones, zone = vehicle.zones, stop.zone
    return zones is not None and zone is not None and zone not in zones


def places(problem: Problem) -> list[int]:
    """Start, end and reload places of the vehicles, each once, in a fixed order."""
    found: dict[int, None] = {}
    for vehicle in problem.vehicles:
        found.setdefault(problem.start(vehicle))
        found.setdefault(problem.end(vehicle))
        for reload in vehicle.reloads:
            found.setdefault(reload.index)
    return list(found)


def profile_key(problem: Problem, vehicle: PlanVehicle) -> ProfileKey:
    """Vehicles with the same key share their matrices."""
    zones = vehicle.zones if vehicle.zones_soft else None
    priced = (vehicle.per_hour, vehicle.per_km)
    return (vehicle.profile, vehicle.speed_factor, *priced, barred(problem, vehicle), zones)


def barred(problem: Problem, vehicle: PlanVehicle) -> tuple[int, ...]:
    """The stops this vehicle may not serve; worked out once for all with the same abilities."""
    able = (vehicle.skills, vehicle.kind, vehicle.zones, vehicle.zones_soft)
    if able not in problem.barred:
        found = (n for n, stop in enumerate(problem.stops) if forbidden(stop, vehicle))
        problem.barred[able] = tuple(found)
    return problem.barred[able]


def profiles(
    problem: Problem, *, pure: str | None = None
) -> tuple[list[Profile], dict[ProfileKey, int]]:
    """The matrices of the model; `pure` leaves only `metres` or `seconds` as the price."""
    keys: dict[ProfileKey, int] = {}
    made: list[Profile] = []
    for vehicle in problem.vehicles:
        key = profile_key(problem, vehicle)
        if key not in keys:
            keys[key] = len(made)
            made.append(_Building(problem, vehicle).profile(pure))
    if len(made) > PROFILES_MAX:
        raise TooMuch(f"more than {PROFILES_MAX} kinds of vehicles")
    return made, keys


class _Building:
    """The matrices of one kind of vehicle."""

    def __init__(self, problem: Problem, vehicle: PlanVehicle) -> None:
        self.problem = problem
        self.vehicle = vehicle
        self.depots = places(problem)
        self.where = np.array([*(stop.index for stop in problem.stops), *self.depots])
        self.size = len(problem.stops)

    def profile(self, pure: str | None) -> Profile:
        seconds, metres = self.problem.tables[self.vehicle.profile, self.vehicle.speed_factor]
        durations = self._among(seconds)
        if pure == "metres" and metres is not None:
            costs = self._among(metres)
        elif pure == "seconds":
            costs = durations.copy()
        else:
            costs = self._among(self.problem.price(self.vehicle))
            self._keep(costs)
            self._zones(costs)
        self._setups(durations)
        self._ranks(costs)
        self._glue(costs)
        self._bar(costs)
        self._bar(durations)
        for rows in (costs, durations):
            np.fill_diagonal(rows, 0)
        if int(costs.max(initial=0)) * (len(self.where) + 2) >= SUM_MAX:
            raise TooMuch("the prices of the legs add up to too much")
        return Profile(costs, durations)

    def _among(self, rows: Whole) -> Whole:
        """A table of its own, of the model's places alone; row by row costs least."""
        picked: Whole = np.take(rows[self.where], self.where, axis=1)
        return picked

    def _keep(self, costs: Whole) -> None:
        """A leg between standing stops that were no neighbours costs `keep_s` more."""
        problem, keep = self.problem, self.problem.keep_s
        if not keep or not problem.standing:
            return
        standing = sorted({n for order in problem.standing.values() for n in order})
        costs[np.ix_(standing, standing)] += keep
        for number, order in problem.standing.items():
            for a, b in pairwise(order):
                costs[a, b] -= keep
            if len(problem.vehicles) == 1 and order:
                vehicle = problem.vehicles[number]
                first = self.size + self.depots.index(problem.start(vehicle))
                last = self.size + self.depots.index(problem.end(vehicle))
                costs[first, standing] += keep
                costs[standing, last] += keep
                costs[first, order[0]] -= keep
                costs[order[-1], last] -= keep

    def _zones(self, costs: Whole) -> None:
        if self.vehicle.zones_soft:
            for number, stop in enumerate(self.problem.stops):
                costs[:, number] += zone_s(stop, self.vehicle)

    def _setups(self, durations: Whole) -> None:
        """Where several stops share a place, the setup lies on the way to it from elsewhere."""
        for number in shared_places(self.problem):
            setup = self.problem.stops[number].setup_s
            durations[:, number] += np.where(self.where != self.where[number], setup, 0)

    def _ranks(self, costs: Whole) -> None:
        """From later to earlier ranks, and from a stop back to what must precede it: never."""
        stops = self.problem.stops
        ranks = np.array([RANKS[stop.position] for stop in stops], dtype=np.int64)
        if len(stops) and ranks.min() != ranks.max():
            costs[: self.size, : self.size] += BIG * (ranks[:, None] > ranks[None, :])
        for number, stop in enumerate(stops):
            for later in stop.before:
                costs[later, number] += BIG
        for pair in self.problem.pairs:
            costs[pair.delivery, pair.pickup] += BIG

    def _glue(self, costs: Whole) -> None:
        for before, after in sorted(self.problem.glued):
            row = self.size if before < 0 else before
            apart = costs[row, after]
            costs[row, :] += BIG
            costs[:, after] += BIG
            costs[row, after] = apart

    def _bar(self, rows: Whole) -> None:
        stops = list(barred(self.problem, self.vehicle))
        rows[stops, :] += BIG
        rows[:, stops] += BIG


def shared_places(problem: Problem) -> list[int]:
    """Stops with a setup that may be reached from another stop at the same place."""
    seen: dict[int, int] = {}
    starts: Sequence[int] = [problem.start(vehicle) for vehicle in problem.vehicles]
    for index in [*(stop.index for stop in problem.stops), *starts]:
        seen[index] = seen.get(index, 0) + 1
    return [n for n, stop in enumerate(problem.stops) if stop.setup_s and seen[stop.index] > 1]
