"""Tells who follows a site that its revision has grown; a message may be lost."""

import asyncio
import threading
from collections.abc import AsyncIterator
from typing import Protocol

from shared.ids import SiteId


class Bus(Protocol):
    """Carries (site, revision) only; receivers read the rows above their last revision."""

    def publish(self, site_id: SiteId, revision: int) -> None:
        """Tell everybody who follows this site."""
        ...

    def follow(self, site_id: SiteId) -> AsyncIterator[int]:
        """Give the newest revision each time it has grown; several may be told as one."""
        ...


class _Follower:
    """One listener: the newest revision it has not seen, and a bell in its own event loop."""

    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()
        self.bell = asyncio.Event()
        self.newest = 0

    def tell(self, revision: int) -> None:
        if revision > self.newest:
            self.newest = revision
            self.bell.set()


class ProcessBus:
    """The bus of a single process."""

    def __init__(self) -> None:
        self._followers: dict[SiteId, set[_Follower]] = {}
        self._lock = threading.Lock()

    def publish(self, site_id: SiteId, revision: int) -> None:
        """Tell everybody who follows this site; callable from any thread."""
        with self._lock:
            followers = list(self._followers.get(site_id, ()))
        for follower in followers:
            try:
                follower.loop.call_soon_threadsafe(follower.tell, revision)
            except RuntimeError:  # its loop has ended; it will not be missed
                self._forget(site_id, follower)

    async def follow(self, site_id: SiteId) -> AsyncIterator[int]:
        """Give the newest revision each time it has grown."""
        follower = _Follower()
        with self._lock:
            self._followers.setdefault(site_id, set()).add(follower)
        try:
            while True:
                await follower.bell.wait()
                follower.bell.clear()
                yield follower.newest
        finally:
            self._forget(site_id, follower)

    def followers(self) -> int:
        """How many listen."""
        with self._lock:
            return sum(len(some) for some in self._followers.values())

    def _forget(self, site_id: SiteId, follower: _Follower) -> None:
        with self._lock:
            self._followers.get(site_id, set()).discard(follower)
