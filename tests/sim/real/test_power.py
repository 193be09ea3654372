"""Power cuts: in every disk they may leave, what was promised is there and whole."""

from pathlib import Path

from tests.sim.real.power import UnflushedFiles, cut_device, diary_of_device, sloppy

STATES = 220
SEED = 5


def test_no_power_cut_takes_what_the_phone_has_shown_as_saved(tmp_path: Path) -> None:
    cuts = cut_device(diary_of_device(tmp_path / "written"), STATES, SEED, tmp_path / "cut")

    assert cuts.broken == []
    assert cuts.states == STATES
    assert cuts.promises > STATES


def test_a_phone_that_does_not_flush_its_commits_is_caught(tmp_path: Path) -> None:
    """Planted bug 35, first half."""
    ops = diary_of_device(tmp_path / "written", spoil=sloppy)

    assert any(
        "not on the device" in why for why in cut_device(ops, 12, SEED, tmp_path / "cut").broken
    )


def test_a_phone_that_renames_its_photo_unflushed_is_caught(tmp_path: Path) -> None:
    """Planted bug 35, second half."""
    ops = diary_of_device(tmp_path / "written", files=UnflushedFiles())

    assert any("torn" in why for why in cut_device(ops, 12, SEED, tmp_path / "cut").broken)
