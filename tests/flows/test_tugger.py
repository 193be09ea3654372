"""A tugger's round from departure to andon, and two tablets on one round."""

from uuid import UUID

import pytest
from sqlmodel import text

from driver_app import actions
from server.plant import service as plant
from shared.ids import RunId, VisitId
from tests.flows.a_day import facts_at_the_office
from tests.flows.a_round import open_round, serve
from tests.helpers.world import World

pytestmark = pytest.mark.anyio


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
