"""What every act needs: store, state, ports, and the way to wake the worker."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

from driver_app.actions.track import Track
from driver_app.device.ports import Ports
from driver_app.state import AppState
from driver_app.store.db import Store
from driver_app.sync.ports import PairedServer
from driver_app.sync.verify import Checked

UNDO_WINDOW_S = 10
log = logging.getLogger("driver_app.actions")


def nobody(_urgent: bool) -> None:  # noqa: FBT001  the worker's shape
    """No worker yet: facts wait in the outbox."""


async def nowhere(_server: PairedServer | None) -> None:
    """No worker yet: the next start talks to the server."""


async def no_answer() -> Checked | None:
    """No worker yet: nobody can be asked."""
    return None


@dataclass(frozen=True)
class Ctx:
    """One session's parts, joined by the composition root and handed to every act."""

    store: Store
    state: AppState
    ports: Ports
    kick: Callable[[bool], None] = nobody
    """Wake the sync worker; True: exchange at once."""
    paired: Callable[[PairedServer | None], Awaitable[None]] = nowhere
    """Tell the sync worker whom to talk to."""
    verify: Callable[[], Awaitable[Checked | None]] = no_answer
    """Ask the office for everything that counts as sent."""
    app: str = "0.1.0"
    busy: set[str] = field(default_factory=set)
    """What is being saved right now; a second tap is ignored."""
    track: Track = field(default_factory=Track)
    """Where the device is, as far as it said."""
    tasks: set["asyncio.Task[Any]"] = field(default_factory=set)
    """What goes on beside the acts, kept alive until it is done."""
    memo: dict[str, Any] = field(default_factory=dict)
    """What the last projection was made from."""

    def now_ms(self) -> int:
        """The office's time as well as this device knows it."""
        return self.store.est_now_ms(self.ports.clock.read())

    def spawn(self, work: Coroutine[Any, Any, Any]) -> None:
        """Do something beside the act, which never waits for it."""
        task = asyncio.get_running_loop().create_task(work)
        self.tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: "asyncio.Task[Any]") -> None:
        self.tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("beside an act: %s", type(error).__name__)

    async def end(self) -> None:
        """Let go of everything that runs beside the acts."""
        for task in list(self.tasks):
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)
