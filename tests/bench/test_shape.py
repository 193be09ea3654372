"""The benchmarks of the wire and of ingest run and print their tables; no figure counts here."""

import asyncio
from pathlib import Path

import pytest

from tests.bench import goals, ingest, on_device, single, sync
from tests.bench.goals import Figure


def names(found: list[Figure]) -> str:
    """Every figure's name."""
    return "\n".join(one.name for one in found)


@pytest.mark.parametrize(
    "database", ["SQLite", pytest.param("PostgreSQL", marks=pytest.mark.postgres)]
)
def test_a_batch_is_measured_beside_the_same_statements_said_to_a_twin(database: str) -> None:
    heard: list[str] = []

    found = ingest.batches(ingest.QUICK, heard.append, [database])

    judged = [one.name for one in found if one.met is not None]
    assert judged == [
        f"{database}, take and fold: product / same statements",
        f"{database}, take alone: product / same statements",
    ]
    assert "raw executemany" in names(found)
    assert any("load" in line for line in heard)


def test_one_event_is_measured_beside_the_disk_and_a_bare_echo() -> None:
    found = single.measure(single.QUICK, lambda _line: None)

    assert "one event: p99 / fdatasync p50" in names(found)
    assert "one event, bare echo" in names(found)


def test_bytes_and_requests_depend_on_no_machine_and_stay_where_they_are(tmp_path: Path) -> None:
    found = {one.name: one for one in asyncio.run(sync.over_the_wire(tmp_path, sync.QUICK))}

    for name in (
        "one completion, up",
        "idle exchange, up",
        "loop of 20 stops, cold, requests",
        "loop of 20 stops, cold, down",
        "loop of 20 stops, resequenced, requests",
        "loop of 20 stops, resequenced, down",
        "photo of 300 KB, its requests",
        "backlog of 90 facts, requests",
        "backlog of 90 facts, up",
    ):
        assert found[name].met, found[name]


def test_the_disk_of_a_device_is_measured_beside_the_bare_disk(tmp_path: Path) -> None:
    found = asyncio.run(on_device.measure(tmp_path, sync.QUICK.taps))

    assert "tap to saved, 200 KB photo in the sheet: p99 / bare p99" in names(found)
    assert "bare write, fsync, rename, FULL commit" in names(found)


def test_a_table_says_what_was_wanted_and_whether_it_is_met() -> None:
    rows = [
        goals.at_most("time", 2, 1, "ms"),
        goals.at_least("share", 0.5, 0.3, ""),
        goals.beside("floor", "7 facts/s"),
    ]

    lines = list(goals.table(rows))

    assert [line.split()[-1] for line in lines[1:]] == ["MISSED", "met", "-"]
    assert "<= 1 ms" in lines[1]
