"""Figures for people: percentiles, the machine they come from, one row a figure."""

import math
import os
import platform
from collections.abc import Sequence
from importlib.metadata import version

from server.core.clock import SystemClock

LIBRARIES = ("fastapi", "sqlalchemy", "flet", "pydantic")


def percentile(values: Sequence[float], percent: float) -> float:
    """The smallest value that so many of the others do not exceed."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(len(ordered) * percent / 100) - 1)]


def machine(*more: str) -> str:
    """Date, cores, load and versions, in one line."""
    told = [
        f"{SystemClock().now():%Y-%m-%d %H:%M} UTC",
        f"{os.cpu_count()} cores",
        load(),
        f"Python {platform.python_version()}",
        *(f"{name} {version(name)}" for name in LIBRARIES),
        *more,
    ]
    return " · ".join(told)


def load() -> str:
    """Load average; figures from a machine with more of it than cores say little."""
    now = os.getloadavg()[0]
    busy = " (busy: repeat this on an idle machine)" if now > (os.cpu_count() or 1) else ""
    return f"load {now:.1f}{busy}"


def row(name: str, values: Sequence[float], *percents: float, unit: str = "ms") -> str:
    """One figure with its percentiles and the largest."""
    told = [f"p{percent:g} {percentile(values, percent):8.1f}" for percent in percents]
    return f"{name:44} {'  '.join(told)}  max {max(values):8.1f} {unit}  n {len(values)}"
