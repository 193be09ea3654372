"""Is everything this phone still holds really at the office? Asked file by file."""

from dataclasses import dataclass

from driver_app.sync.ports import Ledger, SyncApi


@dataclass(frozen=True)
class Checked:
    """What was compared; `missing` files are sent again, `lost` ones nobody can read any more."""

    records: int
    files: int
    unsent: int
    missing: int
    lost: int = 0

    @property
    def whole(self) -> bool:
        """Whether the office has everything."""
        return self.unsent == 0 and self.missing == 0 and self.lost == 0


async def verify(ledger: Ledger, api: SyncApi) -> Checked:
    """Have the server read each file that counts as sent; only a digest it found is a yes.

    The chain over all facts was compared by the exchange before. A file that is gone or spoilt
    there is opened again. Raises SyncError when the network is gone in the middle.
    """
    missing = 0
    shas = await ledger.done_blobs()
    for sha in shas:
        if not await api.blob_confirmed(sha):
            missing += 1
            await ledger.blob_again(sha)
    standing = await ledger.standing()
    waiting = standing.unsent + standing.unsent_blobs - missing
    records = await ledger.kept_events()
    return Checked(records, len(shas), waiting, missing, standing.unreadable)
