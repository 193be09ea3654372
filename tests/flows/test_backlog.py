"""What the office has forgotten goes to it in the same round, not after the next pause."""

import sqlite3

import pytest

from tests.flows.a_day import facts_at_the_office, on_the_road
from tests.helpers.world import World

pytestmark = pytest.mark.anyio


async def test_facts_an_office_restored_from_a_copy_forgot_are_there_after_one_round(
    the_world: World,
) -> None:
    circle, phone = await on_the_road(the_world, "bakery", "dairy")
    await phone.sync()
    copy = sqlite3.connect(the_world.folder / "copy.db")
    with sqlite3.connect(the_world.folder / "server" / "milkrun.db") as live:
        live.backup(copy)
        await phone.complete(circle.visits["bakery"])
        await phone.complete(circle.visits["dairy"])
        await phone.sync()
        copy.backup(live)
    live.close()
    copy.close()

    await phone.sync()

    assert (await phone.standing()).unsent == 0
    assert set(facts_at_the_office(the_world, circle).values()) == {"done"}
