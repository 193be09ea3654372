"""The verb `milkrun resequence`, as a script would use it."""

import json
from functools import partial
from io import StringIO
from pathlib import Path
from typing import Any

from server.dispatch.command import Desk, Options, answer_task, run_command
from tests.server.planner.a_task import a_task


def run(text: str, *, jsonl: bool = False, **options: Any) -> tuple[int, str, str]:
    return ask("-", text, jsonl=jsonl, **options)


def ask(source: str, text: str, *, jsonl: bool = False, **options: Any) -> tuple[int, str, str]:
    out, errors = StringIO(), StringIO()
    answering = partial(answer_task, options=Options(**options))
    code = run_command(source, Desk(StringIO(text), out, errors), answering, jsonl=jsonl)
    return code, out.getvalue(), errors.getvalue()


def test_a_feasible_task_is_answered_with_exit_0() -> None:
    code, out, errors = run(json.dumps(a_task()))

    assert (code, errors) == (0, "")
    assert json.loads(out)["feasible"] is True


def test_an_impossible_window_is_answered_with_exit_4() -> None:
    late = {"op": "window", "id": 12, "time_windows": [[0, 1]]}

    code, out, _ = run(json.dumps(a_task(changes=[late])))

    assert code == 4
    assert json.loads(out)["violations"][0]["cause"] == "delay"


def test_bad_input_names_the_place_and_exits_2() -> None:
    code, out, errors = run(json.dumps(a_task(now_s="soon")))

    assert code == 2
    assert json.loads(out)["pointer"] == "/now_s"
    assert errors.startswith("/now_s: ")


def test_a_missing_file_is_bad_input() -> None:
    code, out, errors = ask("no-such-file.json", "")

    assert (code, out) == (2, "")
    assert "no-such-file.json" in errors


def test_a_file_is_read_like_standard_input(tmp_path: Path) -> None:
    (tmp_path / "task.json").write_text(json.dumps(a_task()), encoding="utf-8")

    code, out, _ = ask(str(tmp_path / "task.json"), "")

    assert (code, json.loads(out)["order"]) == (0, [11, 12])


def test_lines_are_answered_one_by_one_and_the_worst_code_counts() -> None:
    code, out, _ = run(f"{json.dumps(a_task())}\n[]\n\n", jsonl=True)

    answers = [json.loads(line) for line in out.splitlines()]
    assert (code, [answer["code"] for answer in answers]) == (2, [0, 2])


def test_a_number_of_iterations_makes_equal_answers() -> None:
    first, second = (json.loads(run(json.dumps(a_task()), iterations=50)[1]) for _ in "ab")

    assert first | {"elapsed_ms": 0} == second | {"elapsed_ms": 0}
