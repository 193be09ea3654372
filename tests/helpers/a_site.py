"""A site with places and a loop, for tests of the server that are about something else."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from sqlmodel import Session

from server.core.access import Principal, Role
from server.core.db import Writer
from server.core.jobs import Job
from server.loops import service as loops
from server.sites import service as sites
from server.travel import service as travel
from shared.departure import Departure
from shared.ids import LocationId, LoopId, PersonId, SiteId
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
