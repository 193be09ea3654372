"""The JSON of a resequencing task and its answer."""

import gzip
import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.planner.forms import BadTask, read_task, write_answer
from server.planner.ladder import LEVEL_0, Resequenced
from shared.resequence import resequence
from tests.server.planner.a_task import a_task

DEVELOPMENT_DATA = Path(__file__).parents[4] / "shared/data/routing/resequence"
NEEDS_THE_SOLVER = {"insert-n50-k1"}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


def answer(task: dict[str, Any]) -> dict[str, Any]:
    asked = read_task(json.dumps(task))
    found = Resequenced(resequence(asked.task), LEVEL_0)
    return write_answer(asked, found, seed=1, elapsed_ms=1.84)


def pointer(task: Any) -> str:
    with pytest.raises(BadTask) as bad:
        read_task(json.dumps(task))
    return bad.value.pointer


def test_an_answer_has_exactly_the_members_of_the_contract() -> None:
    written = answer(a_task())

    assert list(written) == [
        *("format", "code", "run", "feasible", "order", "dropped", "timeline", "violations"),
        *("moved_stops", "broken_adjacencies", "travel_s", "travel_m"),
        *("delta_s", "delta_m", "delta_end_s", "rung", "engine", "seed", "elapsed_ms", "note"),
    ]
    assert written["run"] == {"id": "r-1", "version": 7}
    assert written["timeline"][0] == {
        "type": "stop",
        "id": 11,
        "arrival": 36820,
        "waiting_time": 0,
        "start": 36820,
        "departure": 37120,
        "load": [400, 18],
        "violations": [],
    }
    assert written["timeline"][-1]["type"] == "end"


def test_missing_distances_leave_the_metres_out() -> None:
    rows = a_task()["matrices"]["car"]["durations"]

    assert answer(a_task(matrices={"car": {"durations": rows}}))["delta_m"] is None


def test_durations_are_rounded_up_and_windows_inwards() -> None:
    stop = {"id": 11, "index": 2, "service": 10.2, "time_windows": [[1.5, 9.5]]}
    second = {"id": 12, "index": 3}

    task = read_task(json.dumps(a_task(stops=[stop, second]))).task

    assert task.run.stops[11].service_s == 11
    assert task.run.stops[11].windows == ((2, 9),)


def test_a_window_of_an_inserted_stop_is_honoured() -> None:
    new = {"id": 99, "index": 1, "service": 300, "time_windows": [[40000, 50000]]}

    written = answer(a_task(changes=[{"op": "insert", "stop": new}]))

    entry = next(step for step in written["timeline"] if step.get("id") == 99)
    assert entry["start"] >= 40000
    assert entry["start"] == entry["arrival"] + entry["waiting_time"]


@pytest.mark.parametrize(
    ("members", "place"),
    [
        ({"format": "milkrun.resequence/2"}, "/format"),
        ({"order": [10, 11, 11]}, "/order/2"),
        ({"order": [10, 11, 13]}, "/order/2"),
        ({"done": [11]}, "/done/0"),
        ({"committed": [12]}, "/committed/0"),
        ({"stops": [{"id": 11, "index": 9}, {"id": 12, "index": 0}]}, "/stops/0/index"),
        ({"stops": [{"id": 11, "index": 0, "delivery": [1]}]}, "/stops/0/delivery"),
        ({"stops": [{"id": 11, "index": 0}, {"id": 11, "index": 0}]}, "/stops/1/id"),
        ({"stops": [{"id": 11, "index": 0, "time_windows": [[9, 1]]}]}, "/stops/0/time_windows/0"),
        ({"matrices": {}}, "/matrices"),
        ({"matrices": {"car": {"durations": [[0], [0, 0]]}}}, "/matrices/car/durations/0"),
        ({"matrices": {"car": {"durations": [[-1]]}}}, "/matrices/car/durations/0/0"),
        ({"changes": [{"op": "cancel", "id": 10}]}, "/changes/0/id"),
        ({"changes": [{"op": "move", "id": 11, "after": 12}]}, "/changes/0/id"),
        ({"changes": [{"op": "move", "id": 12, "after": 77}]}, "/changes/0/after"),
        ({"changes": [{"op": "insert", "stop": {"id": 12, "index": 0}}]}, "/changes/0/stop/id"),
        ({"changes": [{"op": "cancel"}]}, "/changes/0/id"),
        ({"changes": [{"op": "fly"}]}, "/changes/0"),
    ],
)
def test_bad_input_is_told_with_a_json_pointer(members: dict[str, Any], place: str) -> None:
    assert pointer(a_task(**members)) == place


def test_a_vehicle_cannot_leave_before_now() -> None:
    vehicle = a_task()["vehicle"] | {"available_s": 1}

    assert pointer(a_task(vehicle=vehicle)) == "/vehicle/available_s"


def test_keys_nobody_knows_are_left_alone() -> None:
    assert answer(a_task(colour="red"))["code"] == 0


@given(st.text() | JSON.map(json.dumps))
def test_arbitrary_text_never_crashes_the_reader(text: str) -> None:
    with pytest.raises(BadTask):
        read_task(text)


@given(st.sampled_from(sorted(a_task())), JSON)
def test_arbitrary_members_are_read_or_refused(member: str, value: Any) -> None:
    with suppress(BadTask):
        read_task(json.dumps(a_task(**{member: value})))


def test_every_feasible_development_task_is_answered_feasible() -> None:
    """The data is no part of the product; where it is absent there is nothing to compare."""
    for file in sorted(DEVELOPMENT_DATA.glob("*.json.gz")):
        sample = json.loads(gzip.decompress(file.read_bytes()))
        expected = sample["reference"]["feasible"]
        name = file.name.removesuffix(".json.gz")

        written = answer(sample["task"])

        assert written["feasible"] is (expected and name not in NEEDS_THE_SOLVER), name
