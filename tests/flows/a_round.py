"""A tugger's round on a real server, and a part with cards at its first station."""

from datetime import timedelta
from uuid import UUID

from sqlmodel import Session

from driver_app import actions
from server.plant import queries
from server.plant import service as plant
from server.plant.tables import ControlCycleRow
from server.plant.wire import NewControlCycle
from server.runs.rules import NewLine, NewRun, NewVisit
from server.runs.service import opening, states
from shared.ids import VisitId
from tests.helpers.builders import id_of
from tests.helpers.world import Phone, World
from tests.server.sync.a_device import VAN, Circle, circle, found_site

STATIONS = ("station 1", "station 2", "station 3")
PART = "P-118"


def open_round(world: World) -> Circle:
    """A dispatched round past three stations, two boxes for each."""
    found_site(world.parts, world.boss, *STATIONS)
    leaves = world.clock.now() + timedelta(minutes=5)
    depot = id_of("depot")
    ends = [NewVisit(depot, kind, leaves, leaves) for kind in ("start", "end")]
    stops = [NewVisit(id_of(name), "fixed", leaves, leaves, service_s=60) for name in STATIONS]
    new = NewRun(
        name="Loop B",
        kind="internal",
        service_date=leaves.date(),
        departure_at=leaves,
        return_at=leaves + timedelta(minutes=20),
        start_location=depot,
        end_location=depot,
        visits=(ends[0], *stops, ends[1]),
        legs=((120, 150),) * 4,
        vehicle_id=VAN,
        takt_s=1200,
        cycle_no=1,
        lines=tuple(NewLine("P-210", 2, drop_pos=n) for n in range(3)),
    )

    def work(session: Session) -> Circle:
        run_id = opening.open_run(session, world.boss.site_id, new, now=world.clock.now())
        assert run_id is not None
        states.dispatch(session, world.boss, run_id, now=world.clock.now())
        return circle(session, world.boss, run_id)

    return world.parts.writer.run(work)


async def serve(phone: Phone, round_: Circle, name: str, taken: int = 0) -> None:
    """Arrive at a station and leave what is planned."""
    visit = VisitId(UUID(round_.visits[name]))
    await actions.arrive(phone.ctx, visit)
    draft = await actions.open_draft(phone.ctx, visit, "station")
    if taken:
        draft.taken["KLT-6429"] = taken
    await actions.station_done(phone.ctx, visit, draft)


def make_cards(world: World, cards: int = 3) -> list[str]:
    """A part with cards at the first station; its boxes were counted: two."""
    given = NewControlCycle.model_validate(
        {
            "part_no": PART,
            "name": "Brackets",
            "station_id": id_of(STATIONS[0]),
            "supermarket_id": id_of("depot"),
            "pieces_per_box": 20,
            "demand_per_h": 80,
            "min_boxes": 2,
            "max_boxes": 5,
            "cards": cards,
            "lead_s": 1200,
        }
    ).model_dump()
    now, boss = world.clock.now(), world.boss

    def work(session: Session) -> list[str]:
        cycle: ControlCycleRow = plant.add_control_cycle(session, boss, given, now=now)
        plant.count_stock(session, boss, cycle.station_id, PART, boxes=2, now=now)
        return [str(c.id) for c in queries.cards(session, boss.site_id, cycle_ids=[cycle.id])]

    return world.parts.writer.run(work)
