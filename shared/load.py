"""Loads as vectors: adding, comparing, and the Empties account."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

Load = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class LoadLine:
    """A part or item with quantity on a run; `pickup` and `drop` are visit ids."""

    id: str
    part_no: str
    name: str
    qty: int
    unit: str
    pickup: str | None = None
    drop: str | None = None
    labels: tuple[str, ...] = ()
    weight_g: int = 0
    volume_ml: int = 0


def plus(a: Load, b: Load) -> Load:
    """Sum of two loads of the same dimensions."""
    return tuple(x + y for x, y in zip(a, b, strict=True))


def minus(a: Load, b: Load) -> Load:
    """Difference of two loads of the same dimensions."""
    return tuple(x - y for x, y in zip(a, b, strict=True))


def fits(load: Load, capacity: Load) -> bool:
    """Whether a load lies between nothing and the capacity in every dimension."""
    return all(0 <= x <= most for x, most in zip(load, capacity, strict=True))


def excess(load: Load, capacity: Load) -> Load:
    """By how much a load passes the capacity, per dimension; 0 where it fits."""
    return tuple(max(0, x - most) for x, most in zip(load, capacity, strict=True))


def profile(start: Load, steps: Sequence[tuple[Load, Load]]) -> list[Load]:
    """Load after each stop; a step is (delivered, picked up): unload first, then load."""
    after = [start]
    for delivered, picked in steps:
        after.append(plus(minus(after[-1], delivered), picked))
    return after


def peak_share(loads: Iterable[Load], capacity: Load) -> float:
    """The largest share of any dimension of the capacity that any of the loads uses."""
    shares = [
        x / most for load in loads for x, most in zip(load, capacity, strict=True) if most > 0
    ]
    return max(shares, default=0.0)


def empties_balance(opening: int, delivered_full: int, returned: int, correction: int = 0) -> int:
    """Empties at a Location: opening + full delivered - empty returned ± correction."""
    return opening + delivered_full - returned + correction
