"""Eight phones on eight bad networks, half of them dead for fifteen seconds: all of them drain."""

from pathlib import Path

import pytest

from tests.sim.real.chaos import OUTAGE_S, chaos

SEEDS = range(1, 9)
STORM_S = 19.0
KINDS = 7


@pytest.mark.timeout(240)
def test_eight_bad_networks_lose_and_double_nothing(tmp_path: Path, sqlite_template: Path) -> None:
    figures = chaos(tmp_path, SEEDS, STORM_S, template=sqlite_template)

    assert figures.wrong == []
    assert STORM_S > OUTAGE_S
    assert len(figures.fates) >= KINDS
    assert figures.fates["outage"] == len(SEEDS)
    assert figures.promised >= 3 * len(SEEDS)
    assert figures.files >= len(SEEDS)
