"""Files that are really on the disk: written, flushed, renamed, the folder flushed."""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Protocol


class Files(Protocol):
    """The operations of the disk the store uses; a test may stop or tear any of them."""

    def folder(self, path: Path) -> None:
        """Make a folder for this user alone, with its parents, and flush their names."""
        ...

    def write(self, path: Path, content: bytes) -> None:
        """Write a file and flush it to the disk."""
        ...

    def rename(self, old: Path, new: Path) -> None:
        """Give a file its final name."""
        ...

    def sync_folder(self, path: Path) -> None:
        """Flush the names in a folder to the disk."""
        ...

    def remove(self, path: Path) -> None:
        """Delete a file; one that is gone is fine."""
        ...

    def read(self, path: Path, offset: int = 0, count: int = -1) -> bytes:
        """Read a part of a file."""
        ...

    def names(self, path: Path) -> Iterable[str]:
        """Names in a folder, sorted; none if it does not exist."""
        ...

    def size(self, path: Path) -> int | None:
        """Size of a file; None if there is none."""
        ...

    def free_bytes(self, path: Path) -> int:
        """Room left on the disk."""
        ...


class DiskFiles:
    """The real disk."""

    def folder(self, path: Path) -> None:
        """Make a folder for this user alone, with its parents, and flush their names."""
        missing = [one for one in (path, *path.parents) if not one.exists()]
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        for one in missing:
            self.sync_folder(one.parent)

    def write(self, path: Path, content: bytes) -> None:
        """Write a file and flush it to the disk; what did not fit leaves nothing behind."""
        try:
            with path.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
        except OSError:
            path.unlink(missing_ok=True)
            raise

    def rename(self, old: Path, new: Path) -> None:
        """Give a file its final name."""
        old.replace(new)

    def sync_folder(self, path: Path) -> None:
        """Flush the names in a folder to the disk."""
        if os.name == "nt":  # Windows cannot open folders; its rename is journalled
            return
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)

    def remove(self, path: Path) -> None:
        """Delete a file; one that is gone is fine."""
        path.unlink(missing_ok=True)

    def read(self, path: Path, offset: int = 0, count: int = -1) -> bytes:
        """Read a part of a file."""
        with path.open("rb") as file:
            file.seek(offset)
            return file.read(count)

    def names(self, path: Path) -> Iterable[str]:
        """Names in a folder, sorted; none if it does not exist."""
        return sorted(entry.name for entry in path.iterdir()) if path.is_dir() else ()

    def size(self, path: Path) -> int | None:
        """Size of a file; None if there is none."""
        try:
            return path.stat().st_size
        except FileNotFoundError:
            return None

    def free_bytes(self, path: Path) -> int:
        """Room left on the disk."""
        if not hasattr(os, "statvfs"):
            return 1 << 40
        room = os.statvfs(path)
        return room.f_bavail * room.f_frsize


def keep(files: Files, folder: Path, name: str, content: bytes, part: str = ".tmp") -> Path:
    """Write a file under a temporary name, then give it its own: whole or not there at all."""
    temporary, final = folder / f"{name}{part}", folder / name
    files.write(temporary, content)
    files.rename(temporary, final)
    files.sync_folder(folder)
    return final
