"""What a folder of backups looks like, and how it is read, swept and thinned out."""

import fcntl
import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from server.backup import rules
from server.backup.disk import Disk
from server.core.clock import from_ms
from server.core.hosting import MISSING, Stop
from server.facts.durable import Stream
from shared.ids import Sha256, SiteId, StreamId

FORMAT: Literal["milkrun-backup-1"] = "milkrun-backup-1"
UUID_FORM = "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"
MANIFEST, FILES, BLOBS, LOCK = "manifest.json", "blobs.txt", "blobs", ".lock"
PARTIAL = ".partial-"
NEW = ".new-"


class Damaged(Stop):
    """What was found is no whole backup; the text says what is wrong with it."""

    def __init__(self, why: str) -> None:
        super().__init__(MISSING, why)
        self.why = why


class Manifest(BaseModel):
    """What a backup says of itself; `files` are digests, `tables` row counts.

    `columns` are those of each dumped table, `streams` are [site, stream, place, chain, durable].
    """

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")

    format: Literal["milkrun-backup-1"] = FORMAT
    id: str = Field(pattern=UUID_FORM)
    number: int = Field(ge=1)
    made_ms: int
    server_id: str
    database: Literal["sqlite", "postgresql"]
    revision: str
    files: dict[str, str]
    columns: dict[str, list[str]]
    tables: dict[str, int]
    streams: list[tuple[str, str, int, str, int]]
    blobs: int

    @property
    def db_sha(self) -> str:
        """One digest for the whole copy of the database."""
        digests = [digest for name, digest in sorted(self.files.items()) if name != FILES]
        if len(digests) == 1:
            return digests[0]
        return hashlib.sha256("".join(digests).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Backup:
    """One whole backup."""

    path: Path
    manifest: Manifest

    @property
    def id(self) -> UUID:
        """The id of its run."""
        return UUID(self.manifest.id)

    @property
    def number(self) -> int:
        """Its place among the backups of its folder."""
        return self.manifest.number

    @property
    def made_ms(self) -> int:
        """When its snapshot was taken, in milliseconds."""
        return self.manifest.made_ms

    @property
    def durable(self) -> dict[Stream, int]:
        """How far each stream is in it with all its files."""
        return {
            (SiteId(UUID(site)), StreamId(UUID(stream))): durable
            for site, stream, _, _, durable in self.manifest.streams
        }

    def shas(self) -> list[Sha256]:
        """The digests of the files that belong to it."""
        return [Sha256(line) for line in (self.path / FILES).read_text("ascii").splitlines()]


def read(path: Path) -> Backup:
    """Read what a backup says of itself; raises Damaged for anything else."""
    try:
        told = (path / MANIFEST).read_bytes()
    except OSError:
        raise Damaged(f"{path} is not a backup of Milk Run: there is no {MANIFEST}.") from None
    try:
        return Backup(path, Manifest.model_validate_json(told))
    except ValidationError as error:
        raise Damaged(f"The {MANIFEST} of {path} is damaged or of another program.") from error


def check_files(backup: Backup, disk: Disk) -> None:
    """See that every file of a backup is there and as it was written; raises Damaged."""
    names = set(backup.manifest.files)
    if FILES not in names or not all(Path(name).name == name for name in names):
        raise Damaged(f"The {MANIFEST} of {backup.path} is damaged.")
    for name, digest in sorted(backup.manifest.files.items()):
        try:
            same = disk.digest(backup.path / name) == digest
        except OSError as error:
            raise Damaged(f"{backup.path / name} cannot be read ({error.strerror}).") from error
        if not same:
            raise Damaged(f"{backup.path / name} is not as it was written.")


def found(target: Path) -> list[Backup]:
    """The whole backups of a folder, newest first; anything else in it is passed over."""
    backups = []
    for path in sorted(target.glob(f"*/{MANIFEST}")):
        if path.parent.name.startswith("."):
            continue
        try:
            backups.append(read(path.parent))
        except Damaged:
            continue
    return sorted(backups, key=lambda one: one.number, reverse=True)


@dataclass(frozen=True, slots=True)
class Target:
    """A folder that holds backups and one store of files for all of them."""

    path: Path
    disk: Disk

    @contextmanager
    def held(self) -> Iterator[None]:
        """Make the folder and keep a second backup out of it; raises BlockingIOError."""
        self.disk.folder(self.path)
        self.disk.folder(self.path / BLOBS)
        lock = self.path / LOCK
        if not lock.exists():
            self.disk.create(lock)
        with lock.open("a") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield

    def blob(self, sha: str) -> Path:
        """Where a file lies."""
        return self.path / BLOBS / sha[:2] / sha

    def partial(self, key: UUID) -> Path:
        """Where a backup is made."""
        return self.path / f"{PARTIAL}{key}"

    def next_number(self) -> int:
        """The number of the next backup; damaged ones keep theirs."""
        names = [path.name[:6] for path in self.path.glob("[0-9]*-*")]
        return 1 + max((int(name) for name in names if name.isdecimal()), default=0)

    def named(self, number: int, at: datetime) -> Path:
        """Where a finished backup lies."""
        return self.path / f"{number:06}-{at:%Y%m%dT%H%M%SZ}"

    def sweep(self) -> None:
        """Remove what a crash has left."""
        for path in [*self.path.glob(f"{PARTIAL}*"), *(self.path / BLOBS).glob(f"{NEW}*")]:
            self.disk.remove(path)

    def thin_out(self, now: datetime) -> None:
        """Remove backups that need not be kept, then files no backup speaks of."""
        backups = found(self.path)
        stay = rules.kept([(one.number, from_ms(one.made_ms)) for one in backups], now)
        gone = [one for one in backups if one.number not in stay]
        for one in gone:
            # Under the name of an unfinished one, so that a crash leaves nothing that looks whole.
            leaving = self.partial(one.id)
            self.disk.rename(one.path, leaving)
            self.disk.remove(leaving)
        if gone:
            self._forget_files([one for one in backups if one.number in stay])

    def _forget_files(self, backups: Sequence[Backup]) -> None:
        spoken = {sha for one in backups for sha in one.shas()}
        for path in sorted((self.path / BLOBS).glob("??/*")):
            if path.name not in spoken:
                self.disk.remove(path)
