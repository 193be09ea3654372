"""Room kept free on purpose, so that facts can still be stored when the disk is full."""

from dataclasses import dataclass
from pathlib import Path

from driver_app.store.files import Files, keep
from shared.sync import BALLAST

REBUILD_FREE = 64 * 1024 * 1024
NAME = "ballast.bin"


@dataclass(frozen=True)
class Ballast:
    """One file of zeros beside the database."""

    files: Files
    folder: Path

    def present(self) -> bool:
        """Whether the room is still kept."""
        return self.files.size(self.folder / NAME) is not None

    def drop(self) -> None:
        """Give the room to the facts."""
        self.files.remove(self.folder / NAME)

    def rebuild(self, size: int = BALLAST) -> bool:
        """Keep room again once enough is free; True if it is kept now."""
        if self.present():
            return True
        if self.files.free_bytes(self.folder) < REBUILD_FREE + size:
            return False
        keep(self.files, self.folder, NAME, bytes(size))
        return True
