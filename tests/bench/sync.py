"""What the wire costs: bytes and requests of a real app and a real server, and its own disk."""

import argparse
import asyncio
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from time import perf_counter
from typing import Any
from uuid import UUID

from sqlmodel import Session

from driver_app import actions
from driver_app.actions.record import Act, record
from driver_app.device.clock import SystemClock, SystemIds
from driver_app.device.fakes import fake_ports
from driver_app.sync.http import HttpApi
from driver_app.sync.worker import Surroundings
from server.app import build_parts
from server.core.settings import Settings
from server.runs import queries as reading
from server.runs.service import plans
from server.runs.service.plans import PlanDraft
from server.sites.queries import all_sites
from shared.events import Body, StopArrived, StopCompleted, StopServiceStarted
from shared.ids import RunId, VisitId
from tests.bench import goals, on_device
from tests.bench.a_day import Day, make_day
from tests.bench.goals import Figure
from tests.bench.meter import Meter, Noting, metered
from tests.helpers import figures
from tests.helpers.photos import jpeg
from tests.helpers.processes import free_port, server_process

FINDINGS = 4
KB = 1_000
PHOTO = 300 * KB
UP_KB, DOWN_KB, IDLE_UP_KB, IDLE_DOWN_KB = 0.9, 0.8, 0.5, 0.4
LOOP_KB, BACKLOG_REQUESTS, BACKLOG_S, BACKLOG_KB = 15, 10, 1, 120
PHOTO_REQUESTS, PHOTO_KB = 7, 2
FACTS_EACH = 5


@dataclass(frozen=True)
class Size:
    """How much is measured."""

    stops: int = 200
    taps: int = 200


QUICK = Size(stops=20, taps=5)


@dataclass
class Spent:
    """What a round of the app cost."""

    up: int
    down: int
    requests: list[str]
    seconds: float


@dataclass
class Phone:
    """The real app on a real connection."""

    session: actions.Session
    meter: Meter
    way: Noting

    @property
    def visits(self) -> list[VisitId]:
        """The stops of the run it shows."""
        (run,) = self.session.ctx.state.session.runs
        return [VisitId(UUID(str(one.id))) for one in run.visits]

    async def round(self) -> Spent:
        """One round of its worker."""
        self.meter.reset()
        self.way.requests.clear()
        began = perf_counter()
        await self.session.worker.round()
        took = perf_counter() - began
        return Spent(self.meter.up, self.meter.down, list(self.way.requests), took)


@asynccontextmanager
async def paired(folder: Path, port: int, day: Day) -> AsyncIterator[Phone]:
    """The app on a folder, paired through the meter; it has not fetched anything yet."""
    async with metered(port) as meter:
        way = Noting()
        ports = replace(fake_ports(), clock=SystemClock(), ids=SystemIds())
        joined = actions.join(
            folder,
            ports,
            app="0.1.0",
            make_api=lambda server: HttpApi(server, lambda: way),
            around=Surroundings(net="cellular", foreground=False),
        )
        await joined.start()
        try:
            origin = f"http://127.0.0.1:{meter.port}"
            answer = await actions.pair(joined.ctx, origin, day.code, "Bench phone")
            assert isinstance(answer, actions.Paired), answer
            yield Phone(joined, meter, way)
        finally:
            await joined.end()


def resequence(settings: Settings, run: str) -> None:
    """The office turns the whole order round."""
    parts = build_parts(settings)
    now = parts.clock.now()

    def write(session: Session) -> None:
        (site_id,) = all_sites(session)
        key = RunId(UUID(run))
        view = reading.load(session, site_id, key)
        order = [one.id for one in view.visits if one.kind == "fixed"]
        draft = PlanDraft(order=order[::-1], legs=[(240, 2_400)] * (len(order) + 1))
        expected = view.run.plan_version
        plans.write_plan(
            session, site_id, key, draft, expected_version=expected, by="Office", now=now
        )

    try:
        parts.writer.run(write)
    finally:
        parts.close()


async def over_the_wire(folder: Path, size: Size) -> list[Figure]:
    """A whole story: cold, idle, one completion, resequenced, a photo, a backlog."""
    data = folder / "data"
    data.mkdir()
    day = make_day(data, size.stops)
    port = free_port()
    with server_process(data, port, MILKRUN_DRIVER_APP=""):
        async with paired(folder / "phone", port, day) as phone:
            cold = await phone.round()
            await actions.sign_in_unlisted(phone.session.ctx, "A. Kaya")
            await phone.round()
            idle = await phone.round()
            visits = phone.visits
            assert len(visits) >= size.stops, "the run is on the phone"
            await complete(phone, visits[0])
            one = await phone.round()
            resequence(Settings.read(data=data), str(day.run))
            turned = await phone.round()
            await complete(phone, visits[1], jpeg("bench", PHOTO))
            photo = await phone.round()
            count = await backlog(phone, visits[2:])
            late = await phone.round()
            left = (await phone.session.ledger.standing()).unsent
            assert left == 0, "everything is sent"
    return [
        *_exchanges(idle, one, size, cold, turned),
        *_photo(photo),
        *_backlog(late, count),
    ]


