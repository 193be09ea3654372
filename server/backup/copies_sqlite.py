"""Backups of SQLite: the online backup API writes one file that needs nothing beside it."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, Self

from sqlalchemy import create_engine, text
from sqlalchemy.engine import Connection
from sqlalchemy.pool import NullPool
from sqlmodel import Session

from server.backup.copies import Dumped, dumped_of, sound
from server.backup.disk import Disk, pieces
from server.backup.folders import Backup, Damaged
from server.core import db
from server.core.settings import Settings

DATABASE = "milkrun.db"
# Every copy is asked the same few statements by an engine of its own.
_COMPILED: dict[Any, Any] = {}


@dataclass(frozen=True, slots=True)
class SqliteCopies:
    """Files; `settings` say where a restored database goes."""

    settings: Settings
    disk: Disk
    database: Literal["sqlite"] = "sqlite"

    def copy_out(self, session: Session, folder: Path, disk: Disk) -> Dumped:
        """Copy the pages of the snapshot; writers go on meanwhile."""
        path = folder / DATABASE
        disk.create(path)
        disk.at("snapshot", path)
        source = session.connection().connection.driver_connection
        assert isinstance(source, sqlite3.Connection), "SQLite is reached by its own driver"
        with closing(sqlite3.connect(path, isolation_level=None)) as copy:
            copy.execute("PRAGMA synchronous=OFF")  # one sync at the end is as good
            source.backup(copy)
            # The copy stands alone: no -wal beside it, which could get lost.
            copy.execute("PRAGMA journal_mode=DELETE")
        disk.at("copied", path)
        disk.sync(path)
        return Dumped({DATABASE: disk.digest(path)})

    @contextmanager
    def opened(self, folder: Path, dumped: Dumped, step: str) -> Iterator[Session]:
        """Open the file for reading and check every page and every reference."""
        del dumped, step
        uri = f"{(folder / DATABASE).resolve().as_uri()}?mode=ro&immutable=1"
        engine = create_engine(
            "sqlite://", creator=lambda: sqlite3.connect(uri, uri=True), poolclass=NullPool
        ).execution_options(compiled_cache=_COMPILED)
        try:
            with Session(engine, expire_on_commit=False) as session:
                with sound():
                    _check(session)
                yield session
        finally:
            engine.dispose()

    @contextmanager
    def filled(self, backup: Backup, stage: Path) -> Iterator[Connection]:
        """Copy the file, let the caller bring it up to date, then give it its name."""
        with self.opened(backup.path, dumped_of(backup), backup.manifest.revision):
            pass
        self.disk.folder(stage)
        path = stage / DATABASE
        with (backup.path / DATABASE).open("rb") as file:
            self.disk.write(path, pieces(file))
        staged = self.settings.model_copy(update={"data": stage, "database_url": None})
        engine = db.write_engine(staged)
        try:
            with sound(), engine.begin() as connection:
                yield connection
        finally:
            engine.dispose()
        log = path.with_name(f"{DATABASE}-wal")
        if log.exists() and log.stat().st_size:
            raise Damaged(f"{path} could not be closed.")
        self.disk.sync(path)
        self.disk.rename(path, self.settings.data / DATABASE)

    @contextmanager
    def throwaway(self, folder: Path) -> Iterator[Self]:
        """A file in that folder, which the caller removes."""
        yield replace(self, settings=self.settings.model_copy(update={"data": folder}))


def _check(session: Session) -> None:
    told = session.execute(text("PRAGMA integrity_check")).scalars().all()
    if told != ["ok"]:
        raise Damaged(f"The copy of the database is damaged: {told[0]}")
    loose = session.execute(text("PRAGMA foreign_key_check")).first()
    if loose is not None:
        raise Damaged(f"A row of {loose[0]} in the copy refers to nothing.")
