"""Two runs with a device each, a dispatcher who changes plans meanwhile, and what is told of it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

import pytest
from sqlmodel import Session

from server.core.access import Principal, Role
from server.core.http import Parts
from server.dispatch import service as dispatching
from server.dispatch.service import Place, Transfer
from server.feed import queries as feed
from server.feed import service as feeding
from server.runs import queries as runs
from server.runs.queries import RunView
from server.runs.rules import NewRun, NewVisit
from server.runs.service import cancel, opening, states
from server.sync import rules, service
from shared.events import Body, Event, RunOrderProposed, StopCompleted, StopFailed
from shared.ids import DeviceId, DriverId, PersonId, RunId, SiteId, VehicleId
from shared.plan import read_ops
from shared.sync import DeviceClock
from tests.helpers.builders import START_MS, fact, id_of, text_id
from tests.server.facts.a_stream import Stream
from tests.server.sync.a_device import found_site

CLOCK = DeviceClock("5d0e7a42", 8_060_000, START_MS + 60_000)
PLACES = ("bakery", "dairy", "mill", "farm")
TURNS = pytest.mark.parametrize("first", ["plan", "facts"])
DONE = StopCompleted.model_validate({"proof": {"kind": "delivery", "method": "none"}})
CLOSED = StopFailed.model_validate(
    {"reason": "closed", "proof": {"kind": "failure", "method": "none"}, "attempt": 1}
)
HALVES = {"A": ("bakery", "dairy"), "B": ("mill", "farm")}


@dataclass
class Phone:
    """A device with its stream; it sends everything it has, again and again."""

    who: Principal
    stream: Stream
    rows: dict[tuple[str, str], list[Any]] = field(default_factory=dict)
    cursor: str | None = None


@dataclass
class Scene:
    """The site while something happens in two places at once."""

    parts: Parts
    site: SiteId
    otto: Principal
    phones: dict[str, Phone]
    run_ids: dict[str, UUID]
    visits: dict[str, str]

    def about(self, place: str | None, body: Body, at: int, run: str = "A", **more: Any) -> Event:
        """A fact of a run, at a visit named by its place or at none."""
        visit = self.visits[place] if place else None
        key = str(self.run_ids[run])
        return fact(body, at=at, by=run, run=key, visit=visit, **more)

    def record(self, phone: str, *events: Event) -> None:
        """The device writes facts down; nobody knows yet."""
        self.phones[phone].stream.record(*events)

    def send(self, name: str) -> dict[str, Any]:
        """Send everything from the start: what is known comes again, as after a lost answer."""
        phone = self.phones[name]
        push = phone.stream.push(clock=CLOCK)
        envelope = rules.Envelope(v=1, rid="7f3a9c10", push=push, cursor=phone.cursor)
        told = service.exchange(self.parts, phone.who, envelope)
        self._keep(phone, told["pull"])
        return told

    def _keep(self, phone: Phone, pull: dict[str, Any]) -> None:
        phone.cursor = pull["cursor"]
        if pull["reset"]:
            phone.rows.clear()
        for kind, id_, scope, _rev, deleted, *halves in pull["rows"]:
            if not deleted:
                phone.rows[kind, id_] = [scope, *halves]
            elif phone.rows.get((kind, id_), [None])[0] == scope:
                del phone.rows[kind, id_]

    def run(self, name: str) -> RunView:
        """A run as it is now."""
        return self.parts.reads.run(lambda s: runs.load(s, self.site, self.run_ids[name]))

    def visit(self, place: str) -> Any:
        """A visit as it is now."""
        key = UUID(self.visits[place])
        [row] = self.parts.reads.run(lambda s: runs.visits(s, self.site, [key]))
        return row

    def home(self, place: str) -> str:
        """The name of the run a visit is on."""
        names = {key: name for name, key in self.run_ids.items()}
        return names[self.visit(place).run_id]

    def exceptions(self) -> dict[str, dict[str, Any]]:
        """Details of the open exceptions by kind."""
        found = self.parts.reads.run(lambda s: feed.exceptions(s, self.site))
        return {one.kind: one.detail for one in found}

    def edit(self, name: str, *ops: dict[str, Any]) -> None:
        """Otto changes a plan."""
        run = self.run(name).run
        key, version, now = RunId(run.id), run.plan_version, self.parts.clock.now()
        given = read_ops(ops)
        self.parts.writer.run(
            lambda s: dispatching.edit(s, self.otto, key, given, expected_version=version, now=now)
        )

    def cancel_run(self, name: str) -> None:
        """Otto calls a run off."""
        key, now = RunId(self.run_ids[name]), self.parts.clock.now()
        self.parts.writer.run(lambda s: cancel(s, self.otto, key, reason="snow", now=now))

    def move(self, place: str, source: str, target: str) -> None:
        """Otto gives a visit to the other run."""
        a, b = self.run(source).run, self.run(target).run
        asked = Transfer(
            [UUID(self.visits[place])], RunId(b.id), a.plan_version, b.plan_version, Place(), "sick"
        )
        now = self.parts.clock.now()
        self.parts.writer.run(
            lambda s: dispatching.transfer(s, self.otto, RunId(a.id), asked, now=now)
        )


def a_scene(parts: Parts, site: SiteId, **more: Any) -> Scene:
    """Runs A (bakery, dairy) and B (mill, farm), dispatched to a phone in a van each."""
    otto = Principal(
        kind="person", site_id=site, person_id=PersonId(id_of("otto")),
        roles=frozenset({Role.SUPERVISOR}), name="Otto",
    )  # fmt: skip
    found_site(parts, otto, *PLACES)
    run_ids = {name: _open(parts, otto, name, **more) for name in HALVES}
    phones = {name: _phone(site, name) for name in HALVES}
    visits: dict[str, str] = {}
    for name, key in run_ids.items():
        scope, device = f"run:{key}", phones[name].who.device_id
        assert device is not None
        give = partial(feeding.set_devices, site_id=site, scope=scope, now=parts.clock.now())
        parts.writer.run(partial(give, device_ids=[device]))
        view = parts.reads.run(partial(runs.load, site_id=site, run_id=key))
        visits |= {view.places[one.location_id].name: str(one.id) for one in view.stops}
    return Scene(parts, site, otto, phones, run_ids, visits)


def _phone(site: SiteId, name: str) -> Phone:
    device = DeviceId(id_of(f"{site} phone {name}"))
    who = Principal(kind="device", site_id=site, device_id=device, roles=frozenset({Role.DEVICE}))
    return Phone(who, Stream(f"{site} stream {name}"))


def _open(parts: Parts, who: Principal, name: str, **more: Any) -> UUID:
    leaves = parts.clock.now() + timedelta(hours=1)
    depot = id_of("depot")
    stops = [NewVisit(id_of(one), "fixed", leaves, leaves, service_s=300) for one in HALVES[name]]
    ends = [NewVisit(depot, end, leaves, leaves) for end in ("start", "end")]
    new = NewRun(
        name=f"Run {name}",
        kind="outbound",
        service_date=leaves.date(),
        departure_at=leaves,
        return_at=leaves + timedelta(hours=4),
        start_location=depot,
        end_location=depot,
        visits=(ends[0], *stops, ends[1]),
        legs=tuple((600, 5_000) for _ in range(len(stops) + 1)),
        vehicle_id=VehicleId(id_of(f"van {name}")),
        driver_id=DriverId(id_of(name)),
        **more,
    )

    def work(session: Session) -> UUID:
        run_id = opening.open_run(session, who.site_id, new, now=parts.clock.now())
        assert run_id is not None
        states.dispatch(session, who, run_id, now=parts.clock.now())
        return run_id

    return parts.writer.run(work)


def meanwhile(scene: Scene, plan: Callable[[], None], *phones: str, first: str) -> None:
    """The plan changes and the phones send, in one order or the other; all is sent twice."""
    if first == "plan":
        plan()
    for name in (*phones, *phones):
        scene.send(name)
    if first == "facts":
        plan()
    for name in phones:
        scene.send(name)


def sides(scene: Scene, kind: str) -> list[tuple[str, str]]:
    """What an exception shows side by side: what, and by whom."""
    return [(side["what"], side["by"]) for side in scene.exceptions()[kind]["sides"]]


def driver(name: str) -> str:
    return f"driver:{text_id(name)}"


def both_know(scene: Scene) -> None:
    """Both phones have run A, as after a take-over."""
    ids = [phone.who.device_id for phone in scene.phones.values()]
    scope, now = f"run:{scene.run_ids['A']}", scene.parts.clock.now()
    scene.parts.writer.run(
        lambda s: feeding.set_devices(s, scene.site, scope, [one for one in ids if one], now)
    )


def proposal(scene: Scene, at: int, version: int = 1) -> Event:
    order = [scene.visits["dairy"], scene.visits["bakery"]]
    body = RunOrderProposed(order=order, base_version=version, reason="road_closed")
    return scene.about(None, body, at)
