"""How a database is copied out of its snapshot, opened as a copy, and filled from a backup."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol, Self

from sqlalchemy import inspect, text
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session

from server.backup.disk import Disk
from server.backup.folders import Backup, Damaged
from server.facts import durable
from server.facts.durable import Stream

Bring = Callable[[Connection, str | None], None]  # to this step, or to the newest


@dataclass(frozen=True, slots=True)
class Figures:
    """What two copies of one database must have in common."""

    tables: dict[str, int]
    heads: dict[Stream, tuple[int, str]]


def figures(session: Session) -> Figures:
    """Count every row and name every head of a chain; fixes the snapshot it is read in."""
    names = sorted(inspect(session.connection()).get_table_names())
    counts = " UNION ALL ".join(f"SELECT '{name}', count(*) FROM \"{name}\"" for name in names)  # noqa: S608 - names of our own tables
    rows = session.execute(text(counts)).all()
    return Figures({str(name): int(count) for name, count in rows}, durable.heads(session))


def revision(session: Session) -> str:
    """The step of the migrations this database is at."""
    return str(session.execute(text("SELECT version_num FROM alembic_version")).scalar_one())


@dataclass(frozen=True, slots=True)
class Dumped:
    """The files a database was copied into, by digest, and the columns of dumped tables."""

    files: dict[str, str]
    columns: dict[str, list[str]] = field(default_factory=dict)


class Copies(Protocol):
    """One kind of database, as far as backups must know it."""

    @property
    def database(self) -> Literal["sqlite", "postgresql"]:
        """Its name."""
        ...

    def copy_out(self, session: Session, folder: Path, disk: Disk) -> Dumped:
        """Copy the snapshot this session reads."""
        ...

    def opened(self, folder: Path, dumped: Dumped, step: str) -> AbstractContextManager[Session]:
        """Open the copy and see that it is sound; raises Damaged."""
        ...

    def filled(self, backup: Backup, stage: Path) -> AbstractContextManager[Connection]:
        """Fill an empty database from a checked backup, in one transaction.

        It is in its place when the context ends well; otherwise nothing of it is left.
        """
        ...

    def throwaway(self, folder: Path) -> AbstractContextManager[Self]:
        """Give the same for a database that ends with the context."""
        ...


def dumped_of(backup: Backup) -> Dumped:
    """The files of a backup as they were when it was made."""
    return Dumped(backup.manifest.files, backup.manifest.columns)


@contextmanager
def sound() -> Iterator[None]:
    """Take whatever a copy makes the database say for damage."""
    try:
        yield
    except DBAPIError as error:
        raise Damaged(f"The copy of the database cannot be used: {error.orig}") from error


def same(copy: Figures, source: Figures) -> None:
    """Raise Damaged if a copy has other rows or other heads of chains."""
    other = sorted(
        name
        for name in copy.tables.keys() | source.tables.keys()
        if copy.tables.get(name) != source.tables.get(name)
    )
    if other:
        raise Damaged(f"The copy has other rows than the snapshot in: {', '.join(other)}.")
    if copy.heads != source.heads:
        raise Damaged("The copy has other heads of chains than the snapshot.")


def listed(names: Sequence[str]) -> str:
    """Names of columns as a statement wants them."""
    return ", ".join(f'"{name}"' for name in names)
