"""What every act needs: store, state, ports, and the way to wake the worker."""

from collections.abc import Callable
from dataclasses import dataclass, field

from driver_app.device.ports import Ports
from driver_app.state import AppState
from driver_app.store.db import Store

UNDO_WINDOW_S = 10
FIX_MAX_AGE_S = 60
GEOTAG_WAIT_S = 30


@dataclass(frozen=True)
class Ctx:
    """One session's parts, joined by the composition root and handed to every act."""

    store: Store
    state: AppState
    ports: Ports
    kick: Callable[[bool], None] = lambda _urgent: None
    """Wake the sync worker; True: exchange at once."""
    busy: set[str] = field(default_factory=set)
    """What is being saved right now; a second tap is ignored."""

    def now_ms(self) -> int:
        """The office's time as well as this device knows it."""
        return self.store.est_now_ms(self.ports.clock.read())
