"""No call to the office may last for ever: a stuck one is cut off and its client thrown away."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Mapping
from typing import Any, TypeVar

from driver_app.sync.errors import Unreachable
from driver_app.sync.ports import BlobAnswer, SyncApi
from shared.receipt import Receipt
from shared.sync import STALL_S

T = TypeVar("T")


class Watched:
    """An office whose every answer comes within a limit, or counts as none (C12).

    Deadlines of a connection start anew with each byte; only this one covers the whole call.
    """

    def __init__(self, api: SyncApi, limit_s: float = STALL_S) -> None:
        self._api = api
        self._limit_s = limit_s
        self.stuck = False

    async def sync(self, body: Mapping[str, Any], *, plain: bool = False) -> Receipt:
        """One exchange."""
        return await self._within(self._api.sync(body, plain=plain))

    async def blob_offset(self, sha: str) -> BlobAnswer:
        """Where the upload of a file stands."""
        return await self._within(self._api.blob_offset(sha))

    async def blob_confirmed(self, sha: str) -> bool:
        """Whether the server has just read the file and found its digest."""
        return await self._within(self._api.blob_confirmed(sha))

    async def blob_patch(self, sha: str, offset: int, chunk: bytes) -> BlobAnswer:
        """Send a part of a file."""
        return await self._within(self._api.blob_patch(sha, offset, chunk))

    def poke(self, since: int) -> AsyncIterator[int]:
        """Revisions as they come: a stream that lasts, with heartbeats of its own."""
        return self._api.poke(since)

    async def close(self) -> None:
        """Close all connections."""
        await self._api.close()

    async def _within(self, call: Awaitable[T]) -> T:
        try:
            async with asyncio.timeout(self._limit_s):
                return await call
        except TimeoutError as error:
            self.stuck = True
            raise Unreachable(f"no answer within {self._limit_s} s") from error
