"""Which rung answers: cheap and certain ones first, the solver on top while time is left.

A later rung that fails or is late never takes away what an earlier one has found.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from importlib.metadata import PackageNotFoundError, version
from time import perf_counter, process_time

from server.planner.model import Clock, Search, Solved
from server.planner.pool import SolverBusy, SolverFailed, SolverLost, SolverPool
from server.planner.problem import TASKS_MAX
from server.planner.single import Cutting, parts
from shared.changes import changed
from shared.insertion import Arc
from shared.keeping import HERE, moved_stops
from shared.rearrange import Effort
from shared.resequence import STEPS, rearranged
from shared.resequence import resequence as level_0
from shared.task import Answer, Task

LEVEL_0 = "level0"
LEVEL_0_SHARE = 0.35
LEVEL_0_S = 0.05
PROPOSAL_FROM_S = 0.3
SEARCH_S = 0.1
LEAST_S = 0.004
HAND_OVER_S = 0.004

Key = tuple[int, int, int, int]


def _engine() -> str:
    """What plans when it can; without the solver level 0 does."""
    with suppress(PackageNotFoundError):
        return f"pyvrp {version('pyvrp')}"
    return LEVEL_0


ENGINE = _engine()


@dataclass(frozen=True, slots=True)
class Budget:
    """How long to look: seconds on a clock, or a number of steps; without steps 3+ if asked."""

    seconds: float
    clock: Clock = "wall"
    iterations: int | None = None
    level0: bool = False


@dataclass(frozen=True, slots=True)
class Proposal:
    """A cheaper order that breaks more of the standing one than anybody is sent unasked."""

    order: tuple[int, ...]
    delta_s: int
    moved_stops: int


@dataclass(frozen=True, slots=True)
class Resequenced:
    """An answer, who gave it, and what is worth knowing about it."""

    answer: Answer
    engine: str
    note: str | None = None
    proposal: Proposal | None = None


class Watch:
    """Counts a budget from now on; what workers spent is added on the clock of the processor."""

    def __init__(self, budget: Budget) -> None:
        self.budget = budget
        self._now: Callable[[], float] = process_time if budget.clock == "cpu" else perf_counter
        self._began = self._now()
        self._elsewhere = 0.0

    def spent(self) -> float:
        return self._now() - self._began + self._elsewhere

    def left(self) -> float:
        return self.budget.seconds - self.spent()

    def worked(self, solved: Solved) -> None:
        """A worker's seconds count too where this process only waited."""
        if self.budget.clock == "cpu":
            self._elsewhere += solved.seconds

    def over(self, seconds: float) -> Callable[[], bool]:
        """Whether so many seconds have passed; never where steps are counted."""
        if self.budget.iterations is not None:
            return lambda: False
        return lambda: self.spent() >= seconds


def resequence(
    task: Task, budget: Budget, seed: int = 1, pool: SolverPool | None = None
) -> Resequenced:
    """Answer one change of a run in progress; without a pool, or in vain, level 0 answers."""
    climb = _Climb(task, budget, seed, pool)
    climb.first()
    if pool is None or budget.level0 or budget.iterations == 0 or ENGINE == LEVEL_0:
        return Resequenced(climb.answer, LEVEL_0)
    return climb.with_solver()


