"""A site with people, places, loops and a day's runs, and a server with it for page tests."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlmodel import Session, col, select

from server.core.access import Principal, Role, system
from server.core.clock import to_ms
from server.core.http import Parts
from server.core.ids import new_id
from server.feed import service as feed
from server.fleet import service as fleet
from server.people import drivers, service
from server.people.tables import DeviceRow
from server.runs import service as runs
from server.runs.rules import NewLine, NewRun, NewVisit
from server.runs.tables import PositionRow, RunRow, StopVisitRow
from server.sites import service as sites
from shared.ids import NIL, RunId, SiteId
from shared.site import Location, Site

PASSWORD = "milk and bread at dawn"
NAME = "Ada"
HELSINKI = "Europe/Helsinki"
MINUTE = timedelta(minutes=1)
WELL = {"battery_pct": 76, "free_mb": 21_000, "clock_off_ms": 900, "trouble": {"count": 0}}
UNWELL = {"battery_pct": 4, "free_mb": 120, "clock_off_ms": -7_500_000, "trouble": {"count": 5}}
ROAD = (
    ("Hakaniemi Market Hall", 60.1797, 24.9510), ("Kallio Bakery", 60.1841, 24.9495),
    ("Vallila Grocer", 60.1937, 24.9570), ("Pasila Corner Shop", 60.1989, 24.9337),
    ("Töölö Delicatessen", 60.1831, 24.9213), ("Meilahti Kitchen", 60.1907, 24.9068),
    ("Munkkiniemi Foods", 60.1977, 24.8779), ("Lauttasaari Store", 60.1590, 24.8790),
    ("Ruoholahti Canteen", 60.1636, 24.9140), ("Punavuori Pantry", 60.1609, 24.9398),
    ("Eira Café", 60.1562, 24.9381), ("Kaartinkaupunki Deli", 60.1651, 24.9489),
)  # fmt: skip
STATIONS = (
    ("Line 1 left", 20.0, 14.0), ("Line 1 right", 48.0, 14.0), ("Line 2 left", 76.0, 14.0),
    ("Line 2 right", 92.0, 34.0), ("Kitting", 64.0, 52.0), ("Final check", 28.0, 52.0),
)  # fmt: skip


@dataclass
class Board:
    """What was made, by name."""

    site_id: SiteId
    who: Principal
    person: Principal
    places: dict[str, UUID]
    vehicles: dict[str, UUID]
    drivers: dict[str, UUID]
    runs: dict[str, RunId]
    loop: UUID | None = None
    proof: UUID | None = None
    tz: str = HELSINKI

    def local(self, instant: datetime) -> datetime:
        """The same instant on the clocks of the site."""
        return instant.astimezone(ZoneInfo(self.tz))


NOBODY = Board(SiteId(NIL), system(SiteId(NIL)), system(SiteId(NIL)), {}, {}, {}, {})


def make_board(parts: Parts, tz: str = HELSINKI) -> Board:
    """Found a site with a supervisor and a day half done."""
    now = parts.clock.now()
    password_hash = parts.passwords.make(PASSWORD)
    return parts.writer.run(lambda session: _fill(session, now, password_hash, tz))


def _fill(session: Session, now: datetime, password_hash: str, tz: str) -> Board:
    site_id = SiteId(new_id(now))
    about = Site(name="Harbour Depot", tz=tz, country="FI")
    sites.create_site(session, site_id, about, now=now)
    person_id = service.first_supervisor(
        session, site_id, name=NAME, password_hash=password_hash, now=now
    )
    person = Principal(
        "person", site_id, person_id=person_id, roles=frozenset({Role.SUPERVISOR}), name=NAME
    )
    board = Board(site_id, system(site_id), person, {}, {}, {}, {}, tz=tz)
    _places(session, board, now)
    _fleet(session, board, now)
    _road_runs(session, board, now)
    _plant_runs(session, board, now)
    _exceptions(session, board, now)
    return board


def _places(session: Session, board: Board, now: datetime) -> None:
    plan = new_id(now)
    given = [Location(kind="depot", name="Harbour Depot", address="Satamakaari 1", lat=60.2120,
                      lon=25.1500)]  # fmt: skip
    given += [
        Location(kind="customer", ref=f"C{n:03}", name=name, address=f"Street {n}, Helsinki",
                 lat=lat, lon=lon, service_fixed_s=480)
        for n, (name, lat, lon) in enumerate(ROAD, start=1)
    ]  # fmt: skip
    given += [
        Location(kind="supermarket", name="Supermarket", plan_id=plan, x_m=4.0, y_m=34.0),
        *(
            Location(kind="station", name=name, plan_id=plan, x_m=x, y_m=y)
            for name, x, y in STATIONS
        ),
    ]
    rows = sites.add_locations(session, board.who, [(None, one) for one in given], now=now)
    board.places |= {row.name: row.id for row in rows}


def _fleet(session: Session, board: Board, now: datetime) -> None:
    for name, kind in (
        ("Van 1", "van"),
        ("Van 2", "van"),
        ("Van 3", "van"),
        ("Tugger 1", "tugger"),
    ):
        plate = f"ABC-{len(board.vehicles) + 101}" if kind == "van" else ""
        given = {"name": name, "kind": kind, "plate": plate, "capacity_kg": 900.0}
        board.vehicles[name] = fleet.add_vehicle(session, board.who, given, now=now).id
    for name in ("Kaya Demir", "Elina Virtanen", "Tom Becker", "Marek Łoś"):
        board.drivers[name] = drivers.add_driver(session, board.who, {"name": name}, now=now).id
    for vehicle, seen, unsent in (("Van 1", 20, 0), ("Van 2", 760, 3), ("Tugger 1", 12, 0)):
        _device(session, board, vehicle, now, seen_s=seen, unsent=unsent)


def _device(
    session: Session, board: Board, vehicle: str, now: datetime, *, seen_s: int, unsent: int
) -> None:
    ms = to_ms(now)
    oldest = ms - 25 * 60_000 if unsent else None
    session.add(
        DeviceRow(
            site_id=board.site_id, id=new_id(now), name=f"Phone {vehicle}", platform="android",
            vehicle_id=board.vehicles[vehicle], app="0.1.0", state_since=ms, paired_ms=ms,
            last_seen_ms=ms - seen_s * 1000, health_ms=ms,
            unsent_json={"events": unsent, "blobs": 0, "bytes": 10, "oldest_ms": oldest},
            health_json=WELL if not unsent else UNWELL,
        )
    )  # fmt: skip


def _road_runs(session: Session, board: Board, now: datetime) -> None:
    names = [name for name, _lat, _lon in ROAD]
    plans = (
        ("L04 Grocery west", "Van 1", "Kaya Demir", names[4:10], -95, 3),
        ("L07 Grocery north", "Van 2", "Elina Virtanen", [*names[0:4], names[10]], -60, 2),
        ("L09 Centre evening", "Van 3", "Tom Becker", names[8:12], 100, 0),
    )
    for name, vehicle, driver, stops, start_min, done in plans:
        leaves = now + start_min * MINUTE
        run_id = _open(session, board, name, ("outbound", "Harbour Depot"), stops, leaves=leaves,
                       step_min=22, vehicle=vehicle, driver=driver)  # fmt: skip
        board.runs[name] = run_id
        runs.dispatch(session, board.who, run_id, now=leaves - 60 * MINUTE)
        if done:
            _drive(session, board, run_id, leaves, done, late_min=6 if "north" in name else 1)
            _locate(session, board, run_id, ROAD[done + (4 if "west" in name else 0)], now)


def _plant_runs(session: Session, board: Board, now: datetime) -> None:
    names = [name for name, _x, _y in STATIONS]
    for number, start_min in enumerate((-52, -32, -12, 8, 28), start=1):
        leaves = now + start_min * MINUTE
        local = board.local(leaves)
        run_id = _open(session, board, f"T1 {local:%H:%M}", ("internal", "Supermarket"), names,
                       leaves=leaves, step_min=2, vehicle="Tugger 1", driver="Marek Łoś",
                       takt_s=1200)  # fmt: skip
        board.runs[f"T1-{number}"] = run_id
        runs.dispatch(session, board.who, run_id, now=leaves - 60 * MINUTE)
        done = {1: 6, 2: 6, 3: 4}.get(number, 0)
        if done:
            _drive(session, board, run_id, leaves, done, late_min=0, finished=done == 6)


def _open(
    session: Session,
    board: Board,
    name: str,
    circle: tuple[str, str],
    stops: Sequence[str],
    *,
    leaves: datetime,
    step_min: int,
    vehicle: str,
    driver: str,
    takt_s: int | None = None,
) -> RunId:
    """Open one run of a kind from a depot, with a stop every few minutes."""
    kind, home = circle
    times = [leaves + (number + 1) * step_min * MINUTE for number in range(len(stops))]
    back = times[-1] + step_min * MINUTE
    visits = [
        NewVisit(
            board.places[stop], "fixed", at, at + step_min / 3 * MINUTE,
            windows=((at - 20 * MINUTE, at + 25 * MINUTE),), service_s=step_min * 20,
            proof={"photo": "optional", "signature": "required"},
        )
        for stop, at in zip(stops, times, strict=True)
    ]  # fmt: skip
    run_id = runs.open_run(
        session,
        board.site_id,
        NewRun(
            name=name, kind=kind, service_date=board.local(leaves).date(), departure_at=leaves,
            return_at=back, start_location=board.places[home], end_location=board.places[home],
            visits=(
                NewVisit(board.places[home], "start", leaves, leaves),
                *visits,
                NewVisit(board.places[home], "end", back, back),
            ),
            legs=tuple((step_min * 40, step_min * 300) for _ in range(len(stops) + 1)),
            vehicle_id=board.vehicles[vehicle], driver_id=board.drivers[driver], takt_s=takt_s,
            lines=(NewLine("MILK-1L", 24, name="Milk 1 l", unit_label="box", drop_pos=0,
                           weight_kg=260.0),),
        ),
        now=leaves - 600 * MINUTE,
    )  # fmt: skip
    assert run_id is not None
    return run_id


def _drive(
    session: Session,
    board: Board,
    run_id: RunId,
    leaves: datetime,
    done: int,
    *,
    late_min: int,
    finished: bool = False,
) -> None:
    """Write the fact half as if so many stops were served and the next one were on its way."""
    run = session.get(RunRow, (board.site_id, run_id))
    assert run is not None
    run.fact_state = "returned" if finished else "underway"
    run.fact = {"n": done * 2 + 1}
    run.departed_at = leaves + late_min * MINUTE
    run.returned_at = run.planned_return_at if finished else None
    run.started_at, run.acked_plan_version = run.departed_at, 1
    visits = sorted(
        session.exec(select(StopVisitRow).where(col(StopVisitRow.run_id) == run_id)),
        key=lambda one: one.pos,
    )
    stops = [one for one in visits if one.kind == "fixed"]
    shift = late_min * 5 * MINUTE
    for number, visit in enumerate(stops):
        planned = visit.planned_arrival_at
        if number < done:
            visit.fact_state = "failed" if number == 1 and late_min > 3 else "done"
            visit.failure_reason = "closed" if visit.fact_state == "failed" else None
            visit.arrived_at, visit.service_end_at = planned + shift / 3, planned + shift / 2
        else:
            if number == done:
                visit.fact_state = "en_route"
            visit.eta_at = planned + shift
            visit.eta_low_at, visit.eta_high_at = (
                visit.eta_at - 4 * MINUTE,
                visit.eta_at + 4 * MINUTE,
            )
            visit.eta_made_at, visit.eta_basis = leaves + done * 20 * MINUTE, "fact"


def _locate(
    session: Session, board: Board, run_id: RunId, near: tuple[str, float, float], now: datetime
) -> None:
    session.add(
        PositionRow(
            site_id=board.site_id, device_id=new_id(now), t_ms=to_ms(now) - 8_000, run_id=run_id,
            lat=near[1] - 0.004, lon=near[2] + 0.006, acc_m=9,
        )
    )  # fmt: skip


def _exceptions(session: Session, board: Board, now: datetime) -> None:
    run_id = board.runs["L07 Grocery north"]
    detail: dict[str, Any] = {"run_name": "L07 Grocery north", "run": str(run_id)}
    feed.lock(session, board.site_id, now)
    for kind, severity, minutes, text in (
        ("failed_visit", 2, 12, "Kallio Bakery: closed"),
        ("late", 2, 4, "Eira Café: 5 min after its window"),
        ("silent", 3, 2, "Phone Van 2"),
    ):
        feed.raise_exception(
            session, board.site_id, kind, "run", run_id, severity=severity,
            detail={**detail, "text": text}, now=now - minutes * MINUTE,
        )  # fmt: skip
