"""What is asked of the solver and what it answers, in plain data that travels between processes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from server.planner.problem import Problem, Routes
from shared.task import Window

Clock = Literal["wall", "cpu"]
Pure = Literal["metres", "seconds"]


@dataclass(frozen=True)
class Search:
    """One call of the solver: a problem, where to begin, how long to look.

    `windows` narrows the windows of single stops; `balance_s` is the duration every vehicle aims
    at, at `balance_cost` per second beyond; `optional` lets stops stay unserved.
    """

    problem: Problem
    seconds: float
    clock: Clock = "wall"
    iterations: int | None = None
    patience: int | None = None
    seed: int = 1
    warm: Routes | None = None
    optional: bool = False
    prizes: Mapping[int, int] = field(default_factory=dict)
    first_feasible: float | None = None
    """The share of the effort after which a search without any feasible answer gives up."""
    windows: Mapping[int, tuple[Window, ...]] = field(default_factory=dict)
    pure: Pure | None = None
    balance_s: int | None = None
    balance_cost: int = 0
    level_by: Literal["tasks", "load"] | None = None
    only: tuple[int, ...] | None = None
    """Vehicles that may be used; all of them when nothing is said."""


@dataclass(frozen=True, slots=True)
class Solved:
    """What the solver found; `seconds` on the clock it was asked to look at."""

    routes: Routes
    feasible: bool
    iterations: int
    seconds: float
