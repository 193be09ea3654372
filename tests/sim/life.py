"""One device database and the app that lives on it: started, killed, copied, rolled back."""

import json
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

from driver_app import actions
from driver_app.actions import Ctx
from driver_app.actions.pairing import Door
from driver_app.device.fakes import SteppedClock, fake_ports
from driver_app.device.ports import Ports
from driver_app.store import db as store_db
from driver_app.store.db import DATABASE, HereLane
from driver_app.sync.http import HttpApi, PairingApi
from driver_app.sync.ports import PairedServer
from driver_app.sync.worker import Surroundings
from tests.sim.faults import Connection, FaultyFiles, Fuse, Killed, connection_of
from tests.sim.line import Line
from tests.sim.oracle_screen import Screen

ORIGIN = "http://127.0.0.1:8000"
APP = "0.1.0"


@dataclass
class Life:
    """A folder, the ports of its phone, and the session when it is running."""

    number: int
    folder: Path
    name: str
    vehicle: str
    line: Line
    ports: Ports
    fuse: Fuse
    session: actions.Session | None = None
    destroyed: bool = False
    copy: Path | None = None
    screen: Screen = field(default_factory=Screen)
    """What it showed last."""
    _opened: list[Connection] = field(default_factory=list)

    @property
    def ctx(self) -> Ctx:
        """The parts of the running session."""
        assert self.session is not None, "the app runs"
        return self.session.ctx

    @property
    def clock(self) -> SteppedClock:
        """The phone's clocks."""
        clock = self.ports.clock
        assert isinstance(clock, SteppedClock), "made so"
        return clock

    @property
    def tugger(self) -> bool:
        """Whether it is the tablet of the tugger."""
        return self.vehicle == "tugger"

    async def start(self) -> None:
        """Start the app on its folder."""
        self.fuse.born()
        owned = connection_of(self.fuse, self._opened)
        line = self.line
        session = actions.join(
            self.folder,
            self.ports,
            app=APP,
            make_api=lambda server: HttpApi(server, lambda: line),
            around=Surroundings(net="wifi", foreground=False),
            lane=lambda _name: HereLane(),
            files=FaultyFiles(self.fuse),
            connect=lambda path: store_db.connect(path, owned),
        )
        self.session = session
        await session.start()

    def die(self) -> None:
        """The process is gone; only files are left."""
        if self.session is not None:
            for task in list(self.session.ctx.tasks):
                task.cancel()
            self.session = None
        with self.fuse.silent():
            for one in self._opened:
                one.close()
        self._opened.clear()

    async def again(self) -> None:
        """Gone and started again, as often as it takes."""
        self.die()
        try:
            await self.start()
        except Killed:
            self.die()
            await self.start()

    async def pair(self, code: str) -> object:
        """Redeem a code."""
        line = self.line

        def knock(url: str, ca_pem: str | None) -> Door:
            return PairingApi(url, ca_pem, lambda: line)

        return await actions.pair(self.ctx, ORIGIN, code, self.name, knock=knock)

    # looking, which disturbs nothing

    @contextmanager
    def looking(self) -> Iterator[sqlite3.Connection]:
        """Read the database as it lies on the disk."""
        with closing(sqlite3.connect(self.folder / DATABASE, isolation_level=None)) as db:
            yield db

    def read(self, sql: str, *args: Any) -> list[tuple[Any, ...]]:
        """Rows of the database as it is now."""
        for one in self._opened:
            if not one.gone and not one.in_transaction:
                with self.fuse.silent():
                    return sqlite3.Connection.execute(one, sql, args).fetchall()
        with self.looking() as db:
            return db.execute(sql, args).fetchall()

    def outbox(self) -> dict[str, str]:
        """Everything it still holds: id -> doc."""
        return dict(self.read("SELECT id, doc FROM outbox"))

    def meta(self) -> dict[str, Any]:
        """Its small facts."""
        return {key: json.loads(value) for key, value in self.read("SELECT k, v FROM meta")}

    def base(self) -> int:
        """The last place it has forgotten."""
        found = self.read("SELECT CAST(v AS INTEGER) FROM meta WHERE k = 'base_seq'")
        return int(found[0][0]) if found else 0

    def copy_to(self, target: Path) -> None:
        """Copy the folder as it is between two transactions."""
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(self.folder, target)


def new_ports(seed: int, wall_ms: int, dice: Random) -> Ports:
    """The features of a phone: its clocks have their own idea of the time."""
    clock = SteppedClock(
        wall_ms=wall_ms + dice.choice((0, 0, 40_000, -3_600_000)),
        mono_ms=dice.randrange(1_000_000, 9_000_000),
        boot=f"{dice.getrandbits(32):08x}",
    )
    return fake_ports(seed=seed, clock=clock)


__all__ = ["Life", "PairedServer", "new_ports"]
