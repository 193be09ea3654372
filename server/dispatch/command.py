"""Plans and changed runs as JSON in, JSON out: for the command line, for scripts, for the API."""

import json
from asyncio import to_thread
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from math import ceil, isfinite
from pathlib import Path
from time import perf_counter
from typing import Annotated, Any, Literal, TextIO

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from server.planner.forms import BadTask, read_task, write_answer
from server.planner.ladder import Budget, Watch, resequence
from server.planner.plan import auto_budget_s, checked, plan
from server.planner.plan_read import AskedPlan, Coordinates, NoTravelTimes, read_problem
from server.planner.plan_write import Told, write_plan
from server.planner.pool import SolverPool
from server.planner.problem import Whole
from server.travel.ports import Profile, TravelFault, TravelTimes
from shared.geo import Point
from shared.refusals import Refusal, refuse

BUDGET_MS = 100
BUDGET_S_MAX = 300
API_BUDGET_S, API_BUDGET_S_MAX = 5.0, 10.0
DONE, INTERNAL, BAD_INPUT, MISSING, NOT_FEASIBLE = 0, 1, 2, 3, 4

Clock = Literal["wall", "cpu"]
Answer = dict[str, Any]
Answering = Callable[[str | bytes], tuple[int, Answer]]


@dataclass(frozen=True, slots=True)
class Options:
    """How long to look, and from where; `seconds` None leaves that to the planner."""

    seconds: float | None = None
    seed: int = 1
    iterations: int | None = None
    clock: Clock = "wall"
    level0: bool = False
    check: bool = False

    def budget(self, seconds: float) -> Budget:
        return Budget(seconds, self.clock, self.iterations, self.level0)


class PlanQuery(BaseModel):
    """The options of a plan as the API takes them."""

    model_config = ConfigDict(extra="forbid")
    budget_s: Annotated[float, Field(gt=0, le=BUDGET_S_MAX)] | None = None
    seed: Annotated[int, Field(ge=0, le=2**31)] = 1
    iterations: Annotated[int, Field(ge=0, le=100_000)] | None = None
    check: bool = False

    def options(self) -> Options:
        """The same for the planner; without a budget as long as the API may take."""
        seconds = API_BUDGET_S if self.budget_s is None else self.budget_s
        return Options(seconds, self.seed, self.iterations, check=self.check)

    @property
    def long(self) -> bool:
        """Whether a caller should not wait for the answer in the same request."""
        return not self.check and (self.budget_s or 0) > API_BUDGET_S_MAX


def answer_task(
    text: str | bytes, options: Options, pool: SolverPool | None = None
) -> tuple[int, Answer]:
    """The exit code and the answer for one changed run; bad input is an answer too."""
    try:
        asked = read_task(text)
    except BadTask as bad:
        return _bad(bad)
    budget = options.budget(options.seconds or BUDGET_MS / 1000)
    watch = Watch(replace(budget, clock="wall"))
    found = resequence(asked.task, budget, options.seed, pool)
    answer = write_answer(asked, found, seed=options.seed, elapsed_ms=watch.spent() * 1000)
    return DONE if found.answer.feasible else NOT_FEASIBLE, answer


def answer_plan(
    text: str | bytes, options: Options, pool: SolverPool | None = None,
    travel: TravelTimes | None = None,
) -> tuple[int, Answer]:  # fmt: skip
    """The same for a whole problem, or for the check of the routes it brought along."""
    began = perf_counter()
    asked = _asked(text, travel)
    if not isinstance(asked, AskedPlan):
        return asked
    return _searched(asked, options, pool, loading_ms=(perf_counter() - began) * 1000)


def _asked(text: str | bytes, travel: TravelTimes | None) -> AskedPlan | tuple[int, Answer]:
    """The problem, or the exit code and the answer when there is none to work on."""
    try:
        return read_problem(text, None if travel is None else _Ways(travel))
    except BadTask as bad:
        return _bad(bad)
    except (NoTravelTimes, TravelFault):
        return MISSING, {"code": MISSING, "error": "There are no travel times between the stops."}


def _searched(
    asked: AskedPlan, options: Options, pool: SolverPool | None, *, loading_ms: float
) -> tuple[int, Answer]:
    began, problem = perf_counter(), asked.problem
    if options.check:
        found = checked(problem, asked.routes)
    else:
        budget = options.budget(options.seconds or auto_budget_s(problem))
        found = plan(problem, budget, options.seed, pool, standing=asked.routes)
    told = Told(
        options.seed, check=options.check, iterations=options.iterations,
        loading_ms=loading_ms, solving_ms=(perf_counter() - began) * 1000,
    )  # fmt: skip
    broken = found.plan.hard != (0, 0) or bool(found.plan.unassigned)
    if options.check:
        broken = any(route.violations for route in found.plan.routes) or broken
    return NOT_FEASIBLE if broken else DONE, write_plan(found, told)


