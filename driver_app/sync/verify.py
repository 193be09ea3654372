"""Is everything this phone still holds really at the office? Asked file by file."""

from dataclasses import dataclass

from driver_app.sync.errors import Refused
from driver_app.sync.ports import Ledger, SyncApi

FILES_AT_ONCE = 500


@dataclass(frozen=True)
class Checked:
    """What was compared; `missing` files are sent again."""

    records: int
    files: int
    unsent: int
    missing: int

    @property
    def whole(self) -> bool:
        """Whether the office has everything."""
        return self.unsent == 0 and self.missing == 0


async def verify(ledger: Ledger, api: SyncApi) -> Checked:
    """Ask for each file that counts as sent; the chain was compared by the exchange before.

    Raises SyncError when the network is gone in the middle.
    """
    missing = 0
    shas = await ledger.done_blobs(FILES_AT_ONCE)
    for sha in shas:
        try:
            whole = (await api.blob_offset(sha)).complete
        except Refused:
            whole = False
        if not whole:
            missing += 1
            await ledger.blob_again(sha)
    standing = await ledger.standing()
    records = await ledger.kept_events()
    return Checked(records, len(shas), standing.unsent, missing)
