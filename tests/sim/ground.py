"""What every schedule of a process begins from: one database, founded once by product code."""

import atexit
import os
import random
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from pathlib import Path
from uuid import UUID

from sqlmodel import Session

from server.app import build_parts
from server.core.access import Principal, Role, system
from server.core.http import Parts
from server.core.passwords import Passwords
from server.core.settings import Settings
from server.fleet import service as fleet
from server.migrations.steps import migrate
from server.people import service as people
from server.runs import queries as runs
from server.runs.rules import NewLine, NewRun, NewVisit
from server.runs.service import opening, states
from server.sites import service as sites
from shared.ids import LocationId, RunId, SiteId
from shared.site import Location, Site
from tests.helpers.builders import id_of
from tests.helpers.clock import ManualClock

SITE = SiteId(UUID("01900000-0000-7000-8000-000000000001"))
VEHICLES = ("van", "truck", "tugger")
CUSTOMERS = tuple(f"customer {n}" for n in range(1, 9))
STATIONS = ("station 1", "station 2", "station 3")
TEMPLATE_SEED = 11
WHERE = "MILKRUN_SIM"


@dataclass(frozen=True)
class Ground:
    """The founded database, who is in charge, and the runs with the visits they begin with."""

    database: Path
    boss: Principal
    runs: dict[str, list[str]]
    """Visits of each run by its id, depots left out."""
    vehicles: dict[str, str]
    """Name of the vehicle of each run."""
    visits: dict[str, str] = field(default_factory=dict)
    """First run of every visit, depots too."""


@cache
def memory_folder() -> Path:
    """A fast folder for the databases of this process; numbers of processes come again."""
    folder = _fast() / f"milkrun-sim-{os.getpid()}-{time.monotonic_ns()}"
    folder.mkdir()
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def _fast() -> Path:
    if told := os.environ.get(WHERE):
        return Path(told)
    shm = Path("/dev/shm")
    return shm if shm.is_dir() and os.access(shm, os.W_OK) else Path(tempfile.gettempdir())


@contextmanager
def one_roof() -> Iterator[None]:
    """Let the folders of processes begun inside go with this one: they may be terminated."""
    with tempfile.TemporaryDirectory(prefix="milkrun-sim-", dir=_fast()) as roof:
        kept = os.environ.get(WHERE)
        os.environ[WHERE] = roof
        try:
            yield
        finally:
            os.environ.pop(WHERE)
            if kept is not None:
                os.environ[WHERE] = kept


@contextmanager
def chance(seed: int) -> Iterator[None]:
    """Let everything that is random in this process follow from the seed."""
    dice = random.Random(seed)
    kept = os.urandom, random._urandom  # type: ignore[attr-defined]
    os.urandom = random._urandom = dice.randbytes  # type: ignore[attr-defined]
    try:
        yield
    finally:
        os.urandom, random._urandom = kept  # type: ignore[attr-defined]


@cache
def ground() -> Ground:
    """Found the site, its vehicles and its runs; once per process."""
    folder = memory_folder() / "template"
    folder.mkdir()
    settings = Settings.read(data=folder)
    with chance(TEMPLATE_SEED):
        migrate(settings)
        clock = ManualClock()
        parts = build_parts(settings, clock)
        parts.passwords = Passwords(memory_kib=64)
        boss = _boss(parts)
        _found(parts, boss)
        opened = [
            _open(parts, boss, "van", "outbound", CUSTOMERS[:4]),
            _open(parts, boss, "truck", "outbound", CUSTOMERS[4:]),
            _open(parts, boss, "tugger", "internal", STATIONS),
        ]
        parts.close()
    vehicles = dict(zip((run for run, _, _ in opened), VEHICLES, strict=True))
    return Ground(
        folder / "milkrun.db",
        boss,
        {run: visits for run, visits, _ in opened},
        vehicles,
        {visit: run for run, _, every in opened for visit in every},
    )


def _boss(parts: Parts) -> Principal:
    person_id = parts.writer.run(
        lambda s: people.create_person(
            s,
            system(SITE),
            name="Sam",
            grants=[people.Grant(Role.SUPERVISOR, None)],
            password_hash="unusable",
            now=parts.clock.now(),
        )
    )
    return Principal(
        kind="person", site_id=SITE, person_id=person_id, roles=frozenset({Role.SUPERVISOR}),
        carrier_id=None, name="Sam",
    )  # fmt: skip


def _found(parts: Parts, boss: Principal) -> None:
    now = parts.clock.now()
    names = ("depot", *CUSTOMERS, *STATIONS, "cafe", "kiosk")

    def work(session: Session) -> None:
        sites.create_site(session, SITE, Site(name="Munich"), now=now)
        given = [
            (
                LocationId(id_of(name)),
                Location(
                    kind="depot" if name == "depot" else "customer",
                    name=name,
                    lat=48.1 + n / 100,
                    lon=11.5,
                ),
            )
            for n, name in enumerate(names)
        ]
        sites.add_locations(session, boss, given, now=now)
        for name in VEHICLES:
            fleet.add_vehicle(
                session, boss, {"id": id_of(name), "name": name, "kind": "van"}, now=now
            )

    parts.writer.run(work)


def _open(
    parts: Parts, boss: Principal, vehicle: str, kind: str, places: tuple[str, ...]
) -> tuple[str, list[str], list[str]]:
    leaves = parts.clock.now() + timedelta(hours=1)
    depot = id_of("depot")
    stops = [NewVisit(id_of(name), "fixed", leaves, leaves, service_s=300) for name in places]
    ends = [NewVisit(depot, "start", leaves, leaves), NewVisit(depot, "end", leaves, leaves)]
    lines = tuple(
        NewLine(
            f"P-{vehicle}-{n}", 4, labels=(f"L-{vehicle}-{n}-1", f"L-{vehicle}-{n}-2"), drop_pos=n
        )
        for n in range(len(places))
    )
    new = NewRun(
        name=f"Round of the {vehicle}",
        kind=kind,
        service_date=leaves.date(),
        departure_at=leaves,
        return_at=leaves + timedelta(hours=8),
        start_location=depot,
        end_location=depot,
        visits=(ends[0], *stops, ends[1]),
        legs=tuple((600, 5_000) for _ in range(len(places) + 1)),
        vehicle_id=id_of(vehicle),
        takt_s=1_200 if kind == "internal" else None,
        cycle_no=1 if kind == "internal" else None,
        lines=lines,
    )

    def work(session: Session) -> tuple[str, list[str], list[str]]:
        run_id = opening.open_run(session, SITE, new, now=parts.clock.now())
        assert run_id is not None, "the run is new"
        states.dispatch(session, boss, RunId(run_id), now=parts.clock.now())
        view = runs.load(session, SITE, RunId(run_id))
        fixed = [str(one.id) for one in view.visits if one.kind == "fixed"]
        return str(run_id), fixed, [str(one.id) for one in view.visits]

    return parts.writer.run(work)
