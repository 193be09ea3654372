"""A phone as a process that never rests: it records, writes down what it promised, and syncs.

`python -m tests.sim.real.restless --dir DIR --url U --code C --log FILE` works for ever; with
`--drain` it records nothing and ends when the office has everything.
"""

import argparse
import asyncio
import os
import sys
from dataclasses import replace
from pathlib import Path
from random import Random

from driver_app import actions
from driver_app.actions import Ctx, Paired, Saved, Session
from driver_app.device.clock import SystemClock, SystemIds
from driver_app.device.fakes import MemorySecrets, fake_ports
from driver_app.state import RunView, VisitView
from driver_app.sync.worker import Surroundings
from tests.helpers.photos import jpeg

QUIET_ROUNDS = 2
PHOTO_SHARE = 0.6


class Promises:
    """A log that is on the disk before the next act begins."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.write(self._file, b"\n")  # a kill may have left half a line

    def add(self, answer: object) -> None:
        """Write down what the screen shows now."""
        if isinstance(answer, Saved):
            lines = "".join(f"SAVED {event}\n" for event in answer.ids)
            os.write(self._file, lines.encode())
            os.fsync(self._file)


def session_on(folder: Path) -> Session:
    """A session on a folder; the token lies in its file, to survive the kill."""
    ports = replace(
        fake_ports(), clock=SystemClock(), ids=SystemIds(), secrets=MemorySecrets("absent")
    )
    return actions.join(folder, ports, app="0.1.0", around=Surroundings(net="wifi"))


async def paired(ctx: Ctx, url: str, code: str) -> None:
    """Pair and sign in, as often as the killed server makes it necessary."""
    while ctx.state.session.standing == "new":
        if not isinstance(await actions.pair(ctx, url, code, "Van 4"), Paired):
            await asyncio.sleep(0.2)
    if not ctx.state.session.signed_in:
        await actions.sign_in_unlisted(ctx, "A. Kaya")


async def work(joined: Session, promises: Promises, chance: Random) -> None:
    """Act upon act, for ever."""
    ctx = joined.ctx
    while not (runs := [run for run in ctx.state.session.runs if run.visits]):  # noqa: ASYNC110
        await asyncio.sleep(0.1)
    while True:
        run = ctx.state.session.run(runs[0].id)
        assert run is not None, "a run does not leave a device while it is driven"
        promises.add(await one_act(ctx, run, chance))
        if chance.random() < 0.1:
            ctx.kick(True)  # noqa: FBT003  the port's shape
        await asyncio.sleep(chance.random() * 0.02)


async def one_act(ctx: Ctx, run: RunView, chance: Random) -> object:
    """Something a driver may do now."""
    if run.started_ms is None:
        return await actions.start_run(ctx, run.id)
    visit = chance.choice([view for view in run.visits if view.id != run.start_visit])
    if visit.final:
        return await actions.reopen_stop(ctx, visit.id)
    if visit.arrived_ms is None:
        return await actions.arrive(ctx, visit.id)
    return await hand_over(ctx, visit, chance)


async def hand_over(ctx: Ctx, visit: VisitView, chance: Random) -> object:
    """Complete a stop, mostly with a photo and now and then signed."""
    draft = await actions.open_draft(ctx, visit.id)
    if chance.random() < PHOTO_SHARE:
        content = jpeg(f"{chance.getrandbits(64)}", chance.randint(200, 60_000))
        await actions.attach(ctx, draft, content, "photo")
    if chance.random() < 0.2:
        draft.strokes = [[(chance.randrange(1_000), chance.randrange(1_000)) for _ in range(9)]]
        draft.signer = "M. Huber"
    draft.no_proof_reason = "test"
    return await actions.complete_stop(ctx, visit.id, draft, confirmed=True)


async def drained(joined: Session) -> None:
    """Exchange until nothing is left on either side."""
    quiet = 0
    while quiet < QUIET_ROUNDS:
        await joined.worker.round()
        left = await joined.ledger.standing()
        settled = not (left.unsent or left.unsent_blobs or joined.worker.pace.failures)
        quiet = quiet + 1 if settled else 0
        await asyncio.sleep(0.05)


async def live(given: argparse.Namespace) -> None:
    """Go on where the last life of this phone was cut off."""
    joined = session_on(given.dir)
    await joined.start()
    await paired(joined.ctx, given.url, given.code)
    if given.drain:
        await drained(joined)
        await joined.end()
        return
    sync = asyncio.create_task(joined.worker.run())
    try:
        await work(joined, Promises(given.log), Random(f"{given.seed}:{os.getpid()}"))
    finally:
        sync.cancel()


def main() -> None:
    """Read the command line and begin."""
    parser = argparse.ArgumentParser("python -m tests.sim.real.restless")
    parser.add_argument("--dir", required=True, type=Path)
    parser.add_argument("--url", required=True)
    parser.add_argument("--code", default="")
    parser.add_argument("--log", type=Path, default=Path(os.devnull))
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--drain", action="store_true")
    asyncio.run(live(parser.parse_args(sys.argv[1:])))


if __name__ == "__main__":
    main()
