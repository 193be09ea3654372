"""A problem in the solver's terms, still as plain words: clients, groups, shipments, vehicles.

Several windows are several clients of which one is served; a break is a client without goods that
may be served at every place; what the solver cannot say lies on the legs (matrix.py).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import ceil
from typing import Any

from server.planner.matrix import Profile, places, profile_key, profiles, shared_places
from server.planner.model import Search
from server.planner.problem import VEHICLE_FIRST, PlanBreak, PlanVehicle, Problem, Visit
from shared.task import Amount, Window

DROP_PRIZE = 10**5
APPOINTMENT = 5
DROP_PRIZE_MAX = DROP_PRIZE * 101 * APPOINTMENT
BREAK_PRIZE = 2500
LEVEL_SHARE = 1.1
LATEST_S = 1 << 40

BreakKind = tuple[tuple[Window, ...], int]
Words = dict[str, Any]


@dataclass
class Draft:
    """The words of one search, and what its clients and vehicles stand for."""

    places: int
    profiles: list[Profile]
    clients: list[Words] = field(default_factory=list)
    visits: list[Visit] = field(default_factory=list)
    """What each client is; breaks of a fleet by their kind."""
    groups: list[Words] = field(default_factory=list)
    shipments: list[Words] = field(default_factory=list)
    depots: list[Words] = field(default_factory=list)
    types: list[Words] = field(default_factory=list)
    members: list[list[int]] = field(default_factory=list)
    """The vehicles of each type."""
    kinds: list[BreakKind] = field(default_factory=list)
    reloads: dict[int, int] = field(default_factory=dict)
    """Which reload of its vehicle a depot is."""


def draft(search: Search) -> Draft:
    """The words for one search."""
    return _Drafting(search).draft()


class _Drafting:
    def __init__(self, search: Search) -> None:
        self.search = search
        self.problem: Problem = search.problem
        self.alone = len(self.problem.vehicles) == 1
        self.depots = places(self.problem)
        self.origin = self._origin()
        self.shared = set(shared_places(self.problem))
        self.kinds = [] if self.alone else self._kinds()
        limited = any(vehicle.max_tasks is not None for vehicle in self.problem.vehicles)
        self.counted = limited or search.level_by == "tasks"
        made, self.keys = profiles(self.problem, pure=search.pure)
        self.route_cost = max(
            (int(one.costs.sum(axis=0).max(initial=0)) for one in made), default=0
        )
        self.done = Draft(len(self.problem.stops) + len(self.depots), made, kinds=self.kinds)

    def draft(self) -> Draft:
        self._shipments()
        self._jobs()
        self._breaks()
        self._types(self._all_depots())
        return self.done

    def _origin(self) -> int:
        """All instants are counted from here, for the solver knows none before zero."""
        opens = [v.window[0] for v in self.problem.vehicles if v.window is not None]
        return min([0, *opens])

    def _kinds(self) -> list[BreakKind]:
        found: dict[BreakKind, None] = {}
        for vehicle in self.problem.vehicles:
            for rest in vehicle.breaks:
                found.setdefault((rest.windows, rest.service_s))
        return list(found)

    def _load(self, amount: Amount, *, task: int = 0, rest: int | None = None) -> list[int]:
        """The problem's dimensions, then one for the number of stops, then one per break."""
        own = list(amount) or [0] * self.problem.dimensions
        counted = [task] if self.counted else []
        return [*own, *counted, *(int(number == rest) for number in range(len(self.kinds)))]

    def _span(self, window: Window) -> dict[str, int]:
        early = max(0, window[0] - self.origin)
        return {"tw_early": early, "tw_late": max(early, window[1] - self.origin)}

    def _windows(self, number: int) -> tuple[Window, ...]:
        stop = self.problem.stops[number]
        windows = self.search.windows.get(number, stop.windows)
        if number not in self.shared:
            return windows
        shift = stop.setup_s
        return tuple((a + shift, max(a + shift, b)) for a, b in windows)

    def _service(self, number: int) -> int:
        stop = self.problem.stops[number]
        return stop.service_s + (0 if number in self.shared else stop.setup_s)

    def _jobs(self) -> None:
        """One client per stop; several windows are several clients of which one is served."""
        for number, stop in enumerate(self.problem.stops):
            if number in self.problem.partner:
                continue
            windows: Sequence[Window | None] = self._windows(number) or (None,)
            several = len(windows) > 1
            if several:
                first = len(self.done.clients)
                members = list(range(first, first + len(windows)))
                needed = not self.search.optional
                self.done.groups.append({"clients": members, "required": needed})
            for window in windows:
                self.done.clients.append({
                    "location": number,
                    "delivery": self._load(stop.delivery, task=1),
                    "pickup": self._load(stop.pickup),
                    "service_duration": self._service(number),
                    "prize": self._prize(number),
                    "required": not several and not self.search.optional,
                    "group": len(self.done.groups) - 1 if several else None,
                    **({} if window is None else self._span(window)),
                })  # fmt: skip
                self.done.visits.append(Visit("stop", number))

    def _prize(self, number: int) -> int:
        if not self.search.optional:
            return 0
        stop = self.problem.stops[number]
        plain = DROP_PRIZE * (1 + stop.priority) * (APPOINTMENT if stop.appointment else 1)
        return self.search.prizes.get(number, plain)

    def _shipments(self) -> None:
        for pair in self.problem.pairs:
            pick, drop = self._hull(pair.pickup), self._hull(pair.delivery)
            self.done.shipments.append({
                "pickup_location": pair.pickup,
                "delivery_location": pair.delivery,
                "pickup_service_duration": self._service(pair.pickup),
                "delivery_service_duration": self._service(pair.delivery),
                "amount": self._load(pair.amount),
                "prize": max(self._prize(pair.pickup), self._prize(pair.delivery)),
                "required": not self.search.optional,
                **{f"pickup_{key}": at for key, at in pick.items()},
                **{f"delivery_{key}": at for key, at in drop.items()},
            })  # fmt: skip

    def _hull(self, number: int) -> dict[str, int]:
        """Steps of a shipment have one window: from the first opening to the last closing."""
        windows = self._windows(number)
        if not windows:
            return {}
        return self._span((min(a for a, _ in windows), max(b for _, b in windows)))

    def _breaks(self) -> None:
        """A break may be taken at every stop and at the start, as a client without goods."""
        homes = [len(self.problem.stops) + n for n in range(len(self.depots))]
        if self.alone:
            start = homes[self.depots.index(self.problem.start(self.problem.vehicles[0]))]
            for number, rest in enumerate(self.problem.vehicles[0].breaks):
                self._break_group(number, rest, [*range(len(self.problem.stops)), start])
            return
        for kind, (windows, service) in enumerate(self.kinds):
            starts = [
                homes[self.depots.index(self.problem.start(vehicle))]
                for vehicle in self.problem.vehicles
                if any(
                    (rest.windows, rest.service_s) == (windows, service) for rest in vehicle.breaks
                )
            ]
            for where in [*range(len(self.problem.stops)), *starts]:
                for window in windows:
                    self._rest(where, window, service, kind, prize=BREAK_PRIZE)

    def _break_group(self, number: int, rest: PlanBreak, wheres: Sequence[int]) -> None:
        first = len(self.done.clients)
        members = list(range(first, first + len(wheres) * len(rest.windows)))
        self.done.groups.append({"clients": members, "required": True})
        for where in wheres:
            for window in rest.windows:
                self._rest(where, window, rest.service_s, number, group=len(self.done.groups) - 1)

    def _rest(
        self, where: int, window: Window, service_s: int, number: int,
        *, prize: int = 0, group: int | None = None,
    ) -> None:  # fmt: skip
        """One chance to rest; `number` is the break of the vehicle, or the kind in a fleet."""
        self.done.clients.append({
            "location": where, "delivery": self._load((), rest=None if self.alone else number),
            "pickup": self._load(()), "service_duration": service_s, "prize": prize,
            "required": False, "group": group, **self._span(window),
        })  # fmt: skip
        self.done.visits.append(Visit("break", number))

    def _all_depots(self) -> dict[tuple[int, int], int]:
        """Start and end places, then the places to reload, which take time."""
        first, made = len(self.problem.stops), self.done.depots
        made.extend({"location": first + n} for n in range(len(self.depots)))
        at: dict[tuple[int, int], int] = {}
        for vehicle in self.problem.vehicles:
            for number, one in enumerate(vehicle.reloads):
                key = (one.index, one.service_s)
                if key not in at:
                    at[key] = len(made)
                    where = first + self.depots.index(one.index)
                    made.append({"location": where, "service_duration": one.service_s})
                self.done.reloads[at[key]] = number
        return at

    def _types(self, at: dict[tuple[int, int], int]) -> None:
        """Equal vehicles are one type with several to choose from."""
        for number, vehicle in enumerate(self.problem.vehicles):
            if self.search.only is not None and number not in self.search.only:
                continue
            words = self._type(vehicle, at)
            if words in self.done.types:
                self.done.members[self.done.types.index(words)].append(number)
            else:
                self.done.types.append(words)
                self.done.members.append([number])

    def _type(self, vehicle: PlanVehicle, at: dict[tuple[int, int], int]) -> Words:
        words: Words = {
            "capacity": self._capacity(vehicle),
            "start_depot": self.depots.index(self.problem.start(vehicle)),
            "end_depot": self.depots.index(self.problem.end(vehicle)),
            "profile": self.keys[profile_key(self.problem, vehicle)],
            "fixed_cost": self._fixed(vehicle),
            **self._shift(vehicle),
            **self._limit(vehicle),
        }
        if vehicle.load is not None:
            words["initial_load"] = self._collected(vehicle)
        if vehicle.reloads:
            words["reload_depots"] = sorted({at[o.index, o.service_s] for o in vehicle.reloads})
            words["max_reloads"] = sum(one.times_max for one in vehicle.reloads)
        return words

    def _capacity(self, vehicle: PlanVehicle) -> list[int]:
        own = {(rest.windows, rest.service_s) for rest in vehicle.breaks}
        most = len(self.problem.stops)
        tasks = most if vehicle.max_tasks is None else vehicle.max_tasks
        room = list(vehicle.capacity)
        if self.search.level_by == "tasks":
            tasks = min(tasks, self._level(most))
        elif self.search.level_by == "load":
            room = [
                min(have, self._level(due)) for have, due in zip(room, self._due(), strict=True)
            ]
        return [*room, *([tasks] if self.counted else []), *(int(k in own) for k in self.kinds)]

    def _level(self, total: int) -> int:
        """A little more than everybody's equal share."""
        used = len(self.problem.vehicles if self.search.only is None else self.search.only)
        return ceil(LEVEL_SHARE * total / used)

    def _due(self) -> list[int]:
        stops, dimensions = self.problem.stops, range(self.problem.dimensions)
        return [
            max(sum(s.delivery[d] for s in stops if s.delivery),
                sum(s.pickup[d] for s in stops if s.pickup))
            for d in dimensions
        ]  # fmt: skip

    def _collected(self, vehicle: PlanVehicle) -> list[int]:
        """What is on board beyond what will be delivered."""
        assert vehicle.load is not None
        alone = [s for n, s in enumerate(self.problem.stops) if n not in self.problem.partner]
        due = [sum(s.delivery[d] for s in alone if s.delivery) for d in range(len(vehicle.load))]
        return self._load(tuple(max(0, a - b) for a, b in zip(vehicle.load, due, strict=True)))

    def _fixed(self, vehicle: PlanVehicle) -> int:
        if not self.problem.weights.vehicles:
            return round(vehicle.fixed)
        used = [stop.index for stop in self.problem.stops]
        dearest = int(self.problem.price(vehicle)[used].max(axis=1, initial=0).sum())
        return round(vehicle.fixed) + VEHICLE_FIRST * dearest

    def _shift(self, vehicle: PlanVehicle) -> Words:
        words: Words = {}
        if vehicle.window is not None:
            words |= self._span((vehicle.window[0], vehicle.window[1] + vehicle.max_overtime_s))
        if vehicle.start_late_s is not None:
            words["start_late"] = vehicle.start_late_s - self.origin
        shift = vehicle.shift_s
        if self.search.balance_s is not None:
            aim = self.search.balance_s if shift is None else min(shift, self.search.balance_s)
            spare = LATEST_S if shift is None else shift - aim + vehicle.max_overtime_s
            return words | {
                "shift_duration": aim, "max_overtime": spare,
                "unit_overtime_cost": self.search.balance_cost,
            }  # fmt: skip
        if shift is None and vehicle.max_overtime_s and vehicle.window is not None:
            shift = vehicle.window[1] - vehicle.window[0]
        if shift is not None:
            words["shift_duration"] = shift
            words["max_overtime"] = vehicle.max_overtime_s
            words["unit_overtime_cost"] = round(vehicle.overtime_per_hour / 3600)
        return words

    def _limit(self, vehicle: PlanVehicle) -> Words:
        """Distance counts in prices, so that it is only a limit where prices are metres."""
        metres = [m for m in (vehicle.max_distance_m, vehicle.range_m) if m is not None]
        if self.search.pure == "metres" and metres:
            return {"max_distance": min(metres)}
        if self.search.pure == "seconds" and vehicle.max_travel_s is not None:
            return {"max_distance": vehicle.max_travel_s}
        return {}
