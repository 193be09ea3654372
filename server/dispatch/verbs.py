"""The verbs `milkrun plan` and `milkrun resequence`."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Annotated

import typer

from server.core.hosting import BAD_USE, Stop
from server.dispatch.command import (
    BUDGET_MS,
    BUDGET_S_MAX,
    Clock,
    Desk,
    Options,
    answer_plan,
    answer_task,
    run_command,
    seconds_of,
)
from server.planner.pool import SolverPool
from server.travel.ports import TravelTimes

Seed = Annotated[int, typer.Option(help="Same seed, same answer.", min=0)]
Steps = Annotated[int | None, typer.Option(help="Instead of a time.", min=0)]
Watch = Annotated[str, typer.Option(help="wall or cpu.")]
Lines = Annotated[bool, typer.Option("--jsonl", help="One input per line.")]
Task = Annotated[str, typer.Argument(metavar="TASK.json", help="A file, or - for input.")]
Problem = Annotated[str, typer.Argument(metavar="PROBLEM.json", help="A file, or - for input.")]


def hang_up(cli: typer.Typer, travel: Callable[[], TravelTimes]) -> None:
    """Give the command line both verbs; `travel` says how long ways between coordinates are."""

    @cli.command()
    def plan(
        source: Problem,
        budget_s: Annotated[str, typer.Option(help="Longest time to search, or auto.")] = "auto",
        seed: Seed = 1,
        iterations: Steps = None,
        clock: Watch = "wall",
        *,
        workers: Annotated[int, typer.Option(help="Solver processes.", min=1, max=2)] = 1,
        check: Annotated[bool, typer.Option("--check", help="Take the order as it is.")] = False,
        jsonl: Lines = False,
    ) -> None:
        """Put stops on vehicles and in order: JSON in, JSON out."""
        options = Options(_seconds(budget_s), seed, iterations, _clock(clock), check=check)
        with _solver(workers, wanted=not check) as pool:
            answering = partial(answer_plan, options=options, pool=pool, travel=travel())
            raise typer.Exit(run_command(source, _desk(), answering, jsonl=jsonl))

    @cli.command()
    def resequence(
        source: Task,
        budget_ms: Annotated[
            int, typer.Option(help="Longest time to search.", min=1, max=BUDGET_S_MAX * 1000)
        ] = BUDGET_MS,
        seed: Seed = 1,
        iterations: Steps = None,
        clock: Watch = "wall",
        *,
        jsonl: Lines = False,
        level0: Annotated[bool, typer.Option("--level0", help="The phone's level only.")] = False,
    ) -> None:
        """Put the remaining stops of a run in a good order: JSON in, JSON out."""
        options = Options(budget_ms / 1000, seed, iterations, _clock(clock), level0=level0)
        with _solver(1, wanted=not level0) as pool:
            answering = partial(answer_task, options=options, pool=pool)
            raise typer.Exit(run_command(source, _desk(), answering, jsonl=jsonl))


def _desk() -> Desk:
    return Desk(sys.stdin, sys.stdout, sys.stderr)


def _clock(name: str) -> Clock:
    if name not in ("wall", "cpu"):
        raise Stop(BAD_USE, "The clock is wall or cpu.")
    return "cpu" if name == "cpu" else "wall"


def _seconds(text: str) -> float | None:
    try:
        return seconds_of(text)
    except ValueError as error:
        raise Stop(BAD_USE, f"The budget {text} is not usable: {error}.") from error


@contextmanager
def _solver(size: int, *, wanted: bool) -> Iterator[SolverPool | None]:
    """Warm solvers before the first budget begins to count."""
    if not wanted:
        yield None
        return
    pool = SolverPool(size)
    try:
        pool.wait_warm()
        yield pool
    finally:
        pool.close()
