"""Phones on bad networks: each behind a chaos proxy of its own, all talking to one real server."""

import asyncio
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from driver_app.actions import Saved, Session
from server.core.settings import Settings
from tests.helpers.processes import free_port, server_process
from tests.sim.real import books
from tests.sim.real.proxy import Proxy
from tests.sim.real.restless import drained, one_act, paired, session_on
from tests.sim.real.shares import Share
from tests.sim.real.sigkill import set_up

OUTAGE_S = 15.0
DRAIN_S = 90.0
STORM_S = 40.0
CROWD, GOAL = 8, 100


@dataclass
class Figures:
    """What a run saw."""

    phones: int = 0
    promised: int = 0
    facts: int = 0
    files: int = 0
    seconds: float = 0.0
    fates: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    def line(self) -> str:
        """One line for a report."""
        return (
            f"{self.phones} phones, {self.promised} promises, {self.facts} facts, "
            f"{self.files} files, {dict(self.fates)}, {self.seconds:.0f} s, "
            f"{len(self.wrong)} violations"
        )


@dataclass
class Roamer:
    """One phone and its bad network."""

    seed: int
    folder: Path
    code: str
    proxy: Proxy
    joined: Session
    promised: list[str] = field(default_factory=list)

    async def roam(self, seconds: float, outage_s: float) -> None:
        """Work for so long while the network misbehaves, then drain on a good one."""
        chance = Random(self.seed)
        port = await self.proxy.start()
        await self.joined.start()
        url = f"http://127.0.0.1:{port}"
        # A code is good for one use: with the answer lost a person would have to give another.
        await asyncio.wait_for(paired(self.joined.ctx, url, self.code), DRAIN_S)
        await self.proxy.misbehave()
        sync = asyncio.create_task(self.joined.worker.run())
        weather = asyncio.create_task(self._weather(chance, outage_s))
        try:
            await asyncio.wait_for(self._work(chance, seconds), seconds + DRAIN_S)
        finally:
            weather.cancel()
            sync.cancel()
            await asyncio.gather(weather, sync, return_exceptions=True)
            await self.proxy.heal()
        await self.joined.worker.paired(self.joined.worker.server)  # a new client, nothing kept
        await asyncio.wait_for(drained(self.joined), DRAIN_S)

    async def _weather(self, chance: Random, outage_s: float) -> None:
        await asyncio.sleep(chance.uniform(2.0, 4.0))
        await self.proxy.outage(outage_s)

    async def _work(self, chance: Random, seconds: float) -> None:
        ctx, until = self.joined.ctx, time.monotonic() + seconds
        while time.monotonic() < until or len(self.promised) < 3:
            runs = [run for run in ctx.state.session.runs if run.visits]
            answer = await one_act(ctx, runs[0], chance) if runs else None
            if isinstance(answer, Saved):
                self.promised += [str(one) for one in answer.ids]
            ctx.kick(chance.random() < 0.3)
            await asyncio.sleep(chance.uniform(0.6, 2.0))


def chaos(
    folder: Path,
    seeds: Sequence[int],
    seconds: float,
    *,
    outage_s: float = OUTAGE_S,
    template: Path | None = None,
) -> Figures:
    """A phone for each seed, all at once, one server; then compare all books."""
    began = time.monotonic()
    port = free_port()
    codes = set_up(folder / "data", len(seeds), template)
    server = server_process(folder / "data", port, MILKRUN_DRIVER_APP="", MILKRUN_DURABILITY="none")
    server.start()
    crowd = [
        Roamer(
            seed,
            folder / f"phone-{seed}",
            code,
            Proxy(port, seed),
            session_on(folder / f"phone-{seed}"),
        )
        for seed, code in zip(seeds, codes, strict=True)
    ]
    try:
        asyncio.run(_together(crowd, seconds, outage_s))
        server.stop()
    finally:
        server.kill()
    figures = Figures(phones=len(crowd))
    _compare(folder / "data", crowd, figures)
    figures.wrong += ["the server broke"] if "Traceback" in server.text() else []
    figures.seconds = time.monotonic() - began
    return figures


async def _together(crowd: Sequence[Roamer], seconds: float, outage_s: float) -> None:
    async with asyncio.timeout(seconds + 3 * DRAIN_S), asyncio.TaskGroup() as group:
        for number, one in enumerate(crowd):
            group.create_task(one.roam(seconds, outage_s if number % 2 == 0 else 1.0))
    for one in crowd:  # nobody changes anything any more: everybody sees the same
        await asyncio.wait_for(drained(one.joined), DRAIN_S)
        await one.joined.end()
        await one.proxy.close()


def _compare(data: Path, crowd: Sequence[Roamer], figures: Figures) -> None:
    office = books.read_office(Settings.read(data=data))
    recorded: dict[str, bytes] = {}
    for one in crowd:
        phone = books.read_phone(one.folder)
        recorded |= phone.docs
        figures.fates += one.proxy.seen
        figures.promised += len(one.promised)
        figures.files += len(phone.files)
        wrong = [
            *books.wrong_with_phone(phone, one.promised),
            *books.rows_that_differ(office, phone),
            *books.files_that_differ(office, phone, data / "blobs"),
            *([f"{phone.digest_misses} digests missed"] if phone.digest_misses else []),
        ]
        figures.wrong += [f"seed {one.seed}: {why}" for why in wrong]
    figures.wrong += books.wrong_at_office(office, recorded)
    figures.facts = len(office.docs)


def soak(minutes: float, seed: int) -> Share:
    """Eight bad networks at a time until the time is over; the goal is a hundred seeds."""
    until, turn = time.monotonic() + minutes * 60, 0
    share = Share("chaos proxy", 0, GOAL, "seeds")
    while not turn or time.monotonic() < until:
        seeds = range(seed + turn * CROWD, seed + (turn + 1) * CROWD)
        with tempfile.TemporaryDirectory(prefix="milkrun-") as folder:
            figures = chaos(Path(folder), seeds, STORM_S)
        share.done += CROWD
        share.violations += figures.wrong
        share.lines.append(f"seeds {seeds[0]} to {seeds[-1]}: {figures.line()}")
        turn += 1
    return share
