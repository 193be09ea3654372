"""Every planted bug stands where its name says, and the fault campaign finds it."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.sim.planted import gate, soaking, table
from tests.sim.planted.bug import Bug, Swap
from tests.sim.planted.catalogue import BUGS, SIMULATED
from tests.sim.planted.hunting import Hunted
from tests.sim.planted.scenes import SCENES

ROOT = Path(__file__).parents[2]
GATE_S = 600


def test_every_number_of_the_design_is_planted() -> None:
    assert {bug.number for bug in BUGS} == set(range(1, 39))


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.key)
def test_a_bug_changes_what_it_names_and_leaves_no_trace(bug: Bug) -> None:
    before = [vars(swap.where)[swap.name] for swap in bug.swaps]

    with bug():
        during = [vars(swap.where)[swap.name] for swap in bug.swaps]

    after = [vars(swap.where)[swap.name] for swap in bug.swaps]
    assert after == before
    assert all(now is not then for now, then in zip(during, before, strict=True))


def test_a_bug_that_nobody_meets_is_told() -> None:
    class Door:
        def knock(self) -> str:
            return "come in"

    bug = Bug(0, "nobody opens", ("I0",), 1, (Swap(Door, "knock", lambda _open: lambda _door: ""),))

    with bug():
        assert bug.untouched == [f"{__name__}.Door.knock"]
        Door().knock()
        assert bug.untouched == []


def test_a_bug_that_gets_away_fails_the_gate() -> None:
    caught, free = Hunted("1", 7, 1, 1, "I1: lost"), Hunted("2", None, 20)
    absent = Hunted("3", 7, 1, 1, "I2", ("server.x",))
    red = Hunted("", 7, 1, 1, "I1: lost")

    assert gate.got_away([caught, Hunted("", None, 1)]) == []
    assert [line[:1] for line in gate.got_away([caught, free, absent])] == ["2", "3"]
    assert gate.got_away([red]) == ["without a bug: I1: lost"]


def test_the_soak_tells_how_often_each_bug_was_found_and_which_got_away() -> None:
    twelve = [Hunted("12", 3, 5, 2), Hunted("12", None, 5)]
    found = {"12": twelve, "4": [Hunted("4", None, 10)], "1": [Hunted("1", None, 10)]}

    assert soaking.rates(found) == ["1: 0 of 10 (0 %)", "4: 0 of 10 (0 %)", "12: 2 of 10 (20 %)"]
    assert [line[:13] for line in soaking.free(found)] == ["planted bug 4"]


def test_the_gate_hunts_only_what_is_planted() -> None:
    assert set(gate.FIRST_SEEDS) <= {bug.key for bug in SIMULATED}


def test_the_page_of_planted_bugs_lists_them_all() -> None:
    page = (ROOT / "docs" / "planted.md").read_text("utf-8")

    assert page.startswith(table.HEAD)
    assert all(f"| {bug.key} | {bug.says} |" in page for bug in BUGS)
    assert all(f"scene: {scene.says} |" in page for scene in SCENES)
    assert all(f"`{file}::{test}`" in page for file, test in table.PROOFS.values())


def test_every_bug_is_caught_by_the_gate_a_scene_or_a_proof_of_its_own() -> None:
    assert gate.missing() == []
    assert table.PROOFS.keys() == {bug.key for bug in BUGS} - {bug.key for bug in SIMULATED}
    for file, test in table.PROOFS.values():
        assert f"def {test}(" in (ROOT / file).read_text("utf-8")


@pytest.mark.timeout(GATE_S)
def test_the_campaign_finds_every_planted_bug() -> None:
    """Without coverage, which would take most of the time, and in two processes."""
    hunt = [sys.executable, "-m", "tests.sim.planted", "--gate"]

    told = subprocess.run(hunt, cwd=ROOT, capture_output=True, text=True, check=False)

    assert told.returncode == 0, told.stdout + told.stderr[-2_000:]