async def complete(phone: Phone, visit: VisitId, *photos: bytes) -> None:
    """Fill the sheet and complete the stop."""
    ctx = phone.session.ctx
    draft = await actions.open_draft(ctx, visit)
    for content in photos:
        await actions.attach(ctx, draft, content, "photo")
    saved = await actions.complete_stop(ctx, visit, draft, confirmed=True)
    assert isinstance(saved, actions.Saved), saved


async def backlog(phone: Phone, visits: Sequence[VisitId]) -> int:
    """Some facts about every stop, recorded without network; returns how many."""
    (run,) = phone.session.ctx.state.session.runs
    done = StopCompleted.model_validate({"proof": {"kind": "delivery", "method": "none"}})
    bodies: tuple[Body, ...] = (
        StopArrived(source="geofence"),
        StopArrived(source="manual"),
        StopServiceStarted(),
        done,
        done,
    )
    assert len(bodies) == FACTS_EACH
    for visit in visits:
        act = Act(bodies, run=str(run.id), visit=str(visit))
        assert isinstance(await record(phone.session.ctx, act), actions.Saved)
    return len(visits) * FACTS_EACH


def _exchanges(idle: Spent, one: Spent, size: Size, cold: Spent, turned: Spent) -> Iterator[Figure]:
    yield goals.at_most("one completion, up", one.up / KB, UP_KB, "KB")
    yield goals.at_most("one completion, down", one.down / KB, DOWN_KB, "KB")
    yield goals.at_most("idle exchange, up", idle.up / KB, IDLE_UP_KB, "KB")
    yield goals.at_most("idle exchange, down", idle.down / KB, IDLE_DOWN_KB, "KB")
    for name, spent in (("cold", cold), ("resequenced", turned)):
        loop = f"loop of {size.stops} stops, {name}"
        yield goals.at_most(f"{loop}, requests", len(spent.requests), 1, "")
        more = f" ({spent.seconds * 1_000:.0f} ms, sent, answered and kept)"
        yield goals.at_most(f"{loop}, down", spent.down / KB, LOOP_KB, "KB", more)


def _photo(spent: Spent) -> Iterator[Figure]:
    sent = [one for one in spent.requests if "/blobs/" in one]
    yield goals.at_most("photo of 300 KB, its requests", len(sent), PHOTO_REQUESTS, "")
    over = (spent.up + spent.down - PHOTO) / KB
    yield goals.at_most(
        "photo of 300 KB, more than the photo", over, PHOTO_KB, "KB", " (with its fact)"
    )


def _backlog(spent: Spent, count: int) -> Iterator[Figure]:
    name = f"backlog of {count} facts"
    yield goals.at_most(f"{name}, requests", len(spent.requests), BACKLOG_REQUESTS, "")
    yield goals.at_most(f"{name}, seconds", spent.seconds, BACKLOG_S, "s")
    yield goals.at_most(f"{name}, up", spent.up / KB, BACKLOG_KB, "KB")
    yield goals.beside(f"{name}, down", f"{spent.down / KB:.1f} KB")


async def measure(folder: Path, size: Size, say: Callable[[str], Any]) -> list[Figure]:
    """Everything, one after the other."""
    found = await over_the_wire(folder, size)
    say(f"on the device: {figures.load()}\n")
    return found + await on_device.measure(folder, size.taps)


def main() -> int:
    """Measure and print; 4 when a goal is missed."""
    parser = argparse.ArgumentParser("python -m tests.bench.sync")
    parser.add_argument("--quick", action="store_true", help="so little that it proves nothing")
    size = QUICK if parser.parse_args().quick else Size()
    say = sys.stdout.write
    say(f"The wire, headers in, TLS out; KB = 1,000 bytes\n{figures.machine()}\n")
    with tempfile.TemporaryDirectory(prefix="milkrun-bench-") as folder:
        found = asyncio.run(measure(Path(folder), size, say))
    for line in goals.table(found):
        say(line + "\n")
    say(f"at the end: {figures.load()}\n")
    return FINDINGS if any(one.met is False for one in found) else 0


if __name__ == "__main__":
    sys.exit(main())
