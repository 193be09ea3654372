"""Vehicles without people: the app's own store, acts and sync, driven by the plan over HTTP.

`python -m driver_app.autopilot --url U --data DIR --photos DIR --speed N --seed N` reads one line
of JSON from its standard input: a list of {name, code, driver, pin}. It ends when the input ends.
"""

import argparse
import asyncio
import contextlib
import json
import logging
import signal
import sys
import threading
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random

from driver_app import actions
from driver_app.actions import Missing, NotPaired, NotSaved, Paired, Saved, Session
from driver_app.actions.pairing import Knock, knock
from driver_app.device.clock import SystemClock, SystemIds
from driver_app.device.fakes import FakeLocation, MemorySecrets, fake_ports
from driver_app.device.ports import Spot
from driver_app.state import DraftView, RunView, VisitView

APP = "0.1.0+autopilot"
EARLY_S = 60
TICK_S = 1.0
FAILS = 0.04
PATIENCE_S = 5.0
log = logging.getLogger("driver_app.autopilot")


@dataclass(frozen=True)
class Crew:
    """One vehicle: its device's name, a pairing code, who signs in with which PIN."""

    name: str
    code: str
    driver: str
    pin: str


@dataclass(frozen=True)
class Order:
    """Where to talk to, where to keep the stores, how fast to drive."""

    url: str
    data: Path
    photos: Sequence[bytes]
    speed: float
    seed: int
    early_s: float = EARLY_S
    tell_saved: bool = False
    """Print `SAVED <event id>` for each fact, as the screen would say it."""


