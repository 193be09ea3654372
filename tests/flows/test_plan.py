"""Plans change under way: the driver sees what changed, and facts are never overwritten."""

from uuid import UUID

import pytest

from driver_app import actions
from server.runs import queries as runs
from shared.ids import RunId
from tests.flows.a_day import CAFE, change_plan, facts_at_the_office, on_the_road
from tests.helpers.world import World

pytestmark = pytest.mark.anyio
NAMES = ("bakery", "dairy", "school", "hotel")


async def test_insert_moves_nobody(the_world: World) -> None:
    circle, phone = await on_the_road(the_world, *NAMES)

    change_plan(the_world, circle, ["bakery", CAFE, "dairy", "school", "hotel"], insert=True)
    await phone.sync()

    diff = phone.run(circle.run).diff
    assert [(line.kind, line.name) for line in diff] == [("added", CAFE)]


async def test_a_moved_and_a_cancelled_stop_are_told_each(the_world: World) -> None:
    circle, phone = await on_the_road(the_world, *NAMES)

    change_plan(the_world, circle, ["bakery", "hotel", "dairy"], cancel="school")
    await phone.sync()

    diff = [(line.kind, line.name) for line in phone.run(circle.run).diff]
    assert diff == [("up", "hotel"), ("removed", "school")]
    order = [visit.name for visit in phone.run(circle.run).visits if visit.open]
    assert order == ["bakery", "hotel", "dairy"]


async def test_phone_and_board_show_one_order_and_number(the_world: World) -> None:
    circle, phone = await on_the_road(the_world, *NAMES)
    change_plan(the_world, circle, ["hotel", "school", "dairy", "bakery"])
    await phone.sync()

    await actions.acknowledge_plan(phone.ctx, RunId(UUID(circle.run)))
    await phone.sync()

    view = the_world.parts.reads.run(
        lambda s: runs.load(s, the_world.boss.site_id, RunId(UUID(circle.run)))
    )
    assert view.run.acked_plan_version == view.run.plan_version == 2
    assert phone.run(circle.run).plan_version == 2
    assert phone.run(circle.run).diff == ()
    assert [str(v.id) for v in phone.run(circle.run).visits] == list(view.plan.order)


async def test_a_second_change_is_compared_with_the_plan_last_understood(
    the_world: World,
) -> None:
    circle, phone = await on_the_road(the_world, *NAMES)
    change_plan(the_world, circle, ["dairy", "bakery", "school", "hotel"])
    await phone.sync()

    change_plan(the_world, circle, ["bakery", "dairy", "school"], cancel="hotel")
    await phone.sync()

    diff = [(line.kind, line.name) for line in phone.run(circle.run).diff]
    assert diff == [("removed", "hotel")]


async def test_a_plan_acknowledged_offline_survives_a_restart(the_world: World) -> None:
    circle, phone = await on_the_road(the_world, *NAMES)
    change_plan(the_world, circle, ["dairy", "bakery", "school", "hotel"])
    await phone.sync()
    phone.network.up = False
    await actions.acknowledge_plan(phone.ctx, RunId(UUID(circle.run)))

    again = await the_world.kill_and_reopen(phone)

    assert again.run(circle.run).acked_version == 2
    assert again.run(circle.run).diff == ()


async def test_a_stop_cancelled_meanwhile_and_completed_offline_stays_completed(
    the_world: World,
) -> None:
    circle, phone = await on_the_road(the_world, *NAMES)
    phone.network.up = False
    await phone.complete(circle.visits["dairy"])
    change_plan(the_world, circle, ["bakery", "school", "hotel"], cancel="dairy")
    phone.network.up = True

    await phone.sync()

    assert facts_at_the_office(the_world, circle)["dairy"] == "done"
    visit = phone.visit(circle.visits["dairy"])
    assert (visit.state, visit.off_plan) == ("done", True)


@pytest.mark.parametrize("first", ["fact", "plan"])
async def test_facts_on_a_cancelled_stop_are_off_the_plan_whichever_came_first(
    the_world: World, first: str
) -> None:
    circle, phone = await on_the_road(the_world, *NAMES)
    await phone.complete(circle.visits["school"])
    if first == "fact":
        await phone.sync()

    change_plan(the_world, circle, ["bakery", "dairy", "hotel"], cancel="school")
    await phone.sync()

    visit = the_world.parts.reads.run(
        lambda s: runs.load(s, the_world.boss.site_id, RunId(UUID(circle.run)))
    ).visit(UUID(circle.visits["school"]))
    assert visit.off_plan
    assert visit.fact is not None
    assert visit.fact["off_plan"] is True
