"""The backups of one office: made by the server, and given back, the newest or an older one."""

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from server.app import backup_kit
from server.backup import restoring, service
from server.backup.disk import Disk
from server.backup.folders import Backup, found
from server.backup.kit import Tools
from server.core.settings import Settings
from tests.sim.faults import TROUBLE, Fuse
from tests.sim.office import DATABASE, Office

BLOBS, STAGE = "blobs", "restored"
Files = Literal["restored", "kept", "gone"]


class DyingDisk(Disk):
    """The disk backups go to, whose every operation is a boundary of the server."""

    def __init__(self, fuse: Fuse, between: Callable[[], None]) -> None:
        self._fuse = fuse
        self._between = between

    def at(self, operation: str, path: Path) -> None:  # noqa: ARG002 - the operation says enough
        point = f"backup {operation}"
        self._fuse.passes(point, "before")
        if (arm := self._fuse.trouble(point)) is not None:
            text, _, code = TROUBLE[arm.kind]
            raise OSError(code, text)
        if operation == "copied":
            self._between()


def nothing_between() -> None:
    """Nobody writes while the backup is made."""


@dataclass
class Backups:
    """What the office has put aside."""

    office: Office

    @property
    def made(self) -> list[Backup]:
        """Whole backups, newest first."""
        return found(self.office.engines.settings.backups)

    def make(self, between: Callable[[], None] = nothing_between) -> Backup:
        """Make a verified one; `between` happens after the database was copied."""
        kit = backup_kit(self.office.parts, disk=DyingDisk(self.office.fuse, between))
        return service.back_up(kit)

    def restore(self, backup: Backup, *, files: Files) -> None:
        """The office begins again from this one; the store of files too, or not, or it is gone."""
        office, folder = self.office, self.office.folder
        office.die()
        stage = folder / STAGE
        # The template is at the newest step already: nothing has to be brought there.
        tools = Tools(office.clock, lambda _connection, _revision: None)
        restoring.restore(backup.path, Settings.read(data=stage), tools)
        for name in (DATABASE, f"{DATABASE}-wal", f"{DATABASE}-shm"):
            (folder / name).unlink(missing_ok=True)
        (stage / DATABASE).replace(folder / DATABASE)
        if files != "kept":
            shutil.rmtree(folder / BLOBS)
        if files == "restored":
            (stage / BLOBS).replace(folder / BLOBS)
        shutil.rmtree(stage)
        office.start()

    def uncovered(self, backup: Backup) -> list[str]:
        """Streams whose `durable` says more than this backup holds (I14)."""
        safe = durable_of(backup.path / DATABASE, backup.path.parent / BLOBS)
        with closing(sqlite3.connect(self.office.folder / DATABASE)) as db:
            told = dict(db.execute("SELECT id, durable FROM stream"))
        return [
            f"stream {stream}: durable {told[stream]}, but the backup holds {safe.get(stream, 0)}"
            for stream in sorted(told)
            if told[stream] > safe.get(stream, 0)
        ]


def durable_of(database: Path, blobs: Path) -> dict[str, int]:
    """How far each stream is safe in this copy, with all its files."""
    with closing(sqlite3.connect(database)) as db:
        declared = db.execute(
            "SELECT eb.event_id, eb.sha FROM event_blob eb JOIN blob b USING (site_id, sha) "
            "WHERE b.look IS NOT 'unreadable' OR b.done"
        )
        lacking = {event for event, sha in declared if not (blobs / sha[:2] / sha).exists()}
        safe: dict[str, int] = {}
        for stream, recv in db.execute("SELECT id, recv FROM stream"):
            places = db.execute(
                "SELECT seq, event_id FROM stream_pos WHERE stream_id = ? ORDER BY seq", (stream,)
            )
            first = next((seq for seq, event in places if event in lacking), recv + 1)
            safe[stream] = first - 1
        return safe
