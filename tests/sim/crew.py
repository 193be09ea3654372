"""Several processes that run schedules side by side until all are done or the time is over."""

import gc
import multiprocessing
import time
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any, TypeVar

from tests.helpers.one_dialect import share_compiled
from tests.sim.books import Batch
from tests.sim.campaign import STEPS, run_one
from tests.sim.ground import one_roof

T = TypeVar("T")
R = TypeVar("R")
CHUNK = 2


def _begin() -> None:
    share_compiled()
    # What was loaded to start stays for good: looking through it for garbage costs a fifth.
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 50, 1_000)


def each(
    work: Callable[[T], R], given: Iterable[T], *, processes: int, until: Callable[[int], bool]
) -> Iterator[R]:
    """Results of the work as they come; `until` says after how many it is enough."""
    done = 0
    if processes == 1:
        _begin()
        for one in given:
            yield work(one)
            done += 1
            if until(done):
                return
        return
    with one_roof(), multiprocessing.get_context("spawn").Pool(processes, _begin) as pool:
        for result in pool.imap_unordered(work, given, CHUNK):
            yield result
            done += 1
            if until(done):
                pool.close()
                _let_go(pool)
                return
        pool.close()
        pool.join()


def _let_go(pool: Any) -> None:
    pool.terminate()
    pool.join()


def run_many(
    first: int,
    count: int,
    *,
    processes: int = 2,
    budget_s: float = 1e9,
    least: int = 0,
    steps: int = STEPS,
) -> Batch:
    """Run schedules from a seed on; stops at the budget once the least are done."""
    begun, batch = time.monotonic(), Batch()

    def enough(done: int) -> bool:
        return done >= count or (done >= least and time.monotonic() - begun > budget_s)

    for outcome in each(
        partial(run_one, count=steps),
        range(first, first + count),
        processes=processes,
        until=enough,
    ):
        batch.add(outcome)
    batch.wall_s = time.monotonic() - begun
    return batch
