"""A run in a site, and a scripted device that talks to the server about it."""

import hashlib
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

from fastapi import FastAPI
from httpx import AsyncClient, Response
from sqlmodel import Session

from server.core.access import Principal
from server.core.http import Parts
from server.people import devices
from server.runs import queries as runs
from server.runs.rules import NewRun, NewVisit
from server.runs.service import opening, states
from server.sites import service as sites
from shared.events import Event
from shared.ids import LocationId, RunId, VehicleId
from shared.site import Location, Site
from tests.helpers.builders import id_of
from tests.server.conftest import stranger
from tests.server.facts.a_stream import Stream

VAN = VehicleId(id_of("van"))
BOOT = "5d0e7a42"


@dataclass(frozen=True)
class Circle:
    """A dispatched run: its id, and its visits by the name of the place."""

    run: str
    visits: dict[str, str]


def place(name: str, kind: str = "customer", n: int = 0) -> Location:
    return Location(kind=kind, name=name, lat=48.1 + n / 100, lon=11.5)  # type: ignore[arg-type]


def found_site(parts: Parts, who: Principal, *names: str) -> None:
    """Make the site with a depot and these places."""
    now = parts.clock.now()

    def work(session: Session) -> None:
        sites.create_site(session, who.site_id, Site(name="Munich"), now=now)
        given = [place("depot", "depot"), *(place(name, n=n + 1) for n, name in enumerate(names))]
        ids = [(LocationId(id_of(one.name)), one) for one in given]
        sites.add_locations(session, who, ids, now=now)

    parts.writer.run(work)


def open_circle(
    parts: Parts,
    who: Principal,
    *names: str,
    dispatched: bool = True,
    van: bool = True,
    driver: UUID | None = None,
) -> Circle:
    """Open a run from the depot past these places, and dispatch it to the van or the driver."""
    leaves = parts.clock.now() + timedelta(hours=1)
    depot = id_of("depot")
    stops = [NewVisit(id_of(name), "fixed", leaves, leaves, service_s=300) for name in names]
    ends = [NewVisit(depot, "start", leaves, leaves), NewVisit(depot, "end", leaves, leaves)]
    new = NewRun(
        name="North",
        kind="outbound",
        service_date=leaves.date(),
        departure_at=leaves,
        return_at=leaves + timedelta(hours=4),
        start_location=depot,
        end_location=depot,
        visits=(ends[0], *stops, ends[1]),
        legs=tuple((600, 5_000) for _ in range(len(names) + 1)),
        vehicle_id=VAN if van else None,
        driver_id=driver,
    )

    def work(session: Session) -> Circle:
        run_id = opening.open_run(session, who.site_id, new, now=parts.clock.now())
        assert run_id is not None
        if dispatched:
            states.dispatch(session, who, run_id, now=parts.clock.now())
        return circle(session, who, run_id)

    return parts.writer.run(work)


def circle(session: Session, who: Principal, run_id: RunId) -> Circle:
    view = runs.load(session, who.site_id, run_id)
    names = {one.id: view.places[one.location_id].name for one in view.visits}
    fixed = [one for one in view.visits if one.kind == "fixed"]
    return Circle(str(run_id), {names[one.id]: str(one.id) for one in fixed})


@dataclass
class Device:
    """A paired device: its connection, its stream, and what it was told last."""

    client: AsyncClient
    id: str
    server_id: str
    parts: Parts
    stream: Stream = field(default_factory=Stream)
    cursor: str | None = None
    acked: int = 0
    rows: dict[tuple[str, str], list[Any]] = field(default_factory=dict)

    def record(self, *events: Event) -> "Device":
        self.stream.record(*events)
        return self

    def request(self, **other: Any) -> dict[str, Any]:
        """The request for everything after the last acknowledged place."""
        push = self.stream.push(after=self.acked)
        now_ms = self.parts.clock.ms()
        return {
            "v": 1,
            "app": "1.4.2+310",
            "rid": "7f3a9c10",
            "stream": push.stream,
            "base": {"seq": push.base_seq, "chain": push.base_chain},
            "events": [{"seq": one.seq, "id": one.id, "doc": one.doc} for one in push.events],
            "cursor": self.cursor,
            "clock": [BOOT, 8_060_000, now_ms],
            **other,
        }

    async def post(self, **other: Any) -> Response:
        return await self.client.post("/api/v1/sync", json=self.request(**other))

    async def exchange(self, **other: Any) -> dict[str, Any]:
        """One exchange that must succeed; keeps acknowledgement, cursor and rows."""
        answer = await self.post(**other)
        assert answer.status_code == 200, answer.text
        told: dict[str, Any] = answer.json()
        self.acked = told["ack"]["seq"]
        if "rows" in told["pull"]:
            self._keep(told["pull"])
        return told

    def _keep(self, pull: dict[str, Any]) -> None:
        self.cursor = pull["cursor"]
        if pull["reset"]:
            self.rows.clear()
        for kind, id_, scope, rev, deleted, *halves in pull["rows"]:
            if not deleted:
                self.rows[kind, id_] = [scope, rev, *halves]
            elif self.rows.get((kind, id_), [None])[0] == scope:
                del self.rows[kind, id_]
        self.rows = {key: row for key, row in self.rows.items() if row[0] in pull["scopes"]}

    def row(self, kind: str, id_: str) -> tuple[dict[str, Any], dict[str, Any] | None]:
        """Plan and fact of a row."""
        _, _, plan, fact = self.rows[kind, id_]
        return plan, fact


async def pair_device(
    app: FastAPI, who: Principal, name: str = "Van 4", *, van: bool = True
) -> Device:
    """Pair a device, bound to the van unless told otherwise."""
    parts: Parts = app.state.parts
    vehicle = VAN if van else None
    code = parts.writer.run(
        lambda s: devices.issue_code(s, who, name=name, vehicle_id=vehicle, now=parts.clock.now())
    )
    client = stranger(app)
    answer = (await client.post("/api/v1/pair", json={"code": code.code, "name": name})).json()
    client.headers["Authorization"] = f"Bearer {answer['token']}"
    device = Device(client, answer["device_id"], answer["server_id"], parts)
    device.stream.name = f"stream of {answer['device_id']}"
    return device


def sha_of(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def photo_of(content: bytes, role: str = "photo", media: str = "image/jpeg") -> list[Any]:
    """How a fact declares this file."""
    return [sha_of(content), len(content), media, role]
