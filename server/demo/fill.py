"""The demo's site, people, vehicles, places and loops, made once through the rooms' services."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from random import Random
from typing import Any

from sqlmodel import Session

from server.core.access import Principal, Role, system
from server.core.passwords import Passwords
from server.demo import fleet, places
from server.demo.keys import DEMO_SEED, SITE_ID
from server.demo.rounds import CALENDAR_ID, rounds
from server.fleet import service as vehicles
from server.loops import service as loops
from server.people import drivers
from server.people import queries as people_queries
from server.people import service as people
from server.plant import service as plant
from server.sites import queries as site_queries
from server.sites import service as sites
from server.sites.rules import Calendar
from shared.ids import LocationId, LoopId, PersonId

USER = "demo"
PARTS_PER_STATION = 3
PIECES_PER_BOX = 20
CONTAINER = "KLT-6429"
EMPTIES_AT_START = 2
DEMAND_PER_H, DEMAND_SPREAD = 32, 17


class Occupied(Exception):
    """The data folder holds somebody's own site; the demo must not mix with it."""


@dataclass(frozen=True)
class Secrets:
    """What takes long to hash, made before any write."""

    password_hash: str
    driver: Mapping[str, Any]


def hashed(passwords: Passwords, password: str) -> Secrets:
    """Hash the supervisor's password and the drivers' PIN."""
    password_hash = people.hash_of(passwords, password)
    assert password_hash is not None, "a password was given"
    return Secrets(password_hash, drivers.prepared({"pin": fleet.DEMO_PIN}))


def fill(session: Session, secrets: Secrets, *, today: date, now: datetime) -> bool:
    """Make everything unless it is there already; true when it was made now."""
    known = site_queries.all_sites(session)
    if known and SITE_ID not in known:
        raise Occupied
    who = system(SITE_ID)
    if known:
        return False
    sites.create_site(session, SITE_ID, places.SITE, now=now)
    grants = [people.Grant(Role.SUPERVISOR)]
    people.create_person(
        session, who, name=USER, grants=grants, password_hash=secrets.password_hash, now=now
    )
    _places(session, who, now)
    _fleet(session, who, secrets, now)
    for one in rounds(today):
        loops.create_loop(session, who, one.loop, loop_id=LoopId(one.id), now=now)
    _parts(session, who, now)
    return True


def _places(session: Session, who: Principal, now: datetime) -> None:
    given = [(LocationId(spot.id), spot.location) for spot in places.ALL]
    sites.add_locations(session, who, given, now=now)
    calendar = Calendar(name="Saxony", country="DE", subdivision="SN")
    sites.put_calendar(session, who, CALENDAR_ID, calendar, now=now)


def _fleet(session: Session, who: Principal, secrets: Secrets, now: datetime) -> None:
    for machine in fleet.VEHICLES:
        vehicles.add_vehicle(session, who, {**machine.given, "id": machine.id}, now=now)
    for person in fleet.DRIVERS:
        given = {"id": person.id, "name": person.name, "lang": person.lang, **secrets.driver}
        drivers.add_driver(session, who, given, now=now)


def _parts(session: Session, who: Principal, now: datetime) -> None:
    """Three parts per station; demands lie around the mean in pairs, so that the sums are exact."""
    chance = Random(DEMO_SEED)
    stations = [*places.STATIONS_1, *places.STATIONS_2]
    offsets: list[int] = []
    while len(offsets) < PARTS_PER_STATION * len(stations):
        offset = chance.randint(0, DEMAND_SPREAD)
        offsets += [offset, -offset]
    for no, offset in enumerate(offsets):
        station = stations[no // PARTS_PER_STATION]
        given = {
            "part_no": f"P{no + 101}",
            "name": f"Part {no + 101}",
            "station_id": station.id,
            "supermarket_id": places.SUPERMARKET.id,
            "pieces_per_box": PIECES_PER_BOX,
            "container_type": CONTAINER,
            "demand_per_h": DEMAND_PER_H + offset,
            "formula": "two_cycle",
            "min_boxes": 2,
            "max_boxes": 6,
        }
        plant.add_control_cycle(session, who, given, now=now)
    for station in stations:
        plant.count_empties(session, who, station.id, CONTAINER, qty=EMPTIES_AT_START, now=now)


def keep_password(session: Session, passwords: Passwords, password: str, *, now: datetime) -> None:
    """A start with another password than the last one gives the supervisor this one."""
    row = people_queries.person_by_login(session, USER)
    if row is not None and not passwords.fits(password, row.password_hash):
        password_hash = people.hash_of(passwords, password)
        who, person = system(SITE_ID), PersonId(row.id)
        people.change_person(session, who, person, password_hash=password_hash, now=now)
