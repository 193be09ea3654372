"""The verb `milkrun resequence`: one JSON task in, one JSON answer out, for people and scripts."""

import json
from asyncio import to_thread
from collections.abc import Iterator
from pathlib import Path
from time import perf_counter, thread_time
from typing import Any, Literal, TextIO

from server.planner.forms import BadTask, read_task, write_answer
from shared.refusals import refuse
from shared.resequence import STEPS, resequence

BUDGET_MS = 100
BUDGET_MS_MAX = 300_000
DONE, INTERNAL, BAD_INPUT, NOT_FEASIBLE = 0, 1, 2, 4

Clock = Literal["wall", "cpu"]


def resequence_text(
    text: str | bytes, *, budget_ms: int, seed: int, iterations: int | None, clock: Clock
) -> tuple[int, dict[str, Any]]:
    """The exit code and the answer for one task; bad input is an answer too."""
    now = thread_time if clock == "cpu" else perf_counter
    try:
        asked = read_task(text)
    except BadTask as bad:
        return BAD_INPUT, {"code": BAD_INPUT, "error": bad.error, "pointer": bad.pointer}
    began = now()
    until = began + budget_ms / 1000

    def over() -> bool:
        return iterations is None and now() >= until

    answer = resequence(
        asked.task, steps=STEPS if iterations is None else iterations, should_stop=over
    )
    spent_ms = (now() - began) * 1000
    code = DONE if answer.feasible else NOT_FEASIBLE
    return code, write_answer(asked, answer, seed=seed, elapsed_ms=spent_ms)


async def resequence_body(body: bytes, *, budget_ms: int, seed: int) -> dict[str, Any]:
    """The same for the API, beside the event loop; bad input is refused with its pointer."""
    code, answer = await to_thread(
        resequence_text, body, budget_ms=budget_ms, seed=seed, iterations=None, clock="wall"
    )
    if code == BAD_INPUT:
        found = [(answer["pointer"], answer["error"])]
        raise refuse("bad_input", errors=found, why=answer["pointer"] or "body")
    return answer


def resequence_command(
    source: str,
    stdin: TextIO,
    stdout: TextIO,
    stderr: TextIO,
    *,
    budget_ms: int = BUDGET_MS,
    seed: int = 1,
    iterations: int | None = None,
    clock: Clock = "wall",
    jsonl: bool = False,
    level0: bool = False,  # the only level there is until the solver joins
) -> int:
    """Answer the task in a file, or on standard input for `-`; the exit code of the command."""
    del level0
    worst = DONE
    try:
        for text in _tasks(source, stdin, jsonl=jsonl):
            code, answer = resequence_text(
                text, budget_ms=budget_ms, seed=seed, iterations=iterations, clock=clock
            )
            if code == BAD_INPUT:
                stderr.write(f"{answer['pointer'] or '/'}: {answer['error']}\n")
            spare = {"separators": (",", ":")} if jsonl else {"indent": 1}
            stdout.write(json.dumps(answer, ensure_ascii=False, **spare) + "\n")
            stdout.flush()
            worst = max(worst, code)
    except (OSError, UnicodeDecodeError) as error:
        stderr.write(f"{source}: {error}\n")
        return BAD_INPUT
    return worst


def _tasks(source: str, stdin: TextIO, *, jsonl: bool) -> Iterator[str]:
    if source == "-":
        yield from (line for line in stdin if line.strip()) if jsonl else (stdin.read(),)
        return
    with Path(source).open(encoding="utf-8") as file:
        yield from (line for line in file if line.strip()) if jsonl else (file.read(),)
