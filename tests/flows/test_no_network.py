"""A whole day without the network; everything drains when it returns."""

from uuid import UUID

import pytest

from driver_app import actions
from driver_app.actions import Saved
from driver_app.device.ports import Spot
from shared.ids import RunId, VisitId
from shared.road_facts import StopDeparted
from tests.flows.a_day import facts_at_the_office, on_the_road
from tests.helpers.photos import jpeg
from tests.helpers.world import World

pytestmark = pytest.mark.anyio
NAMES = ("bakery", "dairy", "school", "hotel", "kiosk")


async def test_a_whole_day_is_driven_without_one_request(the_world: World) -> None:
    circle, phone = await on_the_road(the_world, *NAMES)
    phone.network.up = False
    run, ctx = RunId(UUID(circle.run)), phone.ctx
    asked = len(phone.network.requests)

    await actions.sign_out(ctx)
    await actions.sign_in_unlisted(ctx, "J. Novak")
    await actions.start_run(ctx, run)
    await actions.depart(ctx, run)
    for number, name in enumerate(NAMES):
        visit = VisitId(UUID(circle.visits[name]))
        the_world.pass_time(600)
        phone.location.give(Spot(phone.clock.mono_ms, 8, 48.1 + number / 100, 11.5))
        assert isinstance(await actions.arrive(ctx, visit), Saved)
        assert isinstance(await phone.complete(str(visit), jpeg(name), signed=True), Saved)
        await actions.leave_stop(ctx, visit)
    await actions.finish_run(ctx, run)
    await phone.sync()

    assert len(phone.network.requests) == asked
    assert phone.run(circle.run).state == "completed"
    assert phone.state.sync.unsent >= 5 * 3 + 4
    assert phone.state.sync.unsent_blobs == 6  # the same strokes are one file


async def test_everything_drains_when_the_network_returns(the_world: World) -> None:
    circle, phone = await on_the_road(the_world, *NAMES)
    phone.network.up = False
    for name in NAMES:
        await phone.complete(circle.visits[name], jpeg(name))
    await phone.sync()
    phone.network.up = True

    await phone.sync()

    assert facts_at_the_office(the_world, circle) == dict.fromkeys(NAMES, "done")
    assert phone.state.sync.word == "all"
    assert (await phone.standing()).unsent_blobs == 0


async def test_cold_start_in_a_dead_zone_shows_the_manifest(the_world: World) -> None:
    circle, phone = await on_the_road(the_world, *NAMES)
    phone.network.up = False

    again = await the_world.kill_and_reopen(phone)

    assert [visit.name for visit in again.run(circle.run).visits] == list(NAMES)
    assert again.state.session.driver_name == "A. Kaya"


async def test_a_thousand_facts_need_few_requests(the_world: World) -> None:
    circle, phone = await on_the_road(the_world, "bakery")
    visit = VisitId(UUID(circle.visits["bakery"]))
    body = StopDeparted()
    act = actions.record.Act([body] * 1_000, run=circle.run, visit=str(visit))
    await actions.record.record(phone.ctx, act)
    before = len(phone.network.requests)

    await phone.sync()

    assert len(phone.network.requests) - before <= 10
    assert (await phone.standing()).unsent == 0
