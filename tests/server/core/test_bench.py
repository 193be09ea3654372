"""Figures are measured from a checkout, by name; anything else is a sentence and an exit code."""

from pathlib import Path

import pytest

from server.core import bench
from server.core.hosting import BAD_USE, DONE, INTERNAL, MISSING, Stop


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout whose one benchmark fails and whose other one does not."""
    folder = tmp_path / "tests" / "bench"
    folder.mkdir(parents=True)
    for package in (folder.parent, folder):
        (package / "__init__.py").write_text("", encoding="utf-8")
    (folder / "resequence.py").write_text("raise SystemExit(1)", encoding="utf-8")
    (folder / "change.py").write_text("", encoding="utf-8")
    return tmp_path


def test_a_benchmark_runs_in_a_process_of_its_own(checkout: Path) -> None:
    assert bench.run("change", checkout) == DONE


def test_one_that_fails_fails_them_all(checkout: Path) -> None:
    assert bench.run("all", checkout) == INTERNAL


def test_without_a_checkout_one_sentence_says_so(tmp_path: Path) -> None:
    with pytest.raises(Stop, match="checkout") as found:
        bench.run("all", tmp_path)

    assert found.value.code == MISSING


def test_an_unknown_name_is_answered_with_the_known_ones() -> None:
    with pytest.raises(Stop, match="resequence, change, plan, ingest, sync and all") as found:
        bench.run("fly")

    assert found.value.code == BAD_USE


def test_only_some_benchmarks_can_be_quick() -> None:
    with pytest.raises(Stop, match="Only ingest and sync can be quick") as found:
        bench.bench("plan", quick=True)

    assert found.value.code == BAD_USE
