"""Level 0 and the server's answers to a change: CPU time at 50, 100 and 200 stops."""

import gc
import math
import random
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from time import perf_counter, process_time
from typing import Any
from uuid import UUID

from sqlmodel import Session

from server.core import db
from server.core.settings import Settings
from server.core.writer import SnapshotReads, open_writer
from server.dispatch import service
from server.migrations.steps import migrate
from server.schedule.service import dispatch_due, materialise
from server.sites import service as sites
from shared.ids import LocationId, RunId
from shared.loop import Stop
from shared.plan import read_ops
from shared.resequence import keep_order, resequence, what_if
from shared.site import Location
from shared.task import Cancel, Change, Insert, Late, Move, RunView, Start, Task, TaskStop
from tests.helpers import figures
from tests.helpers.a_site import (
    NOON,
    SUPERVISOR,
    add_vehicle,
    found_site,
    no_gate,
    only_run,
    publish_loop,
    version,
)
from tests.helpers.builders import id_of

SIZES = (50, 100, 200)
SERVICE_S, WINDOW_S, SLACK_S = 300, 1_800, 9_000
LEVEL_0, ANSWERS, WARM_UP = 200, 40, 5
BUDGET_MS = 50
SEED = 7


def a_round(size: int) -> Task:
    """A round on a circle, with windows an hour around the arrivals and goods that just fit."""
    points = [
        (math.cos(2 * math.pi * n / size), math.sin(2 * math.pi * n / size))
        for n in range(size + 2)
    ]
    rows = [[round(math.dist(a, b) * 3_000) for b in points] for a in points]
    stops, now = {}, 0
    for n in range(1, size + 1):
        now += rows[n - 1][n]
        window = (now - WINDOW_S, now + WINDOW_S)
        stops[n] = TaskStop(n, n, SERVICE_S, 0, (window,), (1, 2), (1, 1))
        now += SERVICE_S
    room = (size * 5, size * 5)
    run = RunView(stops, rows, 0, rows, (0, now + SLACK_S), capacity=room)
    return Task(
        replace(run, standing=tuple(stops)), tuple(stops), Start(0, 0, (size * 3, size * 3))
    )


def a_change(rng: random.Random, size: int, number: int) -> Change:
    """The four changes of a day in turn: insert, cancel, move, late."""
    one, other = rng.sample(range(1, size + 1), 2)
    new = TaskStop(size + 9, other, SERVICE_S, 0, ((0, 90_000),), (1, 0), (0, 1))
    changes: Sequence[Change] = (Insert(new), Cancel(one), Move(one, after=other), Late(600))
    return changes[number % len(changes)]


def cpu_ms(work: Callable[[], object]) -> float:
    """CPU time of one call."""
    began = process_time()
    work()
    return (process_time() - began) * 1_000


def level_0(size: int) -> Iterator[str]:
    """Every rung without a database, as the phone does it too."""
    rng, task = random.Random(SEED), a_round(size)
    asked = [replace(task, changes=(a_change(rng, size, n),)) for n in range(LEVEL_0)]
    rungs: dict[str, Callable[[Task], object]] = {
        "what-if": what_if,
        "keep order": keep_order,
        f"moves within {BUDGET_MS} ms": within_budget,
    }
    for name, work in rungs.items():
        spent = [cpu_ms(partial(work, one)) for one in asked]
        yield figures.row(f"level 0, {name}, {size} stops, CPU", spent, 50, 99)


def within_budget(task: Task) -> object:
    """All rungs of level 0; what is still broken is improved for as long as a caller waits."""
    until = process_time() + BUDGET_MS / 1_000
    return resequence(task, should_stop=lambda: process_time() >= until)


class Desk:
    """A server without HTTP, with one dispatched run of so many stops."""

    def __init__(self, folder: Path, size: int) -> None:
        settings = Settings.read(data=folder)
        migrate(settings)
        self.writer = open_writer(db.write_engine(settings))
        self.reads = SnapshotReads(db.read_engine(settings))
        self.now = NOON + timedelta(hours=5)
        self._fill(size)

    def _fill(self, size: int) -> None:
        rng = random.Random(SEED)
        found_site(self.writer)
        van = add_vehicle(self.writer)
        names = [f"stop {n}" for n in range(size)]

        def places(session: Session) -> None:
            for name in names:
                place = Location(
                    kind="customer", name=name, lat=51.3 + rng.random() * 0.3,
                    lon=12.3 + rng.random() * 0.3, service_fixed_s=60,
                )  # fmt: skip
                key = LocationId(id_of(name))
                sites.add_location(session, SUPERVISOR, place, location_id=key, now=NOON)

        self.writer.run(places)
        stops = [Stop(location_id=id_of(name)) for name in names]
        publish_loop(self.writer, version(vehicle_ids=(van,), own_stops=stops))
        materialise(self.reads, self.writer, NOON)
        dispatch_due(self.reads, self.writer, no_gate, self.now)

    def a_move(self, rng: random.Random) -> tuple[RunId, int, list[dict[str, Any]]]:
        """A stop that goes behind another one, with the version it is asked of."""
        view = only_run(self.reads)
        moved, after = rng.sample(list(view.order), 2)
        op = {"op": "move", "visit": str(UUID(str(moved))), "after": str(after)}
        return RunId(view.run.id), view.run.plan_version, [op]

    def price(self, run: RunId, ops: list[dict[str, Any]]) -> None:
        """What-if, as the API does it."""
        told = read_ops(ops)
        self.reads.run(lambda s: service.whatif(s, SUPERVISOR, run, told, now=self.now))

    def change(self, run: RunId, expected: int, ops: list[dict[str, Any]]) -> None:
        """Edit, as the API does it, with the commit."""
        told = read_ops(ops)
        self.writer.run(
            lambda s: service.edit(
                s, SUPERVISOR, run, told, expected_version=expected, now=self.now
            )
        )
        self.now += timedelta(seconds=3)

    def close(self) -> None:
        """Give the database back."""
        self.writer.close()
        self.reads.close()


@contextmanager
def desk(size: int) -> Iterator[Desk]:
    """A desk on a folder that is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="milkrun-bench-") as folder:
        found = Desk(Path(folder), size)
        try:
            yield found
        finally:
            found.close()


def answers(size: int) -> Iterator[str]:
    """What-if and edit with their database: CPU of the process, and time on the clock."""
    rng = random.Random(SEED)
    spent: dict[str, list[float]] = {"what-if": [], "edit": []}
    waited: dict[str, list[float]] = {"what-if": [], "edit": []}
    with desk(size) as at:
        for _ in range(ANSWERS + WARM_UP):
            run, expected, ops = at.a_move(rng)
            works = {
                "what-if": partial(at.price, run, ops),
                "edit": partial(at.change, run, expected, ops),
            }
            for name, work in works.items():
                began = perf_counter()
                spent[name].append(cpu_ms(work))
                waited[name].append((perf_counter() - began) * 1_000)
    for name in spent:
        yield figures.row(f"server, {name}, {size} stops, CPU", spent[name][WARM_UP:], 50, 95)
        yield figures.row(f"server, {name}, {size} stops, wall", waited[name][WARM_UP:], 50, 95)


def main() -> None:
    """Print everything, a row at a time."""
    say = sys.stdout.write
    gc.collect()
    gc.freeze()  # as the server does when it has started
    say(f"Changes of a run\n{figures.machine()}\n")
    for work in (level_0, answers):
        for size in SIZES:
            for line in work(size):
                say(line + "\n")
                sys.stdout.flush()


if __name__ == "__main__":
    main()
