"""The composed server: what it needs to start, what runs beside the answers, how a bug ends."""

import threading
from collections.abc import Mapping

import anyio.to_thread
import pytest
from fastapi import APIRouter, FastAPI
from httpx import AsyncClient
from sqlmodel import Session, select

from server.app import Unready, build_parts, check_access, create_app
from server.core import http
from server.core.http import Parts, needs
from server.core.jobs import Job, JobRow
from server.core.settings import Settings
from server.loops.service import MATERIALISE
from server.sites.service import create_site
from shared.ids import SiteId
from shared.site import Site

pytestmark = pytest.mark.anyio


def waiting(session: Session) -> bool:
    return session.exec(select(JobRow)).first() is not None


async def test_a_fresh_server_is_ready_and_says_who_it_is(
    client: AsyncClient, app: FastAPI
) -> None:
    ready = await client.get("/api/v1/ready")
    time = (await client.get("/api/v1/time")).json()

    assert ready.json() == {"status": "ready"}
    assert time["server_id"] == app.state.parts.server_id
    assert (time["now"], time["v"]) == (app.state.parts.clock.ms(), [1, 1])


async def test_only_a_supervisor_sees_what_hinders_the_server(
    board: AsyncClient, parts: Parts
) -> None:
    parts.checks["alarm"] = lambda: False

    told = await board.get("/api/v1/ready")

    assert told.status_code == 503
    assert told.json()["checks"] == {
        "disk": True, "database": True, "migration": True, "backup": True, "alarm": False,
    }  # fmt: skip
    assert list(told.json()["worries"]) == ["backup"]  # there is none yet


def test_a_route_that_does_not_say_who_may_use_it_keeps_the_server_from_starting() -> None:
    app = FastAPI()
    careless = APIRouter()
    careless.add_api_route("/open", lambda: None)
    app.include_router(careless)

    with pytest.raises(Unready, match="/open"):
        check_access(app)


def test_a_gated_route_without_a_right_keeps_it_from_starting_too() -> None:
    app = FastAPI()
    careless = http.router()
    careless.add_api_route("/open", lambda: None)
    app.include_router(careless)

    with pytest.raises(Unready, match="/open"):
        check_access(app)


async def test_a_bug_is_answered_without_telling_where_and_logged_without_data(
    app: FastAPI, board: AsyncClient, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = http.router()

    def bug(secret: str) -> None:
        raise ZeroDivisionError(secret)

    broken.add_api_route("/api/v1/health/bug", bug, openapi_extra=needs("public", "read"))
    app.include_router(broken)

    answer = await board.get("/api/v1/health/bug?secret=hunter2")

    assert (answer.status_code, answer.json()["code"]) == (500, "internal")
    assert "hunter2" not in answer.text
    assert "default-src" in answer.headers["content-security-policy"]
    logged = capsys.readouterr().err
    assert "ZeroDivisionError" in logged
    assert "hunter2" not in logged


async def test_a_running_server_leads_and_does_its_jobs(settings: Settings, site: SiteId) -> None:
    parts = build_parts(settings.model_copy(update={"driver_app": ""}))
    app = create_app(parts.settings, parts)

    told, done = parts.writer.committed, threading.Event()

    def listen(revisions: Mapping[SiteId, int], *, jobs: bool) -> None:
        told(revisions, jobs=jobs)
        if not jobs and not parts.reads.run(waiting):
            done.set()

    def found(session: Session) -> None:
        create_site(session, site, Site(name="Test"), now=parts.clock.now())
        parts.jobs.submit(session, Job(MATERIALISE, site, "all"))

    async with app.router.lifespan_context(app):
        parts.writer.committed = listen
        await anyio.to_thread.run_sync(parts.writer.run, found)
        assert await anyio.to_thread.run_sync(done.wait, 10)
        assert parts.leader.held()

    assert not parts.leader.held()


def test_a_driver_app_that_cannot_be_loaded_is_named(settings: Settings) -> None:
    parts = build_parts(settings)
    try:
        with pytest.raises(Unready, match=r"shared\.ids:nothing"):
            create_app(settings.model_copy(update={"driver_app": "shared.ids:nothing"}), parts)
    finally:
        parts.close()
