"""A real disk that is really too small or read-only: a mounted tmpfs, where the machine lets us."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class NoMount(Exception):
    """This machine does not let us mount a disk."""


class SmallDisk:
    """A file system of a few megabytes."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def free(self) -> int:
        """Bytes left."""
        return shutil.disk_usage(self.path).free

    def fill(self, leave: int = 0) -> None:
        """Let somebody else's file take all but so many bytes."""
        content = b"\1" * 4_096
        with (self.path / "filler").open("ab") as filler:
            try:
                while self.free > leave:
                    filler.write(content[: max(1, min(4_096, self.free - leave))])
                    filler.flush()
            except OSError:
                return

    def clear(self) -> None:
        """The other file is gone again."""
        (self.path / "filler").unlink(missing_ok=True)

    def read_only(self, *, on: bool = True) -> None:
        """Let nobody write any more; nothing may be open for writing."""
        _mount("-o", "remount,ro" if on else "remount,rw", str(self.path))


def _mount(*arguments: str) -> None:
    done = subprocess.run(["mount", *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        raise NoMount(done.stderr.strip())


@contextmanager
def small_disk(size: int) -> Iterator[SmallDisk]:
    """A tmpfs of this size; raises NoMount where only an administrator may mount."""
    if os.geteuid() or shutil.which("mount") is None:
        raise NoMount("only root may mount")
    with tempfile.TemporaryDirectory(prefix="milkrun-disk-") as folder:
        _mount("-t", "tmpfs", "-o", f"size={size},mode=700", "tmpfs", folder)
        try:
            yield SmallDisk(Path(folder))
        finally:
            subprocess.run(["umount", "-l", folder], check=True)
