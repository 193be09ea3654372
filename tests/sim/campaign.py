"""Runs schedules: one, many, hunting for a bug, and shrinking what failed."""

import asyncio
import logging
import time
import traceback
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field

from tests.sim.beginning import begin, beginning, new_world
from tests.sim.ending import drain, look
from tests.sim.ground import chance
from tests.sim.small import no_screens, small_constants
from tests.sim.steps import Step, drawn, take
from tests.sim.world import World

Bug = Callable[[], AbstractContextManager[None]]
STEPS = 120
STEPS_TEST = 30
SCREENS_EVERY = 10
Violation = tuple[str, str]


@dataclass
class Outcome:
    """What one schedule brought."""

    seed: int
    violations: list[Violation]
    trace: str
    happened: Counter[str] = field(default_factory=Counter)
    points: set[str] = field(default_factory=set)
    facts: int = 0
    excused: int = 0
    steps: int = STEPS
    cpu_s: float = 0.0


@dataclass
class Found:
    """The schedule that found a bug."""

    seed: int
    schedules: int
    violations: list[Violation]


def run_one(seed: int, *, steps: Sequence[Step] | None = None, count: int = STEPS) -> Outcome:
    """Run one schedule to its end, in this process."""
    logging.getLogger("driver_app").setLevel(logging.CRITICAL)
    logging.getLogger("milkrun").setLevel(logging.CRITICAL)
    beginning()
    begun = time.process_time()
    screens = seed % SCREENS_EVERY == 0
    quiet = nullcontext() if screens else no_screens()
    with small_constants(), quiet, chance(seed):
        outcome = asyncio.run(
            _run(seed, drawn(seed, count) if steps is None else steps, screens=screens)
        )
    outcome.cpu_s, outcome.steps = time.process_time() - begun, count
    return outcome


async def _run(seed: int, steps: Iterable[Step], *, screens: bool) -> Outcome:
    world = new_world(seed, screens=screens)

    async def live() -> None:
        for step in steps:
            await take(world, step)

    return await outcome_of(world, live, 2 if seed % 4 == 2 else 3)


async def outcome_of(
    world: World, live: Callable[[], Awaitable[None]], devices: int = 3
) -> Outcome:
    """Begin, live, drain, look; whatever the harness itself raises is told as a violation."""
    try:
        await begin(world, devices)
        await live()
        await drain(world)
        violations = look(world)
    except Exception:  # noqa: BLE001 - the harness itself is told as a violation
        violations = [*world.violations, ("crash", traceback.format_exc(limit=-6))]
    finally:
        world.close()
    world.happened.update({f"office {k}": n for k, n in world.office.fuse.fired.items()})
    excused = sum(1 for one in world.facts.values() if one.excused)
    return Outcome(
        world.seed, violations, world.trace, world.happened,
        world.points | world.office.fuse.points, len(world.facts), excused,
    )  # fmt: skip


def hunt(
    bug: Bug,
    *,
    first_seed: int = 1,
    within: int = 50,
    wanted: Sequence[str] = (),
    steps: int = STEPS,
) -> Found | None:
    """Run schedules with a bug until one of the wanted invariants is broken."""
    with bug():
        for number in range(within):
            outcome = run_one(first_seed + number, count=steps)
            if any(invariant in wanted or not wanted for invariant, _ in outcome.violations):
                return Found(outcome.seed, number + 1, outcome.violations)
    return None


def shrink(seed: int, *, budget_s: float = 60.0, count: int = STEPS) -> tuple[list[Step], Outcome]:
    """The shortest list of steps found that still breaks one of the same invariants."""
    steps = drawn(seed, count)
    whole = run_one(seed, steps=steps)
    wanted = {invariant for invariant, _ in whole.violations}
    end, size = time.monotonic() + budget_s, max(1, len(steps) // 2)
    while size and time.monotonic() < end:
        at, shorter = 0, False
        while at < len(steps) and time.monotonic() < end:
            rest = [*steps[:at], *steps[at + size :]]
            outcome = run_one(seed, steps=rest)
            if wanted & {invariant for invariant, _ in outcome.violations}:
                steps, whole, shorter = rest, outcome, True
            else:
                at += size
        size = size if shorter and size == 1 else size // 2
    return steps, whole
