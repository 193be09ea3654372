"""Positions are a nicety: nothing depends on them, and none is kept where none may be."""

import asyncio
from uuid import UUID

import pytest
from sqlmodel import text

from driver_app import actions
from driver_app.device.ports import Spot
from shared.ids import RunId, VisitId
from tests.flows.a_day import on_the_road
from tests.helpers.world import Phone, World

pytestmark = pytest.mark.anyio


async def drive(world: World, phone: Phone, seconds: int, north: float) -> None:
    """Drive on, with a fix."""
    await asyncio.gather(*phone.ctx.tasks)
    world.pass_time(seconds)
    phone.location.give(Spot(phone.clock.mono_ms, 8, 48.1 + north, 11.5))
    await asyncio.gather(*phone.ctx.tasks)
    world.pass_time(1)


def stored(world: World) -> int:
    """How many positions the office has."""
    statement = text("SELECT count(*) FROM position")
    return int(world.parts.reads.run(lambda s: s.connection().execute(statement).scalar_one()))


async def test_stops_complete_without_any_fix(the_world: World) -> None:
    circle, phone = await on_the_road(the_world, "bakery")

    await phone.complete(circle.visits["bakery"])

    assert phone.visit(circle.visits["bakery"]).state == "done"


async def test_no_fix_is_stored_in_breaks_or_after_end(the_world: World) -> None:
    circle, phone = await on_the_road(the_world, "bakery")
    run = RunId(UUID(circle.run))
    await drive(the_world, phone, 60, 0.01)
    await actions.start_run(phone.ctx, run)
    await drive(the_world, phone, 60, 0.02)
    await actions.start_break(phone.ctx, run)
    await drive(the_world, phone, 60, 0.03)
    await actions.end_break(phone.ctx, run)
    await drive(the_world, phone, 60, 0.04)
    await actions.finish_run(phone.ctx, run)
    await drive(the_world, phone, 60, 0.05)

    await phone.sync()

    assert stored(the_world) == 2


async def test_a_fact_carries_the_newest_fix_and_a_bare_one_gets_it_later(
    the_world: World,
) -> None:
    circle, phone = await on_the_road(the_world, "bakery", "dairy")
    await actions.start_run(phone.ctx, RunId(UUID(circle.run)))
    await actions.arrive(phone.ctx, VisitId(UUID(circle.visits["bakery"])))
    await drive(the_world, phone, 5, 0.01)
    await actions.arrive(phone.ctx, VisitId(UUID(circle.visits["dairy"])))

    kinds = await phone.ctx.store.read(
        lambda db: db.execute(
            "SELECT json_extract(doc, '$.type'), json_extract(doc, '$.fix.lat_e7') FROM outbox "
            "ORDER BY seq DESC LIMIT 3"
        ).fetchall()
    )

    assert [kind for kind, _ in kinds] == ["stop.arrived", "visit.geotagged", "stop.arrived"]
    assert [lat for _, lat in kinds] == [481_100_000, 481_100_000, None]


async def test_being_near_suggests_the_arrival_and_records_nothing(the_world: World) -> None:
    circle, phone = await on_the_road(the_world, "bakery")
    await actions.start_run(phone.ctx, RunId(UUID(circle.run)))
    view = phone.visit(circle.visits["bakery"])
    assert view.lat is not None

    await drive(the_world, phone, 60, view.lat - 48.1)

    assert phone.visit(circle.visits["bakery"]).here
    assert phone.visit(circle.visits["bakery"]).state == "pending"
