"""Lets a statement that one database compiled serve the databases of all tests of a process."""

from typing import Any

from sqlalchemy import create_engine
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.engine import Engine
from sqlalchemy.util import LRUCache

from server.core import db

STATEMENTS = 5_000


def share_compiled() -> None:
    """Keep compiled statements beyond their engine, as a server that runs for months does.

    SQLAlchemy keeps them by dialect, and each engine makes a dialect of its own: a test would
    compile every statement anew, which is half of what it costs.
    """
    kept: Any = LRUCache(STATEMENTS)

    def made(*given: Any, **options: Any) -> Engine:
        engine = create_engine(*given, **options)
        engine.update_execution_options(compiled_cache=kept)
        return engine

    for kind in (PGDialect_psycopg, SQLiteDialect_pysqlite):
        setattr(kind, "__eq__", _same_kind)  # noqa: B010 - mypy forbids the assignment
        setattr(kind, "__hash__", _hash_of_kind)  # noqa: B010
    setattr(db, "create_engine", made)  # noqa: B010


def _same_kind(one: object, other: object) -> bool:
    return type(one) is type(other)


def _hash_of_kind(one: object) -> int:
    return hash(type(one))
