"""The steps of the database: they build exactly what the code expects, and guard the facts."""

import re
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Column, Table, Uuid, create_engine, delete, inspect, text, update
from sqlalchemy.engine import Engine
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session
from sqlmodel.sql.sqltypes import UTCDateTime

from server.core import db
from server.core.clock import to_ms
from server.core.settings import Settings
from server.core.writer import AnyWriter
from server.facts.tables import EventRow, StreamPos
from server.migrations.draft import draft
from server.migrations.steps import head, migrate
from shared.ids import SiteId
from tests.helpers.clock import MONDAY_NOON

NOW_MS = to_ms(MONDAY_NOON)


def test_the_steps_build_what_the_tables_say(settings: Settings) -> None:
    engine = db.write_engine(settings)
    with engine.connect() as connection:
        options = {"compare_type": True, "target_metadata": db.METADATA}
        found = compare_metadata(MigrationContext.configure(connection, opts=options), db.METADATA)
    engine.dispose()

    assert found == []


def test_the_steps_build_the_same_keys_and_indexes_as_the_tables(
    sqlite_template: Path, tmp_path: Path
) -> None:
    made = create_engine(f"sqlite:///{tmp_path / 'made.db'}")
    db.METADATA.create_all(made)

    assert _shapes(create_engine(f"sqlite:///{sqlite_template}")) == _shapes(made)


def _shapes(engine: Engine) -> dict[str, list[str]]:
    """How SQLite was told to make each table and index, in an order of our own."""
    told = text("SELECT name, sql FROM sqlite_master WHERE type IN ('table', 'index')")
    with engine.connect() as connection:
        rows = {name: str(sql or "") for name, sql in connection.execute(told)}
    engine.dispose()
    return {
        name: sorted(part.strip() for part in re.split(r",\s*(?![^()]*\))", sql))
        for name, sql in rows.items()
        if name != "alembic_version" and not name.startswith("sqlite_autoindex_alembic")
    }


def test_every_key_starts_with_the_site(settings: Settings) -> None:
    engine = db.write_engine(settings)
    inspected = inspect(engine)
    firsts = {
        table: inspected.get_pk_constraint(table)["constrained_columns"][0]
        for table in inspected.get_table_names()
        if table != "alembic_version"
    }
    engine.dispose()

    assert {table for table, first in firsts.items() if first != "site_id"} == set()


def test_migrating_again_changes_nothing(settings: Settings) -> None:
    assert migrate(settings) == migrate(settings)


@pytest.fixture
def fact(writer: AnyWriter, site: SiteId) -> tuple[UUID, UUID]:
    """The key of a stored fact at place 1 of its stream."""
    event_id, stream = UUID(int=1), UUID(int=2)

    def store(session: Session) -> None:
        session.add(EventRow(site_id=site, id=event_id, stream_id=stream, seq=1, doc=b"{}",
                             doc_sha="0" * 64, received_ms=NOW_MS))  # fmt: skip
        session.add(StreamPos(site_id=site, stream_id=stream, seq=1, event_id=event_id, chain="0"))

    writer.run(store)
    return site, event_id


@pytest.mark.parametrize(
    "statement",
    [
        delete(EventRow),
        update(EventRow).values(doc=b"changed"),
        update(EventRow).values(doc=b"changed", redacted_ms=NOW_MS, seq=2),
        update(EventRow).values(doc=None, redacted_ms=NOW_MS, doc_sha="1" * 64),
        delete(StreamPos),
        update(StreamPos).values(chain="1"),
    ],
)
@pytest.mark.usefixtures("fact")
def test_a_stored_fact_cannot_be_changed_or_deleted(writer: AnyWriter, statement: Any) -> None:
    with pytest.raises(DBAPIError, match=r"never|changed or deleted"):
        writer.run(lambda session: session.execute(statement))


@pytest.mark.usefixtures("fact")
def test_a_fact_is_redacted_once(writer: AnyWriter) -> None:
    redaction = update(EventRow).values(doc=None, redacted_ms=NOW_MS, redacted_why="retention")

    writer.run(lambda session: session.execute(redaction))

    with pytest.raises(DBAPIError):
        writer.run(lambda session: session.execute(redaction))


def test_without_a_change_there_is_nothing_to_draft() -> None:
    assert draft("Nothing") is None


def test_a_new_table_is_drafted_without_code_of_today() -> None:
    seen: Column[Any] = Column("seen_at", UTCDateTime(), nullable=True)
    table = Table("trial", db.METADATA, Column("site_id", Uuid(), primary_key=True), seen)
    try:
        drafted = draft("Try")
    finally:
        db.METADATA.remove(table)

    assert drafted is not None
    compile(drafted, "step", "exec")
    assert "op.create_table('trial'" in drafted
    assert "sa.Column('seen_at', sa.DateTime(timezone=True), nullable=True)" in drafted
    assert f'down_revision = "{head()}"' in drafted
    assert "sqlmodel" not in drafted
