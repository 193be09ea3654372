"""A tugger's round from departure to andon, and two tablets on one round."""

from datetime import timedelta
from uuid import UUID

import pytest
from sqlmodel import Session, text

from driver_app import actions
from server.plant import service as plant
from server.runs.rules import NewLine, NewRun, NewVisit
from server.runs.service import opening, states
from shared.ids import RunId, VisitId
from tests.flows.a_day import facts_at_the_office
from tests.helpers.builders import id_of
from tests.helpers.world import Phone, World
from tests.server.sync.a_device import VAN, Circle, circle, found_site

pytestmark = pytest.mark.anyio
STATIONS = ("station 1", "station 2", "station 3")


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


async def test_a_round_with_empties_and_an_andon_is_on_the_board(the_world: World) -> None:
    round_ = open_round(the_world)
    tablet = await the_world.phone("Tugger 2")
    await tablet.sync()
    run = RunId(UUID(round_.run))

    await actions.depart(tablet.ctx, run)
    await serve(tablet, round_, "station 1", taken=3)
    await serve(tablet, round_, "station 2")
    await actions.raise_andon(tablet.ctx, run, "path", text="pallet in the way")
    await actions.station_missed(tablet.ctx, VisitId(UUID(round_.visits["station 3"])), "blocked")
    await actions.return_run(tablet.ctx, run)
    await tablet.sync()

    assert facts_at_the_office(the_world, round_) == {
        "station 1": "done",
        "station 2": "done",
        "station 3": "failed",
    }
    raised = the_world.parts.reads.run(
        lambda s: s.connection().execute(text("SELECT kind FROM andon")).scalars().all()
    )
    assert "path" in raised
    assert tablet.run(round_.run).state == "completed"


async def test_an_andon_is_seen_and_solved_at_the_office_and_the_tablet_says_so(
    the_world: World,
) -> None:
    round_ = open_round(the_world)
    tablet = await the_world.phone("Tugger 2")
    await tablet.sync()
    run, now, boss = RunId(UUID(round_.run)), the_world.clock.now(), the_world.boss
    await actions.raise_andon(tablet.ctx, run, "material")
    await tablet.sync()
    ((andon, _category, _at, seen),) = tablet.run(round_.run).andons
    assert not seen

    the_world.parts.writer.run(lambda s: plant.acknowledge(s, boss, UUID(andon), now=now))
    await tablet.sync()
    assert [one[3] for one in tablet.run(round_.run).andons] == [True]

    the_world.parts.writer.run(lambda s: plant.clear(s, boss, UUID(andon), cause="found", now=now))
    await tablet.sync()
    assert tablet.run(round_.run).andons == ()


async def test_two_tablets_serve_one_station_and_both_facts_stay(the_world: World) -> None:
    round_ = open_round(the_world)
    first, second = await the_world.phone("Tugger 1"), await the_world.phone("Tugger 2")
    for tablet in (first, second):
        await tablet.sync()
        tablet.network.up = False
    await serve(first, round_, "station 1")
    the_world.pass_time(5)
    await serve(second, round_, "station 1")

    for tablet in (second, first, second):
        tablet.network.up = True
        await tablet.sync()

    visit = round_.visits["station 1"]
    assert first.visit(visit).result == second.visit(visit).result
    rows = [
        await tablet.ctx.store.read(
            lambda db: db.execute("SELECT fact FROM ent WHERE id = ?", (visit,)).fetchone()[0]
        )
        for tablet in (first, second)
    ]
    assert rows[0] == rows[1]
    assert '"also":1' in rows[0]
