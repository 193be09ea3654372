"""The same diary as `watch` keeps, read from a trace of the real system calls of a real process.

It shows that SQLite flushes when it says so, which `watch` takes for granted. Needs strace.
"""

import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from tests.sim.real.disk import Op
from tests.sim.real.power import SAVED

CALLS = (
    "openat,write,pwrite64,fsync,fdatasync,rename,renameat,renameat2,ftruncate,unlink,unlinkat,"
    "mkdir,mkdirat,lseek"
)
HEX = re.compile(r"(?:\\x[0-9a-f]{2})+")
LINE = re.compile(r"^(\d+)\s+(\w+)\((.*)\)\s+= (-?\d+)", re.DOTALL)
HANDLE = re.compile(r"^(\d+)<([^>]*)>")
QUOTED = re.compile(r'"([^"]*)"')


def available() -> bool:
    """Whether this machine can trace."""
    return shutil.which("strace") is not None


def trace_of_recorder(root: Path, stops: int, photo_bytes: int) -> list[Op]:
    """Let the recorder work below `root` and give every operation it made there."""
    root = root.resolve()
    root.mkdir(parents=True)
    out = root.with_suffix(".trace")
    tracer = ["strace", "-f", "-y", "-xx", "-s", "4000000", "-o", str(out), "-e", f"trace={CALLS}"]
    command = [sys.executable, "-m", "tests.helpers.record", "--dir", str(root / "phone")]
    command += ["--n", str(stops), "--photo-bytes", str(photo_bytes)]
    subprocess.run([*tracer, *command], check=True, capture_output=True, timeout=120)
    with out.open("r", encoding="ascii", errors="replace") as lines:
        return Reader(root).read(lines)


class Reader:
    """Turns calls into operations on the files below one folder."""

    def __init__(self, root: Path) -> None:
        self.root = str(root)
        self.ops: list[Op] = []
        self._names: dict[str, int] = {}
        self._at: dict[str, int] = {}
        self._nodes = 0

    def read(self, lines: Iterable[str]) -> list[Op]:
        """Every call that succeeded, in the order in which they ended."""
        for line in whole_lines(lines):
            found = LINE.match(line)
            if found is None or int(found[4]) < 0:
                continue
            call = getattr(self, f"_{found[2].rstrip('64').rstrip('2')}", None)
            if call is not None:
                call(found[3], int(found[4]))
        return self.ops

    def _inside(self, path: str) -> str | None:
        if path == self.root:
            return ""
        inside = path.removeprefix(self.root + "/")
        return None if inside == path or inside.endswith("-shm") else inside

    def _paths(self, given: str) -> list[str | None]:
        return [self._inside(text_of(quoted)) for quoted in QUOTED.findall(given)]

    def _held(self, given: str) -> tuple[str, str | None]:
        found = HANDLE.match(given)
        return (found[1], self._inside(text_of(found[2]))) if found else ("", None)

    def _openat(self, given: str, handle: int) -> None:
        path = self._paths(given)[0]
        self._at[str(handle)] = 0
        if path is None or "O_CREAT" not in given:
            return
        if path not in self._names:
            self._nodes += 1
            self._names[path] = self._nodes
            self.ops.append(Op("name", self._nodes, path))
        elif "O_TRUNC" in given:
            self.ops.append(Op("cut", self._names[path]))

    def _pwrite(self, given: str, _count: int) -> None:
        _, path = self._held(given)
        if path is not None:
            data = bytes_of(QUOTED.findall(given)[0])
            offset = int(given.rpartition(",")[2])
            self.ops.append(Op("write", self._names[path], offset=offset, data=data))

    def _write(self, given: str, count: int) -> None:
        handle, path = self._held(given)
        data = bytes_of(QUOTED.findall(given)[0])[:count]
        if handle == "1":
            told = data.decode().splitlines()
            self.ops += [Op("mark", text=line) for line in told if line.startswith(SAVED)]
        elif path is not None:
            offset = self._at.get(handle, 0)
            self._at[handle] = offset + count
            self.ops.append(Op("write", self._names[path], offset=offset, data=data))

    def _lseek(self, given: str, offset: int) -> None:
        self._at[self._held(given)[0]] = offset

    def _fsync(self, given: str, _zero: int) -> None:
        _, path = self._held(given)
        if path is not None and path in self._names:
            self.ops.append(Op("sync", self._names[path]))
        elif path is not None:
            self.ops.append(Op("sync_folder", path=path))

    _fdatasync = _fsync

    def _ftruncate(self, given: str, _zero: int) -> None:
        _, path = self._held(given)
        if path is not None:
            size = int(given.rpartition(",")[2])
            self.ops.append(Op("cut", self._names[path], offset=size))

    def _rename(self, given: str, _zero: int) -> None:
        old, new = self._paths(given)
        if old is not None and new is not None:
            self._names[new] = self._names.pop(old)
            self.ops.append(Op("rename", self._names[new], new, old))

    _renameat = _rename

    def _unlink(self, given: str, _zero: int) -> None:
        [path] = self._paths(given)
        if path in self._names:
            del self._names[path]
            self.ops.append(Op("gone", path=path))

    _unlinkat = _unlink

    def _mkdir(self, given: str, _zero: int) -> None:
        [path] = self._paths(given)
        if path:
            self.ops.append(Op("folder", path=path))

    _mkdirat = _mkdir


def whole_lines(lines: Iterable[str]) -> Iterator[str]:
    """Join calls that another thread's interrupted."""
    waiting: dict[str, str] = {}
    for line in lines:
        thread = line.split(" ", 1)[0]
        if "<unfinished ...>" in line:
            waiting[thread] = line.partition("<unfinished ...>")[0].rstrip()
        elif " resumed>" in line:
            yield waiting.pop(thread, "") + line.partition(" resumed>")[2]
        else:
            yield line


def bytes_of(escaped: str) -> bytes:
    """What stands in quotes, as bytes."""
    assert not escaped or HEX.fullmatch(escaped), escaped[:80]
    return bytes.fromhex(escaped.replace("\\x", ""))


def text_of(escaped: str) -> str:
    """What stands in quotes or brackets, as a text."""
    return HEX.sub(lambda found: bytes_of(found[0]).decode("utf-8", "replace"), escaped)
