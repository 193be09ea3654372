"""The bus between processes on PostgreSQL: NOTIFY carries (site, revision), nothing else."""

import threading
from collections.abc import AsyncIterator
from contextlib import suppress
from uuid import UUID

import psycopg
from sqlalchemy.engine import make_url

from server.core.bus import ProcessBus
from server.core.logs import log
from shared.ids import SiteId

CHANNEL = "milkrun"
LISTEN_S = 5  # how long one wait lasts before the listener looks whether it shall end
RETRY_S = 1


class PostgresBus:
    """Tells every process of the database; a lost connection loses messages, never rows."""

    def __init__(self, url: str) -> None:
        self._url = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
        self._local = ProcessBus()
        self._lock = threading.Lock()
        self._out: psycopg.Connection | None = None
        self._stopping = threading.Event()
        self.listening = threading.Event()
        self._thread = threading.Thread(target=self._listen, name="bus", daemon=True)
        self._thread.start()

    def publish(self, site_id: SiteId, revision: int) -> None:
        """Tell the other processes, and this one at once."""
        self._local.publish(site_id, revision)
        try:
            with self._lock:
                self._connection().execute(
                    "SELECT pg_notify(%s, %s)", (CHANNEL, f"{site_id} {revision}")
                )
        except psycopg.Error as error:  # followers elsewhere see the next revision instead
            log.warning("bus", exc_info=error)
            self._drop()

    def follow(self, site_id: SiteId) -> AsyncIterator[int]:
        """Give the newest revision each time it has grown, whichever process wrote it."""
        return self._local.follow(site_id)

    def followers(self) -> int:
        """How many listen in this process."""
        return self._local.followers()

    def close(self) -> None:
        """End the listener and give the connections back."""
        self._stopping.set()
        with suppress(psycopg.Error), self._lock:
            self._connection().execute("SELECT pg_notify(%s, '')", (CHANNEL,))
        self._thread.join()
        self._drop()

    def _connection(self) -> "psycopg.Connection":
        if self._out is None or self._out.closed:
            self._out = psycopg.connect(self._url, autocommit=True)
        return self._out

    def _drop(self) -> None:
        with self._lock, suppress(psycopg.Error):
            if self._out is not None:
                self._out.close()
            self._out = None

    def _listen(self) -> None:
        while not self._stopping.is_set():
            try:
                self._hear()
            except psycopg.Error as error:
                log.warning("bus", exc_info=error)
                self._stopping.wait(RETRY_S)

    def _hear(self) -> None:
        with psycopg.connect(self._url, autocommit=True) as connection:
            connection.execute(f"LISTEN {CHANNEL}")
            self.listening.set()
            while not self._stopping.is_set():
                for told in connection.notifies(timeout=LISTEN_S, stop_after=1):
                    self._pass_on(told.payload)

    def _pass_on(self, told: str) -> None:
        site, _, revision = told.partition(" ")
        if revision:  # an empty message only wakes the listener
            self._local.publish(SiteId(UUID(site)), int(revision))