@dataclass
class Vehicle:
    """One crew at work."""

    crew: Crew
    order: Order
    session: Session
    location: FakeLocation
    chance: Random
    pause: Callable[[float], Awaitable[None]] = asyncio.sleep
    knock: Knock = knock
    here: Spot | None = None

    async def work(self) -> None:
        """Pair, sign in, and drive whatever is dispatched, for ever."""
        await self.session.start()
        sync = asyncio.create_task(self.session.worker.run())
        try:
            await self._get_ready()
            while True:
                run = self._due()
                if run is None:
                    await self.pause(TICK_S)
                else:
                    await self._drive(run)
        finally:
            sync.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await sync
            await self.session.end()

    async def _get_ready(self) -> None:
        ctx = self.session.ctx
        while ctx.state.session.standing == "new":
            answer = await actions.pair(
                ctx, self.order.url, self.crew.code, self.crew.name, knock=self.knock
            )
            if not isinstance(answer, Paired):
                why = answer.why if isinstance(answer, NotPaired) else "certificate"
                log.warning("%s is not paired: %s", self.crew.name, why)
                await self.pause(PATIENCE_S)
        while not ctx.state.session.signed_in:
            known = [d for d in ctx.state.session.drivers if d.name == self.crew.driver]
            if not known and not ctx.state.session.reasons:
                await self.pause(TICK_S)  # the first rows are still on their way
            elif not known or not isinstance(
                await actions.sign_in_pin(ctx, known[0].id, self.crew.pin), actions.SignedIn
            ):
                await actions.sign_in_unlisted(ctx, self.crew.driver)

    def _due(self) -> RunView | None:
        """The open run, else the first one whose departure has come."""
        now_ms = self.session.ctx.now_ms()
        mine = [run for run in self.session.ctx.state.session.runs if run.mine]
        going = [run for run in mine if run.open and run.state != "completed"]
        waiting = [
            run
            for run in mine
            if run.started_ms is None
            and run.state in ("dispatched", "acknowledged")
            and run.planned_departure_ms <= now_ms + self.order.early_s * 1000
        ]
        if going:
            return going[0]
        return max(waiting, key=lambda run: run.planned_departure_ms, default=None)

    async def _drive(self, run: RunView) -> None:
        """The whole run, from where it stands to its end."""
        ctx = self.session.ctx
        if run.started_ms is None:
            self._told(await actions.start_run(ctx, run.id))
        if run.departed_ms is None:
            self._told(await actions.depart(ctx, run.id))
        while (visit := self._next(run)) is not None:
            if run.diff:
                self._told(await actions.acknowledge_plan(ctx, run.id))
            await self._serve(run, visit)
        if run.tugger:
            self._told(await actions.return_run(ctx, run.id))
        self._told(await actions.finish_run(ctx, run.id))

    def _next(self, run: RunView) -> VisitView | None:
        if run.state in ("cancelled", "closed") or run.finished_ms is not None:
            return None
        return next((visit for visit in run.visits if visit.open), None)

    async def _serve(self, run: RunView, visit: VisitView) -> None:
        ctx = self.session.ctx
        if visit.arrived_ms is None:
            await self._travel(run, visit)
            if not visit.open:  # taken out of the plan on the way
                return
            self._told(await actions.arrive(ctx, visit.id))
        await self._pass(visit.service_s)
        if run.tugger:
            draft = await actions.open_draft(ctx, visit.id, "station")
            draft.taken = dict(visit.empties_plan)
            self._told(await actions.station_done(ctx, visit.id, draft))
        else:
            await self._hand_over(visit)
            self._told(await actions.leave_stop(ctx, visit.id))

    async def _hand_over(self, visit: VisitView) -> None:
        """Give proof as the stop demands; now and then nobody is there."""
        ctx = self.session.ctx
        if self.chance.random() < FAILS:
            problem = await actions.open_draft(ctx, visit.id, "problem")
            problem.reason, problem.no_proof_reason = "closed", "closed"
            self._told(await actions.fail_stop(ctx, visit.id, problem, confirmed=True))
            return
        draft = await actions.open_draft(ctx, visit.id)
        await self._fill(draft, visit)
        answer = await actions.complete_stop(ctx, visit.id, draft, confirmed=True)
        if isinstance(answer, Missing):
            draft.no_proof_reason = "other"
            answer = await actions.complete_stop(ctx, visit.id, draft, confirmed=True)
        self._told(answer)

    async def _fill(self, draft: DraftView, visit: VisitView) -> None:
        wanted = {part for part, level in visit.proof.items() if level in ("required", "warn")}
        if "photo" in wanted and self.order.photos and not draft.files:
            photo = self.chance.choice(self.order.photos)
            await actions.attach(self.session.ctx, draft, photo, "photo")
        if wanted & {"signature", "recipient"}:
            draft.signer = self.chance.choice(("M. Huber", "J. Novak", "S. Weber"))
        if "signature" in wanted:
            draft.strokes = [_scrawl(self.chance)]
        if "note" in wanted:
            draft.note = "Left at the counter"
        if "scan" in wanted:
            for label in [label for line in visit.lines for label in line.labels]:
                await actions.scan_load(self.session.ctx, visit.id, label, "scan")

    async def _travel(self, run: RunView, visit: VisitView) -> None:
        """Move in a straight line for as long as the plan says, divided by the speed."""
        start = self.here
        seconds = max(1.0, self._leg_s(run, visit) / self.order.speed)
        steps = max(1, round(seconds / TICK_S))
        for step in range(1, steps + 1):
            await self.pause(seconds / steps)
            if not visit.open:
                return
            self._be(between(start, self._spot(visit), step / steps))

    def _leg_s(self, run: RunView, visit: VisitView) -> float:
        """Planned arrival less the planned departure before it; what the board shows, too."""
        before = [run.planned_departure_ms]
        before += [v.planned_departure_ms for v in run.visits if v.no < visit.no]
        return max(0, visit.planned_arrival_ms - max(before)) / 1000

    def _spot(self, visit: VisitView) -> Spot:
        mono_ms = self.session.ctx.ports.clock.read().mono_ms
        if visit.lat is not None and visit.lon is not None:
            return Spot(mono_ms, 8, visit.lat, visit.lon)
        if visit.floor_plan and visit.x_m is not None and visit.y_m is not None:
            return Spot(mono_ms, 1, plan=visit.floor_plan, x_m=visit.x_m, y_m=visit.y_m)
        return Spot(mono_ms, 50)

    def _be(self, spot: Spot) -> None:
        self.here = spot._replace(at_mono_ms=self.session.ctx.ports.clock.read().mono_ms)
        if spot.lat or spot.plan:
            self.location.give(self.here)

    async def _pass(self, seconds: float) -> None:
        await self.pause(max(0.5, seconds / self.order.speed))

    def _told(self, answer: object) -> None:
        if isinstance(answer, Saved) and self.order.tell_saved:
            for event in answer.ids:
                sys.stdout.write(f"SAVED {event}\n")
            sys.stdout.flush()
        if isinstance(answer, NotSaved):
            log.warning("%s: not saved: %s", self.crew.name, answer.why)


