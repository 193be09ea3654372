"""A planted bug: one named change of the product for the length of a test, and who must see it."""

import functools
import inspect
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

Make = Callable[[Any], Any]
SIMULATOR = ""


@dataclass(frozen=True)
class Swap:
    """One attribute of the product and what stands there instead, made from the original."""

    where: Any
    name: str
    instead: Make

    @property
    def target(self) -> str:
        """Where the bug stands, for people."""
        module = getattr(self.where, "__module__", None) or self.where.__name__
        owner = "" if isinstance(self.where, ModuleType) else f".{self.where.__name__}"
        return f"{module}{owner}.{self.name}"


@dataclass
class Bug:
    """A number of sync-proof.md §4, its swaps, and the invariants that must catch it."""

    number: int
    says: str
    caught_by: tuple[str, ...]
    within: int
    """Schedules; for a named proof the runs it may take."""
    swaps: tuple[Swap, ...]
    proof: str = SIMULATOR
    """Name of the proof that catches it when it is not the simulator."""
    letter: str = ""
    called: Counter[str] = field(default_factory=Counter)

    @property
    def key(self) -> str:
        """Its number, with a letter where one row of the table stands for two bugs."""
        return f"{self.number}{self.letter}"

    @contextmanager
    def __call__(self) -> Iterator[None]:
        """Plant it; everything is as before when the block ends."""
        self.called.clear()
        with ExitStack() as stack:
            for swap in self.swaps:
                stack.enter_context(_swapped(swap, self.called))
            yield

    @property
    def untouched(self) -> list[str]:
        """Swaps that nobody called since the bug was planted."""
        return [swap.target for swap in self.swaps if not self.called[swap.target]]


@contextmanager
def _swapped(swap: Swap, called: Counter[str]) -> Iterator[None]:
    kept = vars(swap.where)[swap.name]
    setattr(swap.where, swap.name, _counted(swap, kept, called))
    try:
        yield
    finally:
        setattr(swap.where, swap.name, kept)


def _counted(swap: Swap, kept: Any, called: Counter[str]) -> Any:
    """The replacement, which counts how often it is used; constants count when they are planted."""
    instead = swap.instead(kept)
    if not callable(instead) or inspect.isclass(instead):
        called[swap.target] += 1
        return instead

    @functools.wraps(kept)
    def counting(*args: Any, **named: Any) -> Any:
        called[swap.target] += 1
        return instead(*args, **named)

    return counting
