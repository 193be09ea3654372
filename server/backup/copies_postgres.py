"""Backups of PostgreSQL: every table of one snapshot as text, proved by loading it again."""

import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, Self
from uuid import UUID

from pydantic import SecretStr
from sqlalchemy import create_engine, inspect, make_url, text
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool
from sqlmodel import Session

from server.backup.copies import Bring, Dumped, dumped_of, listed, sound
from server.backup.disk import Disk, pieces
from server.backup.folders import Backup, Damaged
from server.core import db
from server.core.hosting import BAD_USE, Stop
from server.core.settings import Settings

STEPS = "alembic_version"
SUFFIX = ".copy"
SCRATCH = "_scratch_"
NAME_MAX = 63


@dataclass(frozen=True, slots=True)
class PostgresCopies:
    """Tables as text; the copy is opened as a scratch database of the same server."""

    settings: Settings
    disk: Disk
    bring: Bring
    key: UUID
    database: Literal["postgresql"] = "postgresql"

    def copy_out(self, session: Session, folder: Path, disk: Disk) -> Dumped:
        """Write every table of the snapshot into a file of its own."""
        connection = session.connection()
        inspected = inspect(connection)
        source: Any = connection.connection.driver_connection
        dumped = Dumped({})
        for table in sorted(inspected.get_table_names()):
            if table == STEPS:
                continue
            path = folder / f"{table}{SUFFIX}"
            names = [column["name"] for column in inspected.get_columns(table)]
            disk.at("snapshot", path)
            statement = f'COPY "{table}" ({listed(names)}) TO STDOUT'
            with source.cursor() as cursor, cursor.copy(statement) as rows:
                dumped.files[path.name] = disk.write(path, (bytes(piece) for piece in rows))
            dumped.columns[table] = names
        disk.at("copied", folder)
        return dumped

    @contextmanager
    def opened(self, folder: Path, dumped: Dumped, step: str) -> Iterator[Session]:
        """Load the files into a scratch database, which checks every type and reference."""
        with self._scratch() as engine:
            with sound(), engine.begin() as connection:
                self.bring(connection, step)
                _load(connection, folder, dumped)
            with Session(engine, expire_on_commit=False) as session:
                yield session

    @contextmanager
    def filled(self, backup: Backup, stage: Path) -> Iterator[Connection]:
        """Load the files into the database of the settings, which must be empty."""
        del stage
        engine = db.write_engine(self.settings)
        try:
            with sound(), engine.begin() as connection:
                if inspect(connection).get_table_names():
                    raise Stop(
                        BAD_USE,
                        "The database of MILKRUN_DATABASE_URL is not empty; "
                        "make a new one for what is restored.",
                    )
                self.bring(connection, backup.manifest.revision)
                _load(connection, backup.path, dumped_of(backup))
                yield connection
        finally:
            engine.dispose()

    @contextmanager
    def throwaway(self, folder: Path) -> Iterator[Self]:
        """A scratch database."""
        del folder
        with self._scratch() as engine:
            url = SecretStr(engine.url.render_as_string(hide_password=False))
            yield replace(self, settings=self.settings.model_copy(update={"database_url": url}))

    @contextmanager
    def _scratch(self) -> Iterator[Engine]:
        """Make a database for this check alone; those a crash has left go too."""
        url = make_url(self.settings.url)
        stem = f"{(url.database or 'milkrun')[: NAME_MAX - len(SCRATCH) - 8]}{SCRATCH}"
        name = f"{stem}{self.key.hex[-8:]}"
        admin = create_engine(url, isolation_level="AUTOCOMMIT", poolclass=NullPool)
        try:
            with admin.connect() as connection:
                _drop_left(connection, stem)
                connection.execute(text(f'CREATE DATABASE "{name}" TEMPLATE template0'))
            scratch = create_engine(url.set(database=name), poolclass=NullPool)
            try:
                yield scratch
            finally:
                scratch.dispose()
                with admin.connect() as connection:
                    connection.execute(text(f'DROP DATABASE IF EXISTS "{name}"'))
        finally:
            admin.dispose()


def _drop_left(connection: Connection, stem: str) -> None:
    names = connection.execute(text("SELECT datname FROM pg_database")).scalars().all()
    for name in names:
        if re.fullmatch(f"{re.escape(stem)}[0-9a-f]{{8}}", name):
            with suppress(DBAPIError):  # somebody else's check is running in it
                connection.execute(text(f'DROP DATABASE IF EXISTS "{name}"'))


def _load(connection: Connection, folder: Path, dumped: Dumped) -> None:
    """Fill the tables in the order of their references."""
    target: Any = connection.connection.driver_connection
    order = [name for name, _ in inspect(connection).get_sorted_table_and_fkc_names() if name]
    unknown = dumped.columns.keys() - set(order)
    if unknown:
        raise Damaged(f"The backup has tables nobody knows: {', '.join(sorted(unknown))}.")
    driver = connection.dialect.loaded_dbapi
    for table in order:
        if table not in dumped.columns:
            continue
        statement = f'COPY "{table}" ({listed(dumped.columns[table])}) FROM STDIN'
        try:
            with (
                (folder / f"{table}{SUFFIX}").open("rb") as file,
                target.cursor() as cursor,
                cursor.copy(statement) as rows,
            ):
                for piece in pieces(file):
                    rows.write(piece)
        except driver.Error as error:
            raise Damaged(f"The copy of {table} cannot be loaded: {error}") from error