def _bad(bad: BadTask) -> tuple[int, Answer]:
    return BAD_INPUT, {"code": BAD_INPUT, "error": bad.error, "pointer": bad.pointer}


class _Ways:
    """Travel times between coordinates, rounded up to whole numbers."""

    def __init__(self, travel: TravelTimes) -> None:
        self._travel = travel

    def __call__(self, profile: str, points: Sequence[Coordinates]) -> tuple[Whole, Whole]:
        found = self._travel.matrix(
            Profile(profile), [Point(lat=lat, lon=lon) for lon, lat in points], None
        )
        if np.isnan(found.seconds).any():
            raise NoTravelTimes(profile)
        return _whole(found.seconds), _whole(found.metres)


def _whole(cells: Any) -> Whole:
    whole: Whole = np.ceil(cells).astype(np.int64)
    return whole


async def task_body(body: bytes, pool: SolverPool | None, *, budget_ms: int, seed: int) -> Answer:
    """A changed run for the API, beside the event loop; bad input is refused with its pointer."""
    options = Options(budget_ms / 1000, seed)
    return _served(await to_thread(answer_task, body, options, pool))


async def plan_body(
    body: bytes, pool: SolverPool | None, travel: TravelTimes | None, options: Options
) -> Answer:
    """A problem for the API."""
    return _served(await to_thread(answer_plan, body, options, pool, travel))


async def plan_later(
    body: bytes, pool: SolverPool | None, travel: TravelTimes | None, options: Options
) -> Callable[[], Answer]:
    """The search for a problem, ready to be begun; what cannot be read is refused at once."""
    began = perf_counter()
    asked = await to_thread(_asked, body, travel)
    if not isinstance(asked, AskedPlan):
        raise _refused(*asked)
    loading_ms = (perf_counter() - began) * 1000
    return lambda: _searched(asked, options, pool, loading_ms=loading_ms)[1]


def _served(found: tuple[int, Answer]) -> Answer:
    code, answer = found
    if code in (BAD_INPUT, MISSING):
        raise _refused(code, answer)
    return answer


def _refused(code: int, answer: Answer) -> Refusal:
    if code == MISSING:
        return refuse("travel_unavailable")
    errors = [(answer["pointer"], answer["error"])]
    return refuse("bad_input", errors=errors, why=answer["pointer"] or "body")


@dataclass(frozen=True)
class Desk:
    """Where a verb reads and writes."""

    stdin: TextIO
    stdout: TextIO
    stderr: TextIO


def run_command(source: str, desk: Desk, answering: Answering, *, jsonl: bool = False) -> int:
    """Answer what is in a file, or on standard input for `-`; the exit code of the command."""
    worst = DONE
    try:
        for text in _inputs(source, desk.stdin, jsonl=jsonl):
            code, answer = answering(text)
            if "error" in answer:
                desk.stderr.write(f"{answer.get('pointer') or '/'}: {answer['error']}\n")
            spare: dict[str, Any] = {"separators": (",", ":")} if jsonl else {"indent": 1}
            desk.stdout.write(json.dumps(answer, ensure_ascii=False, **spare) + "\n")
            desk.stdout.flush()
            worst = max(worst, code)
    except (OSError, UnicodeDecodeError) as error:
        desk.stderr.write(f"{source}: {error}\n")
        return BAD_INPUT
    return worst


def _inputs(source: str, stdin: TextIO, *, jsonl: bool) -> Iterator[str]:
    if source == "-":
        yield from (line for line in stdin if line.strip()) if jsonl else (stdin.read(),)
        return
    with Path(source).open(encoding="utf-8") as file:
        yield from (line for line in file if line.strip()) if jsonl else (file.read(),)


def seconds_of(text: str) -> float | None:
    """A budget in seconds, or None for `auto`; ValueError when it is neither."""
    if text == "auto":
        return None
    seconds = float(text)
    if not isfinite(seconds) or not 0 < seconds <= BUDGET_S_MAX:
        raise ValueError(f"between 0 and {ceil(BUDGET_S_MAX)} seconds, or auto")
    return seconds
