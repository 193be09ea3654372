"""A site with one long run under way, for benchmarks that look at it from both ends."""

import math
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from sqlmodel import Session

from server.app import build_parts
from server.core.http import Parts
from server.core.settings import Settings
from server.fleet import service as fleet
from server.migrations.steps import migrate
from server.people import devices, drivers
from server.runs import service as runs
from server.runs.rules import NewRun, NewVisit
from server.sites import service as sites
from shared.ids import RunId, VehicleId
from shared.local_time import local_day, zone
from shared.site import Location
from tests.helpers.pages import Board, make_board

PIN = "2468"
NAME = "Bench round"
LEG_S, SERVICE_S = 240, 120
MIDDLE = (60.19, 24.94)


@dataclass
class Day:
    """What somebody needs to drive the run, and what to look at."""

    run: RunId
    driver: str
    code: str


def make_day(data: Path, stops: int) -> Day:
    """Fill a data folder: the usual board, and one dispatched run of so many stops on a circle."""
    settings = Settings.read(data=data)
    migrate(settings)
    parts = build_parts(settings)
    try:
        return _fill(parts, make_board(parts), stops)
    finally:
        parts.close()


def _fill(parts: Parts, board: Board, stops: int) -> Day:
    now = parts.clock.now()
    about = drivers.prepared({"name": "Aino Bench", "pin": PIN})

    def work(session: Session) -> Day:
        van = fleet.add_vehicle(session, board.who, {"name": "Bench van", "kind": "van"}, now=now)
        driver = drivers.add_driver(session, board.who, about, now=now)
        places = [(None, _place(n, stops)) for n in range(stops)]
        rows = sites.add_locations(session, board.who, places, now=now)
        home, leaves = board.places["Harbour Depot"], now + timedelta(minutes=5)
        times = [leaves + timedelta(seconds=(n + 1) * (LEG_S + SERVICE_S)) for n in range(stops)]
        back = times[-1] + timedelta(seconds=LEG_S + SERVICE_S)
        visits = [
            NewVisit(row.id, "fixed", at, at + timedelta(seconds=SERVICE_S), service_s=SERVICE_S)
            for row, at in zip(rows, times, strict=True)
        ]
        run = NewRun(
            name=NAME, kind="outbound", departure_at=leaves, return_at=back,
            service_date=local_day(leaves, zone("Europe/Helsinki")),
            start_location=home, end_location=home,
            visits=(NewVisit(home, "start", leaves, leaves), *visits,
                    NewVisit(home, "end", back, back)),
            legs=((LEG_S, LEG_S * 10),) * (stops + 1), vehicle_id=van.id, driver_id=driver.id,
        )  # fmt: skip
        run_id = runs.open_run(session, board.site_id, run, now=now)
        assert run_id is not None
        runs.dispatch(session, board.who, run_id, now=now)
        code = devices.issue_code(
            session, board.who, name="Bench phone", vehicle_id=VehicleId(van.id), now=now
        )
        return Day(run_id, str(driver.id), code.code)

    return parts.writer.run(work)


def _place(number: int, of: int) -> Location:
    turn = 2 * math.pi * number / of
    return Location(
        kind="customer", name=f"Shop {number + 1:03}", lat=MIDDLE[0] + 0.05 * math.sin(turn),
        lon=MIDDLE[1] + 0.1 * math.cos(turn), service_fixed_s=SERVICE_S,
    )  # fmt: skip
