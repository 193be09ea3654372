"""The database: the base of every row, the two engines, and who may write."""

import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Protocol, TypeVar
from uuid import UUID

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    Enum,
    Insert,
    Integer,
    MetaData,
    create_engine,
    event,
)
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.orm.attributes import flag_modified
from sqlalchemy.pool import NullPool
from sqlmodel import Field, Session, SQLModel

from server.core.settings import Settings
from shared.ids import SiteId

T = TypeVar("T")
DriverError = sqlite3.Error
BUSY_TIMEOUT_MS = 10_000
POOL_SIZE = 10
POOL_OVERFLOW = 30
WORK_ROWS_MAX = 200
WRITER_WORK_MS_MAX = 50

# Before the first table class exists: an unnamed constraint could never be dropped on SQLite.
SQLModel.metadata.naming_convention = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}
METADATA: MetaData = SQLModel.metadata


@event.listens_for(Column, "before_parent_attach")
def _same_on_both(column: Column[Any], _table: object) -> None:
    """Give whole numbers 64 bits and enumerations their values as text, on both databases."""
    if type(column.type) is Integer:
        column.type = BigInteger()
    elif type(column.type) is Enum and column.type.enum_class is not None:
        column.type = Enum(
            column.type.enum_class, native_enum=False, length=40, values_callable=_values
        )


def _values(kind: Any) -> list[str]:
    return [str(member.value) for member in kind]


class Row(SQLModel):
    """Base of every table: the site comes first in every key."""

    site_id: UUID = Field(primary_key=True)


def json_column(*, nullable: bool = True) -> Any:
    """Give the column type of a JSON document; None is stored as NULL."""
    return Field(default=None, sa_type=JSON(none_as_null=True), nullable=nullable)


class Writer(Protocol):
    """The only way to change the database; a work commits with its neighbours or not at all."""

    def run(self, work: Callable[[Session], T]) -> T:
        """Carry out `work` and return its answer after the commit."""
        ...


class Reads(Protocol):
    """Reads of one snapshot, beside the writer."""

    def run(self, work: Callable[[Session], T]) -> T:
        """Let `work` read one consistent state; what it writes is lost."""
        ...


def insert_if_absent(table: type[SQLModel], rows: Iterable[SQLModel | Mapping[str, Any]]) -> Insert:
    """Insert the rows whose key is not there yet, on both databases.

    `.returning(col(Table.id))` tells which were new. Give at least one row, all of one shape.
    """
    values = [row.model_dump() if isinstance(row, SQLModel) else dict(row) for row in rows]
    assert values, "nothing to insert"
    # Both databases understand the clause in the same words, so one statement serves them.
    return insert(table).values(values).on_conflict_do_nothing()


def write_alike(rows: Iterable[SQLModel], *columns: str) -> None:
    """Have these columns of all rows written at the next flush, changed or not.

    Rows that are written in the same columns go to the database as one statement.
    """
    for row in rows:
        for column in columns:
            flag_modified(row, column)


ANNOUNCED = "announced"
WOKEN = "jobs"


def announce(session: Session, site_id: SiteId, revision: int) -> None:
    """Have the writer tell the bus of this revision once the transaction is committed."""
    session.info.setdefault(ANNOUNCED, {})[site_id] = revision


def wake_jobs(session: Session) -> None:
    """Have the writer wake the job runner once the transaction is committed."""
    session.info[WOKEN] = True


class Committed(Protocol):
    """What the writer calls after a commit: newest revision per site, and whether jobs wait."""

    def __call__(self, revisions: Mapping[SiteId, int], *, jobs: bool) -> None:
        """Tell bus and job runner."""
        ...


def nobody_to_tell(revisions: Mapping[SiteId, int], *, jobs: bool) -> None:
    """Stand in where neither a bus nor a job runner exists."""


def collect(session: Session, revisions: dict[SiteId, int]) -> bool:
    """Add what the session announced to `revisions` and say whether it submitted jobs."""
    revisions.update(session.info.get(ANNOUNCED, {}))
    return bool(session.info.get(WOKEN))


def write_engine(settings: Settings) -> Engine:
    """Make the engine of the writer."""
    if not settings.sqlite:
        return _postgres_engine(settings.url)
    engine = create_engine(settings.url, poolclass=NullPool, connect_args=SQLITE_CONNECT)
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_immediate)
    return engine


def read_engine(settings: Settings) -> Engine:
    """Make the engine of everybody else; every transaction sees one snapshot."""
    if not settings.sqlite:
        return _postgres_engine(settings.url).execution_options(
            isolation_level="REPEATABLE READ", postgresql_readonly=True
        )
    engine = create_engine(
        settings.url, pool_size=POOL_SIZE, max_overflow=POOL_OVERFLOW, connect_args=SQLITE_CONNECT
    )
    event.listen(engine, "connect", _prepare_sqlite_reads)
    event.listen(engine, "begin", _begin_deferred)
    return engine


SQLITE_CONNECT: Mapping[str, Any] = {"check_same_thread": False}


def _postgres_engine(url: str) -> Engine:
    return create_engine(
        url, pool_size=POOL_SIZE, max_overflow=POOL_OVERFLOW, pool_pre_ping=True, pool_recycle=1800
    )


def _pragmas(connection: sqlite3.Connection, pragmas: Sequence[str]) -> None:
    # The driver must not begin transactions on its own; the `begin` hook does.
    connection.isolation_level = None
    for pragma in pragmas:
        connection.execute(f"PRAGMA {pragma}")


_BOTH = (f"busy_timeout={BUSY_TIMEOUT_MS}", "foreign_keys=ON", "cache_size=-16000")


def _prepare_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    _pragmas(connection, (*_BOTH, "journal_mode=WAL", "synchronous=FULL"))


def _prepare_sqlite_reads(connection: sqlite3.Connection, _record: object) -> None:
    _pragmas(connection, (*_BOTH, "query_only=ON"))


def _begin_immediate(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _begin_deferred(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN")


def storage_trouble(error: BaseException) -> str | None:
    """Name the refusal that fits a database error: `server_full`, `busy`, or None for a bug."""
    text = str(getattr(error, "orig", error)).lower()
    if any(sign in text for sign in ("disk is full", "no space left", "disk i/o error", "53100")):
        return "server_full"
    if any(sign in text for sign in ("locked", "readonly", "connection", "unable to open")):
        return "busy"
    return None
