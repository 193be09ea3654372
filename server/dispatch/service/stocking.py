"""What a tugger train takes along: the lot of every part at the stations of its round."""

from collections.abc import Iterable
from datetime import datetime

from sqlmodel import Session

from server.dispatch.ground import PLANT
from server.fleet import queries as fleet
from server.plant import queries as plant
from server.runs import queries as runs
from server.runs import service as running
from server.runs.queries import RunView
from server.runs.service import StockLine
from shared.ids import RunId, SiteId, VehicleId


def stock_train(session: Session, site_id: SiteId, run_id: RunId, now: datetime) -> int:
    """Put the boxes of this round on a train that has none; says how many lines that were.

    What no longer fits stays in the supermarket and is due again by the next call.
    """
    view = runs.load(session, site_id, run_id)
    if view.run.kind != PLANT or view.run.takt_s is None or view.loads:
        return 0
    stops = [one for one in view.stops if one.plan_state == "planned"]
    due = plant.lines_for_stations(
        session,
        site_id,
        {one.location_id for one in stops},
        interval_s=view.run.takt_s,
        cycle_no=view.run.cycle_no,
    )
    wanted = [
        StockLine(stop.id, line.part_no, line.boxes, line.name)
        for stop in stops
        for line in due.pop(stop.location_id, ())
    ]
    lines = list(_fitting(wanted, _room(session, site_id, view)))
    running.add_stock(session, site_id, run_id, lines, now=now)
    return len(lines)


def _room(session: Session, site_id: SiteId, view: RunView) -> int | None:
    if view.run.vehicle_id is None:
        return None
    vehicle = fleet.vehicle(session, site_id, VehicleId(view.run.vehicle_id))
    units = vehicle.capacity_units if vehicle is not None else None
    return None if units is None else int(units)


def _fitting(lines: Iterable[StockLine], room: int | None) -> Iterable[StockLine]:
    left = room
    for line in lines:
        if left is not None and line.qty > left:
            continue
        left = None if left is None else left - line.qty
        yield line
