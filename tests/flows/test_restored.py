"""The server is replaced by an older backup in mid shift, and everything heals by itself."""

import pytest

from tests.flows.a_day import change_plan, facts_at_the_office, on_the_road
from tests.helpers.photos import jpeg
from tests.helpers.world import World
from tests.server.sync.a_device import sha_of

pytestmark = pytest.mark.anyio
HOUR_S = 3600


async def test_yesterdays_backup_takes_over_in_mid_shift_and_the_board_is_complete(
    the_world: World,
) -> None:
    circle, phone = await on_the_road(the_world, "bakery", "dairy", "butcher")
    await phone.complete(circle.visits["bakery"], jpeg())
    await phone.sync()
    old = the_world.back_up()
    the_world.pass_time(20 * HOUR_S)
    await phone.complete(circle.visits["dairy"], jpeg(), signed=True)
    await phone.sync()
    before = facts_at_the_office(the_world, circle)

    await the_world.restore(old)
    lost = facts_at_the_office(the_world, circle)
    await phone.complete(circle.visits["butcher"])
    for _ in range(4):
        await phone.sync()

    assert before == {"bakery": "done", "dairy": "done", "butcher": "none"}
    assert lost == {"bakery": "done", "dairy": "none", "butcher": "none"}
    assert facts_at_the_office(the_world, circle) == dict.fromkeys(before, "done")
    assert [phone.visit(visit).state for visit in circle.visits.values()] == ["done"] * 3
    standing = await phone.standing()
    assert (standing.unsent, standing.unsent_blobs) == (0, 0)


async def test_a_tablet_never_shows_less_while_the_server_is_behind_it(the_world: World) -> None:
    circle, phone = await on_the_road(the_world, "bakery", "dairy")
    old = the_world.back_up()
    await phone.complete(circle.visits["bakery"])
    await phone.sync()
    await the_world.restore(old)
    shown = [phone.visit(circle.visits["bakery"]).state]

    for _ in range(4):
        await phone.sync()
        shown.append(phone.visit(circle.visits["bakery"]).state)

    assert shown == ["done"] * 5


async def test_a_server_restored_without_its_files_gets_them_again(the_world: World) -> None:
    circle, phone = await on_the_road(the_world, "bakery")
    photo = jpeg()
    await phone.complete(circle.visits["bakery"], photo)
    for _ in range(2):
        await phone.sync()
    old = the_world.back_up()

    await the_world.restore(old, files=False)
    gone = list(the_world.parts.blobs.all())
    for _ in range(3):
        await phone.sync()

    assert gone == []
    assert list(the_world.parts.blobs.all()) == [sha_of(photo)]


async def test_a_plan_changed_after_the_backup_is_gone_on_both_sides(the_world: World) -> None:
    """The office must plan again what it planned since; nobody drives by what nobody knows."""
    circle, phone = await on_the_road(the_world, "bakery", "dairy")
    old = the_world.back_up()
    change_plan(the_world, circle, ["dairy", "bakery"])
    await phone.sync()
    changed = [str(one.id) for one in phone.run(circle.run).visits]

    await the_world.restore(old)
    await phone.sync()

    shown = [str(one.id) for one in phone.run(circle.run).visits]
    assert changed == [circle.visits["dairy"], circle.visits["bakery"]]
    assert shown == [circle.visits["bakery"], circle.visits["dairy"]]
