"""Several loops at once: routes of about the same length, and what that costs."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from statistics import fmean, pstdev

from server.planner.check import Plan, PlanRoute
from server.planner.model import Search

Ask = Callable[[Search], Plan | None]
BUDGET_MAX_S = 300.0


@dataclass(frozen=True, slots=True)
class Spread:
    """How unequal the vehicles are: coefficient of variation, and longest minus shortest."""

    cv: float
    spread: int


def spread(values: Sequence[int]) -> Spread:
    """Of durations in seconds, of stops, or of load."""
    if not values or not any(values):
        return Spread(0.0, 0)
    return Spread(round(pstdev(values) / fmean(values), 4), max(values) - min(values))


def measured(plan: Plan) -> list[int]:
    """What each used vehicle has of what shall be equal; of its duration if nothing is said."""
    balance = plan.problem.balance
    by = "duration" if balance is None else balance.by
    return [_measure(route, by) for route in plan.routes]


def _measure(route: PlanRoute, by: str) -> int:
    if by == "tasks":
        return len(route.tasks)
    if by == "load":
        return max((sum(step.load) for step in route.driven.timeline.steps), default=0)
    return route.duration_s


def balanced(plan: Plan, ask: Ask) -> Plan:
    """A second pass from this plan in which being longer than the mean costs.

    The more even plan is taken, if it serves everybody the first one serves.
    """
    problem = plan.problem
    balance = problem.balance
    if balance is None or len(plan.routes) < 2:
        return plan
    used = tuple(route.vehicle for route in plan.routes)
    search = Search(
        problem, seconds=BUDGET_MAX_S, warm=plan.visits, only=used,
        optional=bool(plan.unassigned), patience=None,
    )  # fmt: skip
    if balance.by == "duration":
        mean = round(fmean(route.duration_s for route in plan.routes))
        search = replace(search, balance_s=mean, balance_cost=balance.weight)
    else:
        search = replace(search, level_by=balance.by)
    found = ask(search)
    if found is None or found.hard != (0, 0) or len(found.unassigned) > len(plan.unassigned):
        return plan
    return found if spread(measured(found)).cv < spread(measured(plan)).cv else plan
