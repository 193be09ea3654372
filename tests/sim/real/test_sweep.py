"""Every statement and file operation of one recording fails in turn, in every way."""

import pytest

from tests.sim.real.sweep import sweep

pytestmark = pytest.mark.timeout(240)


def test_no_failing_operation_makes_the_phone_lie_or_lose() -> None:
    swept = sweep()

    assert swept.wrong == []
    assert swept.operations >= 100
    assert swept.faults >= 4 * swept.operations * 0.9
    assert swept.shown >= 50 <= swept.absorbed
