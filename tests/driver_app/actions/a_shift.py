"""A driver with a run, on a phone without network."""

import asyncio
import errno
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

from driver_app import actions
from driver_app.actions import Ctx, Session
from driver_app.device.fakes import FakeFeedback, FakeLocation, SteppedClock, fake_ports
from driver_app.device.ports import Ports
from driver_app.state import DraftView, RunView, VisitView
from driver_app.store import meta
from driver_app.store.db import HereLane
from driver_app.store.files import DiskFiles
from driver_app.store.rows import Row
from shared.ids import RunId, VisitId
from tests.helpers.builders import START_MS, text_id
from tests.helpers.device_rows import RUN, put_rows, reason_row, road_rows

NAMES = ("bakery", "dairy", "hotel")
RUN_ID = RunId(UUID(RUN))


class FullDisk(DiskFiles):
    """No room for any file."""

    def write(self, path: Path, content: bytes) -> None:
        del path, content
        raise OSError(errno.ENOSPC, "no space")


@dataclass
class Shift:
    """What the tests look at."""

    session: Session
    kicks: list[bool] = field(default_factory=list)

    @property
    def ctx(self) -> Ctx:
        return self.session.ctx

    @property
    def run(self) -> RunView:
        found = self.ctx.state.session.run(RUN_ID)
        assert found is not None
        return found

    @property
    def clock(self) -> SteppedClock:
        assert isinstance(self.ctx.ports.clock, SteppedClock)
        return self.ctx.ports.clock

    @property
    def location(self) -> FakeLocation:
        assert isinstance(self.ctx.ports.location, FakeLocation)
        return self.ctx.ports.location

    @property
    def feedback(self) -> FakeFeedback:
        assert isinstance(self.ctx.ports.feedback, FakeFeedback)
        return self.ctx.ports.feedback

    def visit(self, name: str) -> VisitView:
        found = self.ctx.state.session.visit(visit_id(name))
        assert found is not None
        return found

    async def sheet(self, name: str = "bakery", sheet: Any = "proof") -> DraftView:
        return await actions.open_draft(self.ctx, visit_id(name), sheet)

    async def settled(self) -> None:
        """Wait for what goes on beside the acts."""
        await asyncio.gather(*self.ctx.tasks)

    async def facts(self) -> list[str]:
        """Types of everything recorded since the sign-in."""
        return [kind for kind, _ in (await self.recorded())[1:]]

    async def recorded(self) -> list[tuple[str, str]]:
        """Type and text of everything recorded."""
        statement = "SELECT json_extract(doc, '$.type'), doc FROM outbox ORDER BY seq"
        return await self.ctx.store.read(lambda db: db.execute(statement).fetchall())

    async def put(self, *rows: Row) -> None:
        """The office sends rows."""
        await self.ctx.store.run(lambda db: put_rows(db, rows))
        await actions.refresh(self.ctx, session=True)

    def fail_writes(self, code: int) -> None:
        """From now on the database refuses to write, with this code."""

        def broken(_db: sqlite3.Connection) -> sqlite3.Connection:
            error = sqlite3.OperationalError("told to fail")
            error.sqlite_errorcode = code
            raise error

        async def run(_work: Any) -> Any:
            return self.ctx.store._guard(lambda: broken(None))  # type: ignore[arg-type]

        self.ctx.store.run = run  # type: ignore[method-assign, assignment]


def visit_id(name: str) -> VisitId:
    return VisitId(UUID(text_id(name)))


async def begin_shift(
    folder: Path,
    names: Sequence[str] = NAMES,
    *,
    rows: Sequence[Row] = (),
    clock: SteppedClock | None = None,
    signed_in: bool = True,
    ports: Ports | None = None,
    **plan: Any,
) -> Shift:
    """Start the app with a run past these places."""
    kicks: list[bool] = []
    ports = ports or fake_ports(clock=clock or SteppedClock(wall_ms=START_MS))
    session = actions.join(folder, ports, app="0.1.0", lane=lambda _name: HereLane())
    session.worker.kick = lambda urgent=False: kicks.append(urgent)  # type: ignore[method-assign]
    object.__setattr__(session.ctx, "kick", kicks.append)
    await session.ctx.store.open(ports.clock.read())
    await session.ctx.store.run(lambda db: _prepare(db, [*road_rows(names, **plan), *rows]))
    await session.start()
    made = Shift(session, kicks)
    if signed_in:
        await actions.sign_in_unlisted(session.ctx, "A. Kaya")
        kicks.clear()
    return made


def _prepare(db: sqlite3.Connection, rows: Sequence[Row]) -> None:
    meta.put(db, "device_id", text_id("device"))
    meta.put_ui(db, "standing", "active")
    put_rows(db, [*rows, reason_row("closed", "fail", "no_proof")])
