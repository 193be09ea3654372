"""A run walked the slow and obvious way, written from the rules and not from the code."""

from collections.abc import Sequence
from itertools import pairwise, product

from hypothesis import strategies as st

from shared.task import Policy, RunView, Start, Task, TaskBreak, TaskStop

NEW = 99
HORIZON_S = 40_000
NEVER = 10**12


def naive_faults(run: RunView, order: Sequence[int], at: Start) -> tuple[int, int]:
    """Hard faults of time and load of an order, with the break at its best place."""
    if run.rest is None or run.rest.taken:
        count, late, _ = _drive(run, order, at, None)
    else:
        ways = [None, *product(range(len(order) + 1), (True, False))]
        count, late, _ = min(_drive(run, order, at, way) for way in ways)
    load, wrong = list(at.load), 0
    for stop_id in order:
        stop = run.stops[stop_id]
        load = [
            have - less + more
            for have, less, more in zip(load, stop.delivery, stop.pickup, strict=True)
        ]
        wrong += any(have < 0 for have in load)
        wrong += any(have > room for have, room in zip(load, run.capacity, strict=True))
    return count + wrong, late


def _drive(
    run: RunView, order: Sequence[int], at: Start, way: tuple[int, bool] | None
) -> tuple[int, int, int]:
    now, here, faults, late = at.available_s, at.index, 0, 0
    for leg, stop_id in enumerate(order):
        stop = run.stops[stop_id]
        now = _along(run, (leg, here, stop.index), now, way)
        begin = _open(sorted(stop.windows), now) if stop.windows else now
        if begin is None:
            faults, late = faults + 1, late + now - max(last for _, last in stop.windows)
            begin = now
        now = begin + stop.service_s + (stop.setup_s if stop.index != here else 0)
        here = stop.index
    now = _along(run, (len(order), here, run.end_index), now, way)
    over = 0 if run.end_window is None else now - run.end_window[1] - run.max_overtime_s
    faults += 10**6 * (now >= NEVER) + (over > 0)
    faults += way is None and run.rest is not None and not run.rest.taken
    return faults, late + max(0, over), now


def _along(run: RunView, leg: tuple[int, int, int], now: int, way: tuple[int, bool] | None) -> int:
    """Drive one leg, with the break before or after the drive; a late break spoils the way."""
    number, here, there = leg
    drive = 0 if here == there else run.durations[here][there]
    for before in (True, False):
        if way == (number, before) and run.rest is not None:
            begin = _open(run.rest.windows, now)
            now = NEVER if begin is None else begin + run.rest.service_s
        now += drive if before else 0
    return now


def _open(windows: Sequence[tuple[int, int]], now: int) -> int | None:
    for first, last in windows:
        if now <= last:
            return max(now, first)
    return None


def naive_travel(run: RunView, order: Sequence[int], at: Start) -> int:
    path = [at.index, *(run.stops[s].index for s in order), run.end_index]
    return sum(0 if a == b else run.durations[a][b] for a, b in pairwise(path))


@st.composite
def windows(draw: st.DrawFn) -> tuple[tuple[int, int], ...]:
    spans = draw(st.lists(st.tuples(st.integers(0, HORIZON_S), st.integers(0, 9_000)), max_size=2))
    return tuple(sorted((first, first + length) for first, length in spans))


@st.composite
def stops(draw: st.DrawFn, stop_id: int, size: int) -> TaskStop:
    return TaskStop(
        id=stop_id,
        index=draw(st.integers(0, size - 1)),
        service_s=draw(st.integers(0, 1_800)),
        setup_s=draw(st.sampled_from([0, 0, 120])),
        windows=draw(windows()),
        delivery=(draw(st.integers(0, 5)),),
        pickup=(draw(st.integers(0, 5)),),
    )


@st.composite
def tasks(draw: st.DrawFn, *, most: int = 7, broken_by: bool = True) -> Task:
    """A small run with any travel times, sometimes with a break and an end."""
    size = draw(st.integers(2, 6))
    rows = draw(
        st.lists(
            st.lists(st.integers(0, 4_000), min_size=size, max_size=size),
            min_size=size,
            max_size=size,
        )
    )
    ids = tuple(range(10, 10 + draw(st.integers(0, most))))
    rest = TaskBreak(1, ((12_000, 18_000),), 1_800) if broken_by and draw(st.booleans()) else None
    run = RunView(
        stops={stop_id: draw(stops(stop_id, size)) for stop_id in ids},
        durations=rows,
        distances=rows,
        end_index=0,
        end_window=draw(st.sampled_from([None, (0, 30_000)])),
        max_overtime_s=600,
        capacity=(20,),
        rest=rest,
        standing=ids,
    )
    order = tuple(draw(st.permutations(ids)))
    start = Start(draw(st.integers(0, size - 1)), 1_000, (draw(st.integers(0, 20)),))
    return Task(run, order, start, policy=Policy(keep_s=600))