class _Climb:
    """One task on its way up the rungs."""

    def __init__(self, task: Task, budget: Budget, seed: int, pool: SolverPool | None) -> None:
        self.task, self.budget, self.seed, self.pool = task, budget, seed, pool
        self.watch = Watch(budget)
        self.glued = _glued(task)
        self.engine = LEVEL_0
        self.answer: Answer

    def first(self) -> None:
        """Rungs 0 to 2."""
        steps = STEPS if self.budget.iterations is None else self.budget.iterations
        share = 1.0 if self.pool is None or self.budget.level0 else LEVEL_0_SHARE
        limit = self.budget.seconds * share
        if self.pool is not None and not self.budget.level0:
            limit = min(limit, LEVEL_0_S)
        self.answer = level_0(self.task, steps=steps, should_stop=self.watch.over(limit))

    def with_solver(self) -> Resequenced:
        """Rungs 3 and 4."""
        if len(self.answer.order) > TASKS_MAX:
            return Resequenced(self.answer, LEVEL_0)
        keep, long = self.task.policy.keep_s, self.budget.seconds >= PROPOSAL_FROM_S
        try:
            share = SEARCH_S if long and keep and self.budget.iterations is None else None
            found = self._search(keep, share)
            if found is not None and self._key(found, keep) < self._key(self.answer, keep):
                self.answer = found
            self.engine = ENGINE
            proposal = self._propose() if long and keep else None
        except SolverBusy:
            return Resequenced(self.answer, LEVEL_0)
        except SolverLost:
            return Resequenced(self.answer, LEVEL_0, note="solver_lost")
        except SolverFailed:
            return Resequenced(self.answer, LEVEL_0)
        return Resequenced(self.answer, self.engine, proposal=proposal)

    def _search(self, keep_s: int, seconds: float | None) -> Answer | None:
        """Solve part after part; the order found, whatever it is worth."""
        cutting = Cutting(self.answer, self.glued, keep_s)
        pieces = parts(self.answer)
        open_ = sum(len(piece.stops) for piece in pieces)
        until = self.budget.seconds if seconds is None else self.watch.spent() + seconds
        done: list[int] = []
        for piece in pieces:
            if len(piece.stops) > 1:
                left = max(0.0, until - self.watch.spent()) * len(piece.stops) / open_
                open_ -= len(piece.stops)
                done += self._solved(cutting, done, piece, left)
            else:
                done += piece.stops
            done += [] if piece.fixed is None else [piece.fixed]
        if tuple(done) == self.answer.order:
            return None
        return rearranged(self.task, self.answer, done, "search", self._effort())

    def _effort(self) -> Effort:
        """What may be spent on mending an order the solver had no words for."""
        steps = STEPS if self.budget.iterations is None else self.budget.iterations
        return Effort(steps, self.watch.over(self.budget.seconds))

    def _solved(self, cutting: Cutting, done: list[int], piece: object, left: float) -> list[int]:
        asked = cutting.part(done, piece)  # type: ignore[arg-type]
        assert self.pool is not None
        seconds = left - HAND_OVER_S
        if seconds < LEAST_S and self.budget.iterations is None:
            return list(asked.ids(asked.warm))
        search = Search(
            asked.problem, seconds, self.budget.clock, self.budget.iterations,
            seed=self.seed, warm={0: asked.warm}, windows=asked.windows,
        )  # fmt: skip
        solved = self.pool.solve(search, patience_s=self._patience(seconds))
        self.watch.worked(solved)
        route = solved.routes.get(0, ())
        ids = asked.ids(route)
        complete = sorted(ids) == sorted(asked.ids(asked.warm))
        return list(ids if solved.feasible and complete else asked.ids(asked.warm))

    def _patience(self, seconds: float) -> float | None:
        return None if self.budget.iterations is not None else seconds

    def _propose(self) -> Proposal | None:
        """What could be saved if nobody minded the standing order."""
        found = self._search(0, None)
        if found is None or self._key(found, 0) >= self._key(self.answer, 0, limited=False):
            return None
        saved = found.timeline.travel_s - self.answer.timeline.travel_s
        return Proposal(found.order, saved, found.moved_stops)

    def _key(self, answer: Answer, keep_s: int, *, limited: bool = True) -> Key:
        """Compare by broken rules, their seconds, moves beyond the limit, and the cost."""
        glue = sum(not _holds(arc, answer.order) for arc in self.glued)
        hard, seconds = answer.timeline.hard
        limit = self.task.policy.max_moved_stops if limited else None
        far = 0 if limit is None else max(0, self._moved(answer) - max(limit, self._by_hand()))
        soft = sum(v.duration_s or 0 for v in answer.timeline.violations if v.soft)
        dropped = len(answer.dropped)
        cost = answer.timeline.travel_s + keep_s * answer.broken_adjacencies + soft
        return hard + glue + dropped, seconds, far, cost

    def _moved(self, answer: Answer) -> int:
        return moved_stops(answer.run.standing, answer.order)

    def _by_hand(self) -> int:
        """What a person moved is theirs and does not count against the limit."""
        return self._moved(self.answer) if self.task.changes else 0


def _holds(arc: Arc, order: tuple[int, ...]) -> bool:
    before, after = arc
    if after not in order:
        return True
    place = order.index(after)
    return place == 0 if before == HERE else place > 0 and order[place - 1] == before


def _glued(task: Task) -> frozenset[Arc]:
    day = changed(replace(task))
    return frozenset(arc for arc in day.glued if arc[0] == HERE or arc[0] in day.stops)
