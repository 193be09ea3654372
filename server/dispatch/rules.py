"""How sure an estimate is, and when a visit counts as late: pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

LEG_SPREAD = 0.15
Z_P90 = 1.2816
OVERDUE_WEIGHT = 0.5
HYSTERESIS_S = 60
AT_RISK, LATE = "at_risk", "late"
STEPS = (AT_RISK, LATE)


def leg_variance(leg_s: int) -> float:
    """Variance of a leg nobody has history of."""
    return (LEG_SPREAD * leg_s) ** 2


def spread_s(variances: float, overdue_s: int) -> int:
    """Half the P10 to P90 range: what the legs scatter, and the silence since a fact was due."""
    return round(Z_P90 * sqrt(variances + (OVERDUE_WEIGHT * overdue_s) ** 2))


@dataclass(frozen=True, slots=True)
class Estimated:
    """Seconds since 1970: expected, earliest, latest arrival."""

    eta_s: int
    low_s: int
    high_s: int


def ranges(arrivals: Sequence[tuple[int, int]], overdue_s: int) -> list[Estimated]:
    """Ranges of (arrival, leg before it) along a run; scatter adds up on the way."""
    found, variances = [], 0.0
    for eta_s, leg_s in arrivals:
        variances += leg_variance(leg_s)
        half = spread_s(variances, overdue_s)
        found.append(Estimated(eta_s, eta_s - half, eta_s + half))
    return found


def late_steps(eta: Estimated, closes_s: int, before: Sequence[str]) -> set[str]:
    """Which marks a visit has now: late by its estimate, at risk by its latest one.

    A mark goes only when the visit is on time by a minute, so that it does not flicker.
    """
    found = set()
    for step, arrival_s in ((LATE, eta.eta_s), (AT_RISK, eta.high_s)):
        limit_s = closes_s - (HYSTERESIS_S if step in before else 0)
        if arrival_s > limit_s:
            found.add(step)
    return {LATE} if LATE in found else found


def leave_s(ready_s: int, drive_s: int, windows: Sequence[tuple[int, int]]) -> int:
    """When to leave for one stop: for the first window still in reach, else as soon as possible."""
    reached = [opens for opens, closes in sorted(windows) if ready_s + drive_s <= closes]
    return max(ready_s, reached[0] - drive_s) if reached else ready_s
