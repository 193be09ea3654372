"""Power cuts: in every disk they may leave, what was promised is there and whole."""

from pathlib import Path

import pytest

from tests.sim.real import power_office, traced
from tests.sim.real.power import UnflushedFiles, cut_device, diary_of_device, sloppy

STATES = 200
FEW = 12
SEED = 5
pytestmark = pytest.mark.timeout(180)


def test_no_power_cut_takes_what_the_phone_has_shown_as_saved(tmp_path: Path) -> None:
    cuts = cut_device(diary_of_device(tmp_path / "written"), STATES, SEED)

    assert cuts.broken == []
    assert cuts.states == STATES
    assert cuts.promises > STATES


def test_a_phone_that_does_not_flush_its_commits_is_caught(tmp_path: Path) -> None:
    """Planted bug 35, first half."""
    cuts = cut_device(diary_of_device(tmp_path / "a", spoil=sloppy), FEW, SEED)

    assert any("not on the device" in why for why in cuts.broken)


def test_a_phone_that_renames_its_photo_unflushed_is_caught(tmp_path: Path) -> None:
    """Planted bug 35, second half."""
    ops = diary_of_device(tmp_path / "a", files=UnflushedFiles())
    cuts = cut_device(ops, FEW, SEED)

    assert any("torn" in why for why in cuts.broken)


@pytest.mark.skipif(not traced.available(), reason="strace is not installed; soak needs it")
def test_sqlite_flushes_when_it_says_so(tmp_path: Path) -> None:
    """The same proof on the system calls of a real process instead of what Python can see."""
    ops = traced.trace_of_recorder(tmp_path / "written", stops=4, photo_bytes=3_000)

    assert sum(1 for op in ops if op.kind == "mark") == 4
    assert cut_device(ops, STATES // 4, SEED).broken == []


def test_no_power_cut_takes_what_the_office_has_confirmed(
    tmp_path: Path, sqlite_template: Path
) -> None:
    ops = power_office.diary_of_office(tmp_path / "written", sqlite_template)
    cuts = power_office.cut_office(ops, STATES, SEED)

    assert cuts.broken == []
    assert cuts.states == STATES
    assert cuts.promises > STATES


def test_an_office_that_acknowledges_before_the_flush_is_caught(
    tmp_path: Path, sqlite_template: Path
) -> None:
    ops = power_office.diary_of_office(tmp_path / "a", sqlite_template, careless=True)
    cuts = power_office.cut_office(ops, FEW, SEED)

    assert any("not in the database" in why for why in cuts.broken)


def test_an_office_that_seals_an_unflushed_file_is_caught(
    tmp_path: Path, sqlite_template: Path
) -> None:
    ops = power_office.diary_of_office(
        tmp_path / "a", sqlite_template, blobs=power_office.UnflushedBlobs
    )
    cuts = power_office.cut_office(ops, FEW, SEED)

    assert any("not whole" in why for why in cuts.broken)
