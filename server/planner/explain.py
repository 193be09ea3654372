"""Why a stop is in nobody's route, in one main cause, and what would help least dearly."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from server.planner.check import Plan, examine
from server.planner.improve import Inserting, Place, Unit, units
from server.planner.matrix import forbidden
from server.planner.problem import PlanVehicle, Problem, Visit
from shared.task import END, Amount, Violation

MainCause = Literal[
    "no_vehicle_with_skill",
    "too_big_for_any_vehicle",
    "window_unreachable",
    "shift_too_short",
    "capacity_used_up",
    "only_late",
    "range",
]
RemedyKind = Literal["window", "overtime", "vehicle", "drop", "ad_hoc"]
EXPLAINED_MAX = 50
PLACES_MAX = 200
LATEST_S = 1 << 40


@dataclass(frozen=True, slots=True)
class Remedy:
    """What would make room: so many seconds, another vehicle, a stop left out, an ad-hoc run."""

    kind: RemedyKind
    seconds: int | None = None
    vehicle: int | None = None
    drop: int | None = None
    skills: tuple[int, ...] = ()
    capacity: Amount = ()


@dataclass(frozen=True, slots=True)
class Hint:
    """What stands against one vehicle."""

    vehicle: int
    cause: str
    seconds: int | None = None


@dataclass(frozen=True, slots=True)
class Reason:
    """Everything that is said about one unserved stop."""

    main_cause: MainCause
    late_s: int | None
    hints: tuple[Hint, ...]
    remedy: Remedy


def alone(problem: Problem, number: int) -> tuple[MainCause, int | None] | None:
    """Why no vehicle could serve this stop even with nothing else to do; None if one could."""
    unit = _unit(problem, number)
    kinds = sorted(set(problem.kinds))
    able = [n for n in kinds if not _barred(problem, problem.vehicles[n], unit)]
    if not able:
        return "no_vehicle_with_skill", None
    roomy = [n for n in able if _fits(problem, problem.vehicles[n], unit)]
    if not roomy:
        return "too_big_for_any_vehicle", None
    found = [_solo(problem, n, unit) for n in roomy]
    if any(not violations for violations in found):
        return None
    return min((_sorted_out(one) for one in found), key=lambda pair: pair[1] or 0)


def _unit(problem: Problem, number: int) -> Unit:
    pair = problem.partner.get(number)
    return (number,) if pair is None else (pair.pickup, pair.delivery)


def _barred(problem: Problem, vehicle: PlanVehicle, unit: Unit) -> str | None:
    found = (forbidden(problem.stops[n], vehicle) for n in unit)
    return next((cause for cause in found if cause is not None), None)


def _fits(problem: Problem, vehicle: PlanVehicle, unit: Unit) -> bool:
    stops = [problem.stops[n] for n in unit]
    return all(
        have <= room
        for stop in stops
        for amount in (stop.delivery, stop.pickup)
        for have, room in zip(amount, vehicle.capacity, strict=False)
    )


def _solo(problem: Problem, number: int, unit: Unit) -> list[Violation]:
    """What the vehicle breaks if it serves nothing else."""
    visits = tuple(Visit("stop", n) for n in unit)
    route = examine(problem, {number: visits}).routes[0]
    ours = ["order", "template", "missing_break"]
    if problem.vehicles[number].load is not None:  # what others unload makes room
        ours += ["load", "goods"]
    return [v for v in route.violations if not v.soft and v.cause not in ours]


def _sorted_out(violations: Sequence[Violation]) -> tuple[MainCause, int | None]:
    at_end = [v for v in violations if v.id == END]
    at_stop = [v for v in violations if v.id != END and v.cause == "delay"]
    if at_stop:
        return "window_unreachable", sum(v.duration_s or 0 for v in at_stop)
    if any(v.cause in ("range", "max_distance") for v in at_end):
        return "range", None
    return "shift_too_short", sum(v.duration_s or 0 for v in at_end)


def explain(plan: Plan, should_stop: Callable[[], bool]) -> dict[int, Reason]:
    """A reason for every unserved stop; the last ones are told briefly when time is short."""
    found: dict[int, Reason] = {}
    work = units(plan.problem, plan.unassigned)
    for number, unit in enumerate(work):
        brief = number >= EXPLAINED_MAX or should_stop()
        reason = _Explaining(plan, unit).reason(brief=brief)
        found |= dict.fromkeys(unit, reason)
    return found


class _Explaining:
    """One unit that has no place, and every way to make one."""

    def __init__(self, plan: Plan, unit: Unit) -> None:
        self.plan, self.problem, self.unit = plan, plan.problem, unit
        self.inserting = Inserting(plan.problem, plan.visits)
        self.before = {route.vehicle: _hard(route.violations) for route in plan.routes}

    def reason(self, *, brief: bool) -> Reason:
        main = alone(self.problem, self.unit[0])
        if main is not None:
            return self._hopeless(*main)
        if brief:
            return Reason("only_late", None, (), Remedy("ad_hoc"))
        return self._crowded()

    def _hopeless(self, cause: MainCause, seconds: int | None) -> Reason:
        hints = tuple(
            Hint(n, _barred(self.problem, vehicle, self.unit) or _word(cause), seconds)
            for n, vehicle in enumerate(self.problem.vehicles)
        )
        return Reason(cause, seconds, hints, self._remedy(cause))

    def _remedy(self, cause: MainCause) -> Remedy:
        stops = [self.problem.stops[n] for n in self.unit]
        if cause == "no_vehicle_with_skill":
            return Remedy(
                "vehicle", skills=tuple(sorted({s for stop in stops for s in stop.skills}))
            )
        if cause == "too_big_for_any_vehicle":
            most = zip(*(a for stop in stops for a in (stop.delivery, stop.pickup)), strict=True)
            return Remedy("vehicle", capacity=tuple(map(max, most)))
        return self._time() or Remedy("ad_hoc")

    def _crowded(self) -> Reason:
        """A vehicle could serve it, but not beside what it does already."""
        tried = [(place, self._new(place)) for place in self._places()]
        late = [self._seconds(found) for _, found in tried]
        times = [seconds for seconds in late if seconds is not None]
        hints = self._hints(tried)
        if times:
            least = min(times)
            remedy = self._time() or self._drop() or Remedy("ad_hoc")
            return Reason("only_late", least, hints, remedy)
        causes = {v.cause for _, found in tried for v in found}
        cause: MainCause = "range" if causes & {"range", "max_distance"} else "capacity_used_up"
        return Reason(cause, None, hints, self._drop() or Remedy("ad_hoc"))

    def _places(self) -> list[Place]:
        return sorted(self.inserting.places(self.unit), key=lambda one: one.added)[:PLACES_MAX]

    def _new(self, place: Place) -> list[Violation]:
        """Hard rules that this place breaks."""
        route = examine(self.problem, {place.vehicle: place.visits}).routes[0]
        return [v for v in route.violations if not v.soft]

    @staticmethod
    def _seconds(found: Sequence[Violation]) -> int | None:
        """How late in all, when nothing but lateness stands against a place."""
        if any(v.cause not in ("delay", "missing_break") for v in found):
            return None
        return sum(v.duration_s or 0 for v in found)

    def _hints(self, tried: Sequence[tuple[Place, list[Violation]]]) -> tuple[Hint, ...]:
        hints = {
            n: Hint(n, cause)
            for n, vehicle in enumerate(self.problem.vehicles)
            if (cause := _barred(self.problem, vehicle, self.unit)) is not None
        }
        for place, found in tried:
            seconds = self._seconds(found)
            worst = next((v.cause for v in found if v.cause != "delay"), "delay")
            hint = Hint(place.vehicle, worst if seconds is None else "delay", seconds)
            known = hints.get(place.vehicle)
            if known is None or _rank(hint) < _rank(known):
                hints[place.vehicle] = hint
        return tuple(hints[n] for n in sorted(hints))

    def _time(self) -> Remedy | None:
        """The fewest seconds by which one window or one shift would have to be longer."""
        found = []
        for place in self._places():
            broken = self._new(place)
            if self._seconds(broken) is None:
                continue
            own = self._own(place, broken)
            if own is not None:
                found.append(own)
        return min(found, key=lambda remedy: remedy.seconds or 0) if found else None

    def _own(self, place: Place, broken: Sequence[Violation]) -> Remedy | None:
        """One remedy that mends everything here: the stop's own window, or the vehicle's shift."""
        seconds = sum(v.duration_s or 0 for v in broken)
        if all(v.id == END for v in broken):
            return Remedy("overtime", seconds, vehicle=place.vehicle)
        numbers = {place.visits[v.id].number for v in broken if isinstance(v.id, int)}
        mine = numbers <= set(self.unit) and all(isinstance(v.id, int) for v in broken)
        return Remedy("window", seconds) if mine and len(numbers) == 1 else None

    def _drop(self) -> Remedy | None:
        """The least urgent stop whose absence makes room for this one."""
        urgent = max(self.problem.stops[n].priority for n in self.unit)
        served = [n for route in self.plan.routes for n in route.tasks]
        others = units(
            self.problem, [n for n in served if self.problem.stops[n].priority <= urgent]
        )
        for other in sorted(others, key=lambda one: (self._urgency(one), one)):
            rest = {
                number: tuple(v for v in visits if v.kind != "stop" or v.number not in other)
                for number, visits in self.plan.visits.items()
            }
            if Inserting(self.problem, rest).best(self.unit) is not None:
                return Remedy("drop", drop=other[0])
        return None

    def _urgency(self, unit: Unit) -> int:
        return max(self.problem.stops[n].priority for n in unit)


def _hard(violations: Sequence[Violation]) -> int:
    return sum(not v.soft for v in violations)


def _rank(hint: Hint) -> tuple[bool, int]:
    return hint.seconds is None, hint.seconds or 0


def _word(cause: MainCause) -> str:
    """The cause of a violation that says the same."""
    words = {"too_big_for_any_vehicle": "load", "range": "range"}
    return words.get(cause, "delay")
