"""How sure an estimate is, and when a visit is late."""

import pytest

from server.dispatch.rules import Estimated, late_steps, leave_s, ranges, spread_s


def test_the_range_follows_from_the_scatter_of_the_legs() -> None:
    """The vectors: scatter of 60, 120, 180 s is ±288 s, with 600 s overdue ±480 s."""
    variances = 60**2 + 120**2 + 180**2

    assert spread_s(variances, 0) == 288
    assert spread_s(variances, 600) == 480


def test_scatter_adds_up_along_the_run() -> None:
    first, second = ranges([(1_000, 400), (2_000, 400)], 0)

    assert (first.low_s, first.high_s) == (1_000 - 77, 1_000 + 77)
    assert second.high_s - second.eta_s > first.high_s - first.eta_s


@pytest.mark.parametrize(
    ("eta", "high", "found"),
    [
        (1_000, 1_000, set()),
        (900, 1_001, {"at_risk"}),
        (1_001, 1_100, {"late"}),
    ],
)
def test_at_risk_by_the_latest_and_late_by_the_expected_arrival(
    eta: int, high: int, found: set[str]
) -> None:
    assert late_steps(Estimated(eta, eta, high), 1_000, []) == found


@pytest.mark.parametrize(("eta", "found"), [(941, {"late"}), (940, set())])
def test_a_mark_goes_only_with_a_minute_to_spare(eta: int, found: set[str]) -> None:
    assert late_steps(Estimated(eta, eta, eta), 1_000, ["late"]) == found


def test_a_run_for_one_stop_leaves_for_the_first_window_still_in_reach() -> None:
    windows = [(1_000, 2_000), (5_000, 6_000)]

    assert leave_s(0, 300, windows) == 700
    assert leave_s(900, 300, windows) == 900
    assert leave_s(1_800, 300, windows) == 4_700
    assert leave_s(9_000, 300, windows) == 9_000
    assert leave_s(9_000, 300, []) == 9_000
