"""A site with vans that have devices and dispatched runs, and the facts a benchmark sends."""

import itertools
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import Session

from server.app import build_parts
from server.core.access import Principal, Role
from server.core.clock import to_ms
from server.core.http import Parts
from server.core.ids import new_id
from server.core.settings import Settings
from server.fleet import service as fleet
from server.migrations.steps import migrate
from server.people import devices, service
from server.people.devices import Ask
from server.runs import queries as reading
from server.runs import service as runs
from server.runs.rules import NewRun, NewVisit
from server.sites import service as sites
from server.sync.rules import Envelope
from server.sync.service import exchange
from shared.events import Body, Event, StopArrived, StopCompleted
from shared.ids import RunId, SiteId, VehicleId, uuid7
from shared.site import Location, Site
from shared.sync import DeviceClock
from tests.helpers.builders import fact
from tests.server.facts.a_stream import Stream

BATCH = 50
STOPS = BATCH // 2  # each brings an arrival and a result
LEG_S, SERVICE_S = 240, 120
MONO_MS = 8_000_000
BOOT = "5d0e7a42"
APP, RID = "0.1.0", "7f3a9c10"
_numbers = itertools.count(1)


@dataclass
class Van:
    """One device with its stream, and how far it has sent it."""

    who: Principal
    token: str
    began_ms: int
    stream: Stream
    sent: int = 0
    cursor: str | None = None

    def envelope(self, facts: int) -> Envelope:
        """The next facts of its stream, as its request says them."""
        before, self.sent = self.sent, self.sent + facts
        clock = DeviceClock(BOOT, MONO_MS + before, self.began_ms + before)
        push = self.stream.push(before, self.sent, clock)
        return Envelope(v=1, rid=RID, push=push, app=APP, cursor=self.cursor)

    def body(self, facts: int = 1) -> dict[str, Any]:
        """The same on the wire."""
        push = self.envelope(facts).push
        return {
            "v": 1,
            "app": APP,
            "rid": RID,
            "stream": push.stream,
            "base": {"seq": push.base_seq, "chain": push.base_chain},
            "events": [{"seq": one.seq, "id": one.id, "doc": one.doc} for one in push.events],
            "clock": [push.clock.boot, push.clock.mono_ms, push.clock.wall_ms],
            "cursor": self.cursor,
        }


@dataclass
class Crew:
    """The vans, and the settings of the server that knows them."""

    settings: Settings
    vans: list[Van] = field(default_factory=list)


def make_crew(settings: Settings, vans: int, rounds: int) -> Crew:
    """Found the site; every van has so many dispatched runs, each good for BATCH facts."""
    migrate(settings)
    parts = build_parts(settings)
    crew = Crew(settings)
    try:
        boss = _founded(parts)
        places = parts.writer.run(lambda s: _places(s, boss, parts.clock.now()))
        for number in range(vans):
            crew.vans.append(_van(parts, boss, number, places, rounds))
    finally:
        parts.close()
    return crew


def _founded(parts: Parts) -> Principal:
    now = parts.clock.now()
    site_id = SiteId(new_id(now))
    hashed = parts.passwords.make("a long enough password")

    def work(session: Session) -> Principal:
        sites.create_site(session, site_id, Site(name="Bench"), now=now)
        boss = service.first_supervisor(session, site_id, name="Sam", password_hash=hashed, now=now)
        return Principal(
            "person", site_id, person_id=boss, roles=frozenset({Role.SUPERVISOR}), name="Sam"
        )

    return parts.writer.run(work)


def _places(session: Session, boss: Principal, now: datetime) -> list[Any]:
    """A depot and the customers of a round; all rounds pass the same ones."""
    given = [(None, Location(kind="depot", name="Depot", lat=60.2, lon=25.1))]
    given += [
        (None, Location(kind="customer", name=f"Shop {n}", lat=60.2 + n / 500, lon=25.0))
        for n in range(STOPS)
    ]
    return [row.id for row in sites.add_locations(session, boss, given, now=now)]


def _van(parts: Parts, boss: Principal, number: int, places: list[Any], rounds: int) -> Van:
    now = parts.clock.now()

    def paired(session: Session) -> tuple[VehicleId, str, Principal]:
        name = f"Van {number}"
        about = {"name": name, "kind": "van"}
        vehicle = VehicleId(fleet.add_vehicle(session, boss, about, now=now).id)
        code = devices.issue_code(session, boss, name=name, vehicle_id=vehicle, now=now)
        given = devices.pair(session, Ask(code.code, name), now=now)
        assert given is not None, "the code is new"
        device = given.device_id
        who = Principal("device", boss.site_id, device_id=device, vehicle_id=vehicle, name=name)
        return vehicle, given.token, who

    vehicle, token, who = parts.writer.run(paired)
    stream = Stream(name=f"stream of {who.device_id}")
    van = Van(who, token, to_ms(now), stream)
    for _ in range(rounds):
        run_id = parts.writer.run(lambda s: _round(s, boss, vehicle, places, now))
        view = parts.reads.run(lambda s, key=run_id: reading.load(s, boss.site_id, key))  # type: ignore[misc]
        for one in view.visits:
            if one.kind == "fixed":
                _visited(van, str(run_id), str(one.id))
    answer = exchange(parts, who, van.envelope(0))
    van.cursor = answer["pull"]["cursor"]
    return van


def _round(
    session: Session, boss: Principal, vehicle: VehicleId, places: list[Any], now: datetime
) -> RunId:
    depot, shops = places[0], places[1:]
    leaves = now + timedelta(hours=1)
    times = [leaves + timedelta(seconds=(n + 1) * LEG_S) for n in range(len(shops))]
    back = times[-1] + timedelta(seconds=LEG_S)
    stops = [
        NewVisit(place, "fixed", at, at + timedelta(seconds=SERVICE_S), service_s=SERVICE_S)
        for place, at in zip(shops, times, strict=True)
    ]
    ends = NewVisit(depot, "start", leaves, leaves), NewVisit(depot, "end", back, back)
    new = NewRun(
        name="Round", kind="outbound", service_date=leaves.date(), departure_at=leaves,
        return_at=back, start_location=depot, end_location=depot,
        visits=(ends[0], *stops, ends[1]), legs=((LEG_S, LEG_S * 10),) * (len(shops) + 1),
        vehicle_id=vehicle,
    )  # fmt: skip
    run_id = runs.open_run(session, boss.site_id, new, now=now)
    assert run_id is not None, "a run without a slot is always new"
    runs.dispatch(session, boss, run_id, now=now)
    return run_id


def _visited(van: Van, run: str, visit: str) -> None:
    """Record that the van arrived and did what there was to do."""
    done = StopCompleted.model_validate({"proof": {"kind": "delivery", "method": "none"}})
    bodies: tuple[Body, ...] = (StopArrived(source="manual"), done)
    van.stream.record(*(_fact(van, body, run, visit) for body in bodies))


def _fact(van: Van, body: Body, run: str, visit: str) -> Event:
    place = len(van.stream.sent) + 1
    at_ms = van.began_ms + place
    return fact(
        body,
        id=str(uuid7(at_ms, next(_numbers).to_bytes(10, "big"))),
        hlc=at_ms,
        clk=[BOOT, MONO_MS + place, at_ms],
        run=run,
        visit=visit,
    )
