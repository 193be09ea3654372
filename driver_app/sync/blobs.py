"""Files on their way to the office: their own lane, resumed at the byte the server names."""

from collections.abc import Callable
from dataclasses import dataclass

from driver_app.sync.courier import BLOB_TRIES
from driver_app.sync.errors import Refused
from driver_app.sync.ports import BlobAnswer, Ledger, OpenBlob, ReadClocks, SyncApi

LANE_FILES = 50


@dataclass
class BlobLane:
    """Sends open files one after the other; a broken one never stops the others."""

    ledger: Ledger
    clock: ReadClocks
    chunk: Callable[[], int]
    """Size of a part on the network of the moment."""
    interrupted: Callable[[], bool]
    """Whether facts wait: they go first."""

    async def drain(self, api: SyncApi) -> bool:
        """Send what is open; False if facts came in between or something is left for later.

        Raises Unreachable when the network is gone.
        """
        whole = True
        for blob in await self.ledger.open_blobs(LANE_FILES):
            if self.interrupted():
                return False
            try:
                whole = await self._send(api, blob) and whole
            except Refused as error:
                await self._log(blob, error)
                if error.status in (401, 429, 503, 507):
                    raise
                whole = False
        return whole

    async def _send(self, api: SyncApi, blob: OpenBlob) -> bool:
        at = await api.blob_offset(blob.sha)
        while not at.complete:
            if self.interrupted():
                return False
            chunk = await self._read(blob, at.offset)
            if not chunk:
                return chunk is None
            try:
                at = await api.blob_patch(blob.sha, at.offset, chunk)
            except Refused as error:
                answer = await self._refused(blob, error)
                if answer is None:
                    return True
                at = answer
        await self.ledger.blob_done(blob.sha)
        return True

    async def _read(self, blob: OpenBlob, offset: int) -> bytes | None:
        """The next part; None if the file is broken, which is recorded then.

        Empty: the file is whole, but the server wants bytes behind its end; others go on.
        """
        try:
            chunk = await self.ledger.chunk(blob.sha, offset, self.chunk())
        except Exception as error:  # noqa: BLE001  whatever the disk says, the others go on
            await self._log(blob, error)
            chunk = b""
        if chunk:
            return chunk
        return None if await self.ledger.blob_check(blob, self.clock()) else b""

    async def _refused(self, blob: OpenBlob, error: Refused) -> BlobAnswer | None:
        """Where to go on after a refused part; None if the file turned out broken."""
        if error.code == "offset_conflict" and error.offset is not None:
            return BlobAnswer(error.offset, complete=error.offset >= blob.size)
        if error.code != "digest_mismatch":
            raise error
        tries = await self.ledger.blob_refused(blob.sha)
        if tries >= BLOB_TRIES and await self.ledger.blob_check(blob, self.clock()):
            return None
        if tries >= BLOB_TRIES:
            raise error
        return BlobAnswer(error.offset or 0)

    async def _log(self, blob: OpenBlob, error: Exception) -> None:
        now_ms = self.ledger.est_now_ms(self.clock())
        await self.ledger.log(now_ms, "blob", f"{blob.sha[:8]} {error}")