def between(start: Spot | None, end: Spot, share: float) -> Spot:
    """A place on the straight line between two others."""
    if start is None or start.plan != end.plan:
        return end
    return end._replace(
        lat=start.lat + (end.lat - start.lat) * share,
        lon=start.lon + (end.lon - start.lon) * share,
        x_m=start.x_m + (end.x_m - start.x_m) * share,
        y_m=start.y_m + (end.y_m - start.y_m) * share,
    )


def _scrawl(chance: Random) -> list[tuple[int, int]]:
    return [(100 + 80 * n, chance.randint(200, 800)) for n in range(10)]


def vehicle(crew: Crew, order: Order) -> Vehicle:
    """A vehicle with a store of its own below the data folder."""
    location = FakeLocation()
    ports = replace(
        fake_ports(),
        clock=SystemClock(),
        ids=SystemIds(),
        location=location,
        secrets=MemorySecrets("absent"),  # the token goes into its file, to survive a restart
    )
    folder = order.data / "".join(c if c.isalnum() else "-" for c in crew.name.lower())
    session = actions.join(folder, ports, app=APP)
    return Vehicle(crew, order, session, location, Random(f"{order.seed}:{crew.name}"))


async def drive_all(crews: Sequence[Crew], order: Order, done: asyncio.Event) -> None:
    """All vehicles at once, until they are told to stop."""
    works = [asyncio.create_task(vehicle(crew, order).work()) for crew in crews]
    ended = asyncio.create_task(done.wait())
    finished, _ = await asyncio.wait([ended, *works], return_when=asyncio.FIRST_COMPLETED)
    for task in (ended, *works):
        task.cancel()
    await asyncio.gather(ended, *works, return_exceptions=True)
    for task in finished - {ended}:
        task.result()


async def _main(crews: Sequence[Crew], order: Order) -> None:
    loop = asyncio.get_running_loop()
    done = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, done.set)

    def wait_for_end() -> None:
        sys.stdin.read()
        with contextlib.suppress(RuntimeError):  # the loop may be gone already
            loop.call_soon_threadsafe(done.set)

    # A daemon: a read of standard input cannot be cancelled and must not hold up the end.
    threading.Thread(target=wait_for_end, daemon=True).start()
    await drive_all(crews, order, done)


def read_order(arguments: Sequence[str]) -> Order:
    """Read the command line."""
    parser = argparse.ArgumentParser("python -m driver_app.autopilot", description=__doc__)
    parser.add_argument("--url", required=True)
    parser.add_argument("--data", required=True, type=Path)
    parser.add_argument("--photos", type=Path)
    parser.add_argument("--speed", type=float, default=1.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--early-s", type=float, default=EARLY_S)
    parser.add_argument("--tell-saved", action="store_true")
    given = parser.parse_args(arguments)
    folder = sorted(given.photos.glob("*.jp*g")) if given.photos else []
    return Order(
        url=given.url,
        data=given.data,
        photos=[path.read_bytes() for path in folder],
        speed=max(0.01, given.speed),
        seed=given.seed,
        early_s=given.early_s,
        tell_saved=given.tell_saved,
    )


def main() -> None:
    """Read who drives, and let them."""
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(name)s %(message)s")
    order = read_order(sys.argv[1:])
    crews = [Crew(**crew) for crew in json.loads(sys.stdin.readline() or "[]")]
    asyncio.run(_main(crews, order))


if __name__ == "__main__":
    main()
