"""Clocks may be wrong or moved: order and times of facts stay right."""

import pytest

from tests.flows.a_day import on_the_road
from tests.helpers.world import World

pytestmark = pytest.mark.anyio


async def test_moved_clock_never_changes_order(the_world: World) -> None:
    circle, phone = await on_the_road(the_world, "bakery", "dairy")
    await phone.complete(circle.visits["bakery"])
    phone.clock.wall_ms -= 40 * 86_400_000

    await phone.complete(circle.visits["dairy"])

    first = phone.visit(circle.visits["bakery"]).completed_ms
    second = phone.visit(circle.visits["dairy"]).completed_ms
    assert first is not None
    assert second is not None
    assert first < second


async def test_a_wrong_wall_clock_is_seen_and_the_countdown_follows_the_office(
    the_world: World,
) -> None:
    _circle, phone = await on_the_road(the_world, "bakery")
    phone.clock.wall_ms += 7 * 60_000

    await phone.sync()

    assert phone.state.sync.clock_off_ms == 7 * 60_000
    assert phone.ctx.now_ms() == the_world.clock.ms()
