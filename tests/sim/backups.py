"""The backups of one office: made, verified, and given back, the newest or an older one."""

import shutil
import sqlite3
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from tests.sim.office import DATABASE, Office

KEPT = 4


@dataclass
class Backups:
    """Copies of database and files; durable follows from the copy (sync.md S12)."""

    office: Office
    folder: Path
    made: list[Path] = field(default_factory=list)
    count: int = 0

    def make(self) -> None:
        """Copy the database, then the files, then say what is safe."""
        self.count += 1
        target = self.folder / f"backup-{self.count}"
        target.mkdir(parents=True)
        with (
            closing(sqlite3.connect(self.office.folder / DATABASE)) as live,
            closing(sqlite3.connect(target / DATABASE)) as copy,
        ):
            live.backup(copy)
        shutil.copytree(self.office.folder / "blobs", target / "blobs")
        durable = durable_of(target)
        self.made = [*self.made, target][-KEPT:]
        self.office.run(lambda s: _say(s, durable))

    def restore(self, target: Path, *, files: bool) -> None:
        """The office begins again from this copy."""
        office = self.office
        office.die()
        for name in (DATABASE, f"{DATABASE}-wal", f"{DATABASE}-shm"):
            (office.folder / name).unlink(missing_ok=True)
        shutil.copy(target / DATABASE, office.folder / DATABASE)
        if files:
            shutil.rmtree(office.folder / "blobs")
            shutil.copytree(target / "blobs", office.folder / "blobs")
        # A backup made before this one's future is no longer this office's newest.
        self.made = self.made[: self.made.index(target) + 1]
        office.start()


def durable_of(target: Path) -> dict[bytes | str, int]:
    """How far each stream is safe in this copy, with all its files."""
    with closing(sqlite3.connect(target / DATABASE)) as db:
        open_files = {
            event
            for (event,) in db.execute(
                "SELECT eb.event_id FROM event_blob eb JOIN blob b USING (site_id, sha) "
                "WHERE NOT b.done AND b.look IS NOT 'unreadable'"
            )
        }
        found: dict[bytes | str, int] = {}
        for stream, recv in db.execute("SELECT id, recv FROM stream"):
            found[stream] = recv
            for seq, event in db.execute(
                "SELECT seq, event_id FROM stream_pos WHERE stream_id = ? ORDER BY seq", (stream,)
            ):
                if event in open_files:
                    found[stream] = seq - 1
                    break
        return found


def _say(session: object, durable: dict[bytes | str, int]) -> None:
    connection = session.connection()  # type: ignore[attr-defined]
    for stream, seq in durable.items():
        connection.exec_driver_sql("UPDATE stream SET durable = ? WHERE id = ?", (seq, stream))
