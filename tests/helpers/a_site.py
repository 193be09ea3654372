"""A site with places and a loop, for tests of the server that are about something else."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlmodel import Session

from server.core.access import Principal, Role
from server.core.db import Reads, Writer
from server.core.jobs import Job
from server.fleet import service as fleet
from server.loops import service as loops
from server.people import devices, drivers
from server.runs import queries as runs
from server.sites import service as sites
from server.travel import service as travel
from shared.departure import Departure
from shared.ids import DeviceId, DriverId, LocationId, LoopId, PersonId, SiteId, VehicleId
from shared.loop import Loop, LoopVersion, Stop
from shared.site import Location, Site
from tests.helpers.builders import id_of

SITE = SiteId(UUID("01900000-0000-7000-8000-000000000001"))
MONDAY = date(2026, 3, 2)
NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
SUPERVISOR = Principal(
    kind="person",
    site_id=SITE,
    person_id=PersonId(id_of("anna")),
    roles=frozenset({Role.SUPERVISOR}),
    name="Anna",
)
DISPATCHER = Principal(
    kind="person",
    site_id=SITE,
    person_id=PersonId(id_of("otto")),
    roles=frozenset({Role.DISPATCHER}),
    name="Otto",
)
PLACES = ("depot", "bakery", "dairy", "mill")


class NoJobs:
    """Takes jobs and only remembers them."""

    def __init__(self) -> None:
        self.submitted: list[Job] = []

    def submit(self, session: Session, job: Job) -> None:
        """Remember the job."""
        assert session is not None
        self.submitted.append(job)

    def wake(self) -> None:
        """Nobody waits."""


def found_site(writer: Writer, *, tz: str = "Europe/Berlin", now: datetime = NOON) -> None:
    """Found the site with a depot and three customers a few kilometres apart."""

    def work(session: Session) -> None:
        about = Site(name="Plant Nord", tz=tz, country="DE")
        sites.create_site(session, SITE, about, now=now)
        for n, name in enumerate(PLACES):
            place = Location(
                kind="depot" if n == 0 else "customer",
                name=name.title(),
                lat=51.30 + n * 0.02,
                lon=12.30 + n * 0.03,
                service_fixed_s=300,
            )
            key = LocationId(id_of(name))
            sites.add_location(session, SUPERVISOR, place, location_id=key, now=now)

    writer.run(work)


def version(
    *departures: Departure,
    stops: Sequence[str] = ("bakery", "dairy", "mill"),
    rrule: str = "FREQ=DAILY",
    anchor: date = MONDAY,
    own_stops: Sequence[Stop] | None = None,
    **more: Any,
) -> LoopVersion:
    """Draw a round from the depot and back, at 08:00 unless departures are given."""
    lines = departures or (Departure.model_validate({"departure_no": 1, "time_local": "08:00"}),)
    given: dict[str, Any] = {
        "rrule": rrule,
        "anchor_date": anchor,
        "start_location": id_of("depot"),
        "end_location": id_of("depot"),
        "stops": tuple(own_stops or [Stop(location_id=id_of(name)) for name in stops]),
        "departures": lines,
        **more,
    }
    return LoopVersion.model_validate(given)


def publish_loop(
    writer: Writer,
    given: LoopVersion | None = None,
    *,
    code: str = "L1",
    kind: str = "outbound",
    valid_from: date = MONDAY,
    now: datetime = NOON,
) -> LoopId:
    """Draw and publish a loop."""
    loop_id = LoopId(id_of(f"loop {code}"))
    about = Loop.model_validate({"code": code, "name": "Morning round", "kind": kind})

    def work(session: Session) -> None:
        loops.create_loop(session, SUPERVISOR, about, loop_id=loop_id, now=now)
        row, _ = loops.write_draft(session, SUPERVISOR, loop_id, given or version(), now=now)
        loops.publish(
            session,
            SUPERVISOR,
            loop_id,
            row.version,
            valid_from=valid_from,
            legs_of=travel.legs,
            jobs=NoJobs(),
            now=now,
        )

    writer.run(work)
    return loop_id


def add_vehicle(writer: Writer, name: str = "Van 4", kind: str = "van") -> VehicleId:
    """Add a vehicle."""
    given = {"id": id_of(f"vehicle {name}"), "name": name, "kind": kind}
    writer.run(lambda s: fleet.add_vehicle(s, SUPERVISOR, given, now=NOON))
    return VehicleId(id_of(f"vehicle {name}"))


def add_driver(writer: Writer, name: str = "Kaya") -> DriverId:
    """Add a driver."""
    given = {"id": id_of(f"driver {name}"), "name": name, "lang": "en"}
    writer.run(lambda s: drivers.add_driver(s, SUPERVISOR, given, now=NOON))
    return DriverId(id_of(f"driver {name}"))


def pair_device(writer: Writer, name: str, vehicle_id: VehicleId | None = None) -> DeviceId:
    """Pair a device, bound to a vehicle or to none."""

    def work(session: Session) -> DeviceId:
        code = devices.issue_code(session, SUPERVISOR, name=name, vehicle_id=vehicle_id, now=NOON)
        session.flush()
        paired = devices.pair(session, devices.Ask(code.code, name), now=NOON)
        assert paired is not None
        return paired.device_id

    return writer.run(work)


def no_gate(*_about: object) -> list[tuple[str, str, str]]:
    """Stand in for the gate where a test is not about it."""
    return []


def only_run(reads: Reads, day: date = MONDAY + timedelta(days=1)) -> runs.RunView:
    """Give the one run of a day, whole."""
    [row] = reads.run(lambda s: runs.day(s, SUPERVISOR, day))
    return reads.run(lambda s: runs.load(s, SITE, row.id))
