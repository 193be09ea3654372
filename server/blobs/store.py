"""Where the bytes of files lie: a folder, written so that a power cut loses no promise."""

import fcntl
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, Protocol

from shared.ids import Sha256
from shared.refusals import refuse

READ_BYTES = 1 << 20
FORMS = ("view.jpg", "thumb.jpg")


class Blobs(Protocol):
    """Files under their SHA-256; a part grows until it is sealed, then never changes."""

    def offset(self, digest: Sha256) -> int:
        """How many bytes of the part have arrived."""
        ...

    def append(self, digest: Sha256, offset: int, chunk: bytes) -> int:
        """Add bytes at this place and give the new offset; refuses `offset_conflict`."""
        ...

    def seal(self, digest: Sha256, size: int) -> None:
        """Turn the part into the file if its digest is right; refuses `digest_mismatch`."""
        ...

    def settle(self, digest: Sha256) -> None:
        """Flush the name of a sealed file, which may come from a try that failed half-way."""
        ...

    def read(self, digest: Sha256) -> BinaryIO:
        """Open a sealed file; refuses `not_found`."""
        ...

    def has(self, digest: Sha256) -> bool:
        """Whether the file is here, sealed."""
        ...

    def path(self, digest: Sha256) -> Path | None:
        """Where the sealed file lies; None if it is no file of this machine."""
        ...

    def set_aside(self, digest: Sha256) -> None:
        """Take a sealed file that is damaged out of the way, without destroying it."""
        ...

    def drop_part(self, digest: Sha256) -> None:
        """Begin again from nothing."""
        ...

    def all(self) -> Iterator[Sha256]:
        """Every sealed file."""
        ...

    def is_whole(self, digest: Sha256) -> bool:
        """Read the sealed file again and compare its digest."""
        ...

    def keep_form(self, digest: Sha256, form: str, content: bytes) -> None:
        """Store a copy for display beside the original."""
        ...

    def read_form(self, digest: Sha256, form: str) -> BinaryIO:
        """Open a copy for display; refuses `not_found`."""
        ...


class FolderBlobs:
    """Files in a folder: `<ab>/<sha>`, unfinished ones in `part/`, copies for display in `view/`.

    One lock per digest, held by the file system, so that processes that share the folder agree.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._parts = folder / "part"
        self._views = folder / "view"
        for path in (self._folder, self._parts, self._views):
            path.mkdir(mode=0o700, parents=True, exist_ok=True)

    def offset(self, digest: Sha256) -> int:
        """How many bytes of the part have arrived."""
        try:
            return self._part(digest).stat().st_size
        except FileNotFoundError:
            return 0

    def append(self, digest: Sha256, offset: int, chunk: bytes) -> int:
        """Add bytes at this place and give the new offset."""
        with self._locked(digest) as file:
            size = os.fstat(file).st_size
            if size != offset:
                raise refuse("offset_conflict", members={"offset": size})
            _write_all(file, chunk)
            os.fsync(file)
            return size + len(chunk)

    def seal(self, digest: Sha256, size: int) -> None:
        """Check the digest, then rename: from then on the file is here for ever."""
        with self._locked(digest) as file:
            os.lseek(file, 0, os.SEEK_SET)
            if os.fstat(file).st_size != size or _digest_of(file) != digest:
                os.ftruncate(file, 0)
                os.fsync(file)
                raise refuse("digest_mismatch")
            os.fsync(file)
            place = self._place(digest)
            place.parent.mkdir(mode=0o700, exist_ok=True)
            self._part(digest).replace(place)
            self.settle(digest)

    def settle(self, digest: Sha256) -> None:
        """Flush the name of a sealed file, which may come from a try that failed half-way."""
        _sync_folder(self._place(digest).parent)
        _sync_folder(self._folder)

    def read(self, digest: Sha256) -> BinaryIO:
        """Open a sealed file."""
        return _opened(self._place(digest))

    def has(self, digest: Sha256) -> bool:
        """Whether the file is here, sealed."""
        return self._place(digest).is_file()

    def path(self, digest: Sha256) -> Path:
        """Where the sealed file lies, for the worker that looks at it."""
        return self._place(digest)

    def set_aside(self, digest: Sha256) -> None:
        """Take a damaged file out of the way, into `damaged/`."""
        damaged = self._folder / "damaged"
        damaged.mkdir(mode=0o700, exist_ok=True)
        with suppress(FileNotFoundError):
            self._place(digest).replace(damaged / digest)
            _sync_folder(damaged)

    def drop_part(self, digest: Sha256) -> None:
        """Begin again from nothing."""
        with self._locked(digest) as file:
            os.ftruncate(file, 0)

    def all(self) -> Iterator[Sha256]:
        """Every sealed file."""
        for place in sorted(self._folder.glob("??/*")):
            if len(place.name) == 64:
                yield Sha256(place.name)

    def is_whole(self, digest: Sha256) -> bool:
        """Read the sealed file again and compare its digest."""
        with self.read(digest) as file:
            return _digest_of(file.fileno()) == digest

    def keep_form(self, digest: Sha256, form: str, content: bytes) -> None:
        """Store a copy for display; it can be made again, so it is not worth an fsync."""
        place = self._views / f"{digest}.{form}"
        temporary = place.with_suffix(".new")
        temporary.write_bytes(content)
        temporary.replace(place)

    def read_form(self, digest: Sha256, form: str) -> BinaryIO:
        """Open a copy for display."""
        return _opened(self._views / f"{digest}.{form}")

    def _place(self, digest: Sha256) -> Path:
        return self._folder / digest[:2] / digest

    def _part(self, digest: Sha256) -> Path:
        return self._parts / digest

    @contextmanager
    def _locked(self, digest: Sha256) -> Iterator[int]:
        """Open the part for this writer alone."""
        path = self._part(digest)
        while True:
            file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
            try:
                fcntl.flock(file, fcntl.LOCK_EX)
                # Who waited may hold a part that was sealed meanwhile: look at the name again.
                if _same_file(file, path):
                    yield file
                    return
            finally:
                os.close(file)


def _same_file(file: int, path: Path) -> bool:
    with suppress(FileNotFoundError):
        return os.fstat(file).st_ino == path.stat().st_ino
    return False


def _write_all(file: int, chunk: bytes) -> None:
    rest = memoryview(chunk)
    while rest:
        rest = rest[os.write(file, rest) :]


def _digest_of(file: int) -> str:
    whole = hashlib.sha256()
    while piece := os.read(file, READ_BYTES):
        whole.update(piece)
    return whole.hexdigest()


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _opened(path: Path) -> BinaryIO:
    try:
        return path.open("rb")
    except FileNotFoundError as error:
        raise refuse("not_found") from error
