"""What a backup needs of the server around it."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import TypeVar
from uuid import UUID

from server.backup.copies import Bring, Copies
from server.backup.copies_postgres import PostgresCopies
from server.backup.copies_sqlite import SqliteCopies
from server.backup.disk import Disk
from server.backup.folders import Target
from server.blobs.store import Blobs
from server.core.clock import Clock
from server.core.db import WORK_ROWS_MAX, Reads, Writer
from server.core.ids import new_id
from server.core.settings import Settings

T = TypeVar("T")


@dataclass(frozen=True)
class Tools:
    """The world outside the databases; `bring` carries out the steps of the migrations."""

    clock: Clock
    bring: Bring
    disk: Disk = field(default_factory=Disk)
    fresh: Callable[[datetime], UUID] = new_id


@dataclass(frozen=True)
class Kit:
    """A running server, as far as backups must know it."""

    settings: Settings
    reads: Reads
    writer: Writer
    blobs: Blobs
    server_id: str
    tools: Tools

    def target(self, path: Path | None = None) -> Target:
        """The folder backups go to."""
        return Target((path or self.settings.backups).absolute(), self.tools.disk)


def copies_of(settings: Settings, tools: Tools, key: UUID) -> Copies:
    """Choose what fits the database of these settings."""
    if settings.sqlite:
        return SqliteCopies(settings, tools.disk)
    return PostgresCopies(settings, tools.disk, tools.bring, key)


def works(rows: Iterable[T]) -> Iterator[list[T]]:
    """Cut many rows into works that let facts get in between."""
    rest = iter(rows)
    while some := list(islice(rest, WORK_ROWS_MAX)):
        yield some
