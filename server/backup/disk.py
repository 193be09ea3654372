"""The file operations of backups: the one place where tests put faults."""

import hashlib
import os
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

PIECE = 1 << 20
FOLDER_MODE, FILE_MODE = 0o700, 0o600


class Disk:
    """Makes, moves and removes files so that what is finished survives a power cut.

    `at` is called before every operation; a test's subclass fails or kills there.
    """

    def at(self, operation: str, path: Path) -> None:
        """Let a test interfere."""

    def folder(self, path: Path) -> None:
        """Make a folder only its owner may enter, with those above it."""
        self.at("folder", path)
        path.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)

    def create(self, path: Path) -> None:
        """Make an empty file only its owner may read."""
        self.at("create", path)
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, FILE_MODE))

    def write(self, path: Path, pieces: Iterable[bytes]) -> str:
        """Write a whole file, on the disk when this returns, and give its SHA-256."""
        self.create(path)
        digest = hashlib.sha256()
        with path.open("wb") as file:
            for piece in pieces:
                self.at("write", path)
                file.write(piece)
                digest.update(piece)
            file.flush()
            self.sync(path)
        return digest.hexdigest()

    def link(self, source: Path, path: Path) -> bool:
        """Give a file a second name; False where the file systems cannot."""
        self.at("link", path)
        try:
            os.link(source, path)
        except FileExistsError:
            return True
        except FileNotFoundError:
            raise
        except OSError:
            return False
        return True

    def sync(self, path: Path) -> None:
        """Have a file or the names of a folder on the disk."""
        self.at("sync", path)
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)

    def rename(self, source: Path, path: Path) -> None:
        """Give a file or folder its final name, which survives a power cut."""
        self.at("rename", path)
        source.rename(path)
        self.sync(path.parent)

    def remove(self, path: Path) -> None:
        """Remove a file, or a folder with all it holds."""
        self.at("remove", path)
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)

    def digest(self, path: Path) -> str:
        """Read a file again and give its SHA-256."""
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()


def pieces(file: BinaryIO) -> Iterator[bytes]:
    """A file piece by piece."""
    while piece := file.read(PIECE):
        yield piece
