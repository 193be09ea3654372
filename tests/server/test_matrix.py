"""Every operation against everybody who may ask, judged by the table ACCESS alone."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from uuid import UUID

import pytest
from fastapi import FastAPI
from httpx import AsyncClient, Response

from server.app import routes_of
from server.core.access import Principal, Role, reaches, system
from server.core.http import PUBLIC as PUBLIC_KIND
from server.core.http import X_ACCESS, GatedRoute, Parts
from server.core.public import PUBLIC
from server.people import devices, service
from server.sites import service as sites
from shared.ids import DeviceId, SiteId, VehicleId
from shared.site import Site
from tests.helpers.clock import ManualClock
from tests.server.conftest import as_person, stranger

pytestmark = pytest.mark.anyio
ABSENT = "01900000-0000-7000-8000-00000000dead"
STREAMS = {"/api/v1/board/stream", "/api/v1/poke"}  # they answer for ever to whom they serve
PEOPLE = [Role.SUPERVISOR, Role.PLANNER, Role.DISPATCHER, Role.CARRIER_MANAGER]


@pytest.fixture(autouse=True)
def _founded(parts: Parts, site: SiteId) -> None:
    parts.writer.run(lambda s: sites.create_site(s, site, Site(name="Test"), now=parts.clock.now()))


@dataclass(frozen=True)
class Operation:
    """A method on a path, with the right it asks for."""

    method: str
    path: str
    kind: str
    verb: str

    @property
    def url(self) -> str:
        """The path with ids that exist nowhere."""
        return re.sub(r"\{(\w+)[^}]*\}", lambda found: _value(found[1]), self.path)

    @property
    def one_object(self) -> bool:
        """Whether it is about one thing rather than all of a kind."""
        return "{" in self.path


def _value(name: str) -> str:
    if name in ("n", "start"):
        return "1"
    return "2026-03-02" if name in ("day", "date") else ABSENT


def operations(app: FastAPI) -> Iterator[Operation]:
    for route in routes_of(app.routes):
        if isinstance(route, GatedRoute):
            access = (route.openapi_extra or {})[X_ACCESS]
            for method in sorted((route.methods or set()) - {"OPTIONS"}):
                yield Operation(method, route.path, access["resource"], access["verb"])


async def ask(client: AsyncClient, operation: Operation) -> Response:
    body: dict[str, str] | None = None if operation.method in ("GET", "HEAD", "DELETE") else {}
    accept = {"Accept": "application/json"}
    return await client.request(operation.method, operation.url, json=body, headers=accept)


def test_every_public_operation_is_on_the_list_and_nothing_else(app: FastAPI) -> None:
    said = {
        (one.method, one.path)
        for one in operations(app)
        if one.kind == PUBLIC_KIND and one.method != "HEAD"
    }

    assert said | {("GET", "/api/v1/openapi.json")} == PUBLIC


def test_openapi_says_of_every_operation_who_may_use_it(app: FastAPI) -> None:
    described = app.openapi()["paths"]

    for path, methods in described.items():
        for method, operation in methods.items():
            assert X_ACCESS in operation, f"{method} {path}"


@pytest.mark.parametrize("credential", ["none", "bad", "expired", "revoked"])
async def test_nothing_but_the_public_answers_without_a_good_credential(
    app: FastAPI, board: AsyncClient, clock: ManualClock, site: SiteId, *, credential: str
) -> None:
    asking = await _with(credential, app, board, clock, site)

    for operation in operations(app):
        if operation.kind == PUBLIC_KIND:
            continue
        answer = await ask(asking, operation)
        assert answer.status_code == 401, f"{credential}: {operation}"


async def _with(
    credential: str, app: FastAPI, board: AsyncClient, clock: ManualClock, site: SiteId
) -> AsyncClient:
    asking = stranger(app)
    if credential == "none":
        return asking
    if credential == "bad":
        asking.headers["Authorization"] = "Bearer mrd_" + "A" * 43
        return asking
    parts: Parts = app.state.parts
    token, device = paired_device(parts, site)
    asking.headers["Authorization"] = f"Bearer {token}"
    if credential == "expired":
        clock.pass_time(days=91)
    else:
        state = {"state": "stolen", "reason": "test"}
        await board.post(f"/api/v1/devices/{device}/state", json=state)
    return asking


def paired_device(parts: Parts, site: SiteId, vehicle: UUID | None = None) -> tuple[str, UUID]:
    """Pair a device, bound to this vehicle; gives its token and id."""
    vehicle_id = VehicleId(vehicle) if vehicle else None
    now = parts.clock.now()
    who = system(site)
    made = parts.writer.run(
        lambda s: devices.issue_code(s, who, name="Van", vehicle_id=vehicle_id, now=now)
    )
    paired = parts.writer.run(lambda s: devices.pair(s, devices.Ask(made.code, "Van"), now=now))
    assert paired is not None
    return paired.token, paired.device_id


def expected(principal: Principal, operation: Operation) -> set[int] | None:
    """The statuses of a refusal at the door, or None where the table lets the asker in."""
    if operation.kind == PUBLIC_KIND or reaches(principal, operation.kind, operation.verb):
        return None
    readable = reaches(principal, operation.kind, "read")
    return {404} if operation.one_object and not readable else {403}


async def judge(app: FastAPI, principal: Principal, asking: AsyncClient) -> None:
    for operation in operations(app):
        wanted = expected(principal, operation)
        if wanted is None and operation.path in STREAMS:
            continue
        if (operation.method, operation.path) == ("POST", "/sign-out"):
            continue
        answer = await ask(asking, operation)
        if wanted is None:
            assert answer.status_code not in (401, 500), f"{operation}: {answer.text[:300]}"
        else:
            assert answer.status_code in wanted, f"{operation}: {answer.status_code}"


@pytest.mark.parametrize("role", PEOPLE)
async def test_each_role_may_do_what_the_table_says(
    app: FastAPI, client: AsyncClient, person: Callable[..., Principal], role: Role
) -> None:
    del client
    principal = person("Pat", role)

    await judge(app, principal, as_person(app, principal))


async def test_a_person_without_a_role_may_do_nothing(
    app: FastAPI, client: AsyncClient, person: Callable[..., Principal]
) -> None:
    del client
    principal = person("Pat")

    await judge(app, principal, as_person(app, principal))


async def test_a_device_may_do_what_the_table_says(
    app: FastAPI, client: AsyncClient, site: SiteId
) -> None:
    del client
    token, device = paired_device(app.state.parts, site)
    asking = stranger(app)
    asking.headers["Authorization"] = f"Bearer {token}"
    principal = Principal(
        kind="device", site_id=site, device_id=DeviceId(device),
        roles=frozenset({Role.DEVICE}),
    )  # fmt: skip

    await judge(app, principal, asking)


async def test_another_sites_things_look_like_absent_ones(
    app: FastAPI, board: AsyncClient, clock: ManualClock
) -> None:
    other = SiteId(UUID(int=77))
    parts: Parts = app.state.parts
    made = parts.writer.run(
        lambda s: service.create_person(
            s, system(other), name="Other", now=clock.now(),
            grants=[service.Grant(Role.SUPERVISOR)],
        )
    )  # fmt: skip
    theirs = Principal(kind="person", site_id=other, person_id=made)
    elsewhere = as_person(app, theirs)
    for kind, body in (("vehicles", {"name": "V"}), ("carriers", {"name": "C"}),
                       ("drivers", {"name": "D"})):  # fmt: skip
        there = (await elsewhere.post(f"/api/v1/{kind}", json=body)).json()

        foreign = await board.patch(f"/api/v1/{kind}/{there['id']}", json={"name": "x"})
        absent = await board.patch(f"/api/v1/{kind}/{ABSENT}", json={"name": "x"})
        own = await elsewhere.patch(f"/api/v1/{kind}/{there['id']}", json={"name": "x"})

        assert (foreign.status_code, foreign.content) == (404, absent.content)
        assert own.status_code == 200
