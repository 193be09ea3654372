"""Every operation on one thing: own, of another Carrier, of another site, absent."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from fastapi import FastAPI
from httpx import AsyncClient, Response
from sqlmodel import Session

from server.core.access import Principal, Role
from server.core.http import Parts
from server.people import service
from server.proofs.tables import ProofRow
from server.runs.tables import RunRow
from server.sites.service import create_site
from shared.ids import CarrierId, SiteId
from shared.site import Site
from tests.helpers import hostile
from tests.helpers.hostile import Known
from tests.helpers.pages import Board, make_board
from tests.server.conftest import as_person, stranger
from tests.server.known import DAY, bodies_of, known_things
from tests.server.test_matrix import paired_device

pytestmark = pytest.mark.anyio
NOWHERE = "01900000-0000-7000-8000-0000000000ff"
BY_NAME = {"reason_id", "kind", "sha"}  # not ids: every site has its own of the same name
MINE, THEIRS = CarrierId(UUID(int=71)), CarrierId(UUID(int=72))
RUN, OTHER_RUN = "L09 Centre evening", "L04 Grocery west"
JSON = {"Accept": "application/json"}


@pytest.fixture
def made(parts: Parts) -> Board:
    """A board whose evening run and its proof are of one Carrier."""
    made = make_board(parts)
    parts.writer.run(lambda session: _give_to_carrier(session, made, parts))
    return made


def _give_to_carrier(session: Session, made: Board, parts: Parts) -> None:
    run = session.get(RunRow, (made.site_id, made.runs[RUN]))
    assert run is not None
    run.carrier_id = MINE
    now = parts.clock.now()
    proof = ProofRow(site_id=made.site_id, id=UUID(int=81), run_id=run.id, carrier_id=MINE,
                     outcome="done", by="x", hlc=1, reported_at=now, received_at=now)  # fmt: skip
    session.add(proof)


@pytest.fixture
async def ada(client: AsyncClient, app: FastAPI, made: Board) -> AsyncClient:
    del client
    return as_person(app, made.person)


@pytest.fixture
async def known(ada: AsyncClient, made: Board) -> Known:
    found = await known_things(ada, made)
    return replace(found, ids={**found.ids, "proof_id": str(UUID(int=81))})


def carrier(app: FastAPI, parts: Parts, made: Board, carrier_id: CarrierId) -> AsyncClient:
    """The browser of somebody who manages this Carrier."""
    grants = [service.Grant(Role.CARRIER_MANAGER, carrier_id)]
    name, now = f"Carrier {carrier_id}", parts.clock.now()
    person = parts.writer.run(
        lambda s: service.create_person(s, made.who, name=name, grants=grants, now=now)
    )
    return as_person(app, Principal("person", made.site_id, person_id=person))


def operations(app: FastAPI, known: Known) -> Iterator[tuple[str, str, Any]]:
    """Method, path and a body of everything that is about one known thing."""
    openapi = app.openapi()
    bodies, parts = bodies_of(openapi, known), openapi["components"]["schemas"]
    for path, methods in openapi["paths"].items():
        names = {part.split("}")[0] for part in path.split("{")[1:]}
        if not names or names & BY_NAME or not names <= known.ids.keys():
            continue
        for method, operation in methods.items():
            yield method, path, bodies.get(f"{method} {path}") or _body(operation, parts, known)


def _body(operation: Mapping[str, Any], parts: Mapping[str, Any], known: Known) -> Any:
    content = operation.get("requestBody", {}).get("content", {}).get("application/json")
    return None if content is None else hostile.sample(content["schema"], parts, known)


async def ask(asking: AsyncClient, method: str, path: str, body: Any, known: Known) -> Response:
    query = {"from": DAY, "to": DAY} if path.endswith("preview") else {}
    url = hostile.url_of(path, known)
    return await asking.request(method, url, json=body, params=query, headers=JSON)


async def test_things_of_another_site_look_absent_to_everything_one_can_do(
    app: FastAPI, known: Known, parts: Parts, site: SiteId, person: Callable[..., Principal]
) -> None:
    board, now = as_person(app, person("Sam", Role.SUPERVISOR)), parts.clock.now()
    parts.writer.run(lambda s: create_site(s, site, Site(name="Elsewhere"), now=now))
    nowhere = replace(
        known, ids=dict.fromkeys(known.ids, NOWHERE) | {"n": "1", "day": "2026-03-02"}
    )
    judged = 0

    for method, path, body in operations(app, known):
        if (method, path) == ("put", "/api/v1/calendars/{calendar_id}"):
            continue  # makes one
        foreign = await ask(board, method, path, body, known)
        absent = await ask(board, method, path, body, nowhere)
        assert foreign.status_code in (404, 422), f"{method} {path}: {foreign.text}"
        assert (foreign.status_code, foreign.content) == (absent.status_code, absent.content), path
        judged += foreign.status_code == 404

    assert judged > 25


async def test_one_s_own_things_open(app: FastAPI, ada: AsyncClient, known: Known) -> None:
    for method, path, body in operations(app, known):
        if method == "get" and not path.startswith("/api/v1/exports"):
            answer = await ask(ada, method, path, body, known)
            assert answer.status_code == 200, f"{path}: {answer.text}"


@pytest.mark.parametrize(
    "path", ["/api/v1/runs/{run_id}", "/api/v1/runs/{run_id}/plans", "/api/v1/proofs/{proof_id}"]
)
async def test_a_carrier_reads_its_own_and_nobody_elses(
    app: FastAPI, parts: Parts, made: Board, known: Known, path: str
) -> None:
    nowhere = replace(known, ids=dict.fromkeys(known.ids, NOWHERE))
    mine, theirs = (carrier(app, parts, made, one) for one in (MINE, THEIRS))

    own = await ask(mine, "get", path, None, known)
    foreign = await ask(theirs, "get", path, None, known)
    absent = await ask(theirs, "get", path, None, nowhere)

    assert own.status_code == 200, own.text
    assert (foreign.status_code, foreign.content) == (404, absent.content)


@pytest.mark.parametrize("kind", ["runs?date=2026-03-02", "proofs"])
async def test_the_lists_of_a_carrier_hold_its_own_only(
    app: FastAPI, parts: Parts, made: Board, known: Known, kind: str
) -> None:
    del known
    found = {}
    for one in (MINE, THEIRS):
        answer = await carrier(app, parts, made, one).get(f"/api/v1/{kind}")
        found[one] = len(answer.json()["items"])

    assert found == {MINE: 1, THEIRS: 0}


async def test_a_device_reads_the_runs_of_its_vehicle_and_no_others(
    app: FastAPI, parts: Parts, made: Board, client: AsyncClient
) -> None:
    del client
    token, _ = paired_device(parts, made.site_id, made.vehicles["Van 3"])
    asking = stranger(app)
    asking.headers["Authorization"] = f"Bearer {token}"

    own = await asking.get(f"/api/v1/runs/{made.runs[RUN]}")
    foreign = await asking.get(f"/api/v1/runs/{made.runs[OTHER_RUN]}")
    absent = await asking.get(f"/api/v1/runs/{NOWHERE}")

    assert own.status_code == 200, own.text
    assert (foreign.status_code, foreign.content) == (404, absent.content)
