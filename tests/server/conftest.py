"""What every server test may ask for: the server on a database of its own, and who talks to it."""

from collections.abc import AsyncIterator, Callable, Iterator

import pytest
from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient
from sqlmodel import Session

from server.app import build_parts, create_app
from server.core.access import Principal, Role, system
from server.core.http import COOKIE, Parts
from server.core.passwords import Passwords
from server.core.settings import Settings
from server.people import service
from shared.ids import CarrierId, PersonId, SiteId
from tests.helpers.clock import ManualClock


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
